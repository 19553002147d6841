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
    _text("tags"),
    _text("alarms"),
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
often it changed queues by itself. `tags` and `alarms` are JSON."""

IS_FIRED = 'substr(reason, 1, 20) = \'{"code":"rule_fired"\''
"""Whether a rule did something: a condition in SQL, over `case_events` alone."""

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
    _number("ordinal"),
    Index("case_events_by_case", "case_id", "seq"),
    _some("case_events_fired", "at", where=IS_FIRED),
    sqlite_with_rowid=False,
)
"""What happened to a case: one row for its entry `seq` in the conversation's log. `note` is sealed. `ordinal` is
that of the customer's message that it was opened or reopened by, where it was one."""

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

case_notes = Table(
    "case_notes",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("changed_seq", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("author_id", Text, nullable=False),
    _text("case_id"),
    _text("mentions"),
    _text("whisper_to"),
    _number("edited_at"),
    _text("removed_by"),
    Column("revision", LargeBinary, nullable=False),
    Column("body", LargeBinary),
    Index("case_notes_by_change", "conversation_id", "changed_seq", unique=True),
    Index("case_notes_by_author", "author_id"),
    sqlite_with_rowid=False,
)
"""What staff wrote to one another; the log has a place for each (`seq`) and nothing of it (ADR 20). `body` is sealed and
bound to `revision`, the key of the command that wrote it; null once removed. `mentions` is a JSON list."""

case_mentions = Table(
    "case_mentions",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("conversation_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    _number("read_at"),
    Index("case_mentions_by_time", "user_id", "at"),
    _some("case_mentions_unread", "user_id", where="read_at = 0"),
    sqlite_with_rowid=False,
)
"""Who was named in which note."""

canned_replies = Table(
    "canned_replies",
    metadata,
    Column("id", Text, primary_key=True),
    _text("shop_id"),
    _text("owner_id"),
    Column("shortcut", Text, nullable=False),
    Column("spec", Text, nullable=False),
    _number("updated_at"),
    Index("canned_replies_by_shortcut", "owner_id", "shop_id", "shortcut", unique=True),
)
"""`spec` is the reply in JSON, as the wire has it. Without a shop it is every shop's, without an owner all agents'."""

canned_uses = Table(
    "canned_uses",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("reply_id", Text, primary_key=True),
    _number("uses"),
    _number("used_at"),
    sqlite_with_rowid=False,
)
"""How often an agent used a reply, in thousandths that halve every two weeks, as of `used_at`."""
case_facts = Table(
    "case_facts",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    _text("queue_id"),
    _text("agent_id"),
    Column("with_bot", Integer, nullable=False, server_default="0"),
    _number("opened_at"),
    _number("round_at"),
    _number("waiting_at"),
    _number("held_at"),
    _number("asked_at"),
    _number("asked_ordinal"),
    _number("asked_seq"),
    _number("first_from_at"),
    _number("first_reply_at"),
    _number("ended_at"),
    _number("moved_seq"),
    _number("entry_id"),
    _some("case_facts_alive", "conversation_id", where="ended_at = 0"),
    _some("case_facts_of_shop", "shop_id", where="ended_at = 0"),
    Index("case_facts_by_entry", "entry_id"),
    sqlite_with_rowid=False,
)
"""Where the times of a case stand, as the log tells: `times.facts.Fact`. Written by the consumer of the log alone."""

case_spans = Table(
    "case_spans",
    metadata,
    Column("entry_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    _text("queue_id"),
    _text("agent_id"),
    Column("from_at", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    _text("target"),
    Index("case_spans_by_time", "shop_id", "at", "entry_id", "kind"),
    sqlite_with_rowid=False,
)
"""What was measured: one row for what ended with an entry of the log. Rows are never changed."""

case_dues = Table(
    "case_dues",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("level", Text, primary_key=True),
    Column("from_at", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation_id", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("limit_s", BigInteger, nullable=False),
    _number("ended_at"),
    Index("case_dues_by_time", "due_at"),
    sqlite_with_rowid=False,
)
"""When somebody must be warned, or told that a target was missed. `ended_at`: what ran ended, but too late."""

shop_tags = Table(
    "shop_tags",
    metadata,
    Column("shop_id", Text, primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("used_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What agents of a shop have called cases, for suggestions."""
