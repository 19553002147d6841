"""Objects of the business, the cards that show them, and what customers asked for on them. Only adds: a node of before goes
on and draws no card."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "business_objects",
        _text("shop_id"),
        _text("kind"),
        _text("id"),
        _number("version"),
        _number("revision"),
        sa.Column("customer_id", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _number("created_at"),
        _number("changed_at"),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "kind", "id"),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "business_objects_due", "business_objects", ["due_at"], sqlite_where=due, postgresql_where=due
    )
    op.create_table(
        "cards",
        _text("id"),
        _text("conversation_id"),
        _number("seq"),
        _text("sender_id"),
        _text("shop_id"),
        _text("kind"),
        _text("object_id"),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("round", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("cards_of_object", "cards", ["shop_id", "kind", "object_id", "revision"])
    op.create_table(
        "card_acts",
        _text("id"),
        _text("card_id"),
        _text("shop_id"),
        _text("kind"),
        _text("object_id"),
        _number("version"),
        _text("conversation_id"),
        _number("seq"),
        _text("customer_id"),
        _text("action"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _number("at"),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("card_acts_of_object", "card_acts", ["shop_id", "kind", "object_id", "version"])
    is_open = sa.text("done_at IS NULL")
    op.create_index(
        "card_acts_open", "card_acts", ["shop_id", "at", "id"], sqlite_where=is_open, postgresql_where=is_open
    )
