import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.gateway.handshake import Refused, accept, parse_request
from chaguan.gateway.websocket import (
    BAD_DATA,
    BINARY,
    CLOSE,
    CONTINUATION,
    FAILED,
    PING,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    FrameReader,
    close_frame,
    payload_of,
    text_frame,
    unmask,
)

MASK = b"\x11\x22\x33\x44"


def masked(opcode: int, body: bytes, is_final: bool = True, mask: bytes = MASK) -> bytes:
    head = bytes((0x80 * is_final | opcode,))
    if len(body) < 126:
        head += bytes((0x80 | len(body),))
    elif len(body) < 65_536:
        head += b"\xfe" + len(body).to_bytes(2, "big")
    else:
        head += b"\xff" + len(body).to_bytes(8, "big")
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))


def failure(events: list[tuple[int, bytes]]) -> int:
    assert events[-1][0] == FAILED
    return int.from_bytes(events[-1][1][:2], "big")


def request(*lines: str, first: str = "GET /v1/ws HTTP/1.1") -> bytes:
    usual = [
        "host: chat.example",
        "upgrade: websocket",
        "connection: keep-alive, Upgrade",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version: 13",
    ]
    names = {line.partition(":")[0] for line in lines}
    kept = [line for line in usual if line.partition(":")[0] not in names]
    return "\r\n".join([first, *kept, *lines, "", ""]).encode()


def answer(data: bytes, is_origin_allowed: bool = True) -> bytes:
    return accept(parse_request(data), b"/v1/ws", lambda origin: is_origin_allowed)


def test_the_handshake_of_the_rfc_gets_the_accept_value_of_the_rfc() -> None:
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer(request())


def test_a_query_does_not_change_the_path() -> None:
    assert answer(request(first="GET /v1/ws?app=tea HTTP/1.1")).startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    ("status", "data"),
    [
        (404, request(first="GET /other HTTP/1.1")),
        (404, request(first="GET /v1/ws/ HTTP/1.1")),
        (405, request(first="POST /v1/ws HTTP/1.1")),
        (426, request("upgrade: h2c")),
        (426, request("connection: close")),
        (426, request("sec-websocket-version: 8")),
        (400, request("sec-websocket-key: short")),
        (
            400,
            request(
                "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
            ),
        ),
    ],
)
def test_a_bad_handshake_gets_a_plain_http_answer(status: int, data: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        answer(data)
    assert refusal.value.status == status
    assert refusal.value.answer.startswith(b"HTTP/1.1 %d " % status)


def test_a_foreign_origin_is_refused_and_no_origin_is_no_browser() -> None:
    with pytest.raises(Refused) as refusal:
        answer(request("origin: https://evil.example"), is_origin_allowed=False)
    assert refusal.value.status == 403
    assert answer(request(), is_origin_allowed=False).startswith(b"HTTP/1.1 101 ")


@given(st.binary(max_size=3000), st.binary(min_size=4, max_size=4))
def test_unmasking_is_xor_with_the_repeated_mask(data: bytes, mask: bytes) -> None:
    assert unmask(data, mask) == bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
def test_every_length_form_is_written_and_read(size: int) -> None:
    body = b"a" * size
    assert FrameReader().feed(masked(TEXT, body)) == [(TEXT, body)]
    ready = text_frame(body)
    assert payload_of(ready) == body
    assert ready[1] == (size if size < 126 else 126 if size < 65_536 else 127)


@given(st.data())
def test_cutting_the_bytes_anywhere_changes_nothing(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.text(max_size=300), max_size=5))
    stream = b""
    wanted: list[tuple[int, bytes]] = []
    for text in texts:
        body = text.encode()
        cut = data.draw(st.integers(0, len(body)))
        stream += (
            masked(TEXT, body[:cut], is_final=False) + masked(PING, b"p") + masked(CONTINUATION, body[cut:])
        )
        wanted += [(PING, b"p"), (TEXT, body)]
    reader = FrameReader()
    got: list[tuple[int, bytes]] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += reader.feed(stream[:size])
        stream = stream[size:]
    assert got == wanted
    assert reader.is_idle


