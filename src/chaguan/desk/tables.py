"""Cases: one row a consultation."""

from sqlalchemy import BigInteger, Column, Index, Table, Text, text

from chaguan.infra.database import metadata

cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("agent_id", Text, nullable=False, server_default=""),
    Column("opened_at", BigInteger, nullable=False),
    Column("taken_at", BigInteger, nullable=False, server_default="0"),
    Column("resolved_at", BigInteger, nullable=False, server_default="0"),
    Column("resolved_seq", BigInteger, nullable=False, server_default="0"),
    Column("version", BigInteger, nullable=False),
    Column("context", Text, nullable=False, server_default=""),
    Index(
        "one_open_case",
        "conversation_id",
        unique=True,
        sqlite_where=text("status <> 'resolved'"),
        postgresql_where=text("status <> 'resolved'"),
    ),
    Index("cases_by_version", "shop_id", "version"),
    Index("cases_by_conversation", "conversation_id", "opened_at"),
)

desk_versions = Table(
    "desk_versions",
    metadata,
    Column("shop_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("app_id", Text, nullable=False, server_default=""),
    Column("context", Text, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)
"""Where a customer came from, until their first message opens a case."""
