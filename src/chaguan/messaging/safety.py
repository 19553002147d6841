"""Blocking a user, reporting one, and reading the reports."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row

from chaguan.accounts import access_admin, record_act
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import derived_id, is_id, new_id
from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault
from chaguan.messaging.model import uuid_bytes
from chaguan.messaging.ports import Directory
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import conversations as store
from chaguan.messaging.store import inboxes
from chaguan.messaging.views import Views
from chaguan.protocol import commands as c
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.conversations import User


class Report(Struct):
    """Somebody told the administrators of `user`. `seqs` are messages of the conversation, as evidence.

    `reporter` and `user` are bare ids where the user is gone.
    """

    id: str
    at: int
    reporter: User | str
    user: User | str
    reason: str
    conversation_id: str
    seqs: list[int]


class ReportPage(Struct):
    """Newest first. `next_cursor` is empty on the last page."""

    reports: list[Report]
    next_cursor: str = ""


class Safety:
    def __init__(
        self,
        db: Database,
        vault: Vault,
        rooms: Rooms,
        views: Views,
        directory: Directory,
        clock: Clock = now_ms,
    ) -> None:
        self._db = db
        self._rooms = rooms
        self._views = views
        self._directory = directory
        self._clock = clock
        self._id_key = vault.derive("conversation ids")

    async def set_block(self, caller: Caller, command: c.SetBlock) -> None:
        """From now on the user's messages to the caller are refused, in what is being written this moment too."""
        if command.user_id == caller.user_id or not await self._directory.users([command.user_id]):
            raise AppError(ErrorCode.not_found, "no such user")
        room_id = derived_id("d", self._id_key, *sorted((caller.user_id, command.user_id)))
        at = self._clock()

        def write(connection: Connection) -> int | None:
            if not store.set_block(connection, caller.user_id, command.user_id, command.on, at):
                return None
            store.members_changed(connection, room_id, 0)
            return inboxes.touch(connection, caller.user_id, room_id)

        version = await self._db.write(write)
        if version is not None:
            self._rooms.forget_everywhere(room_id)
            self._views.tell(caller.user_id, version, [room_id])

    async def report(self, caller: Caller, command: c.ReportUser) -> None:
        if not await self._directory.users([command.user_id]):
            raise AppError(ErrorCode.not_found, "no such user")
        if command.conversation_id:
            await self._rooms.access_conversation(caller, command.conversation_id)
        values: dict[str, object] = {
            "id": new_id("r"),
            "reporter_id": caller.user_id,
            "client_msg_id": uuid_bytes(command.client_msg_id),
            "user_id": command.user_id,
            "conversation_id": command.conversation_id,
            "seqs": ",".join(map(str, command.seqs)),
            "reason": command.reason,
            "created_at": self._clock(),
        }
        await self._db.write(lambda connection: store.add_report(connection, values))

    async def list_reports(self, caller: Caller, cursor: str = "", limit: int = 50) -> ReportPage:
        """For administrators. That they looked is recorded: reasons quote what was said."""
        access_admin(caller)
        at = self._clock()
        before = _position(cursor)
        size = max(1, min(limit, 200))

        def look(connection: Connection) -> Sequence[Row[Any]]:
            rows = store.list_reports(connection, before, size + 1)
            record_act(connection, at, caller, AuditAction.reports_read, "", reports=len(rows[:size]))
            return rows

        rows = await self._db.write(look)
        page = rows[:size]
        ids = {row.reporter_id for row in page} | {row.user_id for row in page}
        users = {user.id: user for user in await self._directory.users(sorted(ids))}
        following = f"{page[-1].created_at}.{page[-1].id}" if len(rows) > size else ""
        return ReportPage([_report(row, users) for row in page], following)


def _position(cursor: str) -> tuple[int, str] | None:
    if not cursor:
        return None
    at, _, id = cursor.partition(".")
    if not (at.isascii() and at.isdigit() and len(at) < 18 and is_id(id)):
        raise AppError(ErrorCode.bad_request, "not a cursor of this list", field="cursor")
    return int(at), id


def _report(row: Row[Any], users: dict[str, User]) -> Report:
    return Report(
        row.id,
        row.created_at,
        users.get(row.reporter_id, row.reporter_id),
        users.get(row.user_id, row.user_id),
        row.reason,
        row.conversation_id,
        [int(seq) for seq in row.seqs.split(",") if seq],
    )
