"""The time of a conversation's last entry, so that a clock that is put back never dates one before another.

0 until the next append, which then goes by the last message, as it did before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("heads", sa.Column("entry_at", sa.BigInteger(), server_default="0", nullable=False))
