"""What WeChat pushed and nobody has worked through yet; who came by contact; what went out to them.

Times are UTC milliseconds. What waits has a `due_at`; null: there is nothing to do any more.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

from chaguan.infra.database import metadata

contact_pushes = Table(
    "contact_pushes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("app_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("proof", Text, nullable=False),
    Column("openid", Text, nullable=False),
    Column("body", LargeBinary),
    Column("received_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("claimed", Boolean, nullable=False, server_default=text("false")),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Index("contact_pushes_once", "app_id", "key", unique=True),
    Index("contact_pushes_proof", "app_id", "proof", unique=True),
    Index(
        "contact_pushes_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("contact_pushes_age", "received_at"),
)
"""`key` is the same in each repetition; `proof` is the signature, good for one push. `body` is sealed, and null once it
was worked through. A row outlives the window in which its signature is good."""

contacts = Table(
    "contacts",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("openid", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("began_seq", BigInteger, nullable=False),
    Column("in_seq", BigInteger, nullable=False),
    Column("app_seq", BigInteger, nullable=False, server_default="0"),
    Column("said_at", BigInteger, nullable=False, server_default="0"),
    Column("entered_at", BigInteger, nullable=False, server_default="0"),
    Column("signs", BigInteger, nullable=False, server_default="1"),
    Column("closed_signs", BigInteger, nullable=False, server_default="0"),
    Index("contacts_by_openid", "app_id", "openid"),
    sqlite_with_rowid=False,
)
"""One row a customer who came by contact. `in_seq` is where the log stood at their last sign there, `began_seq` where
this stay there began, `app_seq` at their last sign in the app. `signs` counts those by contact; `closed_signs` is how many there had been when
WeChat said that it takes no more answers to them."""

contact_deliveries = Table(
    "contact_deliveries",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("vendor_code", Integer, nullable=False, server_default="0"),
    Column("vendor_request", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("charged", Integer, nullable=False, server_default="0"),
    Column("charged_at", BigInteger, nullable=False, server_default="0"),
    Column("at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Index(
        "contact_deliveries_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
"""One row a message that goes to WeChat. `charged` counts the attempts that WeChat has counted, or may have."""
