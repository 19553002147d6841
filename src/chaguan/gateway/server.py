"""Serving HTTP and WebSocket on one port: uvicorn, with our protocols at its extension points."""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from types import FrameType
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
_ANSWER_S = 10
"""For what is under way when a signal comes, and for the closing handshakes."""
_STORE_S = 15
"""And then for everything else that ends with the process."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class EdgeServer(uvicorn.Server):
    """Ends by draining. `edge.tasks` are waited for as uvicorn's own are, so that commands under way are answered.

    The first signal drains, the second ends the process at once, and so does a drain that takes too long: what was
    acknowledged is durable either way. `notice_s` passes between saying so (`edge.is_leaving`, for load balancers
    that ask `/ready`) and closing the door.
    """

    def __init__(
        self,
        app: Any,
        edge: Edge,
        tls: ssl.SSLContext | None = None,
        make_session: SessionMaker = Session,
        notice_s: float = 0,
    ) -> None:
        http = front_door(edge, make_session, bounded_http(edge))
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
                timeout_graceful_shutdown=_ANSWER_S,
            )
        )
        self.edge = edge
        self._notice_s = notice_s

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises the signal again at the end, which kills the process before what waits is stored.
        After a signal ours stay, so that a second one is heard until the very end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            if not self._captured_signals:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._captured_signals:
            end_now("a second signal: ending at once")
        self._captured_signals.append(sig)
        self.should_exit = True
        bound = self._notice_s + _ANSWER_S + _STORE_S
        patience = threading.Timer(bound, end_now, [f"draining took longer than {bound:g} s: ending"])
        patience.daemon = True
        patience.start()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.edge.tasks = self.server_state.tasks
        self.edge.start()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.edge.is_leaving = True
        if self._notice_s:
            logger.info("leaving in %g s", self._notice_s)
            await asyncio.sleep(self._notice_s)
        logger.info("draining %d sessions", len(self.edge.hub.sessions))
        self.edge.drain()
        await super().shutdown(sockets)
        self.edge.stop()
        logger.info("drained")


def end_now(reason: str) -> None:
    """Without unwinding: threads and files are left to the kernel."""
    logger.warning(reason)
    logging.shutdown()
    os._exit(1)


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket, made before the loop so that a busy port is a plain error at start. `shared`: others of
    this user may listen on the port too, and the kernel spreads connections over them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
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
    room = room_for_connections()
    logger.info("this process can hold %d connections (descriptor limit %d)", room, hard)
    return room


def room_for_connections() -> int:
    return max(0, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - _RESERVED_DESCRIPTORS)


def tame_collector() -> None:
    """Keep the garbage collector from walking all sessions, which takes 50 ms and more for ten thousand. They
    are freed by reference count; cycles that matter are short-lived and die in the two young generations. What a
    thousand commands under way hold shall not make it look at them again and again either, which took a tenth of a
    busy server's time; ten thousand objects are half a millisecond."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 10_000)
