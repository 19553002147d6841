"""Users and the identities by which others know them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, select, update

from chaguan.accounts.store.rows import AnyRow, insert_or_nothing
from chaguan.accounts.tables import devices, identities, staff, users
from chaguan.core.caller import Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.conversations import User, UserKind


class Known(msgspec.Struct, frozen=True):
    """What deciding on a token takes, in one row."""

    user: User
    role: str | None
    disabled: bool
    has_device: bool
    session_id: str
    revoked_at: int | None
    must_change_password: bool = False

    def has(self, device_id: str) -> bool:
        """Whether the device asked for is stored as it is; a caller without one has none to store."""
        return not device_id or (self.has_device and self.revoked_at is None)


class Identity(msgspec.Struct, frozen=True):
    app_id: str
    kind: str
    external_id: str


_KNOWN = (
    users.c.id,
    users.c.kind,
    users.c.name,
    users.c.avatar,
    users.c.disabled_at,
    staff.c.role,
    devices.c.id.label("device"),
    devices.c.session_id,
    devices.c.revoked_at,
    staff.c.must_change_password,
)


def _user(row: AnyRow) -> User:
    return User(id=row.id, kind=UserKind(row.kind), name=row.name, avatar=row.avatar)


def _known(row: AnyRow) -> Known:
    return Known(
        user=_user(row),
        role=row.role,
        disabled=row.disabled_at is not None,
        has_device=row.device is not None,
        session_id=row.session_id or "",
        revoked_at=row.revoked_at,
        must_change_password=bool(row.must_change_password),
    )


def find_known(connection: Connection, user_id: str, device_id: str) -> Known | None:
    on_device = and_(devices.c.user_id == users.c.id, devices.c.id == device_id)
    source = users.outerjoin(staff, staff.c.user_id == users.c.id).outerjoin(devices, on_device)
    row = connection.execute(select(*_KNOWN).select_from(source).where(users.c.id == user_id)).first()
    return None if row is None else _known(row)


def find_user_id(connection: Connection, identity: Identity) -> str | None:
    found: str | None = connection.execute(
        select(identities.c.user_id).where(
            identities.c.app_id == identity.app_id,
            identities.c.kind == identity.kind,
            identities.c.external_id == identity.external_id,
        )
    ).scalar_one_or_none()
    return found


def list_known(connection: Connection, app_id: str, subjects: Mapping[str, str]) -> dict[str, Known]:
    """Many of one app at once: `subjects` maps the business's ids to the devices they came on."""
    named = connection.execute(
        select(identities.c.external_id, identities.c.user_id).where(
            identities.c.app_id == app_id,
            identities.c.kind == "app",
            identities.c.external_id.in_(list(subjects)),
        )
    )
    user_of = {row.external_id: row.user_id for row in named}
    device_of = {user_id: subjects[subject] for subject, user_id in user_of.items()}
    ids = list(device_of)
    people = select(
        users.c.id,
        users.c.kind,
        users.c.name,
        users.c.avatar,
        users.c.disabled_at,
        staff.c.role,
        staff.c.must_change_password,
    ).select_from(users.outerjoin(staff, staff.c.user_id == users.c.id))
    held = {
        (row.user_id, row.id): row
        for row in connection.execute(
            select(devices.c.user_id, devices.c.id, devices.c.session_id, devices.c.revoked_at).where(
                devices.c.user_id.in_(ids)
            )
        )
    }
    found = {}
    for row in connection.execute(people.where(users.c.id.in_(ids))):
        device = held.get((row.id, device_of[row.id]))
        found[row.id] = Known(
            user=_user(row),
            role=row.role,
            disabled=row.disabled_at is not None,
            has_device=device is not None,
            session_id=device.session_id if device is not None else "",
            revoked_at=device.revoked_at if device is not None else None,
            must_change_password=bool(row.must_change_password),
        )
    return {subject: found[user_id] for subject, user_id in user_of.items() if user_id in found}


def list_users(connection: Connection, ids: Sequence[str]) -> list[User]:
    columns = (users.c.id, users.c.kind, users.c.name, users.c.avatar)
    return [_user(row) for row in connection.execute(select(*columns).where(users.c.id.in_(ids)))]


def get_user(connection: Connection, user_id: str) -> User:
    found = list_users(connection, [user_id])
    if not found:
        raise AppError(ErrorCode.not_found, "no such user")
    return found[0]


def get_attributes(connection: Connection, user_id: str) -> str:
    statement = select(users.c.attributes).where(users.c.id == user_id)
    text: str = connection.execute(statement).scalar_one()
    return text


def insert_user(connection: Connection, user: User, at: int, attributes: str = "{}") -> None:
    connection.execute(
        users.insert().values(
            id=user.id,
            kind=user.kind.value,
            name=user.name,
            avatar=user.avatar,
            attributes=attributes,
            created_at=at,
        )
    )


def add_identity(connection: Connection, identity: Identity, user_id: str, at: int) -> str:
    """Returns the user that the identity names, which is another one if somebody was faster."""
    values = {**msgspec.structs.asdict(identity), "user_id": user_id, "created_at": at}
    if insert_or_nothing(connection, identities, values):
        return user_id
    return find_user_id(connection, identity) or user_id


def admit(connection: Connection, identity: Identity, new: User, at: int) -> tuple[User, bool]:
    """The user behind an identity, made if there is none; true: it was made here."""
    user_id = find_user_id(connection, identity)
    if user_id is not None:
        return get_user(connection, user_id), False
    insert_user(connection, new, at)
    add_identity(connection, identity, new.id, at)
    return new, True


def update_user(connection: Connection, user_id: str, **changes: Any) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(**changes))


def set_disabled(connection: Connection, user_id: str, at: int | None) -> None:
    update_user(connection, user_id, disabled_at=at)


def list_identities(connection: Connection, user_id: str) -> list[Identity]:
    rows = connection.execute(
        select(identities.c.app_id, identities.c.kind, identities.c.external_id)
        .where(identities.c.user_id == user_id)
        .order_by(identities.c.kind, identities.c.created_at)
    )
    return [Identity(*row) for row in rows]


def list_desk_staff(connection: Connection, user_ids: Sequence[str]) -> set[str]:
    """Those of them who can sign in and whose role has a desk."""
    statement = (
        select(users.c.id)
        .join(staff, staff.c.user_id == users.c.id)
        .where(
            users.c.id.in_(user_ids),
            users.c.disabled_at.is_(None),
            staff.c.joined_at.is_not(None),
            staff.c.role.in_([Role.owner.value, Role.admin.value, Role.agent.value]),
        )
    )
    return {row.id for row in connection.execute(statement)}


def list_colleagues(connection: Connection, text: str, limit: int) -> list[User]:
    """Staff who can sign in, by name."""
    statement = (
        select(users.c.id, users.c.kind, users.c.name, users.c.avatar)
        .join(staff, staff.c.user_id == users.c.id)
        .where(users.c.disabled_at.is_(None), staff.c.joined_at.is_not(None))
        .order_by(users.c.name, users.c.id)
        .limit(limit)
    )
    if text:
        statement = statement.where(users.c.name.icontains(text, autoescape=True))
    return [_user(row) for row in connection.execute(statement)]
