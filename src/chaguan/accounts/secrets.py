"""What the accounts keep secret but must be able to read again: app secrets, WeChat secrets, TOTP secrets.

Passwords, recovery codes, API keys and refresh tokens are hashed instead and never come through here.
"""

from sqlalchemy import Connection, select, update

from chaguan.accounts.store.rows import insert_or_nothing
from chaguan.accounts.tables import account_keys
from chaguan.infra.database import Database
from chaguan.infra.sealing import DataKey, Vault

_OWNER = "accounts"


class Secrets:
    """Seals texts, each bound to its place, so that a row's secret opens in no other row."""

    def __init__(self, key: DataKey) -> None:
        self._key = key

    def seal(self, place: str, owner: str, text: str) -> bytes:
        return self._key.seal(text.encode(), f"{place}\x00{owner}".encode())

    def unseal(self, place: str, owner: str, sealed: bytes | None) -> str:
        return "" if sealed is None else self._key.unseal(sealed, f"{place}\x00{owner}".encode()).decode()


async def open_secrets(db: Database, vault: Vault) -> Secrets:
    """The domain's data key, made at the first start."""
    fresh = vault.wrap(_OWNER)
    wrapped = await db.write(lambda connection: _keep_key(connection, fresh))
    return Secrets(vault.unwrap(_OWNER, wrapped))


def rewrap_keys(connection: Connection, vault: Vault) -> int:
    """Part of the rotation of the master key; returns how many keys changed."""
    changed = 0
    for owner, wrapped in connection.execute(select(account_keys.c.owner, account_keys.c.wrapped)).all():
        again = vault.rewrap(owner, wrapped)
        if again != wrapped:
            connection.execute(
                update(account_keys).where(account_keys.c.owner == owner).values(wrapped=again)
            )
            changed += 1
    return changed


def _keep_key(connection: Connection, fresh: bytes) -> bytes:
    insert_or_nothing(connection, account_keys, {"owner": _OWNER, "wrapped": fresh})
    statement = select(account_keys.c.wrapped).where(account_keys.c.owner == _OWNER)
    wrapped: bytes = connection.execute(statement).scalar_one()
    return wrapped
