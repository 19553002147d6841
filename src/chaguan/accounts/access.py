"""The doors: each verb begins with one of these, which lets the caller in or raises."""

from enum import StrEnum

from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError, ErrorCode


class Scope(StrEnum):
    """What an API key may do."""

    users_write = "users:write"
    conversations_write = "conversations:write"
    messages_write = "messages:write"
    messages_read = "messages:read"
    objects_write = "objects:write"


def access_staff(caller: Caller) -> None:
    if not caller.is_staff or caller.role is None:
        raise AppError(ErrorCode.forbidden, "for staff")


def access_agent(caller: Caller) -> None:
    if not caller.is_staff or caller.role in (None, Role.member):
        raise AppError(ErrorCode.forbidden, "for agents")


def access_admin(caller: Caller) -> None:
    if not caller.is_staff or not caller.is_admin:
        raise AppError(ErrorCode.forbidden, "for administrators")


def access_user(caller: Caller) -> None:
    """A person or bot on a device, not a server's key."""
    if caller.kind not in ("customer", "staff", "bot"):
        raise AppError(ErrorCode.forbidden, "for users")


def access_scope(caller: Caller, scope: Scope) -> None:
    if caller.kind != "server" or scope.value not in caller.scopes:
        raise AppError(
            ErrorCode.forbidden, f"needs an API key with the scope {scope.value}", scope=scope.value
        )


def access_grant(caller: Caller, current: Role | None, wanted: Role | None) -> None:
    """Who may change whom: administrators anyone but owners, and nobody into one."""
    access_admin(caller)
    if caller.role is not Role.owner and Role.owner in (current, wanted):
        raise AppError(ErrorCode.forbidden, "only an owner changes owners")
