"""uvicorn's HTTP protocol with the bounds it lacks: size and time of a request, connections of an address."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chaguan.gateway.edge import Edge

HEAD_LIMIT = 65_536
HEAD_S = 10.0
BODY_S = 60.0
"""For a body of at most a mebibyte to arrive, and for an answer that nobody reads to move on."""
UPLOADS = b"/v1/media"
"""These have a bound of their own, which leaves a slow phone more time."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_MANY = (
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


class BoundedHttp(HttpToolsProtocol):
    def __init__(self, edge: Edge, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._edge = edge
        self._wheel = edge.wheel
        self._counted: str | None = None
        self._head_size = 0
        self._is_in_head = False
        self.wheel_slot = -1

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._counted = self._edge.count_http(transport)
        if self._counted is None:
            transport.write(_TOO_MANY)
            transport.close()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if not self._is_in_head or self.transport.is_closing():
            return
        self._head_size += len(data)
        if self._head_size > HEAD_LIMIT:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self.wheel_slot < 0:
            self._wheel.schedule(self, self._wheel.ticks(HEAD_S))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True
        self._head_size = 0

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()
        if self.url.startswith(UPLOADS):
            self._wheel.cancel(self)
        else:
            self._wheel.schedule(self, self._wheel.ticks(BODY_S))

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._wheel.cancel(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wheel.schedule(self, self._wheel.ticks(BODY_S))

    def resume_writing(self) -> None:
        super().resume_writing()
        self._wheel.cancel(self)

    def handle_websocket_upgrade(self) -> None:
        self._leave()  # the connection lives on as another protocol's
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def _leave(self) -> None:
        self._wheel.cancel(self)
        self._edge.uncount_http(self._counted)
        self._counted = None

    def on_deadline(self, now: int) -> int:
        self.transport.abort()
        return 0


def bounded_http(edge: Edge) -> Callable[..., BoundedHttp]:
    def make(**arguments: Any) -> BoundedHttp:
        return BoundedHttp(edge, **arguments)

    return make
