"""What people do with cases: take, pass on, resolve, open another, look back."""

import asyncio
from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import presence, rules
from chaguan.desk.changes import QUIET, Changes, Decide, Step, open_note
from chaguan.desk.follow import Following
from chaguan.desk.model import Event, Held
from chaguan.desk.openings import Openings
from chaguan.desk.store import cases as store
from chaguan.desk.store import setup
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room, uuid_bytes
from chaguan.messaging.ports import Directory
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import Case, CaseStatus, ConversationKind
from chaguan.protocol.desk import AgentState, CaseEvent, CaseEventKind, Queue, Reason
from chaguan.protocol.replies import CaseHistory, CaseList, CaseReply

MAX_EVENTS = 500


class Cases:
    def __init__(
        self,
        db: Database,
        messaging: Messaging,
        changes: Changes,
        openings: Openings,
        following: Following,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._db = db
        self._messaging = messaging
        self._changes = changes
        self._openings = openings
        self._following = following
        self._directory = directory
        self._clock = clock

    def access_desk(self, caller: Caller) -> None:
        if not rules.is_agent(caller):
            raise AppError(ErrorCode.forbidden, "only agents")

    async def access_case(self, caller: Caller, case_id: str) -> tuple[Case, Room]:
        self.access_desk(caller)
        held = await self._db.read(lambda con: store.find(con, case_id))
        if held is None:
            raise AppError(ErrorCode.not_found, "no such case")
        return held.case, await self._messaging.rooms.room(held.case.conversation_id)

    async def take(self, caller: Caller, command: c.TakeCase) -> CaseReply:
        case, room = await self.access_case(caller, command.case_id)

        def decide(con: Connection, held: Held, at: int) -> Step | None:
            rules.check_may_take(held.case, caller.user_id, command.force)
            if held.case.status is CaseStatus.open and held.case.agent_id == caller.user_id:
                return None
            if not command.force:
                _check_has_place(con, held, caller.user_id)
            reason = Reason("picked", {"by_force": True} if command.force else {})
            return Step(held=rules.with_agent(held, caller.user_id, reason, at), kind=CaseEventKind.taken)

        return await self._settled(caller, room, case, decide)

    async def resolve(self, caller: Caller, command: c.ResolveCase) -> CaseReply:
        case, room = await self.access_case(caller, command.case_id)

        def decide(_con: Connection, held: Held, at: int) -> Step | None:
            if held.case.status is CaseStatus.resolved:
                return None
            rules.check_may_end(held.case, caller)
            step = rules.ended(held, command.outcome.value, Reason("by_agent"), at)
            return Step(held=step, kind=CaseEventKind(command.outcome.value))

        return await self._settled(caller, room, case, decide, command.note)

    async def reopen(self, caller: Caller, command: c.ReopenCase) -> CaseReply:
        case, room = await self.access_case(caller, command.case_id)

        def decide(con: Connection, held: Held, at: int) -> Step | None:
            if held.case.status is not CaseStatus.resolved:
                rules.check_may_take(held.case, caller.user_id, force=False)
                return None
            rules.check_may_reopen(held, store.open_ones(con, room.id))
            if not command.force:
                _check_has_place(con, held, caller.user_id)
            return Step(held=rules.taken_up(held, caller.user_id, at), kind=CaseEventKind.reopened)

        return await self._settled(caller, room, case, decide)

    async def list_cases(self, caller: Caller, command: c.ListCases) -> CaseList:
        self.access_desk(caller)
        room, _ = await self._messaging.rooms.access_conversation(caller, command.conversation_id)
        if room.kind is not ConversationKind.service:
            raise AppError(ErrorCode.bad_request, "not a service conversation")
        cases = await self._db.read(lambda con: store.of_conversation(con, room.id, command.limit))
        agents = sorted({case.agent_id for case in cases if case.agent_id})
        return CaseList(cases, await self._directory.users(agents))

    async def transfer(self, caller: Caller, command: c.TransferCase) -> CaseReply:
        case, room = await self.access_case(caller, command.case_id)
        if bool(command.agent_id) == bool(command.queue_id):
            raise AppError(ErrorCode.bad_request, "to an agent or to a queue")
        decide = await (
            self._to_agent(caller, command.agent_id)
            if command.agent_id
            else self._to_queue(caller, command.queue_id)
        )
        return await self._settled(caller, room, case, decide, command.note)

    async def open_case(self, caller: Caller, command: c.OpenCase) -> CaseReply:
        room, _ = await self._messaging.rooms.access_conversation(caller, command.conversation_id)
        if room.kind is not ConversationKind.service:
            raise AppError(ErrorCode.bad_request, "not a service conversation")
        if caller.user_id != room.customer_id:
            self.access_desk(caller)
        subject = command.subject.strip()
        if not subject:
            raise AppError(ErrorCode.bad_request, "a subject says something", field="subject")
        held = await self._openings.named(room, caller.user_id, subject, uuid_bytes(command.client_msg_id))
        return CaseReply(store.without_desk(held.case))

    async def history(self, caller: Caller, command: c.GetCaseHistory) -> CaseHistory:
        case, room = await self.access_case(caller, command.case_id)
        rows = await self._db.read(lambda con: store.events(con, case.id, MAX_EVENTS))
        events = [_shown(room, row) for row in rows]
        named = {id: None for each in events for id in (each.actor_id, each.agent_id, each.former_agent_id)}
        return CaseHistory(case, events, await self._directory.users([id for id in named if id]))

    async def hand_over(
        self, case_id: str, bot_id: str, why: str, believed: Mapping[str, object] | None = None
    ) -> Case:
        """By a bot that is at its end, or whose customer asks for a person: the case takes its place in the queue. Does
        nothing where an agent was faster. `why` becomes part of the reason: `asked`, `not_found` …, and so does what the
        bot `believed`."""
        held = await self._db.read(lambda con: store.find(con, case_id))
        if held is None:
            raise AppError(ErrorCode.not_found, "no such case")
        room = await self._messaging.rooms.room(held.case.conversation_id)

        def decide(con: Connection, now: Held, at: int) -> Step | None:
            if now.case.status is not CaseStatus.waiting or now.case.bot_id != bot_id:
                return None
            queue = next((each for each in setup.queues(con) if each.id == now.case.queue_id), None)
            reason = Reason("handed_over", {"why": why, **(believed or {})})
            place, by = self._openings.redirected(con, now, queue, reason, at)
            if by is not reason:
                # Both are told: why a person takes over, and which rule says where.
                by = Reason(by.code, {**reason.data, **by.data})
            return Step(held=rules.in_queue(now, place, by, at), kind=CaseEventKind.handed_over)

        after, _ = await self._changes.change(room, bot_id, case_id, decide)
        return after.case

    async def follow(self, room: Room, event: Event) -> None:
        """By the log's reader: what follows from a change, also one whose process died behind the commit."""
        if event.kind in (CaseEventKind.opened, *QUIET):
            return
        await self._following.settle(room, event)
        if not event.actor_id:
            await self._following.say(room, event)

    async def _settled(
        self, caller: Caller, room: Room, case: Case, decide: Decide, note: str = ""
    ) -> CaseReply:
        held, event = await self._changes.change(room, caller.user_id, case.id, decide, note=note)
        if event is not None:
            await self._following.settle(room, event)
            await self._following.say(room, event)
        elif held.case.agent_id:
            # Asked again: perhaps since the first time was cut off behind the commit.
            await self._following.settle(room, _again(held))
        return await self._reply(caller, held.case)

    async def _to_agent(self, caller: Caller, agent_id: str) -> Decide:
        known = await self._directory.users([agent_id])
        if not known:
            raise AppError(ErrorCode.not_found, "no such agent")

        def decide(con: Connection, held: Held, at: int) -> Step | None:
            rules.check_may_pass_on(held.case, caller)
            if held.case.status is CaseStatus.open and held.case.agent_id == agent_id:
                return None
            self._check_is_there(con, agent_id)
            _check_has_place(con, held, agent_id)
            reason = Reason("transferred", {"by": caller.user_id})
            return Step(held=rules.with_agent(held, agent_id, reason, at), kind=CaseEventKind.transferred)

        return decide

    async def _to_queue(self, caller: Caller, queue_id: str) -> Decide:
        def decide(con: Connection, held: Held, at: int) -> Step | None:
            rules.check_may_pass_on(held.case, caller)
            queue = find_queue(con, held.case.shop_id, queue_id)
            is_waiting = held.case.status is CaseStatus.waiting
            if is_waiting and held.case.queue_id == queue_id:
                return None
            reason = Reason("transferred", {"by": caller.user_id, "queue_id": queue.id, "queue": queue.name})
            moved = rules.in_queue(held, queue, reason, at, avoid_id=held.case.agent_id)
            return Step(held=moved, kind=CaseEventKind.transferred)

        return decide

    def _check_is_there(self, con: Connection, agent_id: str) -> None:
        """To somebody who is gone nothing is passed on: the customer would wait unseen."""
        seat = setup.seat(con, agent_id)
        if seat is None:
            raise AppError(ErrorCode.not_found, "no such agent", agent_id=agent_id)
        state, _ = presence.state_of(seat, setup.idle_s(con), self._clock())
        if state in (AgentState.away, AgentState.offline):
            raise AppError(ErrorCode.conflict, "not there", reason="agent_gone", agent_id=agent_id)

    async def _reply(self, caller: Caller, case: Case) -> CaseReply:
        opened, found = await asyncio.gather(
            self._messaging.conversations.get(
                caller, c.GetConversation(id=0, conversation_id=case.conversation_id)
            ),
            self._directory.users([case.agent_id] if case.agent_id else []),
        )
        users = {user.id: user for user in [*opened.users, *found]}
        return CaseReply(case, opened.view, list(users.values()))


def find_queue(con: Connection, shop_id: str, queue_id: str) -> Queue:
    for queue in setup.queues(con):
        if queue.id == queue_id and queue.shop_id == shop_id:
            return queue
    raise AppError(ErrorCode.not_found, "no such queue", queue_id=queue_id)


def _check_has_place(con: Connection, held: Held, agent_id: str) -> None:
    """Who has a capacity keeps to it with the cases of queues. Without queues agents take what they like."""
    seat = setup.seat(con, agent_id)
    if seat is None or not held.case.queue_id:
        return
    load = store.loads(con, [agent_id]).get(agent_id, 0)
    if load + held.weight > seat.capacity:
        raise AppError(
            ErrorCode.conflict, "no place left", reason="no_place", load=load, capacity=seat.capacity
        )


def _again(held: Held) -> Event:
    case = held.case
    return Event(
        conversation_id=case.conversation_id,
        seq=-case.version,  # no entry's
        case_id=case.id,
        at=0,
        kind="",
        agent_id=case.agent_id,
    )


def _shown(room: Room, row: Event) -> CaseEvent:
    return CaseEvent(
        case_id=row.case_id,
        seq=row.seq,
        at=row.at,
        kind=CaseEventKind(row.kind),
        actor_id=row.actor_id,
        agent_id=row.agent_id,
        former_agent_id=row.former_agent_id,
        queue_id=row.queue_id,
        former_queue_id=row.former_queue_id,
        reason=msgspec.json.decode(row.reason, type=Reason) if row.reason else None,
        note=open_note(room, row),
    )
