"""Tables of media. Times are UTC milliseconds."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from chaguan.infra.database import metadata

media = Table(
    "media",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("mime", String(100), nullable=False),
    Column("thumb_mime", String(100), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("waveform", Text, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),  # keyed: a plain one would tell who has a known file
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("deleted_at", BigInteger),
)
unused = media.c.used_at.is_(None) & media.c.deleted_at.is_(None)
Index("media_unused", media.c.owner_id, media.c.created_at, sqlite_where=unused, postgresql_where=unused)
deleted = media.c.deleted_at.is_not(None)
Index("media_deleted", media.c.deleted_at, sqlite_where=deleted, postgresql_where=deleted)

media_keys = Table(
    "media_keys",
    metadata,
    Column("owner_id", String(64), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
