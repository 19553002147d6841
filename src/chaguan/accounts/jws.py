"""Compact JWS with HS256 (RFC 7515, 7519), strict: one algorithm, one spelling, no key twice.

Our own forty lines because sign-in storms verify thousands a second; the tests hold it against a library.
"""

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from chaguan.core.errors import AppError, ErrorCode

MAX_TOKEN = 4096  # characters

_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})", re.ASCII)


def refused(reason: str) -> AppError:
    """What a bad token of any kind gets: `unauthenticated`, with `data.reason`."""
    return AppError(ErrorCode.unauthenticated, reason.replace("_", " "), reason=reason)


def encode_part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decode_part(text: str) -> bytes:
    """Base64url without padding. Another spelling of the same bytes is refused: it would be another cache key."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise refused("token_malformed") from None
    if encode_part(raw) != text:
        raise refused("token_malformed")
    return raw


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _not_json(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def decode_object(text: str) -> dict[str, object]:
    """One part as a JSON object. Two readers must never see two meanings, hence the care about keys."""
    try:
        found = json.loads(
            decode_part(text).decode("utf-8"), object_pairs_hook=_no_key_twice, parse_constant=_not_json
        )
    except (ValueError, RecursionError):
        raise refused("token_malformed") from None
    if not isinstance(found, dict):
        raise refused("token_malformed")
    return found


def split(token: str) -> tuple[str, str, str]:
    """Header, payload and signature of a token whose header says HS256; nothing is verified yet."""
    shape = _SHAPE.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if shape is None:
        raise refused("token_malformed")
    header, payload, signature = shape.groups()
    _check_header(header)
    return header, payload, signature


@lru_cache(maxsize=64)
def _check_header(header: str) -> None:
    """Remembered because one business's server writes the same header into every token."""
    said = decode_object(header)
    if said.get("alg") != "HS256":
        raise refused("token_algorithm")
    # `crit` names extensions that must be understood (RFC 7515 §4.1.11); none is.
    if "crit" in said or str(said.get("typ", "JWT")).upper() != "JWT":
        raise refused("token_malformed")


def sign(payload: dict[str, object], key: bytes) -> str:
    header = encode_part(b'{"alg":"HS256","typ":"JWT"}')
    body = encode_part(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{header}.{body}.{_signature(header, body, key)}"


def is_signed_by(header: str, payload: str, signature: str, key: bytes) -> bool:
    return hmac.compare_digest(_signature(header, payload, key), signature)


def _signature(header: str, payload: str, key: bytes) -> str:
    return encode_part(hmac.digest(key, f"{header}.{payload}".encode(), hashlib.sha256))
