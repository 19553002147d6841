"""Whom to call when customers wait, and how that stands. Times are UTC milliseconds."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, text

from chaguan.infra.database import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


bells = Table(
    "bells",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    _text("shop_id"),
    _text("user_id"),
    _text("device_id"),
    Column("tag", Text, nullable=False),
    Column("spec", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    _number("rung_at"),
    _number("rung_until"),
    _number("tested_at"),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _text("state"),
    _text("reason"),
    Column("vendor_code", Integer, nullable=False, server_default="0"),
    _number("at"),
    Index("bells_by_tag", "tag", unique=True),
    Index("bells_by_shop", "shop_id"),
    Index("bells_by_user", "user_id"),
    Index(
        "bells_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
"""One row a robot of a shop, or a device of an agent. `tag` is a keyed hash of its address, which is sealed: nobody is
called twice by one address. `rung_at` is when it was last decided to ring, `rung_until` since when the last one of those
had been waiting whom it told of. `due_at` is null while nothing is under way; what is under way holds no words, they are
made when it is sent, of what is true then."""

alerts = Table(
    "alerts",
    metadata,
    Column("bell_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("spec", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _number("told_at"),
    Index(
        "alerts_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("alerts_by_time", "at"),
    sqlite_with_rowid=False,
)
"""What a bell is to tell of, or has told of, besides who waits: one row for what happened (`key`). `due_at` is null when it
is settled; the row stays a while, so that what the log tells again is known again. `spec` names no customer."""

notify_settings = Table(
    "notify_settings",
    metadata,
    Column("shop_id", Text, primary_key=True),
    Column("spec", Text, nullable=False),
    sqlite_with_rowid=False,
)
