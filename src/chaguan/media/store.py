"""All SQL of media."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from chaguan.infra import holds
from chaguan.media.tables import deleted, media, media_keys, unused


class Stored(msgspec.Struct):
    """A row of `media`."""

    id: str
    owner_id: str
    kind: str
    mime: str
    thumb_mime: str
    size: int
    width: int
    height: int
    duration_ms: int
    waveform: list[int]
    name_sealed: bytes
    digest: bytes
    created_at: int
    used_at: int | None = None
    deleted_at: int | None = None


def add(connection: Connection, row: Stored) -> None:
    values = {name: getattr(row, name) for name in row.__struct_fields__}
    connection.execute(insert(media), {**values, "waveform": msgspec.json.encode(row.waveform).decode()})


def find(connection: Connection, media_id: str) -> Stored | None:
    found = connection.execute(
        select(media).where(media.c.id == media_id, media.c.deleted_at.is_(None))
    ).first()
    if found is None:
        return None
    values = dict(found._mapping)
    return Stored(**{**values, "waveform": msgspec.json.decode(values["waveform"], type=list[int])})


def unused_bytes(connection: Connection, owner_id: str) -> int:
    total = select(func.coalesce(func.sum(media.c.size), 0)).where(media.c.owner_id == owner_id, unused)
    return int(connection.execute(total).scalar_one())


def mark_used(connection: Connection, media_id: str, now: int) -> None:
    connection.execute(
        update(media).where(media.c.id == media_id, media.c.used_at.is_(None)).values(used_at=now)
    )


def mark_deleted(connection: Connection, media_ids: Iterable[str], now: int) -> None:
    chosen = media.c.id.in_(list(media_ids)) & media.c.deleted_at.is_(None)
    connection.execute(update(media).where(chosen).values(deleted_at=now))


def mark_stale_deleted(connection: Connection, created_before: int, now: int) -> None:
    connection.execute(
        update(media).where(unused, media.c.created_at < created_before).values(deleted_at=now)
    )


def list_deleted(connection: Connection, limit: int, now: int) -> list[str]:
    """Those whose blobs may go: none while a backup holds them, and both are looked at in one snapshot."""
    if holds.is_held(connection, now):
        return []
    return list(connection.execute(select(media.c.id).where(deleted).limit(limit)).scalars())


def remove(connection: Connection, media_ids: Iterable[str]) -> None:
    connection.execute(delete(media).where(media.c.id.in_(list(media_ids)), deleted))


def list_ids(connection: Connection, after: str, limit: int) -> list[tuple[str, bool, bool]]:
    """(id, has a thumbnail, is used) of what is not deleted."""
    page = select(media.c.id, media.c.thumb_mime != "", media.c.used_at.is_not(None))
    page = page.where(media.c.deleted_at.is_(None), media.c.id > after).order_by(media.c.id).limit(limit)
    return [(row[0], bool(row[1]), bool(row[2])) for row in connection.execute(page)]


def find_key(connection: Connection, owner_id: str) -> bytes | None:
    return connection.execute(select(media_keys.c.wrapped).where(media_keys.c.owner_id == owner_id)).scalar()


def ensure_key(connection: Connection, owner_id: str, candidate: bytes, now: int) -> bytes:
    """The owner's wrapped key, `candidate` if there was none."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(media_keys).on_conflict_do_nothing()
    connection.execute(statement, {"owner_id": owner_id, "wrapped": candidate, "created_at": now})
    found = select(media_keys.c.wrapped).where(media_keys.c.owner_id == owner_id)
    wrapped: bytes = connection.execute(found).scalar_one()
    return wrapped


def list_keys(connection: Connection, after: str, limit: int) -> list[tuple[str, bytes]]:
    page = select(media_keys.c.owner_id, media_keys.c.wrapped).where(media_keys.c.owner_id > after)
    return [(row.owner_id, row.wrapped) for row in connection.execute(page.order_by("owner_id").limit(limit))]


def replace_keys(connection: Connection, changes: list[tuple[str, bytes, bytes]]) -> None:
    """(owner, old, new): a key that changed or went meanwhile is left alone."""
    for owner_id, old, new in changes:
        chosen = (media_keys.c.owner_id == owner_id) & (media_keys.c.wrapped == old)
        connection.execute(update(media_keys).where(chosen).values(wrapped=new))


def destroy_key(connection: Connection, owner_id: str) -> None:
    connection.execute(delete(media_keys).where(media_keys.c.owner_id == owner_id))
