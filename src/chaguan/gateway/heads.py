"""uvicorn's HTTP protocol with bounds on a request's head, of which it has none: size, and time to arrive."""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chaguan.gateway.wheel import Wheel

HEAD_LIMIT = 65_536
HEAD_S = 10.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedHttp(HttpToolsProtocol):
    def __init__(self, wheel: Wheel, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._wheel = wheel
        self._head_size = 0
        self._is_in_head = False
        self.wheel_slot = -1

    def data_received(self, data: bytes) -> None:
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
        self._wheel.cancel(self)
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wheel.cancel(self)
        super().connection_lost(exc)

    def on_deadline(self, now: int) -> int:
        self.transport.abort()
        return 0


def bounded_http(wheel: Wheel) -> Callable[..., BoundedHttp]:
    def make(**arguments: Any) -> BoundedHttp:
        return BoundedHttp(wheel, **arguments)

    return make
