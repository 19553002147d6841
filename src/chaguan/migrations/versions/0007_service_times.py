"""Times of cases, targets and their dues, tags.

Only adds. What was measured is computed from the log by a consumer, which begins at the log's beginning.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ALIVE = "ended_at = 0"


def upgrade() -> None:
    for name in ("tags", "alarms"):
        op.add_column("cases", sa.Column(name, sa.Text(), server_default="", nullable=False))
    _make_facts()
    _make_spans()
    _make_dues()
    op.create_table(
        "shop_tags",
        sa.Column("shop_id", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "tag"),
        sqlite_with_rowid=False,
    )


def _make_facts() -> None:
    op.create_table(
        "case_facts",
        *_texts("case_id", "conversation_id", "shop_id", "status"),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in ("queue_id", "agent_id")),
        sa.Column("with_bot", sa.Integer(), server_default="0", nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
            for name in (
                "opened_at",
                "round_at",
                "waiting_at",
                "held_at",
                "asked_at",
                "first_from_at",
                "first_reply_at",
                "ended_at",
                "moved_seq",
                "entry_id",
            )
        ),
        sa.PrimaryKeyConstraint("case_id"),
        sqlite_with_rowid=False,
    )
    alive = sa.text(_ALIVE)
    for name, column in (("case_facts_alive", "conversation_id"), ("case_facts_of_shop", "shop_id")):
        op.create_index(name, "case_facts", [column], sqlite_where=alive, postgresql_where=alive)
    op.create_index("case_facts_by_entry", "case_facts", ["entry_id"])


def _make_spans() -> None:
    op.create_table(
        "case_spans",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *_texts("kind", "case_id", "shop_id"),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in ("queue_id", "agent_id")),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "kind"),
        sqlite_with_rowid=False,
    )
    op.create_index("case_spans_by_time", "case_spans", ["shop_id", "at", "entry_id", "kind"])


def _make_dues() -> None:
    op.create_table(
        "case_dues",
        *_texts("case_id", "target", "level"),
        sa.Column("from_at", sa.BigInteger(), autoincrement=False, nullable=False),
        *_texts("conversation_id"),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("limit_s", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("case_id", "target", "level", "from_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("case_dues_by_time", "case_dues", ["due_at"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
