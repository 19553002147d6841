"""Tables of the desk. Times are UTC milliseconds; 0: it has not happened."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, text

from chaguan.infra.database import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _some(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    _text("agent_id"),
    Column("opened_at", BigInteger, nullable=False),
    _number("taken_at"),
    _number("resolved_at"),
    _number("resolved_seq"),
    Column("version", BigInteger, nullable=False),
    _text("context"),
    _text("topic"),
    _text("subject"),
    _text("queue_id"),
    _number("queued_at"),
    _text("bot_id"),
    _text("outcome"),
    _number("reopened"),
    _text("reason"),
    Column("weight", Integer, nullable=False, server_default="1"),
    _text("avoid_id"),
    _text("last_agent_id"),
    _number("moves"),
    _some("one_open_case", "conversation_id", "topic", where="status <> 'resolved'", unique=True),
    _some("cases_waiting", "queue_id", "queued_at", "id", where="status = 'waiting'"),
    _some("cases_handled", "queue_id", "resolved_at", where="status = 'resolved'"),
    _some("cases_to_call", "shop_id", "id", where="outcome = 'callback'"),
    _some("cases_of_agent", "agent_id", where="status = 'open'"),
    Index("cases_by_version", "shop_id", "version"),
    Index("cases_by_conversation", "conversation_id", "opened_at"),
)
"""One row a consultation. `status` is one of the three words that nodes of every version know (ADR 18). `weight` is what
it takes of an agent's capacity; `avoid_id` passed it on; `last_agent_id` had this customer before; `moves` counts how
often it changed queues by itself."""

case_events = Table(
    "case_events",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    _text("actor_id"),
    _text("agent_id"),
    _text("former_agent_id"),
    _text("queue_id"),
    _text("former_queue_id"),
    _text("reason"),
    Column("note", LargeBinary),
    Index("case_events_by_case", "case_id", "seq"),
    sqlite_with_rowid=False,
)
"""What happened to a case: one row for its entry `seq` in the conversation's log. `note` is sealed."""

queues = Table(
    "queues",
    metadata,
    Column("id", Text, primary_key=True),
    Column("shop_id", Text, nullable=False),
    Column("spec", Text, nullable=False),
    _number("removed_at"),
)
"""`spec` is the queue in JSON, as the wire has it."""

desk_agents = Table(
    "desk_agents",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("chosen", Text, nullable=False),
    _number("chosen_at"),
    _number("seen_at"),
    _number("active_at"),
    _number("assigned_at"),
    Column("capacity", Integer, nullable=False),
    Column("skills", Text, nullable=False, server_default="[]"),
    Column("languages", Text, nullable=False, server_default="[]"),
    sqlite_with_rowid=False,
)
"""Who answers. What they chose, when they were last seen connected and last did something; their state follows."""

desk_settings = Table(
    "desk_settings",
    metadata,
    Column("shop_id", Text, primary_key=True),
    Column("spec", Text, nullable=False),
    sqlite_with_rowid=False,
)

desk_versions = Table(
    "desk_versions",
    metadata,
    Column("shop_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

case_ratings = Table(
    "case_ratings",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    _text("agent_id"),
    _text("queue_id"),
    Column("stars", Integer, nullable=False),
    Column("reasons", Text, nullable=False, server_default="[]"),
    Column("text", LargeBinary),
    Column("at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("case_ratings_by_shop", "shop_id", "at"),
    Index("case_ratings_by_agent", "agent_id", "at"),
    sqlite_with_rowid=False,
)
"""What a customer said of a case, the last time they said it; each time is in `case_events`. `text` is sealed."""

callbacks = Table(
    "callbacks",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("contact", LargeBinary),
    Column("at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Index("callbacks_by_key", "conversation_id", "key"),
    sqlite_with_rowid=False,
)
"""A message that was left instead of waiting, the last of its case. Whether it still waits to be answered, the case's
`outcome` says. `contact` is sealed."""

arrivals = Table(
    "arrivals",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("app_id", Text, nullable=False, server_default=""),
    Column("context", Text, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)
"""Where a customer came from, until their first message opens a case."""
