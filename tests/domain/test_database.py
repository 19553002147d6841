import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from chaguan.core.errors import AppError
from chaguan.infra.database import SqliteDatabase


@pytest.fixture
async def db(tmp_path: Path):
    database = SqliteDatabase(tmp_path / "test.db")
    await database.write(lambda c: c.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)")))
    yield database
    await database.close()


def insert(n: int):
    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO t (n) VALUES (:n)"), {"n": n})
        return n

    return work


def count(connection: Connection) -> int:
    return connection.execute(text("SELECT count(*) FROM t")).scalar_one()


async def test_writes_queued_together_are_all_stored(db):
    assert await asyncio.gather(*(db.write(insert(n)) for n in range(100))) == list(range(100))
    assert await db.read(count) == 100


async def test_a_unit_that_fails_takes_nobody_with_it(db):
    def fail(connection: Connection) -> None:
        insert(500)(connection)
        raise ValueError("no")

    results = await asyncio.gather(
        db.write(insert(1)), db.write(fail), db.write(insert(2)), return_exceptions=True
    )
    assert isinstance(results[1], ValueError)
    assert await db.read(count) == 2


async def test_a_broken_constraint_is_an_error_of_its_own_unit_only(db):
    results = await asyncio.gather(
        db.write(insert(1)), db.write(insert(1)), db.write(insert(2)), return_exceptions=True
    )
    assert results[0] == 1 and isinstance(results[1], Exception) and results[2] == 2
    assert await db.read(count) == 2


async def test_a_file_locked_by_another_program_is_unavailable_and_heals(tmp_path):
    import sqlite3

    database = SqliteDatabase(tmp_path / "locked.db", busy_timeout_ms=50)
    await database.write(lambda c: c.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)")))
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AppError) as refused:
        await database.write(insert(1))
    assert refused.value.code == "unavailable" and refused.value.data["retry_after_ms"]
    other.execute("ROLLBACK")
    other.close()
    assert await database.write(insert(1)) == 1
    await database.close()
