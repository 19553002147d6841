"""Where in the log a customer's words have been without an answer since, and a way to the notes that somebody wrote. Only
adds: a node of before writes none of it, and says nothing of it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for name in ("asked_ordinal", "asked_seq"):
        op.add_column("case_facts", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("case_events", sa.Column("ordinal", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("case_notes_by_author", "case_notes", ["author_id"])
