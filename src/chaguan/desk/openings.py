"""How cases begin: by a customer's message, or by name beside others on the same thread."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy import Connection

from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.desk import hours, rules
from chaguan.desk.changes import EVERYTHING, Changes, Step, key_of
from chaguan.desk.model import Held
from chaguan.desk.routing import Facts, choose_queue
from chaguan.desk.store import cases as store
from chaguan.desk.store import setup
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.protocol.content import SystemNotice
from chaguan.protocol.conversations import Case, CaseStatus
from chaguan.protocol.desk import CaseEventKind, DeskSettings, Queue, Reason

Attributes = Callable[[str], Awaitable[dict[str, Any]]]
"""What the business's own server told of a customer."""

Bots = Callable[[Room], Awaitable[str]]
"""The bot that answers a new case first; empty: none."""


async def no_bot(_room: Room) -> str:
    return ""


Redirected = Callable[[Connection, Held, Queue | None, Reason, int], tuple[Queue | None, Reason]]
"""The last word on the queue of a case that begins to wait for people, where it is stored (a shop's own rules)."""


def as_chosen(
    _con: Connection, _held: Held, queue: Queue | None, reason: Reason, _at: int
) -> tuple[Queue | None, Reason]:
    return queue, reason


class Desk(msgspec.Struct):
    """What a case meets when it begins."""

    settings: DeskSettings
    queues: list[Queue]
    app_id: str
    context: dict[str, Any]
    vip_level: int = -1
    last_agent_id: str = ""

    def choose(self) -> tuple[Queue | None, Reason]:
        return choose_queue(self.queues, self.facts)

    @property
    def told(self) -> dict[str, Any]:
        """What the customer said of where they come from, and the app, which is none of their words."""
        return {**self.context, "app_id": self.app_id} if self.app_id else self.context

    @property
    def facts(self) -> Facts:
        return rules.facts_of(self.context, self.app_id, self.vip_level)


class Openings:
    def __init__(
        self, db: Database, messaging: Messaging, changes: Changes, attributes: Attributes, clock: Clock
    ) -> None:
        self._db = db
        self._messaging = messaging
        self._changes = changes
        self._attributes = attributes
        self._clock = clock
        self.bot_of: Bots = no_bot
        self.redirected: Redirected = as_chosen

    async def by_message(self, room: Room, seq: int, ordinal: int) -> None:
        """A customer said something: nothing, a new case, or the last one goes on."""

        def look(con: Connection) -> tuple[bool, Held | None]:
            return rules.opens_case(
                store.open_ones(con, room.id), store.ended_seq(con, room.id), seq
            ), store.latest(con, room.id)

        opens, last = await self._db.read(look)
        if not opens:
            return
        desk = await self.desk_of(room)
        try:
            if rules.is_reopened(last, desk.settings.reopen_s, self._clock()) and last is not None:
                await self.reopen(room, last, desk, ordinal)
            else:
                # The message's seq is in the key: reading the log again after a crash opens no second case.
                key = key_of("", room.id, str(seq))
                await self._open(room, room.customer_id, desk, (seq, ordinal), key)
        except AppError as error:
            if error.code not in (ErrorCode.conflict, ErrorCode.not_found):
                raise  # busy: the feed tries again
            return
        await self._say_when(room, desk.settings, seq)

    async def named(self, room: Room, actor_id: str, subject: str, key: bytes) -> Held:
        """One more case on the thread, with a subject of its own."""
        desk = await self.desk_of(room)
        return await self._open(room, actor_id, desk, (0, 0), key, subject)

    async def desk_of(self, room: Room) -> Desk:
        def read(con: Connection) -> Desk:
            app_id, context = store.arrival(con, room.id)
            queues = [queue for queue in setup.queues(con) if queue.shop_id == room.shop_id]
            return Desk(
                setup.settings(con, room.shop_id),
                queues,
                app_id,
                context,
                last_agent_id=store.last_agent(con, room.id),
            )

        desk = await self._db.read(read)
        if any(queue.match.vip_levels for queue in desk.queues):
            level = (await self._attributes(room.customer_id)).get("vip_level")
            desk.vip_level = level if isinstance(level, int) and level >= 0 else -1
        return desk

    async def _open(
        self, room: Room, actor_id: str, desk: Desk, begun: tuple[int, int], key: bytes, subject: str = ""
    ) -> Held:
        """`begun`: seq and ordinal of the message that it begins with."""
        seq, ordinal = begun
        case_id = new_id("k")
        queue, reason = desk.choose()
        # What is opened by name is for people: its subject is no question to a list.
        bot_id = "" if subject else await self.bot_of(room)

        def first(con: Connection, _seq: int, at: int) -> Step:
            _check_may_open(con, room, seq, subject)
            case = Case(
                id=case_id,
                conversation_id=room.id,
                shop_id=room.shop_id,
                customer_id=room.customer_id,
                status=CaseStatus.waiting,
                opened_at=at,
                subject=subject,
                context=desk.told,
            )
            fresh = Held(case=case, topic=case_id if subject else "", last_agent_id=desk.last_agent_id)
            if bot_id:
                held = rules.with_bot(rules.in_queue(fresh, queue, reason, at), bot_id)
            else:
                held = rules.in_queue(fresh, *self.redirected(con, fresh, queue, reason, at), at)
            return Step(held=held, kind=CaseEventKind.opened, ordinal=ordinal)

        return await self._changes.open(room, actor_id, case_id, first, key)

    async def reopen(self, room: Room, last: Held, desk: Desk, ordinal: int = 0) -> Held:
        """The case waits again; it is its customer's doing."""
        known = {queue.id: queue for queue in desk.queues}

        def decide(con: Connection, held: Held, at: int) -> Step | None:
            if held.case.status is not CaseStatus.resolved:
                return None
            if any(each.topic == held.topic for each in store.open_ones(con, room.id)):
                raise AppError(ErrorCode.conflict, "a case is open", reason="case_open")
            queue = known.get(held.case.queue_id) or desk.choose()[0]
            again = rules.reopened(held, queue, at)
            place, reason = self.redirected(con, again, queue, Reason("reopened"), at)
            return Step(
                held=rules.in_queue(again, place, reason, at), kind=CaseEventKind.reopened, ordinal=ordinal
            )

        held, _ = await self._changes.change(
            room, room.customer_id, last.case.id, decide, place=(CaseStatus.waiting, "")
        )
        return held

    async def _say_when(self, room: Room, settings: DeskSettings, seq: int) -> None:
        """Out of hours the customer is told when somebody will be there."""
        now = self._clock()
        if hours.is_open(settings.hours, now):
            return
        params = {f"text_{language}": text for language, text in settings.out_of_hours.items()}
        opens_at = hours.next_opening(settings.hours, now)
        if opens_at:
            params["opens_at"] = str(opens_at)
        fallback = next(iter(settings.out_of_hours.values()), "")[:500]
        notice = SystemNotice("out_of_hours", params, fallback)
        key = key_of("out_of_hours", room.id, str(seq))
        await self._messaging.messages.notice(room, EVERYTHING, room.customer_id, key, notice)


def _check_may_open(con: Connection, room: Room, seq: int, subject: str) -> None:
    alive = store.open_ones(con, room.id)
    if subject:
        if len(alive) >= rules.MAX_OPEN:
            raise AppError(ErrorCode.conflict, "too many open cases", limit=rules.MAX_OPEN)
    elif not rules.opens_case(alive, store.ended_seq(con, room.id), seq):
        raise AppError(ErrorCode.conflict, "a case is open")
