"""Administering staff: invite, change, disable, let back in. Every change is recorded."""

import hashlib
import secrets
from typing import Any

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import access_admin, access_grant
from chaguan.accounts.acts import Acts
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.directory import Directory
from chaguan.accounts.profile import check_name
from chaguan.accounts.sign_in import fold_email
from chaguan.accounts.store import devices as device_store
from chaguan.accounts.store import staff as store
from chaguan.accounts.store import users as user_store
from chaguan.accounts.store.staff import Member
from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.conversations import User, UserKind

INVITATION_LIFE_MS = 7 * 24 * 3_600_000
RESET_LIFE_MS = 24 * 3_600_000


class StaffMember(msgspec.Struct, kw_only=True):
    """A member of staff as administrators see them. `invited`: has not followed the invitation yet."""

    user: User
    email: str
    role: Role
    disabled: bool
    totp_enabled: bool
    invited: bool
    seen_at: int = 0


class Link(msgspec.Struct):
    """A link to hand to one person, who sets a password with it. Shown once; the newest one works, once, until
    `expires_at` (UTC ms)."""

    user_id: str
    token: str
    invite_url_path: str
    expires_at: int


class StaffChange(msgspec.Struct):
    """What is left out stays."""

    role: Role | msgspec.UnsetType = msgspec.UNSET
    disabled: bool | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET


class Staff:
    def __init__(self, acts: Acts, authenticator: Authenticator, directory: Directory) -> None:
        self._acts = acts
        self._authenticator = authenticator
        self._directory = directory

    async def list_staff(self, caller: Caller) -> list[StaffMember]:
        access_admin(caller)
        return [_shown(member, seen_at) for member, seen_at in await self._acts.read(store.list_members)]

    async def invite(self, caller: Caller, email: str, name: str, role: Role) -> Link:
        """`conflict` (`email_taken`) if there is such an account."""
        access_grant(caller, None, role)
        address, shown = fold_email(email), check_name(name)
        user = User(new_id("u"), UserKind.staff, shown)
        link, now = self._link(user.id, INVITATION_LIFE_MS), self._acts.clock()

        def work(connection: Connection) -> None:
            if store.find_member_by_email(connection, address) is not None:
                raise AppError(ErrorCode.conflict, "there is an account of this e-mail", reason="email_taken")
            user_store.insert_user(connection, user, now)
            store.insert_member(connection, user.id, email=address, role=role.value, invited_at=now)
            _keep_link(connection, link, "invite", caller, now)

        await self._acts.write(
            caller, AuditAction.staff_invited, user.id, work, email=address, role=role.value
        )
        return link

    async def change(self, caller: Caller, user_id: str, change: StaffChange) -> StaffMember:
        """Role, name, disabled. `forbidden` for what only an owner may; `conflict` (`last_owner`, `yourself`)."""
        access_admin(caller)
        now = self._acts.clock()

        def work(connection: Connection) -> tuple[Member, bool]:
            member = store.get_member(connection, user_id)
            _check_change(connection, caller, member, change)
            if change.role is not msgspec.UNSET:
                store.update_member(connection, user_id, role=change.role.value)
            if change.name is not msgspec.UNSET:
                user_store.update_user(connection, user_id, name=check_name(change.name))
            if change.disabled is not msgspec.UNSET and change.disabled != member.disabled:
                user_store.set_disabled(connection, user_id, now if change.disabled else None)
            if change.disabled is True:
                device_store.revoke_devices(connection, user_id, now)
            return store.get_member(connection, user_id), change.disabled is True

        member, ended = await self._acts.write(
            caller, AuditAction.staff_changed, user_id, work, **_given(change)
        )
        self._directory.hold(member.user)
        if ended:
            self._authenticator.sign_out(user_id, None, "disabled")
        elif change.role is not msgspec.UNSET:
            self._authenticator.reauthorize(user_id)
        return _shown(member, 0)

    async def reset(self, caller: Caller, user_id: str) -> Link:
        """A link to set a new password; following it takes the second factor away and signs out every device.
        For somebody who has not joined yet, a new invitation."""
        access_admin(caller)
        now = self._acts.clock()
        invite, reset = self._link(user_id, INVITATION_LIFE_MS), self._link(user_id, RESET_LIFE_MS)

        def work(connection: Connection) -> Link:
            member = store.get_member(connection, user_id)
            access_grant(caller, member.role, None)
            if member.disabled:
                raise AppError(ErrorCode.conflict, "this user is disabled", reason="user_disabled")
            link = reset if member.joined else invite
            _keep_link(connection, link, "reset" if member.joined else "invite", caller, now)
            return link

        return await self._acts.write(caller, AuditAction.staff_reset, user_id, work)

    def _link(self, user_id: str, life_ms: int) -> Link:
        token = secrets.token_urlsafe(32)
        return Link(user_id, token, f"/console/#/invite/{token}", self._acts.clock() + life_ms)


def link_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _keep_link(connection: Connection, link: Link, kind: str, caller: Caller, now: int) -> None:
    store.insert_invitation(
        connection,
        token_hash=link_hash(link.token),
        kind=kind,
        user_id=link.user_id,
        created_by=caller.user_id,
        created_at=now,
        expires_at=link.expires_at,
    )


def _check_change(connection: Connection, caller: Caller, member: Member, change: StaffChange) -> None:
    wanted = None if change.role is msgspec.UNSET else change.role
    access_grant(caller, member.role, wanted)
    if change.disabled is True and member.user.id == caller.user_id:
        raise AppError(ErrorCode.conflict, "nobody disables themselves", reason="yourself")
    lowered = change.disabled is True or wanted not in (None, Role.owner)
    if lowered and member.role is Role.owner and not store.has_other_owner(connection, member.user.id):
        raise AppError(ErrorCode.conflict, "the last owner stays", reason="last_owner")


def _given(change: StaffChange) -> dict[str, Any]:
    given: dict[str, Any] = msgspec.to_builtins(change)
    return given


def _shown(member: Member, seen_at: int) -> StaffMember:
    return StaffMember(
        user=member.user,
        email=member.email,
        role=member.role,
        disabled=member.disabled,
        totp_enabled=member.sealed_totp is not None,
        invited=not member.joined,
        seen_at=seen_at,
    )
