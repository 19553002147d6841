"""Queues, agents and the history of cases.

Only adds: a node of before goes on, and what it writes has an empty queue. One open case for each conversation becomes
one for each topic of it, of which a node of before knows only the one without a name.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TEXTS = ("topic", "subject", "queue_id", "bot_id", "outcome", "reason", "avoid_id", "last_agent_id")
_NUMBERS = ("queued_at", "reopened", "moves")


def upgrade() -> None:
    for name in _TEXTS:
        op.add_column("cases", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name in _NUMBERS:
        op.add_column("cases", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("cases", sa.Column("weight", sa.Integer(), server_default="1", nullable=False))
    _index_cases()
    _make_tables()


def _index_cases() -> None:
    op.drop_index("one_open_case", "cases")
    _some("one_open_case", ["conversation_id", "topic"], "status <> 'resolved'", unique=True)
    _some("cases_waiting", ["queue_id", "queued_at", "id"], "status = 'waiting'")
    _some("cases_handled", ["queue_id", "resolved_at"], "status = 'resolved'")
    _some("cases_of_agent", ["agent_id"], "status = 'open'")


def _some(name: str, columns: list[str], where: str, unique: bool = False) -> None:
    op.create_index(
        name, "cases", columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def _make_tables() -> None:
    op.create_table(
        "case_events",
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), server_default="", nullable=False)
            for name in ("actor_id", "agent_id", "former_agent_id", "queue_id", "former_queue_id", "reason")
        ),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("conversation_id", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("case_events_by_case", "case_events", ["case_id", "seq"])
    op.create_table(
        "queues",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "desk_agents",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
            for name in ("chosen_at", "seen_at", "active_at", "assigned_at")
        ),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("skills", sa.Text(), server_default="[]", nullable=False),
        sa.Column("languages", sa.Text(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "desk_settings",
        sa.Column("shop_id", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id"),
        sqlite_with_rowid=False,
    )
