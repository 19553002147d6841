"""API keys: `ck_<id>_<secret>`, for a business's own servers. Named, scoped, rotatable; only hashes are kept."""

import hashlib
import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Iterable

import msgspec

from chaguan.accounts.jws import refused
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode

MAX_NAME = 64
MAX_SCOPES = 32
LAST_USED_EVERY_MS = 60_000

_KEY = re.compile(r"ck_([a-z2-7]{16})_([a-z2-7]{52})", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SCOPE = re.compile(r"[a-z][a-z_]{0,30}:(read|write)", re.ASCII)


class KeySecret(msgspec.Struct, frozen=True):
    """`sha256` suffices, since the secret is 256 random bits. `expires_at` is 0 for the current one."""

    sha256: str
    expires_at: int = 0


class ApiKey(msgspec.Struct, frozen=True):
    """The stored side of a key. Times are UTC milliseconds, 0 for never."""

    id: str
    name: str
    scopes: frozenset[str]
    secrets: tuple[KeySecret, ...]
    created_at: int
    expires_at: int = 0
    last_used_at: int = 0
    revoked_at: int = 0


class PresentedKey(msgspec.Struct, frozen=True):
    """What a request brought: look the key up by `id`, then `verify_api_key`."""

    id: str
    sha256: str


def new_api_key(name: str, scopes: Iterable[str], now: int, expires_at: int = 0) -> tuple[ApiKey, str]:
    """The key to store and its text, which is shown once. Scopes are `noun:read` or `noun:write`."""
    wanted = frozenset(scopes)
    if not 0 < len(name.strip()) <= MAX_NAME or _CONTROL.search(name):
        raise AppError(ErrorCode.bad_request, f"a name has 1 to {MAX_NAME} characters", reason="key_name")
    if not 0 < len(wanted) <= MAX_SCOPES or not all(_SCOPE.fullmatch(scope) for scope in wanted):
        raise AppError(ErrorCode.bad_request, "scopes are noun:read or noun:write", reason="key_scopes")
    if expires_at and expires_at <= now:
        raise AppError(ErrorCode.bad_request, "the key would be expired already", reason="key_expiry")
    key_id = _random(10)
    text, digest = _new_secret(key_id)
    key = ApiKey(key_id, name.strip(), wanted, (KeySecret(digest),), now, expires_at)
    return key, text


def rotate_api_key(key: ApiKey, now: int, overlap_ms: int) -> tuple[ApiKey, str]:
    """The same key with a new secret; the last one works for `overlap_ms` more, any older one ends at once."""
    text, digest = _new_secret(key.id)
    leaving = tuple(
        KeySecret(secret.sha256, now + overlap_ms)
        for secret in key.secrets
        if secret.expires_at == 0 and overlap_ms > 0
    )
    return msgspec.structs.replace(key, secrets=(KeySecret(digest), *leaving)), text


def parse_api_key(text: str) -> PresentedKey:
    """Raises `unauthenticated` for anything that is not shaped like a key."""
    shape = _KEY.fullmatch(text)
    if shape is None:
        raise refused("key_invalid")
    return PresentedKey(shape[1], _digest(shape[2]))


def verify_api_key(key: ApiKey | None, presented: PresentedKey, now: int) -> Caller:
    """The caller that the key makes. A key that does not exist, was revoked or whose secret is another gets the
    same `key_invalid`; only who holds the right secret learns that it is `key_expired`."""
    if key is None or key.id != presented.id or key.revoked_at:
        raise refused("key_invalid")
    matched = [secret for secret in key.secrets if hmac.compare_digest(secret.sha256, presented.sha256)]
    if not matched:
        raise refused("key_invalid")
    if (key.expires_at and now >= key.expires_at) or (matched[0].expires_at and now >= matched[0].expires_at):
        raise refused("key_expired")
    ends = [at for at in (key.expires_at, matched[0].expires_at) if at]
    return Caller(kind="server", user_id=key.id, scopes=key.scopes, expires_at=min(ends, default=0))


def is_use_worth_storing(key: ApiKey, now: int) -> bool:
    """Once a minute is enough to see which keys live, and spares a write per request."""
    return now - key.last_used_at >= LAST_USED_EVERY_MS


def _new_secret(key_id: str) -> tuple[str, str]:
    secret = _random(32)
    return f"ck_{key_id}_{secret}", _digest(secret)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _random(size: int) -> str:
    return b32encode(secrets.token_bytes(size)).decode().rstrip("=").lower()
