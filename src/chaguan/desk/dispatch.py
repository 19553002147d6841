"""The desk's own doing: gives waiting cases to agents, and does what is due by time. One process of several does it,
the owner of the desk's consumer; what another did meanwhile is found where a decision is stored."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.logs import places
from chaguan.desk import presence, rules
from chaguan.desk.changes import Changes, Decide, Step
from chaguan.desk.model import Held
from chaguan.desk.openings import Openings
from chaguan.desk.routing import Assign, Queued, has_room, plan
from chaguan.desk.routing.plan import LARGEST_PLAN
from chaguan.desk.store import cases as store
from chaguan.desk.store import setup
from chaguan.infra.database import Database
from chaguan.infra.pauses import NEVER, Pause
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Agent, AgentState, CaseEventKind, DeskSettings, Queue, Reason, Strategy

logger = logging.getLogger("chaguan.desk")
LOOK_S = 1.0
MOST_DUE = 50
"""Cases of one kind that are moved by time at one look."""
MOST_STRAY = 500
SPARE_HEADS = 8
"""Read beyond the places that agents have left, for those whom the next agent may not have."""


class Look(Struct):
    """The desk of all shops at one moment."""

    at: int
    queues: list[Queue]
    agents: list[Agent]
    settings: dict[str, DeskSettings]
    heads: dict[str, list[Held]]
    """By queue. Those of no queue, or of one that is gone, under the empty id."""
    somebody_waits: bool
    """For people, in any queue or in none."""
    moves_at: int
    """When an agent is away or offline because time has passed."""

    def settings_of(self, shop_id: str) -> DeskSettings:
        return self.settings.get(shop_id, DeskSettings())

    def queue(self, queue_id: str) -> Queue | None:
        return next((queue for queue in self.queues if queue.id == queue_id), None)


Looked = Callable[[Look], Awaitable[int]]
"""Gives when it wants another look at the latest, also if nothing happens until then."""


class Dispatcher:
    def __init__(
        self,
        db: Database,
        messaging: Messaging,
        changes: Changes,
        openings: Openings,
        is_owner: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._db = db
        self._messaging = messaging
        self._changes = changes
        self._openings = openings
        self._is_owner = is_owner
        self._clock = clock
        self._pause = Pause(db, LOOK_S, clock)
        self._task: asyncio.Task[None] | None = None
        self.looked: list[Looked] = []
        """Told of each look by the process that is the owner."""
        self.failures = 0
        self._tried_by = b""
        self._tried: set[str] = set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def wake(self) -> None:
        self._pause.wake()

    async def _run(self) -> None:
        while True:
            await self._pause.wait()
            self._pause.due_at = 0
            if not self._is_owner():
                continue
            try:
                self._pause.due_at = await self.step()
                self.failures = 0
            except Exception as error:  # noqa: BLE001  the desk must outlive what it stumbles over
                self._failed(error)
                await asyncio.sleep(min(30, 0.1 * 2**self.failures))

    def _failed(self, error: Exception) -> None:
        """Where and not what, as an exception's text may quote a message."""
        self.failures += 1
        if self.failures == 1:
            logger.error("the desk stumbles: %s at %s", type(error).__name__, places(error))

    async def step(self) -> int:
        """One look, and everything that follows from it. Gives when the next one is due."""
        look = await self.look()
        while await self._assign(look):
            look = await self.look()
        next_at = await self._do_what_is_due(look)
        wanted = [await looked(look) for looked in self.looked]
        return min(next_at, look.moves_at, *wanted)

    async def look(self) -> Look:
        at = self._clock()

        def read(con: Connection) -> Look:
            queues, settings = setup.queues(con), setup.all_settings(con)
            idle_s = min((each.idle_s for each in settings.values() if each.idle_s), default=0)
            seats = setup.seats(con)
            loads = store.loads(con, [seat.user_id for seat in seats])
            agents = [presence.shown(seat, loads.get(seat.user_id, 0), idle_s, at) for seat in seats]
            places = sum(max(0, a.capacity - a.load) for a in agents if a.state is AgentState.online)
            limit = max(min(places, LARGEST_PLAN) + SPARE_HEADS, MOST_DUE)
            in_use = store.queues_in_use(con)
            heads = _heads(con, queues, in_use, limit)
            moves_at = min((presence.moves_at(seat, idle_s, at) for seat in seats), default=NEVER)
            return Look(at, queues, agents, settings, heads, bool(in_use), moves_at)

        return await self._db.read(read)

    async def _assign(self, look: Look) -> bool:
        """Whether there may be more to give."""
        waiting = [_waiting(held) for queue in look.queues for held in look.heads.get(queue.id, ())]
        decided = plan(look.queues, look.agents, waiting, look.at)
        held = {each.case.id: each for heads in look.heads.values() for each in heads}
        stored = await self._all(self._give(held[each.case_id], each) for each in decided)
        return len(decided) == LARGEST_PLAN and any(stored)

    async def _give(self, held: Held, decision: Assign) -> bool:
        def decide(con: Connection, now: Held, at: int) -> Step | None:
            if not _waits_in(now, decision.queue_id):
                return None
            seat = setup.seat(con, decision.agent_id)
            load = store.loads(con, [decision.agent_id]).get(decision.agent_id, 0)
            if seat is None or not has_room(
                presence.shown(seat, load, setup.idle_s(con), at), decision.weight
            ):
                raise AppError(ErrorCode.conflict, "no place left")
            reason = _with_wait(decision.reason, now, at)
            step = rules.with_agent(now, decision.agent_id, reason, at)
            return Step(held=step, kind=CaseEventKind.assigned)

        return await self._change(held, decide, (CaseStatus.open, decision.agent_id))

    async def _do_what_is_due(self, look: Look) -> int:
        """Gives when something is due next. While somebody waits that may be at any time."""
        await self._all(self._queue_anew(held) for held in self._untried(look))
        await self._all(
            self._overflow(held, queue)
            for queue in look.queues
            for held in look.heads.get(queue.id, ())
            if overflows(held, queue, look)
        )
        left = await self._left_behind(look)
        await self._all(self._give_back(held, agent) for held, agent in left)
        await self._give_up(look)
        return look.at if left or look.somebody_waits else _given_back_at(look)

    def _untried(self, look: Look) -> list[Held]:
        """Each stray once, until the rules change."""
        rules_now = msgspec.json.encode(look.queues)
        if rules_now != self._tried_by:
            self._tried_by, self._tried = rules_now, set()
        fresh = [held for held in look.heads.get("", ()) if held.case.id not in self._tried]
        self._tried.update(held.case.id for held in fresh)
        return fresh

    async def _queue_anew(self, held: Held) -> bool:
        """Of a node of before, or of a queue that is gone: by the rules of now."""
        room = await self._messaging.rooms.room(held.case.conversation_id)
        queue, reason = (await self._openings.desk_of(room)).choose()
        if held.case.queue_id == (queue.id if queue else ""):
            return False

        def decide(_con: Connection, now: Held, at: int) -> Step | None:
            if not _waits_in(now, held.case.queue_id):
                return None
            return Step(held=rules.in_queue(now, queue, reason, at), kind=CaseEventKind.queued)

        return await self._change(held, decide, (CaseStatus.waiting, ""))

    async def _overflow(self, held: Held, queue: Queue) -> bool:
        def decide(con: Connection, now: Held, at: int) -> Step | None:
            if not _waits_in(now, queue.id):
                return None
            other = next((each for each in setup.queues(con) if each.id == queue.overflow_to), None)
            if other is None or now.moves >= rules.MAX_MOVES:
                return None
            reason = Reason(
                "overflow",
                {
                    "after_s": queue.overflow_after_s,
                    "from": queue.name,
                    "queue_id": other.id,
                    "queue": other.name,
                },
            )
            moved = rules.in_queue(now, other, reason, at, avoid_id=now.avoid_id)
            return Step(
                held=msgspec.structs.replace(moved, moves=now.moves + 1), kind=CaseEventKind.overflowed
            )

        return await self._change(held, decide, (CaseStatus.waiting, ""))

    async def _left_behind(self, look: Look) -> list[tuple[Held, Agent]]:
        """Open cases of queues whose agents have been away for longer than the shop wants."""
        gone = [agent for agent in look.agents if agent.load and presence.is_gone(agent)]
        if not gone:
            return []

        def read(con: Connection) -> list[tuple[Held, Agent]]:
            return [(held, agent) for agent in gone for held in store.of_agent(con, agent.user_id, MOST_DUE)]

        return [
            (held, agent)
            for held, agent in await self._db.read(read)
            if held.case.queue_id
            and presence.has_left(agent, look.settings_of(held.case.shop_id).reassign_s, look.at)
        ]

    async def _give_back(self, held: Held, agent: Agent) -> bool:
        def decide(con: Connection, now: Held, at: int) -> Step | None:
            is_theirs = now.case.status is CaseStatus.open and now.case.agent_id == agent.user_id
            seat = setup.seat(con, agent.user_id)
            if not is_theirs or seat is None:
                return None
            state, since = presence.state_of(seat, setup.idle_s(con), at)
            if state in (AgentState.online, AgentState.busy):
                return None  # back a moment ago
            queue = next((each for each in setup.queues(con) if each.id == now.case.queue_id), None)
            data = {"agent_id": agent.user_id, "state": state.value, "for_s": (at - since) // 1000}
            back = rules.in_queue(now, queue, Reason("agent_gone", data), at)
            return Step(held=back, kind=CaseEventKind.returned)

        return await self._change(held, decide, (CaseStatus.waiting, ""))

    async def _give_up(self, look: Look) -> None:
        """Customers who have been silent for so long that they do not wait any more."""
        heads = [held for heads in look.heads.values() for held in heads]
        for held in heads:
            limit = look.settings_of(held.case.shop_id).abandon_s * 1000
            if not limit or look.at - held.case.queued_at < limit:
                continue
            room = await self._messaging.rooms.room(held.case.conversation_id)
            if look.at - room.last_at >= limit:
                await self._abandon(held, room, look.at - room.last_at)

    async def _abandon(self, held: Held, room: Room, silent_ms: int) -> bool:
        said_at = room.last_at

        def decide(_con: Connection, now: Held, at: int) -> Step | None:
            if now.case.status is not CaseStatus.waiting or room.last_at != said_at:
                return None
            reason = Reason("silence", {"for_s": silent_ms // 1000})
            return Step(held=rules.ended(now, "abandoned", reason, at), kind=CaseEventKind.abandoned)

        return await self._change(held, decide, (CaseStatus.resolved, ""))

    async def _change(self, held: Held, decide: Decide, place: tuple[CaseStatus, str]) -> bool:
        """Whether it was stored. What lost a race is decided anew at the next look."""
        try:
            room = await self._messaging.rooms.room(held.case.conversation_id)
            _, event = await self._changes.change(room, "", held.case.id, decide, place=place)
        except AppError as error:
            if error.code in (ErrorCode.conflict, ErrorCode.not_found):
                return False
            raise
        return event is not None

    @staticmethod
    async def _all(doing: Iterable[Awaitable[bool]]) -> Sequence[bool]:
        """Side by side, so that they share a commit; the first failure is told when all have ended."""
        outcomes = await asyncio.gather(*doing, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, bool)]


def overflows(held: Held, queue: Queue, look: Look) -> bool:
    limit = queue.overflow_after_s * 1000
    return bool(limit and queue.overflow_to) and look.at - held.case.queued_at >= limit


def _given_back_at(look: Look) -> int:
    """When the cases of an agent who is gone have waited for them for as long as a shop wants."""
    waits_s = {each.reassign_s for each in (DeskSettings(), *look.settings.values()) if each.reassign_s}
    gone = [agent.since for agent in look.agents if agent.load and presence.is_gone(agent)]
    times = (since + wait_s * 1000 for since in gone for wait_s in waits_s)
    return min((at for at in times if at > look.at), default=NEVER)


def _heads(con: Connection, queues: Sequence[Queue], in_use: set[str], limit: int) -> dict[str, list[Held]]:
    known = {queue.id for queue in queues}
    heads = {
        queue.id: store.heads(con, queue.id, limit)
        for queue in queues
        if queue.id in in_use and (queue.strategy is not Strategy.manual or queue.overflow_after_s)
    }
    shops = {queue.shop_id for queue in queues}
    stray = [held for id in sorted(in_use - known) for held in store.heads(con, id, MOST_STRAY)]
    heads[""] = [held for held in stray if held.case.queue_id or held.case.shop_id in shops]
    return heads


def _waiting(held: Held) -> Queued:
    return Queued(
        case_id=held.case.id,
        queue_id=held.case.queue_id,
        queued_at=held.case.queued_at,
        last_agent_id=held.last_agent_id,
        avoid_id=held.avoid_id,
    )


def _waits_in(held: Held, queue_id: str) -> bool:
    case = held.case
    return case.status is CaseStatus.waiting and case.queue_id == queue_id and not case.bot_id


def _with_wait(reason: Reason, held: Held, at: int) -> Reason:
    return Reason(reason.code, {**reason.data, "waited_ms": max(0, at - held.case.queued_at)})
