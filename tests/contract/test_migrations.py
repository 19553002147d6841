"""The migrations make what the tables say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import chaguan.app  # noqa: F401  registers every domain's tables
from chaguan.core.settings import ConfigError
from chaguan.infra.database import SqliteDatabase, metadata
from chaguan.infra.migrations import migrate


def columns(connection):
    statement = (
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%' ORDER BY name"
    )
    return {row[0]: " ".join(row[1].replace('"', "").split()) for row in connection.execute(text(statement))}


def test_the_migrations_make_what_the_tables_say(tmp_path):
    db = SqliteDatabase(tmp_path / "a.db")
    migrate(db)
    assert db.run(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []
    made = db.run(columns)
    plain = SqliteDatabase(tmp_path / "b.db")
    plain.run(metadata.create_all)
    wanted = plain.run(columns)
    assert made.keys() == wanted.keys()
    without_rowid = {name for name, sql in wanted.items() if sql.endswith("WITHOUT ROWID")}
    assert without_rowid == {name for name, sql in made.items() if sql.endswith("WITHOUT ROWID")}


def test_migrating_again_changes_nothing(tmp_path):
    db = SqliteDatabase(tmp_path / "a.db")
    migrate(db)
    before = db.run(columns)
    migrate(db)
    assert db.run(columns) == before


def test_data_of_a_newer_version_is_refused_with_a_sentence(tmp_path):
    db = SqliteDatabase(tmp_path / "a.db")
    migrate(db)
    db.run(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(ConfigError, match="newer Chaguan"):
        migrate(db)
