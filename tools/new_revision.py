"""`python -m tools.new_revision "What it does"`: a migration for what the tables say and the last revision does not.

Read it before you commit it.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

import chaguan.app  # noqa: F401  registers every domain's tables
from chaguan.infra.database import SqliteDatabase
from chaguan.infra.migrations import SCRIPTS, config_of, migrate


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = SqliteDatabase(Path(folder) / "scratch.db")
        migrate(db)
        number = len(list((SCRIPTS / "versions").glob("0*.py"))) + 1
        db.run(
            lambda connection: command.revision(
                config_of(connection), message, autogenerate=True, rev_id=f"{number:04}"
            )
        )


if __name__ == "__main__":
    main(sys.argv[1])
