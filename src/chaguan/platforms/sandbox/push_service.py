"""A browser and its maker's push service: takes what RFC 8030, 8291 and 8292 let through and opens it as a browser would.

In memory, bounded, no HTTP. It shares no code with what it judges but the standard's own words.
"""

import base64
import binascii
import secrets
import struct
from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chaguan.core.clock import Clock, now_ms

MAX_BODY = 4_096
_DAY_S = 86_400
_MAX_SUBSCRIPTIONS, _MAX_RECEIVED = 1_000, 100


class Refused(Exception):
    """`status` is the HTTP status of the push service; 400 with `reason` also for what a browser could not open."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Note(msgspec.Struct):
    """What the page's service worker is given, and how it was sent."""

    at: int
    data: str
    ttl: int
    urgency: str
    topic: str


class Browser:
    def __init__(self, application_key: str) -> None:
        self.application_key = application_key
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = secrets.token_bytes(16)
        self.received: deque[Note] = deque(maxlen=_MAX_RECEIVED)

    @property
    def auth_text(self) -> str:
        return _encoded(self.auth)

    @property
    def p256dh(self) -> str:
        return _encoded(_point(self.key.public_key()))


class SandboxPush:
    def __init__(self, clock: Clock = now_ms) -> None:
        self._clock = clock
        self._browsers: OrderedDict[str, Browser | None] = OrderedDict()

    def subscribe(self, application_key: str) -> tuple[str, Browser]:
        """`PushManager.subscribe` with an `applicationServerKey`, which must be a point of the curve."""
        _public_key(_decoded(application_key))
        id = secrets.token_urlsafe(24)
        self._browsers[id] = browser = Browser(application_key)
        if len(self._browsers) > _MAX_SUBSCRIPTIONS:
            self._browsers.popitem(last=False)
        return id, browser

    def unsubscribe(self, id: str) -> None:
        """The person took the permission back: what is pushed from now on is answered with 410."""
        if id in self._browsers:
            self._browsers[id] = None

    def find(self, id: str) -> Browser | None:
        return self._browsers.get(id)

    def take(self, id: str, own_origin: str, headers: Mapping[str, str], body: bytes) -> None:
        """A push of an application server. Header names are lower case."""
        if id not in self._browsers:
            raise Refused(404, "no such subscription")
        browser = self._browsers[id]
        if browser is None:
            raise Refused(410, "the subscription is gone")
        self._check_vapid(browser, own_origin, headers.get("authorization", ""))
        ttl = headers.get("ttl", "")
        if not (ttl.isascii() and ttl.isdigit()):
            raise Refused(400, "TTL is missing")
        if len(body) > MAX_BODY:
            raise Refused(413, "too large")
        topic = headers.get("topic", "")
        if len(topic) > 32 or not all(c.isascii() and (c.isalnum() or c in "-_") for c in topic):
            raise Refused(400, "no topic")
        urgency = headers.get("urgency", "normal")
        if urgency not in ("very-low", "low", "normal", "high"):
            raise Refused(400, "no urgency")
        if headers.get("content-encoding", "") != "aes128gcm":
            raise Refused(415, "unknown encoding")
        data = _opened(browser, body)
        browser.received.append(Note(self._clock(), data, int(ttl), urgency, topic))

    def _check_vapid(self, browser: Browser, own_origin: str, header: str) -> None:
        scheme, _, rest = header.partition(" ")
        given = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        token, key = given.get("t", ""), given.get("k", "")
        if scheme.lower() != "vapid" or not token or not key:
            raise Refused(401, "no vapid")
        if key != browser.application_key:
            raise Refused(403, "another application server's key")
        claims = _verified(token, key)
        if claims.get("aud") != own_origin:
            raise Refused(403, "aud is another origin")
        now_s, expires = self._clock() // 1000, claims.get("exp")
        if not isinstance(expires, int) or not now_s < expires <= now_s + _DAY_S:
            raise Refused(403, "exp is past, or more than a day away")
        contact = claims.get("sub", "")
        if not isinstance(contact, str) or urlsplit(contact).scheme not in ("mailto", "https"):
            raise Refused(403, "sub is no contact")


def _verified(token: str, key: str) -> dict[str, Any]:
    """The claims of a JWT that `key` signed (ES256)."""
    try:
        head, claims, signature = token.split(".")
        raw = _decoded(signature)
        if msgspec.json.decode(_decoded(head)).get("alg") != "ES256" or len(raw) != 64:
            raise Refused(403, "not ES256")
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        signed = f"{head}.{claims}".encode()
        _public_key(_decoded(key)).verify(der, signed, ec.ECDSA(hashes.SHA256()))
        found: dict[str, Any] = msgspec.json.decode(_decoded(claims), type=dict[str, Any])
    except (ValueError, AttributeError, InvalidSignature) as error:
        raise Refused(403, "a bad token") from error
    return found


def _opened(browser: Browser, body: bytes) -> str:
    """RFC 8188: salt, record size, the sender's key, and one record; RFC 8291 §3.4: what opens it."""
    if len(body) < 21 + 65 + 17:
        raise Refused(400, "cut short")
    salt, (size, length) = body[:16], struct.unpack("!IB", body[16:21])
    sender, record = body[21 : 21 + length], body[21 + length :]
    if length != 65 or len(record) > size:
        raise Refused(400, "not one record")
    shared = browser.key.exchange(ec.ECDH(), _public_key(sender))
    own = _point(browser.key.public_key())
    ikm = _expand(_extract(browser.auth, shared), b"WebPush: info\x00" + own + sender, 32)
    prk = _extract(salt, ikm)
    key = _expand(prk, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _expand(prk, b"Content-Encoding: nonce\x00", 12)
    try:
        padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\x00")
    except InvalidTag as error:
        raise Refused(400, "the browser can't open it") from error
    if padded[-1:] != b"\x02":
        raise Refused(400, "not the last record")
    return padded[:-1].decode()


def _extract(salt: bytes, secret: bytes) -> bytes:
    mac = HMAC(salt, hashes.SHA256())
    mac.update(secret)
    return mac.finalize()


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    return HKDFExpand(algorithm=hashes.SHA256(), length=length, info=info).derive(key)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _public_key(raw: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as error:
        raise Refused(400, "not a key") from error


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise Refused(400, "not base64url") from error
