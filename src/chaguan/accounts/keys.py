"""API keys of the business's own servers."""

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import Scope, access_admin
from chaguan.accounts.acts import Acts
from chaguan.accounts.api_keys import ApiKey, new_api_key, rotate_api_key
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.store import keys as store
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.audit import AuditAction

OVERLAP_MS = 24 * 3_600_000


class Key(msgspec.Struct, kw_only=True):
    """An API key without its secret. Times are UTC ms, 0 for never; `used_at` is exact to a minute."""

    id: str
    name: str
    scopes: list[str]
    created_at: int
    expires_at: int = 0
    used_at: int = 0


class ShownKey(Key, kw_only=True):
    """`key` is what to send as bearer token (`ck_…`), shown once. After a rotation the former one stays good until
    `previous_valid_until` (0: it ended)."""

    key: str
    previous_valid_until: int = 0


class Keys:
    def __init__(self, acts: Acts, authenticator: Authenticator) -> None:
        self._acts = acts
        self._authenticator = authenticator

    async def list_keys(self, caller: Caller) -> list[Key]:
        access_admin(caller)
        return [_shown(key) for key in await self._acts.read(store.list_keys)]

    async def create(self, caller: Caller, name: str, scopes: list[Scope], expires_at: int = 0) -> ShownKey:
        access_admin(caller)
        key, text = new_api_key(name, {scope.value for scope in scopes}, self._acts.clock(), expires_at)

        def work(connection: Connection) -> None:
            store.insert_key(connection, key, caller.user_id)

        await self._acts.write(
            caller, AuditAction.key_created, key.id, work, name=key.name, scopes=sorted(key.scopes)
        )
        return ShownKey(**msgspec.structs.asdict(_shown(key)), key=text)

    async def rotate(self, caller: Caller, key_id: str, overlap_ms: int = OVERLAP_MS) -> ShownKey:
        """The same key with a new secret; the former one works for a day, or ends at once with an overlap of 0."""
        access_admin(caller)
        if not 0 <= overlap_ms <= 30 * OVERLAP_MS:
            raise AppError(ErrorCode.bad_request, "an overlap of 0 to 30 days", field="overlap_ms")
        now = self._acts.clock()

        def work(connection: Connection) -> tuple[ApiKey, str]:
            rotated, text = rotate_api_key(_get(connection, key_id), now, overlap_ms)
            store.update_key(connection, rotated)
            return rotated, text

        key, text = await self._acts.write(
            caller, AuditAction.key_rotated, key_id, work, overlap_ms=overlap_ms
        )
        self._authenticator.forget(key_id)
        until = now + overlap_ms if overlap_ms else 0
        return ShownKey(**msgspec.structs.asdict(_shown(key)), key=text, previous_valid_until=until)

    async def revoke(self, caller: Caller, key_id: str) -> None:
        access_admin(caller)
        now = self._acts.clock()

        def work(connection: Connection) -> None:
            key = _get(connection, key_id)
            store.update_key(connection, msgspec.structs.replace(key, revoked_at=now, secrets=()))

        await self._acts.write(caller, AuditAction.key_revoked, key_id, work)
        self._authenticator.forget(key_id)


def _get(connection: Connection, key_id: str) -> ApiKey:
    key = store.find_key(connection, key_id)
    if key is None or key.revoked_at:
        raise AppError(ErrorCode.not_found, "no such key")
    return key


def _shown(key: ApiKey) -> Key:
    return Key(
        id=key.id,
        name=key.name,
        scopes=sorted(key.scopes),
        created_at=key.created_at,
        expires_at=key.expires_at,
        used_at=key.last_used_at,
    )
