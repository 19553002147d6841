"""The migrations make what the tables say, on both databases; and nodes that start at once, or are of two versions."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import chaguan.app  # noqa: F401  registers every domain's tables
from chaguan.core.settings import ConfigError
from chaguan.infra.database import SqliteDatabase, metadata
from chaguan.infra.database.postgres import PostgresDatabase
from chaguan.infra.migrations import migrate, newest, revision


@pytest.fixture(params=["sqlite", "postgresql"])
def open_empty(request, tmp_path):
    """Opens a database without a table, again and again."""
    if request.param == "sqlite":
        yield lambda: SqliteDatabase(tmp_path / "a.db")
        return
    server = request.getfixturevalue("postgres")
    url = server.create_database("empty")
    yield lambda: PostgresDatabase(url)
    server.drop_database("empty")


@pytest.fixture
async def db(open_empty):
    db = open_empty()
    yield db
    await db.close()


def columns(connection):
    statement = (
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%' ORDER BY name"
    )
    return {row[0]: " ".join(row[1].replace('"', "").split()) for row in connection.execute(text(statement))}


async def test_the_migrations_make_what_the_tables_say(db):
    await migrate(db)
    assert await db.read(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []
    assert await db.read(lambda c: len(inspect(c).get_table_names())) == len(metadata.tables) + 1


async def test_on_sqlite_they_lay_tables_out_in_the_same_way(tmp_path):
    db, plain = SqliteDatabase(tmp_path / "a.db"), SqliteDatabase(tmp_path / "b.db")
    await migrate(db)
    await plain.write(metadata.create_all)
    made, wanted = await db.read(columns), await plain.read(columns)
    assert made.keys() == wanted.keys()
    without_rowid = {name for name, sql in wanted.items() if sql.endswith("WITHOUT ROWID")}
    assert without_rowid == {name for name, sql in made.items() if sql.endswith("WITHOUT ROWID")}
    await db.close()
    await plain.close()


async def test_migrating_again_changes_nothing(db):
    await migrate(db)
    before = await db.read(lambda c: {name: len(inspect(c).get_columns(name)) for name in metadata.tables})
    await migrate(db)
    assert before == await db.read(
        lambda c: {name: len(inspect(c).get_columns(name)) for name in metadata.tables}
    )


async def test_data_of_a_newer_version_is_refused_with_a_sentence(db):
    await migrate(db)
    await db.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")).close())
    with pytest.raises(ConfigError, match="newer Chaguan"):
        await migrate(db)


async def test_of_nodes_that_start_at_once_one_migrates(postgres):
    url = postgres.create_database("at_once")
    nodes = [PostgresDatabase(url) for _ in range(4)]
    await asyncio.gather(*(migrate(node) for node in nodes))
    assert await nodes[0].read(revision) == newest()
    for node in nodes:
        await node.close()
    postgres.drop_database("at_once")


async def test_an_old_node_goes_on_while_a_newer_one_has_added_a_column(postgres):
    """It has statements prepared from before; expanding must not break them."""
    db = PostgresDatabase(postgres.create_database("two_versions", "migrated"), writers=1)
    newer = PostgresDatabase(postgres.url("two_versions"))

    def note(connection):
        connection.execute(text("INSERT INTO meta (name, value) VALUES ('n', 'v') ON CONFLICT DO NOTHING"))
        return connection.execute(text("SELECT * FROM meta WHERE name = 'n'")).one()

    assert len(await db.write(note)) == 2
    await newer.alter(lambda c: c.execute(text("ALTER TABLE meta ADD COLUMN noted_at bigint")).close())
    assert len(await db.write(note)) == 3
    await db.close()
    await newer.close()
    postgres.drop_database("two_versions")
