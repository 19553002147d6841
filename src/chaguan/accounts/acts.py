"""Writing as an administrator. There is no other way to a write in the verbs of administrators, so none of them can
forget the record: it is part of the transaction."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from chaguan.accounts.access import access_admin
from chaguan.accounts.store import audit
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.infra.database import Database
from chaguan.protocol.audit import AuditAction

T = TypeVar("T")


class Acts:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self.clock = clock

    async def write(
        self,
        caller: Caller,
        action: AuditAction,
        target: str,
        work: Callable[[Connection], T],
        **detail: Any,
    ) -> T:
        """Runs `work` and records it, both or neither. `detail` is shown to administrators: no secrets."""
        access_admin(caller)
        at = self.clock()

        def act(connection: Connection) -> T:
            result = work(connection)
            audit.append(connection, at, caller.user_id, action, target, detail)
            return result

        return await self._db.write(act)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._db.read(work)
