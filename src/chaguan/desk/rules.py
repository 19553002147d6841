"""Pure decisions of the desk: who may, and what a case is after a change."""

from collections.abc import Sequence
from typing import Any

import msgspec

from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.model import Held
from chaguan.desk.routing import Facts
from chaguan.protocol.conversations import Case, CaseStatus
from chaguan.protocol.desk import Queue, Reason

MAX_OPEN = 5
"""Open cases of one conversation."""
MAX_MOVES = 8
"""How often a case changes queues by itself."""
_AGENTS = (Role.owner, Role.admin, Role.agent)


def is_server(caller: Caller) -> bool:
    return caller.kind == "server" and not caller.scopes.isdisjoint({"messages:write", "messages:read"})


def is_agent(caller: Caller) -> bool:
    return caller.is_staff and caller.role in _AGENTS


def is_supervisor(caller: Caller) -> bool:
    """Who looks after agents: reads along, whispers, takes over."""
    return caller.is_staff and caller.is_admin


def opens_case(open_ones: Sequence[Held], ended_seq: int, seq: int) -> bool:
    """Whether a customer's message at `seq` begins a new consultation or goes on with an ended one."""
    return not open_ones and seq > ended_seq


CALLBACK = "callback"
"""How a case ended whose customer left a message instead of waiting."""


def is_reopened(last: Held | None, reopen_s: int, at: int) -> bool:
    """Who left a message and writes on goes on with that, however late."""
    if last is not None and last.case.outcome == CALLBACK:
        return True
    return last is not None and bool(reopen_s) and at - last.case.resolved_at <= reopen_s * 1000


def facts_of(context: dict[str, Any], app_id: str, vip_level: int) -> Facts:
    """What routing may go by. The context is the customer's own word, so a VIP level in it counts for nothing."""

    def said(name: str) -> str:
        value = context.get(name)
        return value if isinstance(value, str) else ""

    return Facts(
        language=said("language"),
        vip_level=vip_level,
        app_id=app_id,
        page=said("page"),
        category=said("category"),
    )


def with_agent(held: Held, agent_id: str, reason: Reason, at: int) -> Held:
    case = msgspec.structs.replace(
        held.case,
        status=CaseStatus.open,
        agent_id=agent_id,
        taken_at=held.case.taken_at or at,
        bot_id="",
        reason=reason,
    )
    return msgspec.structs.replace(held, case=case, avoid_id="", last_agent_id=agent_id)


def in_queue(held: Held, queue: Queue | None, reason: Reason, at: int, avoid_id: str = "") -> Held:
    """Waits, with the time it has been waiting since."""
    case = msgspec.structs.replace(
        held.case,
        status=CaseStatus.waiting,
        agent_id="",
        queue_id=queue.id if queue else "",
        queued_at=held.case.queued_at or at,
        bot_id="",
        reason=reason,
    )
    return msgspec.structs.replace(held, case=case, weight=queue.weight if queue else 1, avoid_id=avoid_id)


def with_bot(held: Held, bot_id: str) -> Held:
    """A case that would wait in its queue, but a bot answers first: it has no place there before it is handed over."""
    reason = held.case.reason or Reason("")
    # Who measures times reads the history, and time with a bot is apart.
    told = Reason(reason.code, {**reason.data, "bot_id": bot_id})
    case = msgspec.structs.replace(held.case, bot_id=bot_id, queued_at=0, reason=told)
    return msgspec.structs.replace(held, case=case)


def ended(held: Held, outcome: str, reason: Reason, at: int) -> Held:
    case = msgspec.structs.replace(
        held.case, status=CaseStatus.resolved, resolved_at=at, outcome=outcome, bot_id="", reason=reason
    )
    return msgspec.structs.replace(held, case=case)


def reopened(held: Held, queue: Queue | None, at: int) -> Held:
    """Waits anew, from now on."""
    case = msgspec.structs.replace(
        held.case, queued_at=0, resolved_at=0, outcome="", reopened=held.case.reopened + 1
    )
    fresh = msgspec.structs.replace(held, case=case, resolved_seq=0, moves=0)
    return in_queue(fresh, queue, Reason("reopened"), at)


def taken_up(held: Held, agent_id: str, at: int) -> Held:
    """Goes on with an agent who wants it to."""
    case = msgspec.structs.replace(held.case, resolved_at=0, outcome="", reopened=held.case.reopened + 1)
    fresh = msgspec.structs.replace(held, case=case, resolved_seq=0, moves=0)
    return with_agent(fresh, agent_id, Reason("reopened", {"by": agent_id}), at)


def check_may_reopen(held: Held, alive: Sequence[Held]) -> None:
    if len(alive) >= MAX_OPEN:
        raise AppError(ErrorCode.conflict, "too many open cases", limit=MAX_OPEN)
    for other in alive:
        if other.topic == held.topic:
            raise AppError(ErrorCode.conflict, "another has its place", case_id=other.case.id)


def check_may_take(case: Case, agent_id: str, force: bool) -> None:
    if case.status is CaseStatus.resolved:
        raise AppError(ErrorCode.conflict, "resolved already")
    if case.status is CaseStatus.open and case.agent_id != agent_id and not force:
        raise AppError(ErrorCode.conflict, "somebody was faster", agent_id=case.agent_id)


def check_may_end(case: Case, caller: Caller) -> None:
    if case.agent_id != caller.user_id and not caller.is_admin:
        raise AppError(ErrorCode.forbidden, "only its agent or an administrator", agent_id=case.agent_id)


def check_may_pass_on(case: Case, caller: Caller) -> None:
    if case.status is CaseStatus.resolved:
        raise AppError(ErrorCode.conflict, "resolved already")
    if case.status is CaseStatus.open:
        check_may_end(case, caller)
