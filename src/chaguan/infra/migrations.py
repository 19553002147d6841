"""Bringing the schema up to date: forward only, at start, before anything is served."""

import sys
import tempfile
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
        db.run(lambda connection: command.upgrade(_config(connection), "head"))
    except CommandError as error:
        raise ConfigError(
            f"The data in {db.path.parent} was written by a newer Chaguan ({error}); install that version."
        ) from error


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def main(message: str) -> None:
    """Write a revision for what the tables say and the last revision does not; read it before you commit it."""
    import chaguan.app  # noqa: F401  registers every domain's tables

    with tempfile.TemporaryDirectory() as folder:
        db = SqliteDatabase(Path(folder) / "scratch.db")
        migrate(db)
        number = len(list((SCRIPTS / "versions").glob("0*.py"))) + 1
        db.run(
            lambda connection: command.revision(
                _config(connection), message, autogenerate=True, rev_id=f"{number:04}"
            )
        )


if __name__ == "__main__":
    main(sys.argv[1])
