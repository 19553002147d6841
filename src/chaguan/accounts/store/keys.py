"""API keys."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from chaguan.accounts.api_keys import ApiKey, KeySecret
from chaguan.accounts.store.rows import AnyRow
from chaguan.accounts.tables import api_keys


def _key(row: AnyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=msgspec.json.decode(row.scopes, type=frozenset[str]),
        secrets=msgspec.json.decode(row.secrets, type=tuple[KeySecret, ...]),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


def _secrets(key: ApiKey) -> str:
    return msgspec.json.encode(key.secrets).decode()


def find_key(connection: Connection, key_id: str) -> ApiKey | None:
    row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).first()
    return None if row is None else _key(row)


def list_keys(connection: Connection) -> list[ApiKey]:
    statement = select(api_keys).where(api_keys.c.revoked_at == 0).order_by(api_keys.c.created_at)
    return [_key(row) for row in connection.execute(statement)]


def insert_key(connection: Connection, key: ApiKey, created_by: str) -> None:
    connection.execute(
        api_keys.insert().values(
            id=key.id,
            name=key.name,
            scopes=msgspec.json.encode(sorted(key.scopes)).decode(),
            secrets=_secrets(key),
            created_by=created_by,
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    )


def update_key(connection: Connection, key: ApiKey) -> None:
    """Its secrets and its end; a key is never anything else than it was."""
    connection.execute(
        update(api_keys)
        .where(api_keys.c.id == key.id)
        .values(secrets=_secrets(key), revoked_at=key.revoked_at)
    )


def write_used(connection: Connection, used: Sequence[Mapping[str, Any]]) -> None:
    """Many at once: `[{key, at}]`."""
    connection.execute(
        update(api_keys).where(api_keys.c.id == bindparam("key")).values(last_used_at=bindparam("at")), used
    )
