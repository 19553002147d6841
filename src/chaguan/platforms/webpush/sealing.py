"""Message encryption for web push (RFC 8291 on RFC 8188): one record, sealed for the browser that subscribed.

The push service carries it and can't read it. Forty lines on `cryptography` rather than `pywebpush`, which brings an
HTTP stack of its own (requests and aiohttp) past the one guarded way out of this house.
"""

import base64
import binascii
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from chaguan.core.errors import AppError, ErrorCode

RECORD = 4096
_HEAD = 16 + 4 + 1 + 65
MAX_PLAINTEXT = RECORD - _HEAD - 16 - 1
"""What every push service takes: 4,096 bytes with everything around it (RFC 8030 §7.2)."""


class Subscription(Struct, frozen=True):
    """What `PushManager.subscribe` gave: where to push, and the browser's keys (base64url)."""

    endpoint: str
    p256dh: str
    auth: str

    def __repr__(self) -> str:
        return "Subscription(hidden)"


def check_subscription(subscription: Subscription) -> None:
    """`bad_request` for keys that no browser made: they would fail at each push, and nobody would know why."""
    _keys_of(subscription)


def seal(
    subscription: Subscription,
    plaintext: bytes,
    salt: bytes | None = None,
    own: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push. `salt` and `own` are random, but in the test of the RFC's example."""
    theirs, auth = _keys_of(subscription)
    own = own or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    public = point(own.public_key())
    shared = own.exchange(ec.ECDH(), theirs)
    secret = _hkdf(auth, shared, b"WebPush: info\x00" + point(theirs) + public, 32)
    key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
    # 2: the last record, without padding.
    sealed = AESGCM(key).encrypt(nonce, plaintext + b"\x02", None)
    return salt + struct.pack("!IB", RECORD, len(public)) + public + sealed


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """65 bytes: uncompressed, as browsers have it."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _keys_of(subscription: Subscription) -> tuple[ec.EllipticCurvePublicKey, bytes]:
    try:
        raw, auth = decode(subscription.p256dh), decode(subscription.auth)
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except (ValueError, binascii.Error) as error:
        raise AppError(ErrorCode.bad_request, "not a browser's keys", field="p256dh") from error
    if len(auth) != 16:
        raise AppError(ErrorCode.bad_request, "not a browser's secret", field="auth")
    return key, auth


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
