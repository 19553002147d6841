"""Reads the log and keeps what was measured of each case, in the transaction of its position: exactly once."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.clock import Clock
from chaguan.desk.store import dues as due_store
from chaguan.desk.store import setup
from chaguan.desk.store import times as store
from chaguan.desk.times.facts import Change, Fact, Message, Span
from chaguan.desk.times.fold import Fold
from chaguan.desk.times.targets import Due, Promises, late_ones, running
from chaguan.infra import facts as single
from chaguan.infra.database import Database, Work
from chaguan.messaging import Messaging
from chaguan.messaging.feed import Feed, log_end
from chaguan.messaging.model import CASE, MESSAGE, Room, Stored, unpack_state
from chaguan.protocol.desk import CaseEventKind, Reason

NAME = "service_times"
GATHER_S = 0.2
"""A busy log is read in fewer and larger chunks: nobody who looks at times sees the difference."""
_QUIET_UNTIL = "service_times_quiet_until"
_STILL = (CaseEventKind.warned.value, CaseEventKind.tagged.value, CaseEventKind.ruled.value)
PAGE = 500


class Loaded(Struct):
    """What a chunk of the log is folded into."""

    facts: list[Fact]
    events: dict[tuple[str, int], tuple[str, str, str, int]]
    promises: Promises


class ServiceTimes:
    def __init__(self, db: Database, messaging: Messaging, clock: Clock) -> None:
        self._db = db
        self._rooms = messaging.rooms
        self.feed = Feed(db, NAME, self._read, prefix="s_", gather_s=GATHER_S, clock=clock)
        self.feed.on_owned = self._begin
        self.feed.on_stored = self._stored
        messaging.log.listeners.append(self.feed.wake)
        self._quiet_until = 0
        self._turned: list[Fact] = []
        self.rebuilds = 0
        self.told: list[Callable[[Sequence[Fact]], None]] = []
        """Called when something was measured, with the cases in which the customer began to be without an answer, or got one."""

    async def start(self) -> None:
        await self.feed.start()

    async def stop(self) -> None:
        await self.feed.stop()

    async def rebuild(self) -> None:
        """Forget all that was measured and read the log once more. What was missed in the past is not told again."""

        def work(con: Connection) -> None:
            store.forget_all(con)
            single.put(con, _QUIET_UNTIL, str(log_end(con)).encode())

        await self.feed.begin_anew(work)
        await self.feed.caught_up()
        self.rebuilds += 1
        await self.set_dues_anew()
        self._stored()

    async def set_dues_anew(self) -> None:
        """Of all cases that go on, by the targets and hours of now."""
        after = ""
        while True:
            after = await self._db.write(partial(_set_page_anew, after=after))
            if not after:
                return

    async def _begin(self) -> None:
        """What was said before the first start is measured too, but nobody is alarmed by it."""
        self._quiet_until = await self._db.write(_known_quiet)

    async def _read(self, rows: list[Stored]) -> Work[None] | None:
        said: dict[str, list[Stored]] = {}
        for row in rows:
            if row.kind == CASE or (row.kind == MESSAGE and row.countable):
                said.setdefault(row.conversation_id, []).append(row)
        if not said:
            return None
        loaded = await self._db.read(partial(_load, said=said))
        facts: list[Fact] = []
        spans: list[Span] = []
        self._turned = []
        for room_id, entries in said.items():
            room = await self._rooms.room(room_id)
            fold = _folded(room, entries, loaded)
            facts += [fold.facts[id] for id in sorted(fold.touched)]
            spans += fold.spans
            self._turned += [fold.facts[id] for id in sorted(fold.turned)]
        news = [span for span in spans if span.entry_id > self._quiet_until]
        late = late_ones(news, loaded.promises, {fact.case_id: fact.conversation_id for fact in facts})
        return partial(_store, facts=facts, spans=spans, late=late, promises=loaded.promises)

    def _stored(self) -> None:
        turned, self._turned = self._turned, []
        for tell in self.told:
            tell(turned)


def _load(con: Connection, said: dict[str, list[Stored]]) -> Loaded:
    cases = [row for rows in said.values() for row in rows if row.kind == CASE]
    ids = {str(unpack_state(row.state).fields.get("case_id", "")) for row in cases}
    events: dict[tuple[str, int], tuple[str, str, str, int]] = {}
    for room_id, rows in said.items():
        seqs = [row.seq for row in rows if row.kind == CASE]
        if seqs:
            events |= store.events_among(con, room_id, min(seqs), max(seqs))
    return Loaded(store.of_rooms(con, list(said), sorted(ids)), events, promises(con))


def promises(con: Connection) -> Promises:
    """What all queues promise, and when their shops are open."""
    return Promises({queue.id: queue for queue in setup.queues(con)}, setup.all_settings(con))


def _folded(room: Room, entries: Iterable[Stored], loaded: Loaded) -> Fold:
    own = [fact for fact in loaded.facts if fact.conversation_id == room.id]
    fold = Fold(room.id, room.shop_id, room.customer_id, own)
    for row in entries:
        if row.kind == CASE:
            fold.change(_change(row, loaded.events.get((room.id, row.seq), ("", "", "", 0))))
        else:
            fold.message(_message(row))
    return fold


def _message(row: Stored) -> Message:
    return Message(
        entry_id=row.id, seq=row.seq, ordinal=row.ordinal, at=row.created_at, actor_id=row.actor_id
    )


def _change(row: Stored, event: tuple[str, str, str, int]) -> Change:
    """The entry says where the case is; its history, which nodes of before did not write, says more."""
    fields = unpack_state(row.state).fields
    kind, queue_id, told, ordinal = event
    reason = msgspec.json.decode(told, type=Reason) if told else Reason("")
    return Change(
        entry_id=row.id,
        seq=row.seq,
        ordinal=ordinal or row.ordinal,
        at=row.created_at,
        case_id=str(fields.get("case_id", "")),
        status=str(fields.get("status", "")),
        agent_id=str(fields.get("agent_id", "")),
        actor_id=row.actor_id,
        kind=kind,
        queue_id=queue_id,
        with_bot=kind == CaseEventKind.opened.value and bool(reason.data.get("bot_id")),
        target=str(reason.data.get("target", "")),
        target_from_at=int(reason.data.get("since", 0)),
        is_quiet=kind in _STILL,
    )


def _store(
    con: Connection, facts: Sequence[Fact], spans: Sequence[Span], late: Sequence[Due], promises: Promises
) -> None:
    store.put(con, facts, spans)
    for fact in facts:
        due_store.replace(con, fact.case_id, running(fact, promises))
    due_store.add(con, late)


def _known_quiet(con: Connection) -> int:
    return int(single.ensure(con, _QUIET_UNTIL, str(log_end(con)).encode()))


def _set_page_anew(con: Connection, after: str) -> str:
    """Gives the last case of the page; empty behind the last page."""
    page = store.alive(con, after, PAGE)
    known = promises(con)
    for fact in page:
        due_store.replace(con, fact.case_id, running(fact, known))
    return page[-1].case_id if len(page) == PAGE else ""
