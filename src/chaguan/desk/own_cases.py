"""What customers see of their own cases and do with them: look, rate, give up waiting, ask again."""

import msgspec
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import hours, ratings, rules
from chaguan.desk.agents import shown_all
from chaguan.desk.changes import Changes, Step
from chaguan.desk.lines import place_of
from chaguan.desk.model import Held
from chaguan.desk.openings import Openings
from chaguan.desk.routing import serves
from chaguan.desk.store import callbacks as left
from chaguan.desk.store import cases as store
from chaguan.desk.store import ratings as rated
from chaguan.desk.store import setup
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.messaging.ports import Directory
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import Case, CaseStatus, ConversationKind
from chaguan.protocol.desk import AgentState, CaseEventKind, Reason
from chaguan.protocol.ratings import Rating
from chaguan.protocol.replies import CaseReply
from chaguan.protocol.service import Service

REOPEN_MS = 7 * 86_400_000
"""How long after its end a customer may ask again on the same case."""


class OwnCases:
    def __init__(
        self,
        db: Database,
        messaging: Messaging,
        changes: Changes,
        openings: Openings,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._db = db
        self._rooms = messaging.rooms
        self._changes = changes
        self._openings = openings
        self._directory = directory
        self._clock = clock

    async def access_own_case(self, caller: Caller, case_id: str) -> tuple[Held, Room]:
        """The caller's own, as a customer. Others learn no more than that they may not, or that there is none."""
        held = await self._db.read(lambda con: store.find(con, case_id))
        if held is None:
            raise AppError(ErrorCode.not_found, "no such case")
        room, _ = await self._rooms.access_conversation(caller, held.case.conversation_id)
        if caller.user_id != room.customer_id:
            raise AppError(ErrorCode.forbidden, "its customer's alone")
        return held, room

    async def service(self, caller: Caller, command: c.GetService) -> Service:
        room, _ = await self._rooms.access_conversation(caller, command.conversation_id)
        if room.kind is not ConversationKind.service:
            raise AppError(ErrorCode.bad_request, "not a service conversation")
        now = self._clock()
        service = await self._db.read(lambda con: _service(con, room, now))
        if service.case is not None and service.case.agent_id:
            found = await self._directory.users([service.case.agent_id])
            service.agent = found[0] if found else None
        return service

    async def rate(self, caller: Caller, command: c.RateCase) -> Rating:
        held, room = await self.access_own_case(caller, command.case_id)
        said = command.text.strip()
        sealed = _seal(room, held.case.id, said) if said else None
        wanted = list(dict.fromkeys(command.reasons))

        def decide(con: Connection, now: Held, at: int) -> Step | None:
            settings = setup.settings(con, now.case.shop_id).ratings
            ratings.check_may_rate(now.case, settings, at)
            ratings.check_reasons(settings, command.stars, wanted)
            former = _found(con, room, now.case.id)
            if former and (former.stars, former.reasons, former.text) == (command.stars, wanted, said):
                return None
            case = now.case
            rating = Rating(
                case_id=case.id,
                stars=command.stars,
                reasons=wanted,
                agent_id=case.agent_id,
                queue_id=case.queue_id,
                at=former.at if former else at,
                changed_at=at,
            )
            return Step(
                held=now,
                kind=CaseEventKind.rated,
                reason=_reason(command.stars, former),
                beside=lambda con, _at: rated.put(con, case, rating, sealed),
            )

        await self._changes.change(room, caller.user_id, held.case.id, decide)
        found = await self._db.read(lambda con: _found(con, room, held.case.id))
        if found is None:
            raise AppError(ErrorCode.not_found, "no such case")
        return found

    async def leave_line(self, caller: Caller, command: c.LeaveLine) -> CaseReply:
        held, room = await self.access_own_case(caller, command.case_id)

        def decide(_con: Connection, now: Held, at: int) -> Step | None:
            if now.case.status is CaseStatus.resolved:
                return None
            if now.case.status is not CaseStatus.waiting:
                raise AppError(ErrorCode.conflict, "somebody has taken it", reason="has_agent")
            return Step(held=rules.ended(now, "abandoned", Reason("left"), at), kind=CaseEventKind.abandoned)

        after, _ = await self._changes.change(room, caller.user_id, held.case.id, decide)
        return _shown(after)

    async def reopen(self, caller: Caller, command: c.ReopenCase) -> CaseReply:
        held, room = await self.access_own_case(caller, command.case_id)
        if held.case.status is CaseStatus.resolved and not _can_reopen(held.case, self._clock()):
            raise AppError(ErrorCode.conflict, "it ended long ago", reason="too_late")
        return _shown(await self._openings.reopen(room, held, await self._openings.desk_of(room)))


def _service(con: Connection, room: Room, now: int) -> Service:
    settings = setup.settings(con, room.shop_id)
    service = Service(conversation_id=room.id, waiting=place_of(con, room, now))
    if not hours.is_open(settings.hours, now):
        service.out_of_hours = settings.out_of_hours
    service.case = store.shown_of(con, [room.id]).get(room.id)
    if service.case is None:
        return service
    found = left.find(con, service.case.id)
    service.callback = left.shown(room, found) if found else None
    if service.case.status is CaseStatus.resolved:
        service.rating = _found(con, room, service.case.id)
        service.invitation = ratings.invitation(service.case, settings.ratings, service.rating, now)
        service.can_reopen = _can_reopen(service.case, now)
    else:
        service.nobody_there = _is_nobody_there(con, service.case, now)
    return service


def _is_nobody_there(con: Connection, case: Case, now: int) -> bool:
    """Whether none of those who answer such cases is there. Busy ones are: they are at their desks. Without a queue agents
    pick, whether or not they have said that they are there: nothing is claimed."""
    queue = next((each for each in setup.queues(con) if each.id == case.queue_id), None)
    if queue is None:
        return False
    here = [agent for agent in shown_all(con, now) if agent.state in (AgentState.online, AgentState.busy)]
    return not any(serves(agent, queue) for agent in here)


def _can_reopen(case: Case, now: int) -> bool:
    return now - case.resolved_at <= REOPEN_MS


def _found(con: Connection, room: Room, case_id: str) -> Rating | None:
    held = rated.find(con, case_id)
    if held is None:
        return None
    if held.text is not None and room.key is not None:
        text = room.key.unseal(held.text, _binding(room, case_id)).decode()
        return msgspec.structs.replace(held.rating, text=text)
    return held.rating


def _seal(room: Room, case_id: str, text: str) -> bytes:
    return room.open_key().seal(text.encode(), _binding(room, case_id))


def _binding(room: Room, case_id: str) -> bytes:
    return b"%b\x00rating\x00%b" % (room.id.encode(), case_id.encode())


def _reason(stars: int, former: Rating | None) -> Reason:
    data = {"stars": stars}
    if former and former.stars != stars:
        data["before"] = former.stars
    return Reason("by_customer", data)


def _shown(held: Held) -> CaseReply:
    """Customers learn nothing of the desk's reasons."""
    return CaseReply(msgspec.structs.replace(held.case, reason=None))
