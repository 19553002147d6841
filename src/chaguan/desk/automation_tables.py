"""Tables of what the desk does by itself. Times are UTC milliseconds."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from chaguan.infra.database import metadata

faq_entries = Table(
    "faq_entries",
    metadata,
    Column("shop_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("texts", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("search", Text, nullable=False),
    Column("spec", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("faq_entries_in_order", "shop_id", "position", "id"),
    sqlite_with_rowid=False,
)
"""`spec` is the entry in JSON, as HTTP has it; `texts` and `bytes` are what it counts of a shop's bounds; `search` is its
questions and answers in lower case."""

faq_versions = Table(
    "faq_versions",
    metadata,
    Column("shop_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Grows with every change of a shop's list, so that who holds an index of it sees that it is old."""

automation_settings = Table(
    "automation_settings",
    metadata,
    Column("shop_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("spec", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""`kind`: `bot`, `closing`."""

bot_talks = Table(
    "bot_talks",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Where a bot stands with a case: the customer's entry that it answered last, and what it decided. No words of the
customer."""

case_timers = Table(
    "case_timers",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("shop_id", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("warned_seq", BigInteger, nullable=False, server_default="0"),
    Index("case_timers_due", "due_at", "case_id"),
    sqlite_with_rowid=False,
)
"""When a case is looked at for silence: not later than it could be due. `warned_seq`: the entry of the warning."""
