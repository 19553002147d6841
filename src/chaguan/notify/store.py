"""All SQL of notify."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.sql import ColumnElement

from chaguan.notify.model import Bell, NotifySettings
from chaguan.notify.tables import bells, notify_settings

_COLUMNS = [bells.c[name] for name in Bell._fields]


def all_settings(connection: Connection) -> dict[str, NotifySettings]:
    rows = connection.execute(select(notify_settings.c.shop_id, notify_settings.c.spec))
    return {row[0]: msgspec.json.decode(row[1], type=NotifySettings) for row in rows}


def put_settings(connection: Connection, shop_id: str, settings: NotifySettings) -> None:
    connection.execute(
        text(
            "INSERT INTO notify_settings (shop_id, spec) VALUES (:shop, :spec) "
            "ON CONFLICT (shop_id) DO UPDATE SET spec = excluded.spec"
        ),
        {"shop": shop_id, "spec": msgspec.json.encode(settings).decode()},
    )


def all_bells(connection: Connection) -> list[Bell]:
    return _bells(connection)


def robots_of(connection: Connection, shop_id: str) -> list[Bell]:
    return sorted(_bells(connection, bells.c.shop_id == shop_id), key=lambda bell: (bell.created_at, bell.id))


def devices_of(connection: Connection, user_id: str) -> list[Bell]:
    return _bells(connection, bells.c.user_id == user_id)


def find(connection: Connection, bell_id: str) -> Bell | None:
    found = _bells(connection, bells.c.id == bell_id)
    return found[0] if found else None


def find_by_tag(connection: Connection, tag: str) -> Bell | None:
    found = _bells(connection, bells.c.tag == tag)
    return found[0] if found else None


def add(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(insert(bells).values(**values))


def change(connection: Connection, bell_id: str, **values: Any) -> None:
    connection.execute(update(bells).where(bells.c.id == bell_id).values(**values))


def remove(connection: Connection, bell_ids: Iterable[str]) -> int:
    return connection.execute(delete(bells).where(bells.c.id.in_(list(bell_ids)))).rowcount


def remove_devices(connection: Connection, user_id: str, device_id: str | None, but: str = "") -> int:
    """Of one device, or with None of all of a user's."""
    mine = [bells.c.user_id == user_id, bells.c.tag != but]
    if device_id is not None:
        mine.append(bells.c.device_id == device_id)
    return connection.execute(delete(bells).where(*mine)).rowcount


def ring(connection: Connection, bell: Bell, until: int, now: int) -> bool:
    """Whether it is this one who decided it: of two who saw the same bell one finds it rung already."""
    mine = (bells.c.id == bell.id, bells.c.rung_at == bell.rung_at, bells.c.due_at.is_(None))
    values = {
        "rung_at": now,
        "rung_until": max(until, bell.rung_until),
        "due_at": now,
        "attempts": 0,
        "state": "waiting",
        "reason": "",
        "vendor_code": 0,
        "at": now,
    }
    return bool(connection.execute(update(bells).where(*mine).values(**values)).rowcount)


def claim(connection: Connection, now: int, until: int, limit: int) -> list[Bell]:
    """What is due, each for one who sends it: it is due again at `until` if that one is not heard of any more."""
    due = _bells(connection, bells.c.due_at <= now, limit=limit)
    for bell in due:
        change(connection, bell.id, due_at=until, attempts=bell.attempts + 1)
    return [bell._replace(attempts=bell.attempts + 1, due_at=until) for bell in due]


def first_due(connection: Connection) -> int | None:
    """When the first call is due; None: nobody is to be called."""
    found: int | None = connection.execute(select(func.min(bells.c.due_at))).scalar()
    return found


def settle(connection: Connection, bell: Bell, due_at: int | None, **outcome: Any) -> bool:
    """Of the attempt that `bell` names; false when another has begun since, or the bell is gone."""
    mine = (bells.c.id == bell.id, bells.c.attempts == bell.attempts, bells.c.rung_at == bell.rung_at)
    changed = connection.execute(update(bells).where(*mine).values(due_at=due_at, **outcome))
    return bool(changed.rowcount)


def note_test(connection: Connection, bell_id: str, now: int, gap_ms: int) -> int:
    """Notes a test; gives for how long it must wait, 0 when it may go."""
    row = connection.execute(select(bells.c.tested_at).where(bells.c.id == bell_id)).one()
    wait_ms = max(0, int(row[0]) + gap_ms - now)
    if not wait_ms:
        change(connection, bell_id, tested_at=now)
    return wait_ms


def _bells(connection: Connection, *where: ColumnElement[bool], limit: int = 5_000) -> list[Bell]:
    rows = connection.execute(
        select(*_COLUMNS).where(*where).order_by(bells.c.due_at, bells.c.id).limit(limit)
    )
    return [Bell(*row)._replace(sealed=bytes(row.sealed)) for row in rows]
