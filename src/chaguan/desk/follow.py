"""What follows from a change of a case: its agent belongs to the conversation, who had it before does not, and a line
tells of it. Done again after a crash it finds itself done."""

from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.changes import EVERYTHING, key_of
from chaguan.desk.model import Event
from chaguan.desk.store import cases as store
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.messaging.ports import Directory
from chaguan.protocol.content import SystemNotice
from chaguan.protocol.conversations import CaseStatus, MemberRole
from chaguan.protocol.desk import CaseEventKind

_TOLD = {
    CaseEventKind.assigned.value: "case_taken",
    CaseEventKind.taken.value: "case_taken",
    CaseEventKind.transferred.value: "case_taken",
    CaseEventKind.reopened.value: "case_taken",
    CaseEventKind.resolved.value: "case_resolved",
}


class Following:
    def __init__(self, db: Database, messaging: Messaging, directory: Directory) -> None:
        self._db = db
        self._messaging = messaging
        self._directory = directory

    async def settle(self, room: Room, event: Event) -> None:
        """By what is true now: meanwhile the case may have gone on to somebody else."""
        alive = await self._db.read(lambda con: store.open_ones(con, room.id))
        agents = {held.case.agent_id for held in alive if held.case.status is CaseStatus.open}
        if event.agent_id in agents:
            await self._let_in(room, event)
        for agent_id in {event.former_agent_id, event.agent_id} - agents - {""}:
            await self._let_go(room, event, agent_id)

    async def say(self, room: Room, event: Event) -> None:
        name = _TOLD.get(event.kind)
        if name is None or not event.agent_id:
            return
        agent = await self._directory.users([event.agent_id])
        params = {"agent_id": event.agent_id, "agent_name": agent[0].name if agent else ""}
        actor_id = event.actor_id or event.agent_id
        key = key_of(event.case_id, name, str(event.seq))
        await self._messaging.messages.notice(room, EVERYTHING, actor_id, key, SystemNotice(name, params))

    async def _let_in(self, room: Room, event: Event) -> None:
        key = key_of(event.case_id, "join", str(event.seq))
        actor_id = event.actor_id or event.agent_id
        try:
            await self._messaging.members.join(
                room, EVERYTHING, actor_id, event.agent_id, MemberRole.agent, key
            )
        except AppError as error:
            if error.code is not ErrorCode.conflict:  # let in by another who read the same
                raise

    async def _let_go(self, room: Room, event: Event, agent_id: str) -> None:
        key = key_of(event.case_id, "leave", agent_id, str(event.seq))
        actor_id = event.actor_id or agent_id
        try:
            await self._messaging.members.leave(room, EVERYTHING, actor_id, agent_id, key)
        except AppError as error:
            if error.code is not ErrorCode.not_found:
                raise
