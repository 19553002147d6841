"""How a desk is set up, in SQL: queues, agents, settings."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from chaguan.desk.presence import Seat
from chaguan.infra.database.sql import TEXTS, Statement
from chaguan.protocol.desk import AgentState, DeskSettings, Queue

_QUEUES = Statement("SELECT spec FROM queues WHERE removed_at = 0")
_ALL_QUEUES = Statement("SELECT spec FROM queues WHERE shop_id = ?")
_AGENT_COLUMNS = "user_id, chosen, chosen_at, seen_at, active_at, assigned_at, capacity, skills, languages"
_AGENTS = Statement(f"SELECT {_AGENT_COLUMNS} FROM desk_agents ORDER BY user_id")
_AGENT = Statement(f"SELECT {_AGENT_COLUMNS} FROM desk_agents WHERE user_id = ?")
_PUT_AGENT = Statement(
    f"INSERT INTO desk_agents ({_AGENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (user_id) DO UPDATE SET chosen = excluded.chosen, chosen_at = excluded.chosen_at, "
    "seen_at = excluded.seen_at, active_at = excluded.active_at, capacity = excluded.capacity, "
    "skills = excluded.skills, languages = excluded.languages"
)
_ASSIGNED = Statement("UPDATE desk_agents SET assigned_at = ? WHERE user_id = ? AND assigned_at < ?")
_SEEN = Statement(f"UPDATE desk_agents SET seen_at = ? WHERE seen_at < ? AND user_id IN {TEXTS}")
_ACTIVE = Statement(f"UPDATE desk_agents SET active_at = ? WHERE active_at < ? AND user_id IN {TEXTS}")
_SETTINGS = Statement("SELECT spec FROM desk_settings WHERE shop_id = ?")
_ALL_SETTINGS = Statement("SELECT shop_id, spec FROM desk_settings")


def queues(connection: Connection) -> list[Queue]:
    """Those of all shops that were not removed."""
    found = [msgspec.json.decode(row[0], type=Queue) for row in _QUEUES.rows(connection)]
    return sorted(found, key=lambda queue: (queue.shop_id, queue.position, queue.id))


def queue_names(connection: Connection, shop_id: str) -> dict[str, str]:
    """By id; those that were removed, too."""
    found = [msgspec.json.decode(row[0], type=Queue) for row in _ALL_QUEUES.rows(connection, shop_id)]
    return {queue.id: queue.name for queue in found}


def put_queue(connection: Connection, queue: Queue) -> None:
    connection.execute(
        text(
            "INSERT INTO queues (id, shop_id, spec) VALUES (:id, :shop, :spec) "
            "ON CONFLICT (id) DO UPDATE SET spec = excluded.spec"
        ),
        {"id": queue.id, "shop": queue.shop_id, "spec": msgspec.json.encode(queue).decode()},
    )


def remove_queue(connection: Connection, queue_id: str, at: int) -> None:
    connection.execute(text("UPDATE queues SET removed_at = :at WHERE id = :id"), {"at": at, "id": queue_id})


def seats(connection: Connection) -> list[Seat]:
    return [_seat(row) for row in _AGENTS.rows(connection)]


def seat(connection: Connection, user_id: str) -> Seat | None:
    row = _AGENT.first(connection, user_id)
    return _seat(row) if row else None


def put_seat(connection: Connection, seat: Seat) -> None:
    """All but `assigned_at`, which assignments move."""
    _PUT_AGENT.run(
        connection,
        seat.user_id,
        seat.chosen.value,
        seat.chosen_at,
        seat.seen_at,
        seat.active_at,
        seat.assigned_at,
        seat.capacity,
        json.dumps(seat.skills),
        json.dumps(seat.languages),
    )


def note_assigned(connection: Connection, user_id: str, at: int) -> None:
    _ASSIGNED.run(connection, at, user_id, at)


def note_seen(connection: Connection, user_ids: Sequence[str], at: int) -> None:
    _SEEN.run(connection, at, at, json.dumps(list(user_ids)))


def note_active(connection: Connection, user_ids: Sequence[str], at: int) -> None:
    _ACTIVE.run(connection, at, at, json.dumps(list(user_ids)))


def settings(connection: Connection, shop_id: str) -> DeskSettings:
    row = _SETTINGS.first(connection, shop_id)
    return msgspec.json.decode(row[0], type=DeskSettings) if row else DeskSettings()


def all_settings(connection: Connection) -> dict[str, DeskSettings]:
    """Of the shops that have some."""
    return {row[0]: msgspec.json.decode(row[1], type=DeskSettings) for row in _ALL_SETTINGS.rows(connection)}


def idle_s(connection: Connection) -> int:
    """The smallest of all shops: who answers for several is away for all of them."""
    return min((each.idle_s for each in all_settings(connection).values() if each.idle_s), default=0)


def put_settings(connection: Connection, shop_id: str, settings: DeskSettings) -> None:
    connection.execute(
        text(
            "INSERT INTO desk_settings (shop_id, spec) VALUES (:shop, :spec) "
            "ON CONFLICT (shop_id) DO UPDATE SET spec = excluded.spec"
        ),
        {"shop": shop_id, "spec": msgspec.json.encode(settings).decode()},
    )


_names = msgspec.json.Decoder(list[str]).decode
_STATES = {each.value: each for each in AgentState}


def _seat(row: Sequence[Any]) -> Seat:
    id, chosen, chosen_at, seen_at, active_at, assigned_at, capacity, skills, languages = row
    return Seat(
        user_id=id,
        chosen=_STATES[chosen],
        chosen_at=chosen_at,
        seen_at=seen_at,
        active_at=active_at,
        assigned_at=assigned_at,
        capacity=capacity,
        skills=_names(skills),
        languages=_names(languages),
    )
