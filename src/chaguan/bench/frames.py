"""The client's side of RFC 6455 and of our wire, as lean as parsing every frame allows."""

import itertools
import os
import secrets
import time
from functools import cache

import msgspec
from msgspec import Raw, Struct

UPGRADE = (
    b"GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_MASK = os.urandom(4)


class Closed(Exception):
    def __init__(self, payload: bytes) -> None:
        self.code = int.from_bytes(payload[:2], "big")
        self.reason = payload[2:].decode()
        super().__init__(f"{self.code} {self.reason}")


class PushedCase(Struct, gc=False):
    """What an agent's screen shows of a case."""

    conversation_id: str
    status: str
    agent_id: str = ""


class Push(Struct, gc=False):
    """What a receiver checks of an entry or another push. The whole frame is parsed for it."""

    type: str
    conversation_id: str = ""
    seq: int = 0
    version: int = 0
    client_msg_id: str = ""
    case_id: str = ""
    status: str = ""
    agent_id: str = ""
    cases: list[PushedCase] = []


class Placed(Struct, gc=False):
    conversation_id: str
    seq: int


class Sent(Struct, gc=False):
    """What answers `send_message`."""

    seq: int


class ConversationSync(Struct):
    conversation_id: str
    head_seq: int
    entries: list[Placed] = []
    reset: bool = False
    more: bool = False


class Welcome(Struct):
    user_version: int
    epoch: str
    syncs: list[ConversationSync] = []
    pending: list[str] = []
    full: bool = False


class Named(Struct):
    id: str


class View(Struct):
    conversation: Named


class Opened(Struct):
    """What answers `open_service`."""

    view: View


class Reply(Struct):
    id: int
    ok: Raw = Raw()
    error: Raw = Raw()


decode_push = msgspec.json.Decoder(Push).decode
decode_pushes = msgspec.json.Decoder(list[Push]).decode
decode_reply = msgspec.json.Decoder(Reply).decode
decode_opened = msgspec.json.Decoder(Opened).decode
decode_sent = msgspec.json.Decoder(Sent).decode
decode_welcome = msgspec.json.Decoder(Welcome).decode
encode = msgspec.json.Encoder().encode


@cache
def _mask_of(size: int) -> int:
    return int.from_bytes((_MASK * (size // 4 + 1))[:size], "little")


def frame(payload: bytes) -> bytes:
    """A masked text frame."""
    size = len(payload)
    masked = (int.from_bytes(payload, "little") ^ _mask_of(size)).to_bytes(size, "little")
    if size < 126:
        return bytes((0x81, 0x80 | size)) + _MASK + masked
    return b"\x81\xfe" + size.to_bytes(2, "big") + _MASK + masked


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The payloads of all whole text frames, and the rest. Raises `Closed` at a close frame."""
    payloads: list[bytes] = []
    at, end = 0, len(data)
    while end - at >= 2:
        size, body = data[at + 1], at + 2
        if size == 126:
            size, body = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
        elif size == 127:
            size, body = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
        if body + size > end:
            break
        if data[at] == 0x88:
            raise Closed(data[body : body + size])
        payloads.append(data[body : body + size])
        at = body + size
    return payloads, data[at:]


_noise = secrets.randbits(48)
_counter = itertools.count(1)


def key() -> str:
    """A UUIDv7 as SDKs make them."""
    stamp, number = f"{time.time_ns() // 1_000_000:012x}", next(_counter)
    return f"{stamp[:8]}-{stamp[8:]}-7{number >> 14 & 0xFFF:03x}-{0x8000 | number & 0x3FFF:04x}-{_noise:012x}"
