"""Intents: one-time permissions for a tap on a card. Pure; that one is spent once is decided where the act is stored.

A token is base64url of JSON and a MAC. The MAC also binds the conversation and its customer, so that a token is nothing in
another's hands; what it permits can be read by anybody and changed by nobody.
"""

import base64
import binascii
import hashlib
import hmac

import msgspec
from msgspec import Struct

MAX_TOKEN = 300
_MAC_BYTES = 16


class Intent(Struct, array_like=True, frozen=True):
    """`round` of the card and `revision` of its object: once either has moved, the intent is spent. `until`: UTC
    milliseconds."""

    card_id: str
    round: int
    revision: int
    action: str
    until: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Intent).decode


def sign(key: bytes, conversation_id: str, customer_id: str, intent: Intent) -> str:
    body = _encode(intent)
    return base64.urlsafe_b64encode(body + _mac(key, conversation_id, customer_id, body)).decode().rstrip("=")


def read(key: bytes, conversation_id: str, customer_id: str, token: str) -> Intent | None:
    """None for what was not signed for this customer in this conversation."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, conversation_id, customer_id, body)):
        return None
    return _decode(body)


def _mac(key: bytes, conversation_id: str, customer_id: str, body: bytes) -> bytes:
    bound = b"\x00".join((conversation_id.encode(), customer_id.encode(), body))
    return hmac.digest(key, bound, hashlib.sha256)[:_MAC_BYTES]
