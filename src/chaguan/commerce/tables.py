"""Objects of the business, the cards that show them, and what customers asked for. Times are UTC milliseconds."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, text

from chaguan.infra.database import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


business_objects = Table(
    "business_objects",
    metadata,
    Column("shop_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    _text("customer_id"),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Index(
        "business_objects_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)
"""`version` is the business's, `revision` ours: it counts every change and every act of a customer on it. `due_at`: since
when cards show something older."""

cards = Table(
    "cards",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sender_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    _number("revision"),
    _number("round"),
    Index("cards_of_object", "shop_id", "kind", "object_id", "revision"),
    sqlite_with_rowid=False,
)
"""Which revision of its object a card shows. `round` counts how often it was drawn or acted on: intents are for one."""

card_acts = Table(
    "card_acts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("card_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("conversation_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Index("card_acts_of_object", "shop_id", "kind", "object_id", "version"),
    Index(
        "card_acts_open",
        "shop_id",
        "at",
        "id",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
    sqlite_with_rowid=False,
)
"""What a customer asked for on a card, of which version of the object, and the entry that tells of it. The business says
when it is done."""
