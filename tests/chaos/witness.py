"""A consumer of the log like any other, whose effect is a table of what it was given."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection, text

from chaguan.infra.database import Database
from chaguan.messaging.feed import Feed
from chaguan.messaging.model import Stored

POLL_S = 0.1
TABLE = "CREATE TABLE IF NOT EXISTS chaos_witness (id {id}, conversation_id TEXT, first BIGINT, last BIGINT)"
IDS = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT", "postgresql": "BIGSERIAL PRIMARY KEY"}
INSERT = "INSERT INTO chaos_witness (conversation_id, first, last) VALUES (:room, :first, :last)"


class Witness:
    """Its effect is written with its position: were an entry given twice, left out or out of turn, it would show."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._feed = Feed(db, "witness", self._handle)
        self._waking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._feed.start()
        self._waking = asyncio.create_task(self._wake())

    async def _wake(self) -> None:
        while True:
            self._feed.wake()
            await asyncio.sleep(POLL_S)

    async def _handle(self, entries: Sequence[Stored]):  # type: ignore[no-untyped-def]
        runs = _runs(entries)
        table = TABLE.format(id=IDS[self._db.dialect])

        def write(connection: Connection) -> None:
            connection.execute(text(table))
            connection.execute(text(INSERT), runs)

        return write


def _runs(entries: Sequence[Stored]) -> list[dict[str, object]]:
    """What was given, conversation by conversation, in the order of giving."""
    runs: list[dict[str, object]] = []
    open_runs: dict[str, dict[str, object]] = {}
    for entry in entries:
        run = open_runs.get(entry.conversation_id)
        if run is not None and run["last"] == entry.seq - 1:
            run["last"] = entry.seq
            continue
        run = {"room": entry.conversation_id, "first": entry.seq, "last": entry.seq}
        open_runs[entry.conversation_id] = run
        runs.append(run)
    return runs
