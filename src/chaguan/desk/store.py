"""All SQL of the desk."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from chaguan.infra.database.sql import Statement
from chaguan.protocol.conversations import Case, CaseStatus

_COLUMNS = "id, conversation_id, shop_id, customer_id, status, agent_id, opened_at, taken_at, resolved_at, version, context"


_NAMES = _COLUMNS.split(", ")
_LATEST = Statement(
    f"SELECT {_COLUMNS}, resolved_seq FROM cases WHERE conversation_id = ? ORDER BY opened_at DESC, id DESC LIMIT 1"
)


def _case(row: Sequence[Any]) -> Case:
    values = dict(zip(_NAMES, row, strict=True))
    values["status"] = CaseStatus(values["status"])
    values["context"] = json.loads(values["context"]) if values["context"] else {}
    return Case(**values)


def next_version(connection: Connection, shop_id: str) -> int:
    row = connection.execute(
        text(
            "INSERT INTO desk_versions (shop_id, version) VALUES (:s, 1) "
            "ON CONFLICT (shop_id) DO UPDATE SET version = desk_versions.version + 1 RETURNING version"
        ),
        {"s": shop_id},
    ).fetchone()
    assert row is not None
    return int(row[0])


def version(connection: Connection, shop_id: str) -> int:
    row = connection.execute(
        text("SELECT version FROM desk_versions WHERE shop_id = :s"), {"s": shop_id}
    ).fetchone()
    return int(row[0]) if row else 0


def insert(connection: Connection, case: Case) -> None:
    connection.execute(
        text(
            "INSERT INTO cases (id, conversation_id, shop_id, customer_id, status, opened_at, version, context) "
            "VALUES (:id, :conversation_id, :shop_id, :customer_id, :status, :opened_at, :version, :context)"
        ),
        {
            "id": case.id,
            "conversation_id": case.conversation_id,
            "shop_id": case.shop_id,
            "customer_id": case.customer_id,
            "status": case.status.value,
            "opened_at": case.opened_at,
            "version": case.version,
            "context": json.dumps(case.context, ensure_ascii=False) if case.context else "",
        },
    )


def update(connection: Connection, case: Case, resolved_seq: int = 0) -> None:
    connection.execute(
        text(
            "UPDATE cases SET status = :status, agent_id = :agent_id, taken_at = :taken_at, resolved_at = :resolved_at, "
            "resolved_seq = :resolved_seq, version = :version WHERE id = :id"
        ),
        {
            "id": case.id,
            "status": case.status.value,
            "agent_id": case.agent_id,
            "taken_at": case.taken_at,
            "resolved_at": case.resolved_at,
            "resolved_seq": resolved_seq,
            "version": case.version,
        },
    )


def find(connection: Connection, case_id: str) -> Case | None:
    row = connection.execute(text(f"SELECT {_COLUMNS} FROM cases WHERE id = :id"), {"id": case_id}).first()
    return _case(row) if row else None


def latest(connection: Connection, conversation_id: str) -> tuple[Case, int] | None:
    """The newest case of a conversation, and the seq at which it was resolved (0: it is not)."""
    row = _LATEST.first(connection, conversation_id)
    return (_case(row[:-1]), int(row[-1])) if row else None


def latest_of(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, Case]:
    found = ((id, latest(connection, id)) for id in conversation_ids)
    return {id: case[0] for id, case in found if case is not None}


def active(connection: Connection, shop_id: str, limit: int) -> list[Case]:
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM cases WHERE shop_id = :s AND status <> 'resolved' ORDER BY opened_at LIMIT :limit"
        ),
        {"s": shop_id, "limit": limit},
    )
    return [_case(row) for row in rows]


def changed_since(connection: Connection, shop_id: str, known: int, limit: int) -> list[Case]:
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM cases WHERE shop_id = :s AND version > :v ORDER BY version LIMIT :limit"
        ),
        {"s": shop_id, "v": known, "limit": limit},
    )
    return [_case(row) for row in rows]


def put_arrival(connection: Connection, conversation_id: str, app_id: str, context: dict[str, Any]) -> None:
    connection.execute(
        text(
            "INSERT INTO arrivals (conversation_id, app_id, context) VALUES (:c, :a, :x) "
            "ON CONFLICT (conversation_id) DO UPDATE SET app_id = excluded.app_id, context = excluded.context"
        ),
        {"c": conversation_id, "a": app_id, "x": json.dumps(context, ensure_ascii=False)},
    )


def arrival(connection: Connection, conversation_id: str) -> tuple[str, dict[str, Any]]:
    row = connection.execute(
        text("SELECT app_id, context FROM arrivals WHERE conversation_id = :c"), {"c": conversation_id}
    ).fetchone()
    return (row[0], json.loads(row[1])) if row else ("", {})
