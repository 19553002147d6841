"""Messages left instead of waiting, and the list by which agents answer them.

The case ends with the outcome `callback`, so that it stands in no line and counts for nobody; it is listed as long as it
is so. Whoever takes it, or the customer who writes on, opens it again.
"""

import asyncio

from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import hours, rules
from chaguan.desk.changes import Changes, Step
from chaguan.desk.follow import Following
from chaguan.desk.model import Held
from chaguan.desk.openings import Openings
from chaguan.desk.store import callbacks as left
from chaguan.desk.store import cases as store
from chaguan.desk.store import setup
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.messaging.ports import Directory
from chaguan.protocol import commands as c
from chaguan.protocol.callbacks import Callback, Callbacks
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import CaseStatus, ConversationKind
from chaguan.protocol.desk import CaseEventKind, Reason
from chaguan.protocol.replies import CaseReply

MOST = 200
BEGINNING = 200
"""Characters of a message that the list shows."""


class CallbackList:
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

    async def leave_message(self, caller: Caller, command: c.LeaveMessage) -> Callback:
        room, _ = await self._messaging.rooms.access_conversation(caller, command.conversation_id)
        if room.kind is not ConversationKind.service:
            raise AppError(ErrorCode.bad_request, "not a service conversation")
        if caller.user_id != room.customer_id:
            raise AppError(ErrorCode.forbidden, "its customer's alone")
        _check(command)
        done = await self._db.read(lambda con: _done_or_free(con, room, command.client_msg_id))
        if done is not None:
            return left.shown(room, done)
        sent = await self._messaging.messages.send(
            caller,
            c.SendMessage(
                id=command.id,
                conversation_id=room.id,
                client_msg_id=command.client_msg_id,
                content=Text(command.text.strip()),
            ),
        )
        # As the log's reader does it a moment later; it finds it done.
        await self._openings.by_message(room, sent.seq, sent.ordinal)
        return await self._end(caller, room, command, sent.seq)

    async def page(self, caller: Caller, shop_id: str) -> Callbacks:
        self.access_desk(caller)
        rows = await self._db.read(lambda con: left.waiting(con, shop_id, MOST))
        found = await asyncio.gather(*(self._told(caller, row) for row in rows))
        people = sorted({each.customer_id for each in found})
        return Callbacks(list(found), await self._directory.users(people))

    async def take(self, caller: Caller, command: c.TakeCallback) -> CaseReply:
        self.access_desk(caller)
        held = await self._db.read(lambda con: store.find(con, command.case_id))
        if held is None:
            raise AppError(ErrorCode.not_found, "no such case")
        room = await self._messaging.rooms.room(held.case.conversation_id)

        def decide(con: Connection, now: Held, at: int) -> Step | None:
            if now.case.status is CaseStatus.open and now.case.agent_id == caller.user_id:
                return None
            _check_may_take(con, now, caller.user_id)
            queue = next((each for each in setup.queues(con) if each.id == now.case.queue_id), None)
            again = rules.reopened(now, queue, at)
            mine = rules.with_agent(again, caller.user_id, Reason("picked"), at)
            return Step(held=mine, kind=CaseEventKind.taken)

        after, event = await self._changes.change(room, caller.user_id, held.case.id, decide)
        if event is not None:
            await self._following.settle(room, event)
            await self._following.say(room, event)
        opened = await self._messaging.conversations.get(
            caller, c.GetConversation(id=0, conversation_id=room.id)
        )
        return CaseReply(after.case, opened.view, opened.users)

    async def _end(self, caller: Caller, room: Room, command: c.LeaveMessage, seq: int) -> Callback:
        case_id = await self._db.read(lambda con: _case_for(con, room))
        contact = command.contact.strip()
        sealed = room.open_key().seal(contact.encode(), left.binding(room, case_id)) if contact else None

        def decide(con: Connection, now: Held, at: int) -> Step | None:
            if now.case.status is CaseStatus.open:
                raise AppError(ErrorCode.conflict, "somebody answers already", reason="has_agent")
            if now.case.outcome == rules.CALLBACK:
                return None
            times = setup.settings(con, room.shop_id).hours
            due_at = at if hours.is_open(times, at) else hours.next_opening(times, at) or at
            row = left.Left(
                case_id=case_id,
                conversation_id=room.id,
                shop_id=room.shop_id,
                key=command.client_msg_id,
                seq=seq,
                contact=sealed,
                at=at,
                due_at=due_at,
            )
            ended = rules.ended(now, rules.CALLBACK, Reason("left_message"), at)
            return Step(
                held=ended, kind=CaseEventKind.message_left, beside=lambda con, _at: left.put(con, row)
            )

        await self._changes.change(room, caller.user_id, case_id, decide)
        found = await self._db.read(lambda con: left.find(con, case_id))
        if found is None:
            raise AppError(ErrorCode.not_found, "no such case")
        return left.shown(room, found)

    async def _told(self, caller: Caller, row: left.Left) -> Callback:
        room = await self._messaging.rooms.room(row.conversation_id)
        callback = left.shown(room, row)
        asked = c.GetMessages(id=0, conversation_id=room.id, seqs=[row.seq])
        for message in (await self._messaging.sync.messages(caller, asked)).messages:
            if isinstance(message.content, Text):
                callback.text = message.content.text[:BEGINNING]
        return callback


def _check(command: c.LeaveMessage) -> None:
    if not command.text.strip():
        raise AppError(ErrorCode.bad_request, "a message says something", field="text")
    if command.contact.strip() and not command.consent:
        raise AppError(ErrorCode.bad_request, "kept only with consent", field="consent")


def _done_or_free(con: Connection, room: Room, key: str) -> left.Left | None:
    """What was left with this key before; `conflict` where somebody answers, so that nothing needs to be left."""
    done = left.by_key(con, room.id, key)
    if done is not None:
        return done
    alive = store.open_ones(con, room.id)
    if alive and all(each.case.status is CaseStatus.open for each in alive):
        raise AppError(ErrorCode.conflict, "somebody answers already", reason="has_agent")
    return None


def _case_for(con: Connection, room: Room) -> str:
    """The case that waits, or the one in which another device of the customer has left a message just now."""
    waiting = [each for each in store.open_ones(con, room.id) if each.case.status is CaseStatus.waiting]
    held = waiting[-1] if waiting else store.latest(con, room.id)
    if held is None or (not waiting and held.case.outcome != rules.CALLBACK):
        raise AppError(ErrorCode.conflict, "somebody answers already", reason="has_agent")
    return held.case.id


def _check_may_take(con: Connection, held: Held, agent_id: str) -> None:
    case = held.case
    if case.status is CaseStatus.open:
        raise AppError(ErrorCode.conflict, "somebody was faster", agent_id=case.agent_id)
    if case.outcome != rules.CALLBACK:
        raise AppError(ErrorCode.conflict, "not to be called back", reason="gone")
    if any(each.topic == held.topic for each in store.open_ones(con, case.conversation_id)):
        raise AppError(ErrorCode.conflict, "a case is open", reason="case_open")
    seat = setup.seat(con, agent_id)
    load = store.loads(con, [agent_id]).get(agent_id, 0)
    if seat is not None and case.queue_id and load + held.weight > seat.capacity:
        raise AppError(
            ErrorCode.conflict, "no place left", reason="no_place", load=load, capacity=seat.capacity
        )
