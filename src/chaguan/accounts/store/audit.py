"""The record of what administrators did."""

import json
from typing import Any

from sqlalchemy import Connection, select

from chaguan.accounts.store.rows import AnyRow
from chaguan.accounts.tables import audit
from chaguan.protocol.audit import AuditAction


def append(
    connection: Connection, at: int, actor: str, action: AuditAction, target: str, detail: dict[str, Any]
) -> None:
    connection.execute(
        audit.insert().values(
            at=at,
            actor=actor,
            action=action.value,
            object=target,
            detail=json.dumps(detail, ensure_ascii=False),
        )
    )


def list_records(connection: Connection, before: int, limit: int) -> list[AnyRow]:
    statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before:
        statement = statement.where(audit.c.id < before)
    return list(connection.execute(statement))
