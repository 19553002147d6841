"""What those who look elsewhere are told of besides who waits, and an index of what rules did. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("bell_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("bell_id", "key"),
        sqlite_with_rowid=False,
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("alerts_due", "alerts", ["due_at"], sqlite_where=due, postgresql_where=due)
    op.create_index("alerts_by_time", "alerts", ["at"])
    fired = sa.text('substr(reason, 1, 20) = \'{"code":"rule_fired"\'')
    op.create_index("case_events_fired", "case_events", ["at"], sqlite_where=fired, postgresql_where=fired)
