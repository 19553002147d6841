"""The database: its port, and the adapter that needs no server. `postgres` is imported where one is configured."""

from chaguan.infra.database.port import Database, Work, metadata
from chaguan.infra.database.sqlite import SqliteDatabase

__all__ = ["Database", "SqliteDatabase", "Work", "metadata"]
