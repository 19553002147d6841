"""A consumer of the log like any other, whose effect is a table of what it was given."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection, text

from chaguan.infra.database import Database
from chaguan.messaging.feed import Feed
from chaguan.messaging.model import Stored

POLL_S = 0.1
GATHER_S = 0.3
CHUNK = 8_192
"""As search does it: a busy log comes in large chunks, in which those of one conversation stand together."""
TABLE = "CREATE TABLE IF NOT EXISTS chaos_witness (id {id}, conversation_id TEXT, first BIGINT, last BIGINT)"
INDEX = "CREATE INDEX IF NOT EXISTS chaos_witness_rooms ON chaos_witness (conversation_id, id)"
IDS = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT", "postgresql": "BIGSERIAL PRIMARY KEY"}
LENGTHEN = """UPDATE chaos_witness SET last = :last WHERE last = :first - 1
AND id = (SELECT max(id) FROM chaos_witness WHERE conversation_id = :room)"""
INSERT = "INSERT INTO chaos_witness (conversation_id, first, last) VALUES (:room, :first, :last)"


class Witness:
    """Its effect is written with its position: were an entry given twice, left out or out of turn, it would show."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._feed = Feed(db, "witness", self._handle, chunk=CHUNK, gather_s=GATHER_S)
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
            connection.execute(text(INDEX))
            for run in runs:
                if not connection.execute(text(LENGTHEN), run).rowcount:
                    connection.execute(text(INSERT), run)

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
