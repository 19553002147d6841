"""Whether this process can do its work, and if not, why: for load balancers and for people."""

import asyncio
import shutil

from msgspec import Struct
from sqlalchemy import text

from chaguan.app import Deployment
from chaguan.core.clock import now_ms
from chaguan.core.errors import AppError
from chaguan.infra import facts
from chaguan.infra.keyring import MasterKeyError
from chaguan.infra.migrations import is_migrated

PROBE = "last write after a failed one"
LOW_DISK = 256 * 1024 * 1024
SEARCH_LAG_MS = 60_000
"""Far beyond the second or two that indexing takes, and beyond a merge of the index."""
ANSWER_S = 2.0
"""A database that takes longer to say anything is not one to send people to."""
FAILURES = 3
"""Attempts in a row: the first is often a database that is busy for a moment."""


class Report(Struct):
    """`unavailable`: nothing can be sent. `degraded`: it works, and `reasons` say what is wrong."""

    status: str
    reasons: list[str]
    sessions: int
    uptime_s: int
    search_lag_ms: int
    """How far search is behind the log: the age of the oldest message that can't be found yet."""


class Readiness(Struct):
    """Whether this process should get traffic; if not, `reasons` say why."""

    ready: bool
    reasons: list[str]


class Health:
    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def report(self) -> Report:
        deployment = self._deployment
        fatal = [reason for reason in (await self._database(), self._master_key()) if reason]
        mild = [
            reason
            for reason in (self._disk(), self._blobs(), self._others(), self._search(), *self._consumers())
            if reason
        ]
        if deployment.standing is not None:
            mild += deployment.standing.reasons
        status = "unavailable" if fatal else "degraded" if mild else "ok"
        uptime = (now_ms() - deployment.started_at) // 1000
        sessions = len(deployment.edge.hub.sessions)
        return Report(status, [*fatal, *mild], sessions, uptime, deployment.messaging.search.lag_ms)

    async def readiness(self) -> Readiness:
        """Migrated, the database answers, nobody asked it to stop. What is merely degraded still serves."""
        edge = self._deployment.edge
        if edge.is_leaving or edge.is_draining:
            return Readiness(False, ["This node is stopping."])
        reason = await self._schema()
        return Readiness(not reason, [reason] if reason else [])

    async def _schema(self) -> str:
        try:
            async with asyncio.timeout(ANSWER_S):
                is_current = await self._deployment.db.read(is_migrated)
        except TimeoutError:
            return f"The database does not answer within {ANSWER_S:g} s."
        except AppError as error:
            return f"The database can't be read: {error.detail}."
        return "" if is_current else "The database has the schema of another version of Chaguan."

    async def _database(self) -> str:
        if self._deployment.db.last_error and not await self._can_write():
            return f"The last write failed: {self._deployment.db.last_error}."
        try:
            await self._deployment.db.read(lambda connection: connection.execute(text("SELECT 1")))
        except AppError as error:
            return f"The database can't be read: {error.detail}."
        return ""

    async def _can_write(self) -> bool:
        """Tried here, since a node that is out of rotation gets nothing else to write and would stay out."""
        try:
            await self._deployment.db.write(lambda connection: facts.put(connection, PROBE, b""))
        except AppError:
            return False
        return True

    def _master_key(self) -> str:
        try:
            _ = self._deployment.keyring.current_id
        except MasterKeyError as error:
            return error.detail
        return ""

    def _disk(self) -> str:
        free = shutil.disk_usage(self._deployment.settings.data).free
        return f"Only {free // 1024 // 1024} MiB are free on the data disk." if free < LOW_DISK else ""

    def _blobs(self) -> str:
        trouble = self._deployment.blobs.trouble
        return f"Pictures and files can't be sent or seen: {trouble}." if trouble else ""

    def _others(self) -> str:
        broker = self._deployment.broker
        if broker is None or not broker.trouble:
            return ""
        return (
            f"{broker.trouble}: what is said on other nodes arrives late, and presence is of this node alone."
        )

    def _search(self) -> str:
        lag = self._deployment.messaging.search.lag_ms
        return f"Search is {lag // 1000} s behind what was said." if lag > SEARCH_LAG_MS else ""

    def _consumers(self) -> list[str]:
        return [
            f"The {feed.name} consumer failed {feed.failures} times in a row at the same entries; see the log."
            for feed in (
                self._deployment.messaging.search.feed,
                self._deployment.desk.feed,
                self._deployment.contact.outbox.feed,
            )
            if feed.failures >= FAILURES
        ]
