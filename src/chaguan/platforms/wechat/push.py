"""WeChat's message push, read and written without I/O: who sent it, and what it says.

Written from the vendor's pages 消息推送 and 消息加解密, whose examples are the tests' vectors. The account's page offers
three modes. In the *plain* one the signature covers token, timestamp and nonce but not the body; in the *compatible*
and *safe* ones the body has an encrypted part, and a signature of its own covers that. An app that has an
EncodingAESKey here is answered in the encrypted modes only, and only what was encrypted is read: else whoever saw one
signed address could say anything with it.
"""

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from chaguan.core.errors import AppError, ErrorCode
from chaguan.platforms.wechat.xml import Malformed, read_flat

WINDOW_MS = 5 * 60_000
"""How far the time of a push may lie from ours."""
MAX_BODY = 64 * 1024
MAX_TOKEN = 32
ANSWER = "success"

T = TypeVar("T")

_BLOCK_BITS = 32 * 8
_RANDOM, _LENGTH = 16, 4
_AES_KEY = re.compile(r"[A-Za-z0-9]{43}", re.ASCII)
_TOKEN = re.compile(rf"[A-Za-z0-9]{{3,{MAX_TOKEN}}}", re.ASCII)
_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_WORD = re.compile(r"[\x21-\x7e]{1,256}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class PushKeys(msgspec.Struct, frozen=True):
    """What the account's page has under 消息推送. `aes_key` is empty in the plain mode."""

    app_id: str
    token: str
    aes_key: bytes = b""

    def __repr__(self) -> str:
        return f"PushKeys({self.app_id!r})"


class PushQuery(msgspec.Struct, frozen=True):
    """The parameters of the address, all of them texts of a stranger."""

    signature: str = ""
    timestamp: str = ""
    nonce: str = ""
    echostr: str = ""
    msg_signature: str = ""


class PushMessage(msgspec.Struct, rename="pascal", frozen=True):
    """What was said, under WeChat's names. Which fields there are depends on `msg_type` and `event`."""

    from_user_name: str
    msg_type: str
    create_time: int = 0
    msg_id: int = 0
    event: str = ""
    content: str = ""
    pic_url: str = ""
    media_id: str = ""
    title: str = ""
    page_path: str = ""
    thumb_url: str = ""
    session_from: str = ""


class Push(msgspec.Struct, frozen=True):
    """`key` is the same however often WeChat repeats it; `proof` is its signature, good for this push alone."""

    message: PushMessage
    key: str
    proof: str


class _Envelope(msgspec.Struct, rename="pascal"):
    encrypt: str = ""


def check_token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise AppError(
            ErrorCode.bad_request, "a Token has 3 to 32 letters and digits", field="wechat_push_token"
        )
    return text


def read_aes_key(text: str) -> bytes:
    """The key behind an EncodingAESKey, 43 characters as the account's page shows it."""
    if not _AES_KEY.fullmatch(text):
        raise AppError(
            ErrorCode.bad_request,
            "an EncodingAESKey has 43 letters and digits",
            field="wechat_push_aes_key",
        )
    return b64decode(text + "=")


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def verify_url(keys: PushKeys, query: PushQuery, now: int) -> str:
    """When the address is saved on the account's page, WeChat asks it once: what to answer."""
    _check(keys, query, query.signature, now)
    if not _WORD.fullmatch(query.echostr):
        raise _refused("malformed")
    return query.echostr


def open_push(keys: PushKeys, query: PushQuery, body: bytes, now: int) -> Push:
    """`forbidden` (`bad_signature`, `stale`) for what is not WeChat's, `bad_request` (`malformed`) for what can't be
    read. A truncated body is one or the other, never half a message."""
    if len(body) > MAX_BODY:
        raise AppError(ErrorCode.too_large, f"at most {MAX_BODY} bytes", limit=MAX_BODY)
    if keys.aes_key:
        sealed = _read(body, _Envelope).encrypt
        _check(keys, query, query.msg_signature, now, sealed)
        text, proof = decrypt(keys, sealed), query.msg_signature
    else:
        _check(keys, query, query.signature, now)
        text, proof = body, query.signature
    message = _read(text, PushMessage)
    if not _ID.fullmatch(message.from_user_name) or not all(
        _ID.fullmatch(word) for word in (message.msg_type, message.event or "-")
    ):
        raise _malformed()
    return Push(message, _key(message, text), proof)


def encrypt(keys: PushKeys, message: bytes, random: bytes = b"") -> str:
    """`random` is given by tests alone."""
    head = (random or os.urandom(_RANDOM)) + len(message).to_bytes(_LENGTH)
    padder = PKCS7(_BLOCK_BITS).padder()
    padded = padder.update(head + message + keys.app_id.encode()) + padder.finalize()
    encryptor = _cipher(keys).encryptor()
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(keys: PushKeys, sealed: str) -> bytes:
    """What `encrypt` sealed for this AppID. Its signature is checked before, so that nobody can probe the padding."""
    try:
        raw = b64decode(sealed, validate=True)
        decryptor = _cipher(keys).decryptor()
        padded = decryptor.update(raw) + decryptor.finalize()
        unpadder = PKCS7(_BLOCK_BITS).unpadder()
        plain = unpadder.update(padded) + unpadder.finalize()
    except (NotBase64, ValueError):
        raise _malformed() from None
    start = _RANDOM + _LENGTH
    end = start + int.from_bytes(plain[_RANDOM:start])
    if len(plain) < end or not hmac.compare_digest(plain[end:], keys.app_id.encode()):
        raise _malformed()
    return plain[start:end]


def _cipher(keys: PushKeys) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES256(keys.aes_key), modes.CBC(keys.aes_key[:16]))


def _check(keys: PushKeys, query: PushQuery, given: str, now: int, *more: str) -> None:
    if not keys.token or not _STAMP.fullmatch(query.timestamp) or not _WORD.fullmatch(query.nonce):
        raise _refused("bad_signature")
    expected = sign(keys.token, query.timestamp, query.nonce, *more)
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise _refused("bad_signature")
    if abs(int(query.timestamp) * 1_000 - now) > WINDOW_MS:
        raise _refused("stale")


def _read(body: bytes, kind: type[T]) -> T:
    """JSON or XML, whichever the account is set to."""
    try:
        if body.lstrip()[:1] == b"<":
            return msgspec.convert(read_flat(body), kind, strict=False)
        return msgspec.json.decode(body, type=kind, strict=False)
    except (Malformed, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _malformed() from None


def _key(message: PushMessage, text: bytes) -> str:
    """As WeChat says: messages are told apart by MsgId, events by who and when."""
    if message.msg_id:
        return f"m:{message.msg_id}"
    if message.event:
        return f"e:{message.from_user_name}:{message.create_time}:{message.event}"
    return f"x:{hashlib.blake2b(text, digest_size=16).hexdigest()}"


def _refused(reason: str) -> AppError:
    return AppError(ErrorCode.forbidden, "this is no push of WeChat to this app", reason=reason)


def _malformed() -> AppError:
    return AppError(ErrorCode.bad_request, "not what WeChat pushes", reason="malformed")
