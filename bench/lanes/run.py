"""What writer lanes do on PostgreSQL, and what one hot conversation costs those beside it.

    python bench/lanes/run.py [SECONDS]

Appends go straight into the lanes, without sessions, sealing or search, at a server of its own with fsync on. Each of
20, 100 and 1,000 conversations says the next as soon as its last is stored; then 50 of them, at leisure, beside one that always has
500 entries waiting.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

sys.path.insert(0, str(Path(__file__).parents[2]))

import chaguan.app  # noqa: F401  registers the tables
from chaguan.bench.workloads import percentile
from chaguan.core.clock import now_ms
from chaguan.core.ids import uuid7
from chaguan.infra.database.postgres import PostgresDatabase
from chaguan.infra.migrations import migrate
from chaguan.messaging.append import Append
from chaguan.messaging.writer import LogWriter
from tools.servers.postgres import PostgresServer

CONVERSATIONS = 1_000
HOT_WAITING = 500
CALM, CALM_EVERY_S = 50, 0.05
BODY = bytes(150)


class Load:
    """Conversations that speak into the lanes until an end, and how long each answer took."""

    def __init__(self, lanes: LogWriter, seconds: float) -> None:
        self._lanes = lanes
        self._loop = asyncio.get_running_loop()
        self._end = time.perf_counter() + seconds
        self.took: dict[str, list[float]] = {}
        self.waiting = 0

    def say(self, conversation_id: str, after_s: float = 0) -> None:
        if time.perf_counter() >= self._end:
            return
        self.waiting += 1
        if after_s:
            self._loop.call_later(after_s, self._put, conversation_id, after_s)
        else:
            self._put(conversation_id, after_s)

    def _put(self, conversation_id: str, after_s: float) -> None:
        begun = time.perf_counter()

        def settle(outcome: Any) -> None:
            if isinstance(outcome, Exception):
                raise outcome
            self.took.setdefault(conversation_id, []).append(time.perf_counter() - begun)
            self.waiting -= 1
            self.say(conversation_id, after_s)

        self._lanes.put(_append(conversation_id), settle)

    async def finish(self) -> None:
        while self.waiting:
            await asyncio.sleep(0.01)


def _append(conversation_id: str) -> Append:
    return Append(
        conversation_id=conversation_id,
        kind=0,
        actor_id="u_1",
        client_msg_id=uuid7(),
        fingerprint=b"12345678",
        created_at=now_ms(),
        member_version=0,
        countable=True,
        body=BODY,
    )


def _make(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO heads (conversation_id, head_seq, head_ordinal, floor_seq, last_at, entry_at, "
            "member_version, member_count) SELECT 'c' || n, 0, 0, 1, 0, 0, 0, 2 FROM generate_series(0, :last) AS n"
        ),
        {"last": CONVERSATIONS},
    )


def _cpu_of_server(folder: Path) -> float:
    """Seconds that its processes have used."""
    postmaster = int((folder / "postmaster.pid").read_text().split()[0])
    spent = 0.0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(process.name) == postmaster or int(fields[1]) == postmaster:
                spent += int((process / "schedstat").read_text().split()[0]) / 1e9
        except (OSError, IndexError):
            continue  # it ended meanwhile
    return spent


async def _all(url: str, lanes: int, seconds: float, folder: Path, count: int) -> None:
    db = PostgresDatabase(url, lanes=lanes)
    log = LogWriter(db)
    load, begun, ours, servers = (
        Load(log, seconds),
        time.perf_counter(),
        time.process_time(),
        _cpu_of_server(folder),
    )
    for nth in range(count):
        load.say(f"c{nth}")
    await load.finish()
    took, ours, servers = (
        time.perf_counter() - begun,
        time.process_time() - ours,
        _cpu_of_server(folder) - servers,
    )
    print(
        f"{lanes} lanes, {count} waiting: {log.appended / took:,.0f} messages/s, {log.appended / log.batches:.0f} a batch, "
        f"CPU of a message {ours / log.appended * 1e6:.0f} µs here + {servers / log.appended * 1e6:.0f} µs there, "
        f"CPU of a batch {ours / log.batches * 1e3:.1f} + {servers / log.batches * 1e3:.1f} ms"
    )
    await db.close()


async def _beside_a_hot_one(url: str, lanes: int, seconds: float, hot: int) -> None:
    db = PostgresDatabase(url, lanes=lanes)
    log = LogWriter(db)
    load = Load(log, seconds)
    for nth in range(CALM):
        load.say(f"c{nth}", CALM_EVERY_S)
    for _ in range(hot):
        load.say(f"c{CONVERSATIONS}")
    await load.finish()
    others = [took for id, all_took in load.took.items() if id != f"c{CONVERSATIONS}" for took in all_took]
    said = len(load.took.get(f"c{CONVERSATIONS}", ()))
    print(
        f"{lanes} lanes, hot one {'at' if hot else 'silent,'} {said / seconds:,.0f} messages/s: the others' p50 "
        f"{percentile(others, 0.5) * 1e3:.1f} ms, p99 {percentile(others, 0.99) * 1e3:.1f} ms"
    )
    await db.close()


async def _measure(server: PostgresServer, folder: Path, seconds: float) -> None:
    url = server.create_database("lanes")
    db = PostgresDatabase(url)
    await migrate(db)
    await db.write(_make)
    await db.close()
    for waiting in (20, 100, CONVERSATIONS):
        for lanes in (1, 2, 4, 1, 2, 4):
            await _all(url, lanes, seconds, folder, waiting)
    for lanes in (1, 4):
        for hot in (0, HOT_WAITING):
            await _beside_a_hot_one(url, lanes, seconds, hot)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    folder = Path(tempfile.mkdtemp(prefix="chaguan-lanes-"))
    server = PostgresServer(folder / "server", durable=True).start()
    try:
        asyncio.run(_measure(server, folder / "server" / "data", seconds))
    finally:
        server.stop(at_once=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
