"""Tables of messaging. The shard key stands in every unique key: `conversation_id` for the log and members,
`user_id` for inbox rows. Times are UTC milliseconds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from chaguan.infra.database import metadata

_ROWID = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default="0")


conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    _text("name"),
    _text("avatar"),
    _text("shop_id"),
    _text("customer_id"),
    _text("peer_a"),
    _text("peer_b"),
    _text("created_by"),
    _flag("join_history"),
    _number("created_at"),
    Column("data_key", LargeBinary),
    sqlite_with_rowid=False,
)
"""What seldom changes. `data_key` is wrapped; destroyed, the conversation's content is gone everywhere."""

heads = Table(
    "heads",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    _number("head_seq"),
    _number("head_ordinal"),
    _number("last_at"),
    _number("member_version"),
    _number("member_count"),
    _number("floor_seq"),
    _number("entry_at"),
    sqlite_with_rowid=False,
)
"""What every append changes, in narrow rows, because a commit writes whole pages. `last_at` is the time of the last
message, by which lists are ordered; `entry_at` of the last entry of any kind, before which nothing more may happen."""

entries = Table(
    "entries",
    metadata,
    Column("id", _ROWID, primary_key=True, autoincrement=True),
    Column("conversation_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("countable", Boolean, nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("client_msg_id", LargeBinary, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("target_seq", BigInteger, nullable=False),
    Column("changed_seq", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("body", LargeBinary),
    UniqueConstraint("conversation_id", "seq"),
    UniqueConstraint("client_msg_id", "actor_id", "conversation_id"),
)
"""The log. `ordinal` is the number of countable entries up to and with this one. `state` holds what is not content
(mentions, reactions, who joined); `body` is sealed content, null when recalled or erased."""

members = Table(
    "members",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("intervals", Text, nullable=False),
    _number("joined_at"),
    _number("read_seq"),
    sqlite_with_rowid=False,
)
"""`intervals` is JSON `[[from_seq, until_seq], …]`; `until_seq` 0 while the membership lasts. `read_seq` is
kept for direct and service conversations, where the others see it."""

inboxes = Table(
    "inboxes",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("conversation_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("intervals", Text, nullable=False),
    _text("peer_id"),
    _number("read_seq"),
    _number("read_ordinal"),
    _number("pinned_at"),
    _flag("muted"),
    _flag("marked_unread"),
    _flag("archived"),
    _flag("removed"),
    Index("inboxes_by_version", "user_id", "version"),
    sqlite_with_rowid=False,
)
"""What a conversation is to a user. A removed row stays as a tombstone, so that a lost push heals."""

user_versions = Table(
    "user_versions",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

blocks = Table(
    "blocks",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("peer_id", Text, primary_key=True),
    _number("created_at"),
    sqlite_with_rowid=False,
)

reports = Table(
    "reports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("reporter_id", Text, nullable=False),
    Column("client_msg_id", LargeBinary, nullable=False),
    Column("user_id", Text, nullable=False),
    _text("conversation_id"),
    _text("seqs"),
    Column("reason", Text, nullable=False),
    _number("created_at"),
    UniqueConstraint("reporter_id", "client_msg_id"),
)

consumers = Table(
    "consumers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How far each consumer of the log has read (entry id)."""

search_segments = Table(
    "search_segments",
    metadata,
    Column("id", _ROWID, primary_key=True, autoincrement=True),
    Column("level", SmallInteger, nullable=False),
    Column("first_id", BigInteger, nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("fences", LargeBinary, nullable=False),
    Index("search_segments_by_first", "first_id"),
)
"""The search index by ranges of the log (entry ids), which don't overlap. `fences`: the first token of each block."""

search_blocks = Table(
    "search_blocks",
    metadata,
    Column("segment_id", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""Sorted keyed tokens with the entries that carry them; `search/segments.py` knows the form."""
