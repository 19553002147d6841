"""Devices, and the refresh sessions that keep them signed in."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select, update

from chaguan.accounts.access_tokens import RefreshSession
from chaguan.accounts.store.rows import insert_or_nothing
from chaguan.accounts.tables import devices, refresh_sessions

MAX_DEVICES = 50
"""Of one user; the one seen longest ago gives way."""


class Device(msgspec.Struct, omit_defaults=True):
    """One browser or phone of a user. `seen_at` is exact to about a minute."""

    id: str
    name: str
    platform: str
    created_at: int
    seen_at: int
    address: str
    current: bool = False


def admit_device(
    connection: Connection, user_id: str, device_id: str, platform: str, address: str, at: int
) -> None:
    """A device that a business's token brought along; one that was signed out is let in again."""
    mine = (devices.c.user_id == user_id, devices.c.id == device_id)
    values = {"platform": platform, "address": address, "seen_at": at}
    if connection.execute(update(devices).where(*mine).values(revoked_at=None, **values)).rowcount:
        return
    _make_room(connection, user_id)
    insert_or_nothing(
        connection,
        devices,
        {"user_id": user_id, "id": device_id, "name": "", "session_id": "", "created_at": at, **values},
    )


def sign_in_device(
    connection: Connection,
    session: RefreshSession,
    *,
    name: str,
    platform: str,
    address: str,
) -> None:
    """The device's new sign-in; whatever was signed in there before is over."""
    user_id, device_id, at = session.user_id, session.device_id, session.created_at
    admit_device(connection, user_id, device_id, platform, address, at)
    changes = {"session_id": session.id} | ({"name": name} if name else {})
    connection.execute(
        update(devices).where(devices.c.user_id == user_id, devices.c.id == device_id).values(**changes)
    )
    connection.execute(
        delete(refresh_sessions).where(
            refresh_sessions.c.user_id == user_id, refresh_sessions.c.device_id == device_id
        )
    )
    connection.execute(refresh_sessions.insert().values(**msgspec.structs.asdict(session)))


def _make_room(connection: Connection, user_id: str) -> None:
    """A stranger invents device ids for nothing; the rows they cost stay bounded."""
    count = connection.execute(select(func.count()).where(devices.c.user_id == user_id)).scalar_one()
    if count < MAX_DEVICES:
        return
    oldest = (
        select(devices.c.id)
        .where(devices.c.user_id == user_id)
        .order_by(devices.c.seen_at)
        .limit(count - MAX_DEVICES + 1)
    )
    gone = list(connection.execute(oldest).scalars())
    connection.execute(delete(devices).where(devices.c.user_id == user_id, devices.c.id.in_(gone)))
    connection.execute(
        delete(refresh_sessions).where(
            refresh_sessions.c.user_id == user_id, refresh_sessions.c.device_id.in_(gone)
        )
    )


def list_devices(connection: Connection, user_id: str) -> list[Device]:
    rows = connection.execute(
        select(devices)
        .where(devices.c.user_id == user_id, devices.c.revoked_at.is_(None))
        .order_by(devices.c.seen_at.desc())
        .limit(200)
    )
    return [Device(row.id, row.name, row.platform, row.created_at, row.seen_at, row.address) for row in rows]


def revoke_devices(
    connection: Connection, user_id: str, at: int, *, only: str | None = None, but: str | None = None
) -> list[str]:
    """Signs out one device, all, or all but one. Returns which were signed in."""
    statement = (
        update(devices)
        .where(devices.c.user_id == user_id, devices.c.revoked_at.is_(None))
        .values(revoked_at=at, session_id="")
        .returning(devices.c.id)
    )
    gone = delete(refresh_sessions).where(refresh_sessions.c.user_id == user_id)
    if only is not None:
        statement = statement.where(devices.c.id == only)
        gone = gone.where(refresh_sessions.c.device_id == only)
    if but is not None:
        statement = statement.where(devices.c.id != but)
        gone = gone.where(refresh_sessions.c.device_id != but)
    connection.execute(gone)
    return list(connection.execute(statement).scalars())


def write_seen(connection: Connection, seen: Sequence[Mapping[str, Any]]) -> None:
    """Many at once: `[{user, device, at, from}]`."""
    connection.execute(
        update(devices)
        .where(devices.c.user_id == bindparam("user"), devices.c.id == bindparam("device"))
        .values(seen_at=bindparam("at"), address=bindparam("from")),
        seen,
    )


def find_session(connection: Connection, session_id: str) -> RefreshSession | None:
    row = connection.execute(select(refresh_sessions).where(refresh_sessions.c.id == session_id)).first()
    return None if row is None else RefreshSession(**row._mapping)


def advance_session(connection: Connection, session: RefreshSession) -> bool:
    """False: somebody advanced it meanwhile."""
    return bool(
        connection.execute(
            update(refresh_sessions)
            .where(
                refresh_sessions.c.id == session.id, refresh_sessions.c.generation == session.generation - 1
            )
            .values(generation=session.generation, rotated_at=session.rotated_at)
        ).rowcount
    )


def drop_old_sessions(connection: Connection, rotated_before: int, limit: int = 500) -> int:
    """In chunks, so that the writer is never held up."""
    old = select(refresh_sessions.c.id).where(refresh_sessions.c.rotated_at < rotated_before).limit(limit)
    return connection.execute(delete(refresh_sessions).where(refresh_sessions.c.id.in_(old))).rowcount
