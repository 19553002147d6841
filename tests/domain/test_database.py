"""What only SQLite can meet with. What every database promises: tests/contract/test_database.py."""

import sqlite3

import pytest
from sqlalchemy import text

from chaguan.core.errors import AppError
from chaguan.infra.database import SqliteDatabase


def insert(connection) -> None:
    connection.execute(text("INSERT INTO t (n) VALUES (1)"))


async def test_a_file_locked_by_another_program_is_unavailable_and_heals(tmp_path):
    database = SqliteDatabase(tmp_path / "locked.db", busy_timeout_ms=50)
    await database.write(lambda c: c.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)")))
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AppError) as refused:
        await database.write(insert)
    assert refused.value.code == "unavailable" and refused.value.data["retry_after_ms"]
    other.execute("ROLLBACK")
    other.close()
    await database.write(insert)
    await database.close()
