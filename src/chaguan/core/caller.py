"""Who asks. Every public verb takes a `Caller` first; who may do what is decided from it, never from arguments."""

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What a staff user may do in the deployment. Roles inside a group live with the membership."""

    owner = "owner"
    admin = "admin"
    agent = "agent"
    member = "member"


class Caller(msgspec.Struct, frozen=True, gc=False):
    """A signed-in user on a device, or a server-to-server key.

    `kind` is the user's kind (`customer`, `staff`, `bot`) or `server` for an API key, in which case
    `user_id` names the key and `scopes` says what it may do. `expires_at` is UTC milliseconds; 0 never.
    `must_change_password`: may do nothing but that.
    """

    kind: str
    user_id: str
    app_id: str = ""
    device_id: str = ""
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    expires_at: int = 0
    must_change_password: bool = False
    session_id: str = ""
    """The sign-in behind an access token: a later one on the same device ends it."""

    @property
    def is_staff(self) -> bool:
        return self.kind == "staff"

    @property
    def is_admin(self) -> bool:
        return self.role in (Role.owner, Role.admin)
