"""Tables of the accounts. Times are UTC milliseconds; `…_at` null means: it has not happened.

Columns named `sealed_…` hold ciphertext (`secrets.py`); `token_hash` is the SHA-256 of a random token, which can be
looked up but not used. No foreign keys: users and what hangs on them may live on different shards.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from chaguan.infra.database import metadata

account_keys = Table(
    "account_keys",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)
"""Wrapped data keys of this domain: what rotation of the master key re-wraps."""

shops = Table(
    "shops",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("avatar", Text, nullable=False, server_default=""),
    Column("context_url", Text, nullable=False, server_default=""),
    Column("sealed_context_secret", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
)

apps = Table(
    "apps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("shop_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("wechat_appid", Text, nullable=False, server_default=""),
    Column("sealed_wechat_secret", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("sealed_wechat_push_token", LargeBinary),
    Column("sealed_wechat_push_aes_key", LargeBinary),
)

app_secrets = Table(
    "app_secrets",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("valid_until", BigInteger),
)
"""What the business's server signs user tokens with. After a rotation the former one stays good until `valid_until`."""

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("avatar", Text, nullable=False, server_default=""),
    Column("attributes", Text, nullable=False, server_default="{}"),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

identities = Table(
    "identities",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("identities_user", "user_id"),
)
"""Who somebody is elsewhere. The kind is in the key: a business can assert its own ids, never an openid.

`app_id` is empty for what holds across apps (`unionid`). Merging two users means pointing identities at one of them.
"""

staff = Table(
    "staff",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False, server_default=""),
    Column("password_changed_at", BigInteger),
    Column("must_change_password", Boolean, nullable=False, default=False),
    Column("sealed_totp", LargeBinary),
    Column("sealed_totp_pending", LargeBinary),
    Column("totp_step", BigInteger, nullable=False, server_default="0"),
    Column("recovery_hashes", Text, nullable=False, server_default="[]"),
    Column("invited_at", BigInteger),
    Column("joined_at", BigInteger),
)
"""`email` is stored folded to lower case, so that uniqueness ignores case on every database. `totp_step` is the time
step of the last accepted code: no code works twice."""

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index("invitations_user", "user_id"),
)

devices = Table(
    "devices",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("platform", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("session_id", Text, nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)
"""`session_id` names the refresh session whose access tokens are good here; empty where a business signs them."""

refresh_sessions = Table(
    "refresh_sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("rotated_at", BigInteger, nullable=False),
    Index("refresh_sessions_user", "user_id", "device_id"),
    Index("refresh_sessions_age", "rotated_at"),
)
"""The stored side of refresh tokens (`access_tokens.RefreshSession`), one per device that is signed in here."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("secrets", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, server_default="0"),
    Column("last_used_at", BigInteger, nullable=False, server_default="0"),
    Column("revoked_at", BigInteger, nullable=False, server_default="0"),
)
"""`scopes` and `secrets` (hashes) are JSON lists; 0 is never."""

tallies = Table(
    "sign_in_tallies",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("clear_at", BigInteger, nullable=False),
    Index("sign_in_tallies_clear", "clear_at"),
)
"""Attempts to sign in per account and per address. On disk, so that a restart gives nobody a fresh start."""

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default="{}"),
)
"""Append only: nothing in this package changes or removes a record."""
