"""Both databases for the same tests: `open_database` is asked for twice, once with each, on data without a row."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import chaguan.app  # noqa: F401  registers every domain's tables
from chaguan.infra.database import Database, SqliteDatabase, metadata
from chaguan.infra.database.postgres import PostgresDatabase
from chaguan.infra.migrations import migrate
from tools.servers.postgres import PostgresServer

OpenDatabase = Callable[[], Database]
MIGRATED = "migrated"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real server for this process, with an empty migrated database to copy."""
    folder = tmp_path_factory.mktemp("postgres")
    server = PostgresServer(folder).start()
    try:
        _make_migrated(server)
        yield server
    finally:
        server.stop(at_once=True)
        shutil.rmtree(folder, ignore_errors=True)


def _make_migrated(server: PostgresServer) -> None:
    import asyncio

    async def make() -> None:
        db = PostgresDatabase(server.create_database(MIGRATED))
        await migrate(db)
        await db.close()

    asyncio.run(make())


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty migrated database on PostgreSQL."""
    name = f"test_{next(_numbers)}"
    yield postgres.create_database(name, MIGRATED)
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def open_database(request: pytest.FixtureRequest, tmp_path: Path) -> OpenDatabase:
    """Opens the test's own data, again and again."""
    if request.param == "postgresql":
        url = request.getfixturevalue("database_url")
        return lambda: PostgresDatabase(url)
    file = tmp_path / "chaguan.db"
    SqliteDatabase(file, synchronous="OFF").run(metadata.create_all)
    return lambda: SqliteDatabase(file, synchronous="OFF")
