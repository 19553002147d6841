"""The asyncio protocol of a WebSocket connection, as uvicorn's extension point wants it: bytes in, bytes out.

Writes go straight to the socket while the transport holds nothing; what does not fit goes through the transport.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from typing import Any, cast

from chaguan.gateway.edge import Edge
from chaguan.gateway.handshake import Refused, Request, accept, parse_request
from chaguan.gateway.heartbeat import heartbeat_id
from chaguan.gateway.session import Session
from chaguan.gateway.websocket import FrameReader

_write = os.write
SessionMaker = Callable[[Edge, "EdgeProtocol"], Session]


class EdgeProtocol(asyncio.Protocol):
    """uvicorn makes one per upgrade request, calls `connection_made`, then `data_received` with the request."""

    __slots__ = (
        "_address",
        "_connections",
        "_edge",
        "_fd",
        "_make_session",
        "_reader",
        "_session",
        "_transport",
    )

    def __init__(self, edge: Edge, make_session: SessionMaker, connections: set[Any]) -> None:
        self._edge = edge
        self._make_session = make_session
        self._connections = connections
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else happens
        self._fd = -1
        self._address = ""
        self._reader: FrameReader | None = None
        self._session: Session | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        _let_go_of_http(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fd = -1  # from here on the number may belong to somebody else's connection
        self._connections.discard(self)
        if self._address:
            self._edge.addresses.leave(self._address)
            self._address = ""
        if self._session is not None:
            self._session.on_lost()

    def data_received(self, data: bytes) -> None:
        session = self._session
        if session is None or self._reader is None:
            self._handshake(data)
            return
        beat = heartbeat_id(data)
        if beat is not None and self._reader.is_idle and session.on_heartbeat(beat):
            return
        for opcode, payload in self._reader.feed(data):
            session.on_event(opcode, payload)

    def eof_received(self) -> None:
        return None

    def pause_writing(self) -> None:
        if self._session is not None:
            self._session.is_blocked = True

    def resume_writing(self) -> None:
        if self._session is not None:
            self._session.on_writable()

    def shutdown(self) -> None:
        """uvicorn is stopping: the first connection to hear of it sets the draining of all in motion."""
        self._edge.drain()
        if self._session is None:
            self._transport.close()

    # The opening handshake

    def _handshake(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        try:
            request = parse_request(data)
            answer = accept(request, self._edge.settings.path, self._edge.settings.is_origin_allowed)
            self._enter(request)
        except Refused as refusal:
            self._transport.write(refusal.answer)
            self._transport.close()
            return
        self._prepare_socket()
        self._reader = FrameReader(self._edge.settings.message_limit)
        self._session = self._make_session(self._edge, self)
        self._session.fd = self._fd
        self._session.is_blocked = not self.write(answer)

    def _enter(self, request: Request) -> None:
        if self._edge.is_draining:
            raise Refused(503, "this node is stopping", "Retry-After: 1")
        peer = self._transport.get_extra_info("peername")
        address = self._edge.settings.address_of(str(peer[0]) if peer else "local", request.headers)
        if not self._edge.addresses.enter(address):
            raise Refused(429, "too many connections from this address", "Retry-After: 30")
        self._address = address

    def _prepare_socket(self) -> None:
        """Nagle is off already: both event loops do that. With a high-water mark of 0 the transport says exactly when it holds bytes and when none. The kernel's
        send buffer is bounded too: thousands that do not read would otherwise eat the machine's TCP memory."""
        self._transport.set_write_buffer_limits(0)
        sock = self._transport.get_extra_info("socket")
        if sock is None:
            return
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._edge.settings.send_buffer)
        if (
            self._transport.get_extra_info("sslcontext") is None
            and self._transport.get_write_buffer_size() == 0
        ):
            self._fd = sock.fileno()

    # The session's link

    @property
    def address(self) -> str:
        """The peer's, as the limit on connections counts it."""
        return self._address

    def write(self, data: bytes) -> bool:
        if self._fd >= 0:
            try:
                sent = _write(self._fd, data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._transport.abort()
                return False
            if sent == len(data):
                return True
            data = data[sent:]
        if self._transport.is_closing():
            return False
        self._transport.write(data)
        return self._transport.get_write_buffer_size() == 0

    def buffered(self) -> int:
        return self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        with contextlib.suppress(RuntimeError):  # closing, or paused already
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._transport.resume_reading()

    def finish(self) -> None:
        self._transport.close()

    def finish_writing(self) -> None:
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        else:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()


def _let_go_of_http(transport: asyncio.Transport) -> None:
    """uvicorn's HTTP protocol and its parser refer to each other; cut that, so that the pair is freed now and
    not by some later garbage collection over a hundred thousand objects."""
    http = transport.get_protocol()
    if http is not None and getattr(http, "parser", None) is not None:
        http.parser = None  # type: ignore[attr-defined]


def ws_protocol(edge: Edge, make_session: SessionMaker = Session) -> Callable[..., EdgeProtocol]:
    """What `uvicorn.Config(ws=…)` is given."""

    def make(config: object, server_state: Any, app_state: object) -> EdgeProtocol:
        return EdgeProtocol(edge, make_session, server_state.connections)

    return make
