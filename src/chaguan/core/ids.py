"""Opaque, globally unique ids; and the keyed hashes that make some ids a function of their owners."""

import base64
import hashlib
import hmac
import os
import re
import time
from functools import lru_cache

_ID = re.compile(r"^[a-z]{1,3}_[a-z2-7]{26}$")


def uuid7(now_ms: int | None = None) -> bytes:
    """16 bytes: 48 bits of time, then random (RFC 9562 §5.7), so that new keys land on the same index pages."""
    stamp = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    noise = bytearray(os.urandom(10))
    noise[0] = 0x70 | noise[0] & 0x0F
    noise[2] = 0x80 | noise[2] & 0x3F
    return stamp.to_bytes(6, "big") + bytes(noise)


def _text(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def new_id(kind: str) -> str:
    """`kind` is the letter that tells people what the id names: `new_id("u")` → `u_…` (26 characters follow)."""
    return f"{kind}_{_text(uuid7())}"


def derived_id(kind: str, key: bytes, *parts: str) -> str:
    """The same parts give the same id, and nobody without the key can compute it."""
    message = "\x00".join(parts).encode()
    return f"{kind}_{_text(hmac.digest(key, message, hashlib.sha256)[:16])}"


def is_id(text: str) -> bool:
    return _ID.match(text) is not None


@lru_cache(maxsize=50_000)
def partition_of(conversation_id: str) -> int:
    """Stored with each entry from the first day; consumers are spread by it (DESIGN §7)."""
    return hashlib.blake2b(conversation_id.encode(), digest_size=1).digest()[0]
