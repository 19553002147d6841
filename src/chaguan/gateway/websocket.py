"""RFC 6455 frames for the server's side, without any I/O: reader and writer. No extensions.

A reader holds nothing between complete messages, so an idle connection costs it two pointers.
"""

import codecs
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FAILED = -1
"""Not an opcode: the last event of a reader that met a violation. Its payload is the close payload to send."""

NORMAL, GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, BAD_DATA, POLICY, TOO_BIG = (
    1000,
    1001,
    1002,
    1003,
    1007,
    1008,
    1009,
)

Event = tuple[int, bytes]

_TEXT_HEADS = [bytes((0x80 | TEXT, size)) for size in range(126)]
_XOR = [bytes(value ^ key for value in range(256)) for key in range(256)]
_XOR_BY_LANE_FROM = 512


class _Violation(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.payload = close_payload(code, reason)


def text_frame(payload: bytes) -> bytes:
    """A complete text frame. A server's frames carry no mask, so the same bytes serve every session."""
    if len(payload) < 126:
        return _TEXT_HEADS[len(payload)] + payload
    return build_frame(TEXT, payload)


def build_frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def payload_of(ready: bytes) -> bytes:
    """What `text_frame` was given."""
    short = ready[1]
    return ready[2:] if short < 126 else ready[4:] if short == 126 else ready[10:]


def close_frame(code: int, reason: str = "") -> bytes:
    return build_frame(CLOSE, close_payload(code, reason))


def close_payload(code: int, reason: str = "") -> bytes:
    return code.to_bytes(2, "big") + reason.encode()[:123]


def unmask(data: bytes, mask: bytes) -> bytes:
    """XOR with the repeated 4-byte mask. Two ways, because big integers win when short and lose when long."""
    size = len(data)
    if size < _XOR_BY_LANE_FROM:
        key = (mask * (size // 4 + 1))[:size]
        return (int.from_bytes(data, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")
    out = bytearray(size)
    for lane in range(4):
        out[lane::4] = data[lane::4].translate(_XOR[mask[lane]])
    return bytes(out)


class _Header(NamedTuple):
    is_final: bool
    opcode: int
    size: int
    mask: bytes
    body_at: int


class _Message:
    """A message of which a part is here; `missing` bytes of its current frame are still to come."""

    __slots__ = ("_decoder", "data", "is_final", "mask", "missing", "opcode")

    def __init__(self, opcode: int) -> None:
        self.opcode = opcode
        self.data = bytearray()
        self.is_final = False
        self.mask = b""
        self.missing = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")() if opcode == TEXT else None

    def begin_frame(self, header: _Header) -> None:
        self.is_final, self.mask, self.missing = header.is_final, header.mask, header.size

    def take(self, masked: bytes) -> None:
        plain = unmask(masked, self.mask)
        self.missing -= len(plain)
        turn = len(plain) % 4
        self.mask = self.mask[turn:] + self.mask[:turn]
        self.data += plain
        is_complete = self.is_final and not self.missing
        if self._decoder is not None:
            try:
                self._decoder.decode(plain, is_complete)
            except UnicodeDecodeError:
                raise _Violation(BAD_DATA, "not UTF-8") from None


class FrameReader:
    """Turns received bytes into events: `(TEXT | BINARY | PING | PONG, payload)`, `(CLOSE, payload to echo)`.

    A violation gives a last event `(FAILED, close payload)`; what came before it in the same bytes still counts.
    Text is checked as UTF-8 piece by piece, so that a bad byte ends the connection when it arrives.
    """

    __slots__ = ("_limit", "_message", "_tail")

    def __init__(self, limit: int = 65_536) -> None:
        self._limit = limit
        self._message: _Message | None = None
        self._tail: bytes | None = b""

    def feed(self, data: bytes) -> list[Event]:
        if self._tail is None:
            return []
        text = _only_text(data, self._limit) if self._message is None and not self._tail else None
        if text is not None:
            return [(TEXT, text)]
        if self._tail:
            data = self._tail + data
            self._tail = b""
        events: list[Event] = []
        try:
            self._read(data, events)
        except _Violation as violation:
            self._finish()
            events.append((FAILED, violation.payload))
        return events

    @property
    def is_idle(self) -> bool:
        return self._message is None and not self._tail

    def _finish(self) -> None:
        self._tail = None
        self._message = None

    def _read(self, data: bytes, events: list[Event]) -> None:
        at, end = 0, len(data)
        while at < end and self._tail is not None:
            if self._message is not None and self._message.missing:
                at = self._continue(data, at, events)
                continue
            header = _parse_header(data, at)
            if header is None or (header.opcode >= CLOSE and header.body_at + header.size > end):
                self._tail = data[at:]
                return
            at = header.body_at
            if header.opcode >= CLOSE:
                body = unmask(data[at : at + header.size], header.mask)
                self._control(header.opcode, body, events)
                at += header.size
            elif self._message is None and header.is_final and at + header.size <= end:
                self._whole(header, data[at : at + header.size], events)
                at += header.size
            else:
                self._begin(header, events)

    def _whole(self, header: _Header, masked: bytes, events: list[Event]) -> None:
        """The common case: one frame, one message, all of it here."""
        if header.opcode == CONTINUATION:
            raise _Violation(PROTOCOL_ERROR, "nothing to continue")
        if header.size > self._limit:
            raise _Violation(TOO_BIG, "message too big")
        body = unmask(masked, header.mask)
        if header.opcode == TEXT and not body.isascii():
            try:
                body.decode()
            except UnicodeDecodeError:
                raise _Violation(BAD_DATA, "not UTF-8") from None
        events.append((header.opcode, body))

    def _begin(self, header: _Header, events: list[Event]) -> None:
        message = self._message
        if message is None:
            if header.opcode == CONTINUATION:
                raise _Violation(PROTOCOL_ERROR, "nothing to continue")
            message = self._message = _Message(header.opcode)
        elif header.opcode != CONTINUATION:
            raise _Violation(PROTOCOL_ERROR, "the message before is not finished")
        if len(message.data) + header.size > self._limit:
            raise _Violation(TOO_BIG, "message too big")
        message.begin_frame(header)
        if not header.size:
            self._continue(b"", 0, events)

    def _continue(self, data: bytes, at: int, events: list[Event]) -> int:
        message = self._message
        assert message is not None
        piece = data[at : at + message.missing]
        message.take(piece)
        if message.is_final and not message.missing:
            self._message = None
            events.append((message.opcode, bytes(message.data)))
        return at + len(piece)

    def _control(self, opcode: int, body: bytes, events: list[Event]) -> None:
        if opcode == CLOSE:
            _check_close(body)
            self._finish()
            body = body[:2]
        events.append((opcode, body))


def _only_text(data: bytes, limit: int) -> bytes | None:
    """The text of bytes that are one whole text frame and nothing else, which is how nearly all commands arrive. None
    for whatever looks in any way different or wrong: then it is read field by field."""
    size = len(data) - 6
    if 0 <= size < 126:
        body_at = 6
        is_whole = data[1] == 0x80 | size
    else:
        size -= 2
        body_at = 8
        is_whole = 126 <= size < 65_536 and data[1] == 0x80 | 126 and data[2] << 8 | data[3] == size
    if not is_whole or data[0] != 0x80 | TEXT or size > limit:
        return None
    text = unmask(data[body_at:], data[body_at - 4 : body_at])
    try:
        return text if text.isascii() or text.decode() else None
    except UnicodeDecodeError:
        return None


def _parse_header(data: bytes, at: int) -> _Header | None:
    """The frame header at `at`, or None while it is incomplete. Whatever is already wrong fails at once."""
    if len(data) < at + 2:
        return None
    first, second = data[at], data[at + 1]
    opcode, size = first & 0x0F, second & 0x7F
    if first & 0x70:
        raise _Violation(PROTOCOL_ERROR, "reserved bits are set")
    if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
        raise _Violation(PROTOCOL_ERROR, "reserved opcode")
    if not second & 0x80:
        raise _Violation(PROTOCOL_ERROR, "a client's frames are masked")
    if opcode >= CLOSE and (size > 125 or not first & 0x80):
        raise _Violation(PROTOCOL_ERROR, "control frames are short and whole")
    mask_at = at + 2
    if size >= 126:
        mask_at = at + (4 if size == 126 else 10)
        if len(data) < mask_at:
            return None
        least = 126 if size == 126 else 65_536
        size = int.from_bytes(data[at + 2 : mask_at], "big")
        if size < least or size >= 1 << 63:
            raise _Violation(PROTOCOL_ERROR, "malformed length")
    if len(data) < mask_at + 4:
        return None
    return _Header(bool(first & 0x80), opcode, size, data[mask_at : mask_at + 4], mask_at + 4)


def _check_close(body: bytes) -> None:
    if not body:
        return
    code = int.from_bytes(body[:2], "big") if len(body) >= 2 else 0
    if not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise _Violation(PROTOCOL_ERROR, "invalid close code")
    try:
        body[2:].decode()
    except UnicodeDecodeError:
        raise _Violation(BAD_DATA, "close reason is not UTF-8") from None
