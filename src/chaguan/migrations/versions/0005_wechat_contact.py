"""WeChat's message push: its keys with the apps, what was pushed, who came by it, what went out to them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("apps", sa.Column("sealed_wechat_push_token", sa.LargeBinary(), nullable=True))
    op.add_column("apps", sa.Column("sealed_wechat_push_aes_key", sa.LargeBinary(), nullable=True))
    op.create_table(
        "contact_pushes",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("contact_pushes_once", "contact_pushes", ["app_id", "key"], unique=True)
    op.create_index("contact_pushes_proof", "contact_pushes", ["app_id", "proof"], unique=True)
    _index_due("contact_pushes")
    op.create_index("contact_pushes_age", "contact_pushes", ["received_at"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.Text(), nullable=False),
        sa.Column("began_seq", sa.BigInteger(), nullable=False),
        sa.Column("in_seq", sa.BigInteger(), nullable=False),
        sa.Column("app_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("said_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("entered_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("signs", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("closed_signs", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("conversation_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("contacts_by_openid", "contacts", ["app_id", "openid"], unique=False)
    op.create_table(
        "contact_deliveries",
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("vendor_code", sa.Integer(), server_default="0", nullable=False),
        sa.Column("vendor_request", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("charged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("charged_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("conversation_id", "seq"),
        sqlite_with_rowid=False,
    )
    _index_due("contact_deliveries")


def _index_due(table: str) -> None:
    waits = sa.text("due_at IS NOT NULL")
    op.create_index(f"{table}_due", table, ["due_at"], sqlite_where=waits, postgresql_where=waits)
