"""Staff, their invitations, and the tallies of attempts to sign in."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select, text, update

from chaguan.accounts.rules import Tally
from chaguan.accounts.store.rows import AnyRow
from chaguan.accounts.tables import devices, invitations, staff, tallies, users
from chaguan.core.caller import Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.conversations import User, UserKind


class Member(msgspec.Struct, frozen=True):
    """A staff user with what is private about them. Never leaves the domain."""

    user: User
    email: str
    role: Role
    disabled: bool
    password_hash: str
    password_changed_at: int
    must_change_password: bool
    sealed_totp: bytes | None
    sealed_totp_pending: bytes | None
    totp_step: int
    recovery_hashes: list[str]
    joined: bool

    def __repr__(self) -> str:
        return f"Member({self.user.id!r}, {self.role.value})"


class Invitation(msgspec.Struct, frozen=True):
    kind: str
    user_id: str
    expires_at: int


def _member(row: AnyRow) -> Member:
    return Member(
        user=User(row.user_id, UserKind.staff, row.name, row.avatar),
        email=row.email,
        role=Role(row.role),
        disabled=row.disabled_at is not None,
        password_hash=row.password_hash,
        password_changed_at=row.password_changed_at or 0,
        must_change_password=row.must_change_password,
        sealed_totp=row.sealed_totp,
        sealed_totp_pending=row.sealed_totp_pending,
        totp_step=row.totp_step,
        recovery_hashes=msgspec.json.decode(row.recovery_hashes, type=list[str]),
        joined=row.joined_at is not None,
    )


_MEMBERS = select(staff, users.c.name, users.c.avatar, users.c.disabled_at).join(
    users, users.c.id == staff.c.user_id
)


def find_member(connection: Connection, user_id: str) -> Member | None:
    row = connection.execute(_MEMBERS.where(staff.c.user_id == user_id)).first()
    return None if row is None else _member(row)


def get_member(connection: Connection, user_id: str) -> Member:
    found = find_member(connection, user_id)
    if found is None:
        raise AppError(ErrorCode.not_found, "no such member of staff")
    return found


def find_member_by_email(connection: Connection, email: str) -> Member | None:
    row = connection.execute(_MEMBERS.where(staff.c.email == email)).first()
    return None if row is None else _member(row)


def list_members(connection: Connection) -> list[tuple[Member, int]]:
    """All, with when they were last seen (0: never)."""
    seen = (
        select(devices.c.user_id, func.max(devices.c.seen_at).label("seen_at"))
        .where(devices.c.user_id.in_(select(staff.c.user_id)))
        .group_by(devices.c.user_id)
        .subquery()
    )
    statement = (
        _MEMBERS.add_columns(seen.c.seen_at)
        .outerjoin(seen, seen.c.user_id == staff.c.user_id)
        .order_by(users.c.created_at, users.c.id)
    )
    return [(_member(row), row.seen_at or 0) for row in connection.execute(statement)]


def insert_member(connection: Connection, user_id: str, **values: Any) -> None:
    connection.execute(staff.insert().values(user_id=user_id, must_change_password=False, **_plain(values)))


def update_member(connection: Connection, user_id: str, **changes: Any) -> None:
    connection.execute(update(staff).where(staff.c.user_id == user_id).values(**_plain(changes)))


def spend_totp_step(connection: Connection, user_id: str, step: int) -> bool:
    """False: a code of that step, or a later one, was used meanwhile."""
    statement = update(staff).where(staff.c.user_id == user_id, staff.c.totp_step < step)
    return bool(connection.execute(statement.values(totp_step=step)).rowcount)


def has_staff(connection: Connection) -> bool:
    return connection.execute(select(staff.c.user_id).limit(1)).first() is not None


def has_other_owner(connection: Connection, user_id: str) -> bool:
    """An owner besides this one who can sign in."""
    statement = (
        select(staff.c.user_id)
        .join(users, users.c.id == staff.c.user_id)
        .where(
            staff.c.role == Role.owner.value,
            staff.c.user_id != user_id,
            staff.c.joined_at.is_not(None),
            users.c.disabled_at.is_(None),
        )
        .limit(1)
    )
    return connection.execute(statement).first() is not None


def insert_invitation(connection: Connection, **values: Any) -> None:
    """The newest link is the only one that works."""
    connection.execute(delete(invitations).where(invitations.c.user_id == values["user_id"]))
    connection.execute(invitations.insert().values(**values))


def find_invitation(connection: Connection, token_hash: str, now: int) -> Invitation | None:
    row = connection.execute(
        select(invitations).where(
            invitations.c.token_hash == token_hash,
            invitations.c.used_at.is_(None),
            invitations.c.expires_at > now,
        )
    ).first()
    return None if row is None else Invitation(row.kind, row.user_id, row.expires_at)


def spend_invitation(connection: Connection, token_hash: str, at: int) -> bool:
    statement = update(invitations).where(
        invitations.c.token_hash == token_hash, invitations.c.used_at.is_(None), invitations.c.expires_at > at
    )
    return bool(connection.execute(statement.values(used_at=at)).rowcount)


def hold_tallies(connection: Connection, subjects: Iterable[str]) -> dict[str, Tally]:
    """Read them to change them: until the end of the transaction nobody else does, at whatever node they count. Rows
    are made first, since what is not there can't be locked; in order, lest two lock each other out."""
    wanted = sorted(subjects)
    for subject in wanted:
        connection.execute(_MAKE_TALLY, {"subject": subject})
    held = select(tallies).where(tallies.c.subject.in_(wanted)).order_by(tallies.c.subject).with_for_update()
    return {row.subject: Tally(row.clear_at) for row in connection.execute(held)}


def put_tallies(connection: Connection, found: Mapping[str, Tally]) -> None:
    """Of those that are held."""
    for subject, tally in found.items():
        connection.execute(
            update(tallies).where(tallies.c.subject == subject).values(clear_at=tally.clear_at)
        )


_MAKE_TALLY = text(
    "INSERT INTO sign_in_tallies (subject, clear_at) VALUES (:subject, 0) ON CONFLICT (subject) DO NOTHING"
)


def drop_clear_tallies(connection: Connection, now: int, limit: int = 500) -> int:
    clear = select(tallies.c.subject).where(tallies.c.clear_at <= now).limit(limit)
    return connection.execute(delete(tallies).where(tallies.c.subject.in_(clear))).rowcount


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    if "recovery_hashes" in values:
        values["recovery_hashes"] = msgspec.json.encode(values["recovery_hashes"]).decode()
    return values
