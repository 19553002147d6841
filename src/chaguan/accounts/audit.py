"""Reading what administrators did."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import access_admin
from chaguan.accounts.acts import Acts
from chaguan.accounts.directory import Directory
from chaguan.accounts.store import audit as store
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.conversations import User


class AuditRecord(msgspec.Struct):
    """One act: who, what, to what. `actor` is the user, or the bare id of one who is gone; `action` one of
    `AuditAction`, or what another version of the server wrote."""

    id: int
    at: int
    actor: User | str
    action: str
    object: str
    detail: dict[str, Any]


class AuditPage(msgspec.Struct):
    """Newest first. `next_cursor` is empty on the last page."""

    records: list[AuditRecord]
    next_cursor: str = ""


def record_act(
    connection: Connection, at: int, caller: Caller, action: AuditAction, target: str, **detail: Any
) -> None:
    """For the domains above: an administrator's act, in the transaction that does it. No secrets in `detail`."""
    access_admin(caller)
    store.append(connection, at, caller.user_id, action, target, detail)


class Audit:
    def __init__(self, acts: Acts, directory: Directory) -> None:
        self._acts = acts
        self._directory = directory

    async def list_records(self, caller: Caller, cursor: str = "", limit: int = 50) -> AuditPage:
        access_admin(caller)
        if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 18):
            raise AppError(ErrorCode.bad_request, "not a cursor of this list", field="cursor")
        before = int(cursor or 0)
        size = max(1, min(limit, 200))

        rows = await self._acts.read(lambda connection: store.list_records(connection, before, size + 1))
        actors = {user.id: user for user in await self._directory.users({row.actor for row in rows})}
        records = [
            AuditRecord(
                row.id,
                row.at,
                actors.get(row.actor, row.actor),
                row.action,
                row.object,
                msgspec.json.decode(row.detail),
            )
            for row in rows[:size]
        ]
        return AuditPage(records, str(records[-1].id) if len(rows) > size else "")
