"""Signed, expiring links: whoever holds one may fetch what it names until it expires, and nothing else.

The expiry is rounded to a window, so that everyone who sees a picture within it gets the same address and caches hit.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from chaguan.core.errors import AppError, ErrorCode

WINDOW_S = 12 * 3600

_SIGNATURE_BYTES = 18  # 144 bits; 24 characters, a whole number of base64 groups


def expiry(now_ms: int) -> int:
    """UTC seconds at which a link made now ends: after 12 to 24 hours."""
    return (now_ms // 1000 // WINDOW_S + 2) * WINDOW_S


def sign(key: bytes, target: str, variant: str, exp: int) -> str:
    # Lengths go in, so that no two (target, variant) pairs read as the same bytes.
    message = f"{len(target)}:{target}{len(variant)}:{variant}{exp}".encode()
    return urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)[:_SIGNATURE_BYTES]).decode()


def verify(key: bytes, target: str, variant: str, exp: int, signature: str, now_ms: int) -> None:
    """Raises `forbidden`. An expired link says so, that a client asks for a fresh one, but only if it was genuine."""
    genuine = sign(key, target, variant, exp)
    if not hmac.compare_digest(genuine.encode(), signature.encode()):
        raise AppError(ErrorCode.forbidden, "this link was not signed here")
    if exp * 1000 <= now_ms:
        raise AppError(ErrorCode.forbidden, "this link has expired", expired_at=exp * 1000)
