"""All SQL of notify."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.sql import ColumnElement

from chaguan.notify.model import Bell, NotifySettings
from chaguan.notify.tables import alerts, bells, notify_settings

_COLUMNS = [bells.c[name] for name in Bell._fields]
_IS_PENDING = alerts.c.due_at.is_not(None)


class Noted(NamedTuple):
    """A row of `alerts` that is being told."""

    bell_id: str
    key: str
    spec: str
    at: int
    attempts: int


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


def note_alert(
    connection: Connection, bell_id: str, key: str, spec: str, at: int, now: int, gap_ms: int, most: int
) -> bool:
    """To be told by this bell, together with what it has to tell besides. False: it is known already, or `most` are
    under way."""
    mine = alerts.c.bell_id == bell_id
    pending, due_at = connection.execute(
        select(func.count(), func.min(alerts.c.due_at)).where(mine, _IS_PENDING)
    ).one()
    if pending >= most:
        return False
    if due_at is None:
        told_at = connection.execute(select(func.max(alerts.c.told_at)).where(mine)).scalar()
        due_at = max(now, (told_at or 0) + gap_ms)
    added = connection.execute(
        text(
            "INSERT INTO alerts (bell_id, key, spec, at, due_at) VALUES (:bell, :key, :spec, :at, :due) "
            "ON CONFLICT (bell_id, key) DO NOTHING"
        ),
        {"bell": bell_id, "key": key, "spec": spec, "at": at, "due": due_at},
    )
    return bool(added.rowcount)


def next_alert_at(connection: Connection) -> int | None:
    """When something is to be told next."""
    due_at: int | None = connection.execute(select(func.min(alerts.c.due_at)).where(_IS_PENDING)).scalar()
    return due_at


def claim_alerts(connection: Connection, now: int, until: int, limit: int) -> list[list[Noted]]:
    """All that the bells have to tell of which something is due, by bell, the oldest first. Due again at `until` if
    who claims it is not heard of any more."""
    due = select(alerts.c.bell_id).where(alerts.c.due_at <= now).distinct().limit(limit)
    bell_ids = [row[0] for row in connection.execute(due)]
    theirs = (alerts.c.bell_id.in_(bell_ids), _IS_PENDING)
    columns = [alerts.c[name] for name in Noted._fields]
    rows = connection.execute(select(*columns).where(*theirs).order_by(alerts.c.at, alerts.c.key)).all()
    connection.execute(update(alerts).where(*theirs).values(due_at=until, attempts=alerts.c.attempts + 1))
    batches: dict[str, list[Noted]] = {bell_id: [] for bell_id in bell_ids}
    for row in rows:
        batches[row.bell_id].append(Noted(*row)._replace(attempts=row.attempts + 1))
    return list(batches.values())


def settle_alerts(connection: Connection, bell_id: str, keys: list[str], now: int, next_at: int) -> None:
    """They are told, or never will be; what came meanwhile is due at `next_at`."""
    mine = alerts.c.bell_id == bell_id
    settled = update(alerts).where(mine, alerts.c.key.in_(keys)).values(due_at=None, told_at=now)
    connection.execute(settled)
    connection.execute(update(alerts).where(mine, _IS_PENDING).values(due_at=next_at))


def delay_alerts(connection: Connection, bell_id: str, due_at: int) -> None:
    connection.execute(update(alerts).where(alerts.c.bell_id == bell_id, _IS_PENDING).values(due_at=due_at))


def forget_alerts(connection: Connection, before: int) -> None:
    connection.execute(delete(alerts).where(alerts.c.at < before))


def show_outcome(connection: Connection, bell_id: str, **outcome: Any) -> None:
    """As its last call, unless it is ringing for who waits."""
    idle = (bells.c.id == bell_id, bells.c.due_at.is_(None))
    connection.execute(update(bells).where(*idle).values(**outcome))


def _bells(connection: Connection, *where: ColumnElement[bool], limit: int = 5_000) -> list[Bell]:
    rows = connection.execute(
        select(*_COLUMNS).where(*where).order_by(bells.c.due_at, bells.c.id).limit(limit)
    )
    return [Bell(*row)._replace(sealed=bytes(row.sealed)) for row in rows]
