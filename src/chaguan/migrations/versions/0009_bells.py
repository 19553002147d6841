"""Group robots and devices that are called when customers wait, and when that is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "bells",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _text("shop_id"),
        _text("user_id"),
        _text("device_id"),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _number("rung_at"),
        _number("rung_until"),
        _number("tested_at"),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        _text("state"),
        _text("reason"),
        sa.Column("vendor_code", sa.Integer(), server_default="0", nullable=False),
        _number("at"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("bells_by_tag", "bells", ["tag"], unique=True)
    op.create_index("bells_by_shop", "bells", ["shop_id"])
    op.create_index("bells_by_user", "bells", ["user_id"])
    waits = sa.text("due_at IS NOT NULL")
    op.create_index("bells_due", "bells", ["due_at"], sqlite_where=waits, postgresql_where=waits)
    op.create_table(
        "notify_settings",
        sa.Column("shop_id", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id"),
        sqlite_with_rowid=False,
    )
