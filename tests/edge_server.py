"""A real server on a free loopback port around a given dispatcher: for tests of the gateway with real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.gateway.calls import Call
from chaguan.gateway.edge import Edge, EdgeSettings
from chaguan.gateway.lifetime import Lifetime
from chaguan.gateway.server import EdgeServer, listen
from chaguan.gateway.session import Session
from chaguan.gateway.websocket import text_frame
from chaguan.protocol.commands import GetConversation, Heartbeat, Hello, ListConversations, SetTyping

Union = Hello | Heartbeat | GetConversation | ListConversations | SetTyping


class EchoSession(Session):
    """Says again what it hears, text and binary: what the conformance suite wants of a server."""

    __slots__ = ()

    def on_text(self, payload: bytes) -> None:
        self.send(text_frame(payload))

    def on_binary(self, payload: bytes) -> None:
        self.send(b"\x82" + text_frame(payload)[1:])


class Answering:
    """A dispatcher whose tokens are user ids, `refused` and `disabled` apart. It tells what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.gone: list[str] = []
        self.at_once: set[int] = set()
        """The ids of commands that need no task; those that raise nothing wait in `begun` to be settled."""
        self.begun: list[Call] = []
        self.gates: dict[int, asyncio.Event] = {}
        self.hello_gate: asyncio.Event | None = None
        self.topics: tuple[str, ...] = ("room",)
        self.reauthorization: AppError | None = None
        self.expires_at = 0
        self.edge: Edge

    async def hello(self, session: Session, command: Hello) -> object:
        if command.token == "refused":
            raise AppError(ErrorCode.unauthenticated)
        if command.token == "disabled":
            raise AppError(ErrorCode.forbidden)
        if command.protocol != 1:
            raise AppError(ErrorCode.bad_request, protocol=1)
        if command.token == "busy":
            raise AppError(ErrorCode.unavailable, retry_after_ms=100)
        session.caller = Caller(
            kind="customer", user_id=command.token, device_id=command.device_id, expires_at=self.expires_at
        )
        for topic in (f"user:{command.token}", *self.topics):
            self.edge.hub.subscribe(session, topic)
        if self.hello_gate is not None:
            await self.hello_gate.wait()
        return {"user_id": command.token}

    def begin(self, _session: Session, command: Any, call: Call) -> bool:
        if command.id not in self.at_once:
            return False
        self.asked.append(command)
        if isinstance(command, GetConversation):
            raise AppError(ErrorCode.not_found)
        if isinstance(command, SetTyping):
            raise ZeroDivisionError(f"secret {command.conversation_id}")
        self.begun.append(call)
        return True

    async def call(self, session: Session, command: Any) -> object:
        self.asked.append(command)
        if command.id in self.gates:
            await self.gates[command.id].wait()
        if isinstance(command, GetConversation):
            raise AppError(ErrorCode.not_found)
        if isinstance(command, SetTyping):
            raise ZeroDivisionError(f"secret {command.conversation_id}")
        return {"limit": command.limit, "pad": "x" * int(command.cursor or 0)}

    async def reauthorize(self, session: Session) -> None:
        if self.reauthorization is not None:
            raise self.reauthorization

    def left(self, session: Lifetime) -> None:
        self.gone.append(session.user_id)


@dataclass
class Serving:
    edge: Edge
    dispatcher: Answering
    server: EdgeServer
    port: int
    task: "asyncio.Task[None]"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/ws"

    def session(self, user_id: str) -> Session:
        found = [each for each in self.edge.hub.sessions if each.user_id == user_id]
        assert len(found) == 1, found
        assert isinstance(found[0], Session)
        return found[0]


async def plain_app(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """The HTTP side: counts and echoes bodies on POST, serves many bytes on /large."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/large":
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"y" * 65_536, "more_body": True})
    await send({"type": "http.response.body", "body": b"%d %b" % (size, scope["scheme"].encode())})


@asynccontextmanager
async def serving(
    settings: EdgeSettings | None = None,
    tls: ssl.SSLContext | None = None,
    make_session: Any = Session,
    app: Any = plain_app,
    **parts: Any,
) -> AsyncIterator[Serving]:
    dispatcher = Answering()
    edge = Edge(dispatcher, Union, settings, **parts)
    dispatcher.edge = edge
    sock = listen("127.0.0.1", 0)
    server = EdgeServer(app, edge, tls, make_session)
    task = asyncio.create_task(server._serve([sock]))
    await until(lambda: server.started)
    try:
        yield Serving(edge, dispatcher, server, sock.getsockname()[1], task)
    finally:
        server.should_exit = server.force_exit = True
        for session in list(edge.hub.sessions):
            session.link.abort()
        async with asyncio.timeout(5):
            await task


async def until(condition: Callable[[], object], seconds: float = 5) -> None:
    """Wait for a condition, with a deadline."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
