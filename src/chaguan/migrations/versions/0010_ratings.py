"""What customers say of their cases, and messages that they leave. Only adds: a node of before goes on, asks nobody, and
takes a case with a message for one that has ended."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "case_ratings",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), server_default="", nullable=False),
        sa.Column("queue_id", sa.Text(), server_default="", nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), server_default="[]", nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("case_ratings_by_shop", "case_ratings", ["shop_id", "at"])
    op.create_index("case_ratings_by_agent", "case_ratings", ["agent_id", "at"])
    op.create_table(
        "callbacks",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("callbacks_by_key", "callbacks", ["conversation_id", "key"])
    waits = sa.text("outcome = 'callback'")
    op.create_index("cases_to_call", "cases", ["shop_id", "id"], sqlite_where=waits, postgresql_where=waits)
