"""The opening handshake of RFC 6455 for the server's side, without any I/O."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import NamedTuple

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    426: "Upgrade Required",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


class Refused(Exception):
    """The opening handshake is answered with a plain HTTP status instead of 101."""

    def __init__(self, status: int, detail: str, *headers: str) -> None:
        super().__init__(f"{status} {detail}")
        self.status = status
        self.answer = _http_answer(status, detail, headers)


class Request(NamedTuple):
    """A parsed HTTP request: header names in lower case, a repeated header's values joined by a comma."""

    method: bytes
    target: bytes
    headers: dict[bytes, bytes]

    @property
    def path(self) -> bytes:
        return self.target.partition(b"?")[0]


def parse_request(data: bytes) -> Request:
    """Read the request head as uvicorn hands it over: one blank-terminated block that httptools has accepted."""
    head, _, _ = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3:
        raise Refused(400, "not an HTTP/1.1 request")
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        key = name.lower()
        value = value.strip()
        headers[key] = headers[key] + b", " + value if key in headers else value
    return Request(parts[0], parts[1], headers)


def accept(request: Request, path: bytes, is_origin_allowed: Callable[[str], bool]) -> bytes:
    """The 101 answer to a valid opening handshake (RFC 6455 §4.2). Raises `Refused` with the answer to send.

    A request without `Origin` does not come from a browser and passes; one with it must satisfy the predicate.
    """
    if request.path != path:
        raise Refused(404, "no WebSocket here")
    if request.method != b"GET":
        raise Refused(405, "a WebSocket handshake is a GET", "Allow: GET")
    headers = request.headers
    if b"websocket" not in _tokens(headers, b"upgrade") or b"upgrade" not in _tokens(headers, b"connection"):
        raise Refused(426, "this address speaks WebSocket only", "Upgrade: websocket")
    if headers.get(b"sec-websocket-version") != b"13":
        raise Refused(426, "WebSocket version 13 is required", "Sec-WebSocket-Version: 13")
    key = headers.get(b"sec-websocket-key", b"")
    if b"host" not in headers or not _is_key(key):
        raise Refused(400, "incomplete WebSocket handshake")
    origin = headers.get(b"origin")
    if origin is not None and not is_origin_allowed(origin.decode("latin-1")):
        raise Refused(403, "this origin is not allowed")
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + _accept_value(key) + b"\r\n\r\n"
    )


def _tokens(headers: dict[bytes, bytes], name: bytes) -> list[bytes]:
    return [token.strip() for token in headers.get(name, b"").lower().split(b",")]


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False


def _accept_value(key: bytes) -> bytes:
    digest = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()
    return binascii.b2a_base64(digest, newline=False)


def _http_answer(status: int, detail: str, headers: tuple[str, ...]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(detail)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", detail]).encode("ascii")
