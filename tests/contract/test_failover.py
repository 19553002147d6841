"""A primary with a synchronous standby dies under writes, and the standby takes over: what was acknowledged is there."""

import asyncio
import re
from pathlib import Path

from sqlalchemy import Connection, text

from chaguan.core.errors import AppError
from chaguan.infra.database.postgres import PostgresDatabase
from tools.servers.postgres import PostgresServer


def insert(n: int):
    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO t (n) VALUES (:n) ON CONFLICT DO NOTHING"), {"n": n})

    return work


class Scene:
    def __init__(self, folder: Path) -> None:
        self.primary = PostgresServer(folder / "primary", synchronous_standby_names="standby").start()
        # Nothing can be committed before the standby is there.
        self.standby = PostgresServer.standby_of(self.primary, folder / "standby").start()
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        url = re.sub(r"127\.0\.0\.1:\d+", hosts, self.primary.url()) + "?target_session_attrs=read-write"
        self.db = PostgresDatabase(url)

    async def close(self) -> None:
        await self.db.close()
        self.primary.stop(at_once=True)
        self.standby.stop(at_once=True)


async def test_after_a_failover_everything_acknowledged_is_there_and_nothing_refused_is(tmp_path) -> None:
    scene = Scene(tmp_path)
    try:
        await scene.db.alter(lambda c: c.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)")).close())
        done: set[int] = set()
        codes: dict[str, set[int]] = {}
        failing_over = asyncio.Event()

        async def write(of: int) -> None:
            for n in range(of, 10_000_000, 8):
                try:
                    await scene.db.write_locking(insert(n))
                    done.add(n)
                except AppError as error:
                    codes.setdefault(error.code.value, set()).add(n)
                if failing_over.is_set() and n in done:
                    return

        writers = [asyncio.create_task(write(of)) for of in range(8)]
        async with asyncio.timeout(60):
            while len(done) < 300:
                await asyncio.sleep(0.005)
            await asyncio.to_thread(scene.primary.kill)
            await asyncio.to_thread(scene.standby.promote)
            failing_over.set()
            await asyncio.gather(*writers)
        there = set(await scene.db.read(lambda c: list(c.execute(text("SELECT n FROM t")).scalars())))
        assert done <= there
        assert set(codes) <= {"timeout", "unavailable"}
        assert not codes.get("unavailable", set()) & there, "what was refused has not happened"
    finally:
        await scene.close()


async def test_a_commit_that_the_standby_did_not_confirm_is_not_acknowledged(tmp_path) -> None:
    """PostgreSQL calls it committed when an administrator cuts the wait short; a failover would lose it."""
    scene = Scene(tmp_path)
    try:
        await scene.db.alter(lambda c: c.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)")).close())
        scene.standby.stop()
        writing = asyncio.create_task(scene.db.write_locking(insert(1)))
        async with asyncio.timeout(20):
            while not scene.primary.psql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"):
                await asyncio.sleep(0.02)
        scene.primary.psql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        (outcome,) = await asyncio.gather(writing, return_exceptions=True)
        assert isinstance(outcome, AppError) and outcome.code == "timeout"
    finally:
        await scene.close()
