"""Serving HTTP and WebSocket on one port: uvicorn, with our protocols at its extension points."""

import contextlib
import gc
import logging
import resource
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import uvicorn

from chaguan.gateway.edge import Edge
from chaguan.gateway.front import front_door
from chaguan.gateway.heads import bounded_http
from chaguan.gateway.protocol import SessionMaker, ws_protocol
from chaguan.gateway.session import Session
from chaguan.gateway.tls import over_tls

logger = logging.getLogger("chaguan.gateway")
_RESERVED_DESCRIPTORS = 256


class EdgeServer(uvicorn.Server):
    """`edge.tasks` are waited for at the end as uvicorn's own are, so that commands under way are answered."""

    def __init__(
        self, app: Any, edge: Edge, tls: ssl.SSLContext | None = None, make_session: SessionMaker = Session
    ) -> None:
        http = front_door(edge, make_session, bounded_http(edge.wheel))
        if tls is not None:
            http = over_tls(http, tls, edge.wheel)
        super().__init__(
            uvicorn.Config(
                app,
                http=http,  # type: ignore[arg-type]  # called like a class, as `ws` is
                ws=ws_protocol(edge, make_session),  # type: ignore[arg-type]
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # uvicorn believes 127.0.0.1; whom we believe stands in the settings
                lifespan="auto",
                backlog=4096,
                timeout_graceful_shutdown=10,
            )
        )
        self.edge = edge

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            try:
                yield
            finally:
                # uvicorn raises them once more when it is done: that would end the process before its data is closed.
                self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.edge.tasks = self.server_state.tasks
        self.edge.start()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.edge.drain()
        await super().shutdown(sockets)
        self.edge.stop()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, made before the loop so that a busy port is a plain error at start."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def raise_descriptor_limit() -> int:
    """Raise the soft limit to the hard one; returns how many connections this process can hold."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    room = max(0, hard - _RESERVED_DESCRIPTORS)
    logger.info("this process can hold %d connections (descriptor limit %d)", room, hard)
    return room


def tame_collector() -> None:
    """Keep the garbage collector from walking all sessions, which takes 50 ms and more for ten thousand. They
    are freed by reference count; cycles that matter are short-lived and die in the two young generations."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000, 20, 10_000)


async def serve(
    app: Any, edge: Edge, sockets: list[socket.socket], tls: ssl.SSLContext | None = None
) -> EdgeServer:
    """Serve until a signal asks to stop, then drain."""
    raise_descriptor_limit()
    tame_collector()
    server = EdgeServer(app, edge, tls)
    await server.serve(sockets=sockets)
    return server