@pytest.mark.parametrize(
    ("code", "data"),
    [
        (PROTOCOL_ERROR, text_frame(b"unmasked")),
        (PROTOCOL_ERROR, b"\xc1" + masked(TEXT, b"rsv")[1:]),
        (PROTOCOL_ERROR, masked(3, b"reserved")),
        (PROTOCOL_ERROR, masked(PING, b"x", is_final=False)),
        (PROTOCOL_ERROR, masked(PING, b"x" * 126)),
        (PROTOCOL_ERROR, masked(CONTINUATION, b"of nothing")),
        (PROTOCOL_ERROR, masked(CONTINUATION, b"of nothing", is_final=False)),
        (PROTOCOL_ERROR, masked(TEXT, b"a", is_final=False) + masked(TEXT, b"b")),
        (PROTOCOL_ERROR, b"\x81\xfe\x00\x05" + MASK + b"abcde"),
        (PROTOCOL_ERROR, b"\x81\xff" + b"\xff" * 8 + MASK),
        (PROTOCOL_ERROR, masked(CLOSE, b"\x03")),
        (PROTOCOL_ERROR, masked(CLOSE, b"\x03\xed")),
        (PROTOCOL_ERROR, masked(CLOSE, b"\x00\x00")),
        (BAD_DATA, masked(CLOSE, b"\x03\xe8\xff")),
        (BAD_DATA, masked(TEXT, b"\xff")),
        (BAD_DATA, masked(TEXT, "茶".encode()[:2])),
        (BAD_DATA, masked(TEXT, "茶".encode()[:2], is_final=False) + masked(CONTINUATION, b"")),
        (TOO_BIG, masked(TEXT, b"x" * 65_537)),
        (TOO_BIG, masked(BINARY, b"x" * 65_537)),
        (TOO_BIG, masked(TEXT, b"x" * 40_000, is_final=False) + masked(CONTINUATION, b"x" * 40_000)),
    ],
)
def test_a_violation_ends_the_connection_with_its_code(code: int, data: bytes) -> None:
    reader = FrameReader()
    assert failure(reader.feed(data)) == code
    assert reader.feed(masked(TEXT, b"later")) == []
    assert reader.is_idle


def test_what_came_before_a_violation_still_counts() -> None:
    events = FrameReader().feed(masked(TEXT, b"good") + masked(3, b"bad"))
    assert events[0] == (TEXT, b"good")
    assert failure(events) == PROTOCOL_ERROR


def test_a_bad_byte_is_noticed_before_its_frame_is_complete() -> None:
    frame = masked(TEXT, b"fine \xff and a long rest" + b"." * 100)
    assert failure(FrameReader().feed(frame[:12])) == BAD_DATA


def test_a_frame_that_claims_to_be_huge_is_refused_from_its_header() -> None:
    assert failure(FrameReader().feed(masked(TEXT, b"x" * 70_000)[:20])) == TOO_BIG


def test_a_message_sent_byte_by_byte_costs_its_own_size_and_not_more() -> None:
    reader = FrameReader()
    body = os.urandom(20_000).hex().encode()
    events = []
    for byte in masked(TEXT, body):
        events += reader.feed(bytes((byte,)))
    assert events == [(TEXT, body)]
    assert reader.is_idle


def test_close_is_echoed_with_its_code_and_nothing_is_read_after_it() -> None:
    reader = FrameReader()
    assert reader.feed(masked(CLOSE, b"\x0f\xa0bye") + masked(TEXT, b"more")) == [(CLOSE, b"\x0f\xa0")]
    assert reader.feed(masked(TEXT, b"more")) == []


def test_a_close_reason_is_cut_to_what_a_control_frame_holds() -> None:
    assert len(close_frame(4000, "x" * 200)) == 127
