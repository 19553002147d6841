"""Pure decisions of the desk."""

import msgspec

from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.conversations import Case, CaseStatus

_AGENTS = (Role.owner, Role.admin, Role.agent)


def is_server(caller: Caller) -> bool:
    return caller.kind == "server" and not caller.scopes.isdisjoint({"messages:write", "messages:read"})


def is_agent(caller: Caller) -> bool:
    return caller.is_staff and caller.role in _AGENTS


def opens_case(last: Case | None, resolved_seq: int, seq: int) -> bool:
    """Whether a customer's message at `seq` begins a new consultation."""
    if last is None:
        return True
    return last.status is CaseStatus.resolved and seq > resolved_seq


def taken(case: Case, agent_id: str, force: bool, at: int) -> Case:
    if case.status is CaseStatus.resolved:
        raise AppError(ErrorCode.conflict, "resolved already")
    if case.status is CaseStatus.open and case.agent_id != agent_id and not force:
        raise AppError(ErrorCode.conflict, "somebody was faster", agent_id=case.agent_id)
    return msgspec.structs.replace(
        case, status=CaseStatus.open, agent_id=agent_id, taken_at=case.taken_at or at
    )


def resolved(case: Case, caller: Caller, at: int) -> Case:
    if case.agent_id != caller.user_id and not caller.is_admin:
        raise AppError(ErrorCode.forbidden, "only its agent or an administrator", agent_id=case.agent_id)
    return msgspec.structs.replace(case, status=CaseStatus.resolved, resolved_at=at)
