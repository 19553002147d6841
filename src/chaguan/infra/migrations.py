"""Bringing the schema up to date: forward only, at start, before anything is served."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from chaguan.core.settings import ConfigError
from chaguan.infra.database import Database
from chaguan.infra.database.sql import is_postgres

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parents[1] / "migrations"
_LOCK = 0x6368_6167_7561_6E01
"""Of the many nodes that start at once one migrates; the others wait, and find it done."""


async def migrate(db: Database) -> None:
    """All or nothing: the revisions that are missing run in one transaction."""
    found = await db.read(revision)
    if found == newest():
        return
    refuse_newer(found)
    await db.alter(_upgrade)


def refuse_newer(found: str) -> None:
    if found > newest():
        raise ConfigError(
            f"The data was written by a newer Chaguan (schema {found}, this one knows {newest()}); "
            "install that version."
        )


def _upgrade(connection: Connection) -> None:
    lock(connection)
    upgrade(connection, newest())


def lock(connection: Connection) -> None:
    """Until the transaction's end nobody else changes the schema."""
    if is_postgres(connection):
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def upgrade(connection: Connection, to: str) -> None:
    """Up to this revision, in the caller's transaction."""
    if revision(connection) == to:
        return
    # Alembic costs a tenth of the server's memory, and most starts have nothing for it to do.
    from alembic import command

    command.upgrade(config_of(connection), to)


def is_migrated(connection: Connection) -> bool:
    """Whether this version can serve the data: a newer node may have expanded the schema already."""
    return revision(connection) >= newest()


def config_of(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def revision(connection: Connection) -> str:
    """The data's; empty where there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def newest() -> str:
    return max(revisions())


def revisions() -> set[str]:
    """Revisions are numbered, and a file's name begins with its number."""
    return {path.name.split("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py")}
