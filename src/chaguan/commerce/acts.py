"""What customers ask for on cards: taken once, told in the log, kept until the business says that it is done. Nothing is
decided here."""

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.accounts import Scope, access_scope
from chaguan.commerce import intents, rendering, rules, store
from chaguan.commerce.cards import Cards
from chaguan.commerce.following import Following
from chaguan.commerce.intents import Intent
from chaguan.commerce.sealing import Seals
from chaguan.commerce.store import ActRow, Held
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.append import Effect
from chaguan.messaging.log import Draft, encode
from chaguan.messaging.model import Room, uuid_bytes
from chaguan.protocol import commands as c
from chaguan.protocol.content import SystemNotice
from chaguan.protocol.objects import ActionName, ObjectKind
from chaguan.protocol.replies import Appended


class Act(Struct, kw_only=True):
    """What a customer asked for. `version`: of the object as they saw it. `text`: what they wrote with it. `seq`: the entry
    of the conversation that tells of it."""

    id: str
    action: str
    kind: ObjectKind
    object_id: str
    version: int
    conversation_id: str
    seq: int
    customer_id: str
    text: str
    at: int
    done_at: int | None = None


class Acts:
    def __init__(
        self,
        db: Database,
        messaging: Messaging,
        cards: Cards,
        following: Following,
        seals: Seals,
        clock: Clock,
    ) -> None:
        self._db = db
        self._messaging = messaging
        self._cards = cards
        self._following = following
        self._seals = seals
        self._clock = clock

    async def act(self, caller: Caller, command: c.ActOnCard) -> Appended:
        """A tap of the customer. The intent is good for a card that stands as it was drawn, once, until it ends. In one
        transaction it is spent, told in the log, and kept for the business."""
        room, member = await self._messaging.rooms.access_member(caller, command.conversation_id)
        if caller.user_id != room.customer_id:
            raise AppError(ErrorCode.forbidden, "only the customer of this conversation")
        intent = intents.read(self._cards.key, room.id, room.customer_id, command.intent)
        if intent is None:
            raise AppError(ErrorCode.bad_request, "nobody was offered this", reason="forged")
        held = await self._db.read(lambda con: _object_of(con, intent))
        now = self._clock()
        draft = Draft(
            room=room,
            member=member,
            actor_id=caller.user_id,
            client_msg_id=uuid_bytes(command.client_msg_id),
            content=self._notice(held, intent, command.text),
            asked=encode([command.intent, command.text]),
            effect=self._taking(room, intent, held, command.text, now),
        )
        try:
            appended = await self._messaging.log.append(draft)
        except AppError as error:
            if error.data.get("reason") == "late":
                await self._renew(intent, now)
            raise
        self._following.wake()
        return Appended(appended.seq, appended.created_at)

    async def list_open(self, caller: Caller, shop_id: str, limit: int) -> list[Act]:
        """What waits for the business, the oldest first. Scope `objects:write`."""
        access_scope(caller, Scope.objects_write)
        rows = await self._db.read(lambda con: store.open_acts(con, shop_id, limit))
        return [self._shown(row) for row in rows]

    async def settle(self, caller: Caller, shop_id: str, act_id: str) -> Act:
        """It is done, or refused: the object says which. Scope `objects:write`."""
        access_scope(caller, Scope.objects_write)
        now = self._clock()

        def work(connection: Connection) -> ActRow | None:
            store.done(connection, act_id, shop_id, now)
            return store.get_act(connection, act_id, shop_id)

        row = await self._db.write(work)
        if row is None:
            raise AppError(ErrorCode.not_found, "no such act")
        return self._shown(row)

    def _taking(self, room: Room, intent: Intent, held: Held, text: str, now: int) -> Effect:
        act_id = new_id("a")
        sealed = self._seals.seal_act(act_id, text)

        def effect(connection: Connection, seq: int, at: int) -> None:
            card = store.find_card(connection, intent.card_id)
            if card is None:
                raise AppError(ErrorCode.not_found, "no such card")
            self._messaging.revisions.check_stands(connection, room, card.seq)
            is_late = card.round != intent.round or now > intent.until
            # What may be refused comes before what is written; `acted_on` is both at once.
            if is_late or not store.acted_on(connection, held, intent.revision, at):
                raise AppError(ErrorCode.conflict, "the card has changed or the offer is over", reason="late")
            store.spend(connection, card)
            act = ActRow(
                id=act_id,
                card_id=card.id,
                key=card.key,
                version=held.version,
                conversation_id=room.id,
                seq=seq,
                customer_id=room.customer_id,
                action=intent.action,
                body=sealed,
                at=at,
            )
            store.add_act(connection, act)

        return effect

    async def _renew(self, intent: Intent, now: int) -> None:
        """A card whose offers only have become too old gets fresh ones; any other is what it should be, or is due."""

        def work(connection: Connection) -> None:
            card = store.find_card(connection, intent.card_id)
            if card is not None and card.round == intent.round and now > intent.until:
                store.spend(connection, card)
                store.make_due(connection, card.key, now)

        await self._db.write(work)
        self._following.wake()

    def _notice(self, held: Held, intent: Intent, text: str) -> SystemNotice:
        """Told between the messages, to both sides."""
        body = rules.unpack(held.key.kind, self._seals.open(held.key, held.body))
        title = rendering.draw(held.key.kind, held.key.id, body).title
        said = [rendering.label(body, ActionName(intent.action)), title, text]
        params = {
            "action": intent.action,
            "object_type": held.key.kind.value,
            "object_id": held.key.id,
            "title": title,
            "text": text,
        }
        return SystemNotice("card_act", params, " · ".join(each for each in said if each))

    def _shown(self, row: ActRow) -> Act:
        return Act(
            id=row.id,
            action=row.action,
            kind=row.key.kind,
            object_id=row.key.id,
            version=row.version,
            conversation_id=row.conversation_id,
            seq=row.seq,
            customer_id=row.customer_id,
            text=self._seals.open_act(row.id, row.body),
            at=row.at,
            done_at=row.done_at,
        )


def _object_of(connection: Connection, intent: Intent) -> Held:
    """What the card is about, as it stands now. If that is not what the intent was for, the taking finds out."""
    card = store.find_card(connection, intent.card_id)
    held = store.find(connection, card.key) if card else None
    if held is None:
        raise AppError(ErrorCode.not_found, "no such card")
    return held
