"""Bringing the schema up to date: forward only, at start, before anything is served."""

from chaguan.infra.database import SqliteDatabase, metadata


def migrate(db: SqliteDatabase) -> None:
    db.run(metadata.create_all)
