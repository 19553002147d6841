"""Bringing the schema up to date: forward only, at start, before anything is served."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from chaguan.core.settings import ConfigError
from chaguan.infra.database import SqliteDatabase

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parents[1] / "migrations"


def migrate(db: SqliteDatabase) -> None:
    """All or nothing: the revisions that are missing run in one transaction."""
    if db.run(_revision) == _newest():
        return
    # Alembic costs a tenth of the server's memory, and most starts have nothing for it to do.
    from alembic import command
    from alembic.util.exc import CommandError

    try:
        db.run(lambda connection: command.upgrade(config_of(connection), "head"))
    except CommandError as error:
        raise ConfigError(
            f"The data in {db.path.parent} was written by a newer Chaguan ({error}); install that version."
        ) from error


def is_migrated(connection: Connection) -> bool:
    return _revision(connection) == _newest()


def config_of(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _newest() -> str:
    """Revisions are numbered, and a file's name begins with its number."""
    return max(path.name for path in (SCRIPTS / "versions").glob("[0-9]*.py")).split("_")[0]
