"""Cards that live: drawn by the server when they are sent, noted in the message's transaction, and kept up with their
objects by edits (ADR 22)."""

import hashlib
from collections.abc import Callable

from msgspec.structs import replace
from sqlalchemy import Connection

from chaguan.commerce import intents, rendering, rules, store
from chaguan.commerce.intents import Intent
from chaguan.commerce.sealing import Seals
from chaguan.commerce.store import CardRow, Held, Key
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault
from chaguan.messaging import Messaging
from chaguan.messaging.log import Draft
from chaguan.messaging.model import Room
from chaguan.messaging.revisions import picture_of
from chaguan.protocol.content import Card, CardOffer, Content
from chaguan.protocol.objects import ObjectKind

INTENT_MS = 7 * 86_400_000
_KINDS = {kind.value: kind for kind in ObjectKind}


class Cards:
    def __init__(self, db: Database, vault: Vault, messaging: Messaging, seals: Seals, clock: Clock) -> None:
        self._db = db
        self._messaging = messaging
        self._seals = seals
        self._clock = clock
        self.key = vault.derive("card intents")
        """What intents are signed with."""
        self.noted: Callable[[], None] = lambda: None
        """Called when a card is in the log: its object may have changed while it was on its way."""

    async def fill(self, _caller: Caller, room: Room, content: Content) -> Content:
        """A card as it is stored: drawn here if the shop keeps its object and it may be shown in this conversation, else
        as its sender wrote it, less what only the server may say."""
        if not isinstance(content, Card):
            return content
        kind = _KINDS.get(content.object_type)
        if not room.shop_id or not room.customer_id or kind is None or not content.object_id:
            return picture_of(content)
        key = Key(room.shop_id, kind, content.object_id)
        found = await self._db.read(lambda con: _with_asked(con, key))
        if found is None or not _may_be_shown(found[0], room):
            return picture_of(content)
        return self.draw(room, new_id("c"), 0, *found)

    def note(self, draft: Draft) -> None:
        """A message whose card lives takes a row for it along."""
        room, content = draft.room, draft.content
        if not isinstance(content, Card) or not content.card_id:
            return
        key = Key(room.shop_id, ObjectKind(content.object_type), content.object_id)

        def effect(connection: Connection, seq: int, at: int) -> None:
            card = CardRow(
                id=content.card_id,
                conversation_id=room.id,
                seq=seq,
                sender_id=draft.actor_id,
                key=key,
                revision=content.revision,
                round=0,
            )
            store.add_card(connection, card, at)

        draft.effect = effect
        draft.on_appended = lambda _appended, _value: self.noted()

    def draw(self, room: Room, card_id: str, round: int, held: Held, asked: frozenset[str]) -> Card:
        """The card as the object stands, with an intent for each thing that the customer may ask for."""
        body = rules.unpack(held.key.kind, self._seals.open(held.key, held.body))
        until = self._clock() + INTENT_MS
        offers = [
            CardOffer(
                action=action.value,
                label=rendering.label(body, action),
                intent=intents.sign(
                    self.key,
                    room.id,
                    room.customer_id,
                    Intent(card_id, round, held.revision, action.value, until),
                ),
            )
            for action in rendering.offered(body, asked)
        ]
        card = rendering.draw(held.key.kind, held.key.id, body, asked)
        return replace(card, card_id=card_id, revision=held.revision, offers=offers)

    async def bring_up_to_date(self, card: CardRow) -> bool:
        """Draw a card anew as its object stands now. False: somebody else did, or uses it at the moment. A card that
        was recalled or can't be changed any more is let go of."""
        try:
            room = await self._messaging.rooms.room(card.conversation_id)
            return await self._revise(room, card)
        except AppError as error:
            if error.code is ErrorCode.not_found or error.data.get("reason") == "too_many":
                await self._db.write(lambda con: store.drop_card(con, card.id))
                return True
            if error.code is ErrorCode.conflict:
                return False
            raise

    async def _revise(self, room: Room, card: CardRow) -> bool:
        found = await self._db.read(lambda con: _with_asked(con, card.key))
        if found is None:
            raise AppError(ErrorCode.not_found, "no such object")
        held, asked = found
        round = card.round + 1
        drawn = self.draw(room, card.id, round, held, asked)

        def beside(connection: Connection) -> None:
            now = store.find(connection, card.key)
            if now is None or now.revision != held.revision:
                raise AppError(ErrorCode.conflict, "the object changed meanwhile")
            if not store.drawn(connection, card, held.revision, round):
                raise AppError(ErrorCode.conflict, "the card changed meanwhile")

        key = _key_of(card.id, round, held.revision)
        await self._messaging.revisions.revise(room, card.seq, card.sender_id, key, drawn, beside)
        return True


def _with_asked(connection: Connection, key: Key) -> tuple[Held, frozenset[str]] | None:
    """The object, and what was asked of it as it stands. What is for all may be asked of again and again."""
    held = store.find(connection, key)
    if held is None:
        return None
    return held, frozenset() if held.is_shared else store.asked(connection, held)


def _may_be_shown(held: Held, room: Room) -> bool:
    """An order belongs to somebody; what belongs to nobody is for all."""
    if held.key.kind is ObjectKind.order:
        return held.customer_id == room.customer_id
    return held.customer_id in ("", room.customer_id)


def _key_of(card_id: str, *numbers: int) -> bytes:
    """Two processes that draw the same write it once."""
    text = " ".join([card_id, *map(str, numbers)])
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
