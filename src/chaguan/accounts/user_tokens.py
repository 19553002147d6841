"""User tokens: what a business's own server signs for a customer who is signed in there.

A JWT, HS256, signed with the app's secret (the text shown in the console, as UTF-8). Claims:

- `sub`: the business's own id of the user, 1 to 128 characters. Never reuse one for another person.
- `app`, or `aud`: the id of the app. If both are there, both must name it.
- `iat`, `exp`: seconds; `exp` at most 7 days after `iat`. `nbf` is honoured. Clocks may differ by 60 s.
- optional `name` (to 64 characters), `avatar` (https address, to 1024), `kind` (only `customer`).

Other claims are ignored. Refusals are `unauthenticated` with `data.reason`; `token_expired` and
`token_not_yet_valid` ask for a fresh token, all others say that the business's server signs something else.
"""

import re
import secrets
from collections.abc import Sequence

import msgspec

from chaguan.accounts import jws
from chaguan.accounts.jws import refused

LEEWAY_S = 60
MAX_LIFE_S = 7 * 24 * 3600
MAX_SUBJECT = 128
MAX_NAME = 64
MAX_AVATAR = 1024

# Controls, lone surrogates and what turns the direction of text: they break logs, storage and other people's
# screens. Joiners stay: emoji and several scripts need them.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MAX_TIME_S = 2**40  # beyond any date: a bound for arithmetic


class AppSecret(msgspec.Struct, frozen=True):
    """One of an app's secrets. `expires_at` (UTC ms) is 0 for the current one and set for one being rotated out."""

    text: str
    expires_at: int = 0

    def __repr__(self) -> str:
        return f"AppSecret(expires_at={self.expires_at})"


def new_app_secret() -> AppSecret:
    """256 bits as text. It belongs on servers; the console shows it once."""
    return AppSecret(secrets.token_urlsafe(32))


def rotate_app_secret(current: Sequence[AppSecret], now: int, overlap_ms: int) -> tuple[AppSecret, ...]:
    """A new secret first, and the last one until `overlap_ms` from now. At most two are ever active; any older
    one ends at once. With no overlap the last one ends at once too: for a secret that leaked."""
    kept = [secret for secret in active_secrets(current, now) if secret.expires_at == 0][:1]
    leaving = tuple(AppSecret(secret.text, now + overlap_ms) for secret in kept if overlap_ms > 0)
    return (new_app_secret(), *leaving)


def active_secrets(all_of_them: Sequence[AppSecret], now: int) -> tuple[AppSecret, ...]:
    return tuple(secret for secret in all_of_them if secret.expires_at == 0 or secret.expires_at > now)


class UserClaims(msgspec.Struct, frozen=True, gc=False):
    """What a verified user token says. Times are UTC milliseconds."""

    app_id: str
    subject: str
    issued_at: int
    expires_at: int
    name: str = ""
    avatar: str = ""


def claimed_app(token: str) -> str:
    """The app that the token claims to be for, unverified: only good for finding that app's secrets."""
    return _app_in(jws.decode_object(jws.split(token)[1]))


def verify_user_token(token: str, app_id: str, app_secrets: Sequence[AppSecret], now: int) -> UserClaims:
    """The claims, or `unauthenticated`. `app_secrets` are those of `app_id` now: the lapsed do not count."""
    header, payload, signature = jws.split(token)
    if not any(
        jws.is_signed_by(header, payload, signature, secret.text.encode())
        for secret in active_secrets(app_secrets, now)
    ):
        raise refused("token_signature")
    said = jws.decode_object(payload)
    claims = _claims(said, app_id)
    _check_times(claims, _seconds(said, "nbf", required=False), now)
    return claims


def sign_user_token(secret: AppSecret, app_id: str, subject: str, now: int, life_s: int = 3600) -> str:
    """What a business's server does, for the demo and the tests."""
    seconds = now // 1000
    return jws.sign(
        {"sub": subject, "app": app_id, "iat": seconds, "exp": seconds + life_s}, secret.text.encode()
    )


def _claims(said: dict[str, object], app_id: str) -> UserClaims:
    if _app_in(said) != app_id:
        raise refused("token_of_another_app")
    if said.get("kind", "customer") != "customer":
        raise refused("token_kind")
    issued, expires = _seconds(said, "iat"), _seconds(said, "exp")
    if not 0 < expires - issued <= MAX_LIFE_S:
        raise refused("token_life")
    avatar = _text(said, "avatar", MAX_AVATAR)
    if avatar and not avatar.startswith("https://"):
        raise refused("token_avatar")
    return UserClaims(
        app_id=app_id,
        subject=_text(said, "sub", MAX_SUBJECT, required=True),
        issued_at=issued * 1000,
        expires_at=expires * 1000,
        name=_text(said, "name", MAX_NAME),
        avatar=avatar,
    )


def _check_times(claims: UserClaims, not_before_s: int, now: int) -> None:
    leeway = LEEWAY_S * 1000
    if now >= claims.expires_at + leeway:
        raise refused("token_expired")
    if max(claims.issued_at, not_before_s * 1000) > now + leeway:
        raise refused("token_not_yet_valid")


def _app_in(said: dict[str, object]) -> str:
    """`aud` may be a list (RFC 7519 §4.1.3), but a token for several apps would be signed with whose secret?"""
    audience = said.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    named = [value for value in (said.get("app"), audience) if value is not None]
    if not named or any(value != named[0] for value in named):
        raise refused("token_of_another_app")
    found = named[0]
    if not isinstance(found, str) or not 0 < len(found) <= 128:
        raise refused("token_of_another_app")
    return found


def _seconds(said: dict[str, object], name: str, required: bool = True) -> int:
    value = said.get(name)
    if value is None and not required:
        return 0
    # A NumericDate may have a fraction (RFC 7519 §2); True is an int in Python but not a time.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_TIME_S:
        raise refused(f"token_{name}")
    return int(value)


def _text(said: dict[str, object], name: str, limit: int, required: bool = False) -> str:
    value = said.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > limit or (required and not value.strip()):
        raise refused(f"token_{name}")
    if _UNFIT.search(value):
        raise refused(f"token_{name}")
    return value
