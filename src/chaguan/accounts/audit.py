"""Reading what administrators did."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import access_admin
from chaguan.accounts.acts import Acts
from chaguan.accounts.store import audit as store
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode


class AuditRecord(msgspec.Struct):
    """One act. `actor` is a user id, `object` what it was done to."""

    id: int
    at: int
    actor: str
    action: str
    object: str
    detail: dict[str, Any]


class AuditPage(msgspec.Struct):
    """Newest first. `next_cursor` is empty on the last page."""

    records: list[AuditRecord]
    next_cursor: str = ""


class Audit:
    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def list_records(self, caller: Caller, cursor: str = "", limit: int = 50) -> AuditPage:
        access_admin(caller)
        if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 18):
            raise AppError(ErrorCode.bad_request, "not a cursor of this list", field="cursor")
        before = int(cursor or 0)
        size = max(1, min(limit, 200))

        def work(connection: Connection) -> list[AuditRecord]:
            return [
                AuditRecord(
                    row.id, row.at, row.actor, row.action, row.object, msgspec.json.decode(row.detail)
                )
                for row in store.list_records(connection, before, size + 1)
            ]

        records = await self._acts.read(work)
        more = len(records) > size
        return AuditPage(records[:size], str(records[size - 1].id) if more else "")
