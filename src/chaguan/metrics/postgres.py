"""What only PostgreSQL can tell."""

from sqlalchemy import Connection, text

from chaguan.core.errors import AppError
from chaguan.infra.database import Database
from chaguan.metrics.exposition import Sample

_XMIN_AGE = text(
    "SELECT greatest(pg_snapshot_xmax(now.it)::text::bigint - pg_snapshot_xmin(now.it)::text::bigint, "
    "(SELECT max(age(backend_xmin)) FROM pg_stat_activity WHERE datname = current_database())) "
    "FROM (SELECT pg_current_snapshot() AS it) AS now"
)
"""Of sessions that belong to others PostgreSQL tells only those who may see all statistics."""


class PostgresFigures:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self) -> list[tuple[str, list[Sample]]]:
        """Nothing while it can't be asked: whether it answers stands in `/health` and `chaguan_ready`."""
        try:
            return [("chaguan_xmin_age_transactions", [Sample({}, await self._db.read(_xmin_age))])]
        except AppError:
            return []


def _xmin_age(connection: Connection) -> int:
    return int(connection.execute(_XMIN_AGE).scalar_one())
