"""Blocking a user and reporting one."""

from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import derived_id, new_id
from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault
from chaguan.messaging.model import uuid_bytes
from chaguan.messaging.ports import Directory
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import conversations as store
from chaguan.messaging.store import inboxes
from chaguan.messaging.views import Views
from chaguan.protocol import commands as c


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
            self._rooms.forget(room_id)
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
