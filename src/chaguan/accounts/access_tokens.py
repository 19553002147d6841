"""Tokens the deployment itself signs for people who signed in here: staff, and customers through WeChat.

An *access token* (`ca_…`, one hour) is verified without a look-up; whoever must stop a device at once relies on
the re-authorization of live sessions and on the refresh, which reads the stored session. A *refresh token*
(`cr_…`) is opaque to clients and good once: each use gives the next one.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from chaguan.accounts import jws
from chaguan.accounts.jws import refused
from chaguan.core.errors import AppError
from chaguan.core.ids import new_id

ACCESS_LIFE_MS = 3_600_000
IDLE_LIFE_MS = 30 * 24 * 3_600_000
FULL_LIFE_MS = 180 * 24 * 3_600_000
LOST_REPLY_MS = 60_000

_ACCESS = re.compile(r"ca_([A-Za-z0-9_-]{1,1024})\.([A-Za-z0-9_-]{43})", re.ASCII)
_REFRESH = re.compile(r"cr_(rs_[a-z2-7]{26})\.([0-9]{1,9})\.([A-Za-z0-9_-]{43})", re.ASCII)


class AccessClaims(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who the token speaks for. Rights are not in it: a role taken away must not live on for an hour.

    It is good on its device only: the edge refuses it when the `device_id` that a client states is another.
    """

    user_id: str
    device_id: str
    kind: str
    app_id: str
    session_id: str
    expires_at: int


class TokenSigner:
    """Signs with the first key and accepts all of them, so that a key can be replaced without signing anyone out.

    The keys are secrets of 32 bytes derived from the deployment's master key, used for nothing else.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) < 32 for key in keys):
            raise ValueError("signing keys have at least 32 bytes")
        self._keys = tuple(keys)

    def sign(self, purpose: str, text: str) -> str:
        return self._mac(self._keys[0], purpose, text)

    def is_signed(self, purpose: str, text: str, signature: str) -> bool:
        return any(hmac.compare_digest(self._mac(key, purpose, text), signature) for key in self._keys)

    @staticmethod
    def _mac(key: bytes, purpose: str, text: str) -> str:
        return jws.encode_part(hmac.digest(key, f"{purpose}\x00{text}".encode(), hashlib.sha256))


def issue_access_token(signer: TokenSigner, session: "RefreshSession", now: int) -> str:
    claims = AccessClaims(
        session.user_id,
        session.device_id,
        session.kind,
        session.app_id,
        session.id,
        min(now + ACCESS_LIFE_MS, session.expires_at),
    )
    body = jws.encode_part(msgspec.json.encode(claims))
    return f"ca_{body}.{signer.sign('access', body)}"


def verify_access_token(signer: TokenSigner, token: str, now: int) -> AccessClaims:
    """`unauthenticated` with `data.reason`: `token_expired` asks for a refresh, everything else for a sign-in."""
    shape = _ACCESS.fullmatch(token)
    if shape is None:
        raise refused("token_malformed")
    body, signature = shape.groups()
    if not signer.is_signed("access", body, signature):
        raise refused("token_signature")
    try:
        claims = msgspec.json.decode(jws.decode_part(body), type=AccessClaims)
    except msgspec.DecodeError:
        raise refused("token_malformed") from None  # signed by another version of this software
    # No leeway: this deployment's nodes issued it, and a client refreshes well before the end.
    if now >= claims.expires_at:
        raise refused("token_expired")
    return claims


def verify_kept_token(signer: TokenSigner, token: str) -> AccessClaims | None:
    """What an access token that a device kept says, even expired or signed out: who once signed in on it. It lets
    nobody in. None: not genuine."""
    try:
        return verify_access_token(signer, token, 0)
    except AppError:
        return None


class RefreshSession(msgspec.Struct, frozen=True):
    """The stored side of a refresh token, one per sign-in on a device.

    No token is stored, not even hashed: each is a MAC over id and generation with `salt`, so a stolen database
    gives none without the signing key, and the key gives none without the database.
    """

    id: str
    user_id: str
    device_id: str
    kind: str
    app_id: str
    salt: str
    generation: int
    created_at: int
    rotated_at: int

    @property
    def expires_at(self) -> int:
        """30 days after the last use, 180 after the sign-in."""
        return min(self.rotated_at + IDLE_LIFE_MS, self.created_at + FULL_LIFE_MS)

    def __repr__(self) -> str:
        return f"RefreshSession(id={self.id!r}, device_id={self.device_id!r}, generation={self.generation})"


def new_refresh_session(user_id: str, device_id: str, kind: str, app_id: str, now: int) -> RefreshSession:
    return RefreshSession(
        id=new_id("rs"),
        user_id=user_id,
        device_id=device_id,
        kind=kind,
        app_id=app_id,
        salt=secrets.token_hex(16),
        generation=0,
        created_at=now,
        rotated_at=now,
    )


def refresh_token_of(signer: TokenSigner, session: RefreshSession) -> str:
    """The one refresh token that is good now."""
    return f"cr_{session.id}.{session.generation}.{_refresh_mac(signer, session, session.generation)}"


def refresh_session_id(token: str) -> str:
    """Which stored session a refresh token is of. It proves nothing yet."""
    return _parse_refresh(token)[0]


class RefreshRefusal(StrEnum):
    invalid = "refresh_invalid"
    expired = "refresh_expired"
    reused = "refresh_reused"
    """A token that was genuine and already used: two parties hold it. Revoke the device."""


def use_refresh_token(
    signer: TokenSigner, session: RefreshSession, token: str, device_id: str, now: int
) -> RefreshSession | RefreshRefusal:
    """The session's next state (store it on condition that the generation is unchanged, then issue both tokens
    from it), or why not. Whatever does not bear a genuine signature changes nothing, so nobody can sign others
    out by guessing.

    The token before the current one is accepted for a minute after the rotation and leads to the same state: a
    phone whose reply was lost asks again, two tabs ask at once. A thief in that minute is noticed at the next
    refresh of either party, whose token is then a used one.
    """
    session_id, generation, mac = _parse_refresh(token)
    if session_id != session.id or not _is_genuine(signer, session, generation, mac):
        return RefreshRefusal.invalid
    if now >= session.expires_at:
        return RefreshRefusal.expired
    if device_id != session.device_id:
        return RefreshRefusal.reused
    if generation == session.generation:
        return msgspec.structs.replace(session, generation=generation + 1, rotated_at=now)
    if generation > session.generation:
        return RefreshRefusal.invalid  # the database was restored to an earlier state
    if generation == session.generation - 1 and now - session.rotated_at < LOST_REPLY_MS:
        return session
    return RefreshRefusal.reused


def _parse_refresh(token: str) -> tuple[str, int, str]:
    shape = _REFRESH.fullmatch(token)
    if shape is None:
        raise refused(RefreshRefusal.invalid.value)
    return shape[1], int(shape[2]), shape[3]


def _is_genuine(signer: TokenSigner, session: RefreshSession, generation: int, mac: str) -> bool:
    return signer.is_signed("refresh", f"{session.id}\x00{session.salt}\x00{generation}", mac)


def _refresh_mac(signer: TokenSigner, session: RefreshSession, generation: int) -> str:
    return signer.sign("refresh", f"{session.id}\x00{session.salt}\x00{generation}")
