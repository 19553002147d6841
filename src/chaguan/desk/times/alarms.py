"""Warns before a target is missed and tells when it was: by an index of what is due, in the process that reads the log.

Each alarm is a change of its case, stored like any other: where it is stored it is looked whether it was told already,
so a crash, or two processes for a while, make no second one.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.logs import places
from chaguan.desk import rules
from chaguan.desk.changes import Changes, Step
from chaguan.desk.model import Held
from chaguan.desk.store import dues as store
from chaguan.desk.store import setup
from chaguan.desk.times.consumer import ServiceTimes, promises
from chaguan.desk.times.targets import Due, is_told, still_runs, with_alarm
from chaguan.infra.database import Database
from chaguan.infra.pauses import NEVER, Pause
from chaguan.messaging import Messaging
from chaguan.protocol.conversations import Case, CaseStatus
from chaguan.protocol.desk import Alarm, AlarmLevel, CaseEventKind, Queue, Reason

logger = logging.getLogger("chaguan.desk")
LOOK_S = 1.0
GRACE_MS = 1_000
"""A reply of the last moment may still be on its way into the log."""
MOST_AT_ONCE = 100
CAUGHT_UP_S = 5.0


class Missed(Struct, frozen=True):
    """What listeners are told: of this case, this alarm was noticed now."""

    case: Case
    alarm: Alarm
    moved_to: str = ""


class Alarms:
    def __init__(
        self, db: Database, messaging: Messaging, changes: Changes, times: ServiceTimes, clock: Clock
    ) -> None:
        self._db = db
        self._rooms = messaging.rooms
        self._changes = changes
        self._times = times
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._known = b""
        self._pause = Pause(db, 0, clock)
        times.told.append(lambda _turned: self.wake())
        self.failures = 0
        self.noticed: Counter[tuple[str, str]] = Counter()
        self.listeners: list[Callable[[Missed], Awaitable[None]]] = []
        """Told after the commit; who must tell exactly once keeps a list of their own."""

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def wake(self) -> None:
        """Something was measured, or targets or hours were settled anew."""
        self._pause.wake()

    async def step(self) -> int:
        """All that is due now; gives how many alarms were noticed."""
        await self._follow_arrangement()
        until = self._clock() - GRACE_MS
        first = await self._db.read(lambda con: store.next_ones(con, NEVER, 1))
        if not first or first[0].due_at > until:
            self._pause.due_at = first[0].due_at + GRACE_MS if first else NEVER
            return 0
        # Who was answered in time must not be counted as late for a consumer that is behind.
        async with asyncio.timeout(CAUGHT_UP_S):
            await self._times.feed.caught_up()
        noticed = 0
        while dues := await self._db.read(lambda con: store.next_ones(con, until, MOST_AT_ONCE)):
            outcomes = await asyncio.gather(*map(self._notice, _worst(dues)), return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
            await self._db.write(lambda con, seen=dues: store.done(con, seen))  # type: ignore[misc]
            noticed += sum(outcome is True for outcome in outcomes)
        return noticed

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._pause.wait()
            self._pause.due_at = 0
            if not self._times.feed.is_owned:
                self._known = b""
                continue
            try:
                await self.step()
                self.failures = 0
            except Exception as error:  # noqa: BLE001  the clocks must outlive what they stumble over
                self._failed(error)
                await asyncio.sleep(min(30, 0.1 * 2**self.failures))

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        if self.failures == 1:
            logger.error("targets are not looked at: %s at %s", type(error).__name__, places(error))

    async def _follow_arrangement(self) -> None:
        """New targets or hours hold for what runs already; so does what was settled while nobody looked."""
        known = await self._db.read(promises)
        hours = sorted((shop_id, each.hours) for shop_id, each in known.settings.items())
        targets = sorted((id, queue.target_wait_s, queue.targets) for id, queue in known.queues.items())
        now = msgspec.json.encode([hours, targets])
        if now != self._known:
            await self._times.set_dues_anew()
            self._known = now

    async def _notice(self, due: Due) -> bool:
        """Whether it was news."""
        room = await self._rooms.room(due.conversation_id)
        try:
            held, event = await self._changes.change(
                room, "", due.case_id, lambda con, held, at: _decide(con, held, due, at)
            )
        except AppError as error:
            if error.code is not ErrorCode.not_found:
                raise
            return False
        if event is None:
            return False
        alarm = next(each for each in held.case.alarms if each.target is due.target)
        moved_to = event.queue_id if event.former_queue_id else ""
        self.noticed[due.target.value, due.level.value] += 1
        for listener in self.listeners:
            await listener(Missed(held.case, alarm, moved_to))
        return True


def _worst(dues: Sequence[Due]) -> list[Due]:
    """Who is late already is not warned of, too."""
    missed = {(due.case_id, due.target, due.from_at) for due in dues if due.level is AlarmLevel.breached}
    return [
        due
        for due in dues
        if due.level is AlarmLevel.breached or (due.case_id, due.target, due.from_at) not in missed
    ]


def _decide(con: Connection, held: Held, due: Due, at: int) -> Step | None:
    if is_told(held.case, due) or not (due.ended_at or still_runs(held.case, due)):
        return None
    queues = setup.queues(con)
    queue = next((each for each in queues if each.id == held.case.queue_id), None)
    data = {
        "target": due.target.value,
        "limit_s": due.limit_s,
        "since": due.from_at,
        "in_open_hours": queue.targets.in_open_hours if queue else False,
    }
    case = msgspec.structs.replace(held.case, alarms=with_alarm(held.case.alarms, due, at))
    after = msgspec.structs.replace(held, case=case)
    if due.level is AlarmLevel.warned:
        return Step(held=after, kind=CaseEventKind.warned, reason=Reason("target_near", data))
    aim = _aim(queue, queues, held, due)
    if aim is None:
        return Step(held=after, kind=CaseEventKind.breached, reason=Reason("target_missed", data))
    reason = Reason("target_missed", {**data, "moved_to": aim.id, "queue": aim.name})
    moved = rules.in_queue(after, aim, reason, at, avoid_id=held.avoid_id)
    return Step(held=msgspec.structs.replace(moved, moves=held.moves + 1), kind=CaseEventKind.breached)


def _aim(queue: Queue | None, queues: Sequence[Queue], held: Held, due: Due) -> Queue | None:
    """Where the case goes on to. Only from waiting: an agent's case is theirs."""
    waits = held.case.status is CaseStatus.waiting and not held.case.bot_id
    if queue is None or not waits or due.ended_at or held.moves >= rules.MAX_MOVES:
        return None
    return next(
        (each for each in queues if each.id == queue.targets.move_to and each.shop_id == queue.shop_id), None
    )
