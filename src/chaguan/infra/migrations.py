"""Bringing the schema up to date: forward only, at start, before anything is served."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from chaguan.core.settings import ConfigError
from chaguan.infra.database import SqliteDatabase

SCRIPTS = Path(__file__).parents[1] / "migrations"


def migrate(db: SqliteDatabase) -> None:
    """All or nothing: the revisions that are missing run in one transaction."""
    try:
        db.run(lambda connection: command.upgrade(config_of(connection), "head"))
    except CommandError as error:
        raise ConfigError(
            f"The data in {db.path.parent} was written by a newer Chaguan ({error}); install that version."
        ) from error


def config_of(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
