"""`python -m tools.new_revision "What it does"`: a migration for what the tables say and the last revision does not.

Read it before you commit it: it must work on both databases, and while nodes of the version before still serve
(docs/how-to/upgrade.md).
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command

import chaguan.app  # noqa: F401  registers every domain's tables
from chaguan.infra.database import SqliteDatabase
from chaguan.infra.migrations import SCRIPTS, config_of, migrate


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_make(SqliteDatabase(Path(folder) / "scratch.db"), message))


async def _make(db: SqliteDatabase, message: str) -> None:
    await migrate(db)
    number = len(list((SCRIPTS / "versions").glob("0*.py"))) + 1
    await db.alter(
        lambda connection: command.revision(
            config_of(connection), message, autogenerate=True, rev_id=f"{number:04}"
        )
    )
    await db.close()


if __name__ == "__main__":
    main(sys.argv[1])
