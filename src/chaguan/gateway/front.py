"""The first look at a new connection: a WebSocket upgrade goes straight to the edge, all else to uvicorn's HTTP.

uvicorn's own way to an upgrade (its HTTP protocol, a parser, the request put together again) still works and is
taken when the request looks unusual; it costs as much as all the rest of a returning session.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

from chaguan.gateway.edge import Edge
from chaguan.gateway.heads import HEAD_LIMIT
from chaguan.gateway.protocol import EdgeProtocol, SessionMaker

_PLAIN_REQUEST = re.compile(
    rb"GET [!-~]{1,2000} HTTP/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}:[\t -~\x80-\xff]{0,4000}\r\n){1,60}\r\n"
)
_LONGEST_PLAIN = 8_192


class FrontDoor(asyncio.Protocol):
    """Lives until the head of the first request is here; one who takes longer than a hello may is cut off."""

    __slots__ = (
        "_connections",
        "_counted",
        "_edge",
        "_head",
        "_make_http",
        "_make_session",
        "_transport",
        "wheel_slot",
    )

    def __init__(
        self,
        edge: Edge,
        make_session: SessionMaker,
        make_http: Callable[[], asyncio.Protocol],
        connections: set[Any],
    ) -> None:
        self._edge = edge
        self._make_session = make_session
        self._make_http = make_http
        self._connections = connections
        self._head = b""
        self._counted: str | None = None
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else happens
        self.wheel_slot = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._counted = self._edge.count_http(transport)
        if self._counted is None:
            self._transport.abort()
            return
        self._connections.add(self)
        self._edge.wheel.schedule(self, self._edge.wheel.ticks(self._edge.settings.hello_s))

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def data_received(self, data: bytes) -> None:
        if self._head:
            data = self._head + data
        if data[:1].isalpha() and b"\r\n\r\n" not in data and len(data) <= HEAD_LIMIT:
            self._head = data
            return
        self._leave()
        head, end, rest = data.partition(b"\r\n\r\n")
        if self._is_plain_upgrade(head + end):
            protocol = EdgeProtocol(self._edge, self._make_session, self._connections)
            self._hand_over(protocol, head + end)
            if rest:  # of a client that did not wait for the answer
                protocol.data_received(rest)
        else:
            self._hand_over(self._make_http(), data)

    def _hand_over(self, protocol: asyncio.Protocol, data: bytes) -> None:
        protocol.connection_made(self._transport)
        self._transport.set_protocol(protocol)
        protocol.data_received(data)

    def on_deadline(self, now: int) -> int:
        self._transport.abort()
        return 0

    def shutdown(self) -> None:
        """uvicorn is stopping."""
        self._transport.close()

    def _leave(self) -> None:
        self._connections.discard(self)
        self._edge.wheel.cancel(self)
        self._edge.uncount_http(self._counted)
        self._counted = None

    def _is_plain_upgrade(self, head: bytes) -> bool:
        path = b"GET " + self._edge.settings.path
        is_ours = head.startswith(path) and head[len(path) : len(path) + 1] in (b" ", b"?")
        return is_ours and len(head) <= _LONGEST_PLAIN and _PLAIN_REQUEST.fullmatch(head) is not None


def front_door(
    edge: Edge, make_session: SessionMaker, http: Callable[..., asyncio.Protocol]
) -> Callable[..., Any]:
    """What `uvicorn.Config(http=…)` is given, around uvicorn's own HTTP protocol."""

    def make(**arguments: Any) -> FrontDoor:
        return FrontDoor(edge, make_session, lambda: http(**arguments), arguments["server_state"].connections)

    return make
