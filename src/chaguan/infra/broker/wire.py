"""One connection to Redis or Valkey (RESP3), for a process that sends and hears thousands of small things a second.

Everything sent within a turn of the loop leaves in one write, and what is heard is given on within the read: no task
and no future for each message, which is what general clients cost (25 µs a message against 3).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import hiredis

Arg = str | bytes | int
OnReply = Callable[[Any], None]
OnPush = Callable[[list[Any]], None]
WRITE_LIMIT = 16 * 1024 * 1024
_pack: Callable[[tuple[Arg, ...]], bytes] = cast(
    Any, hiredis.pack_command
)  # its stub knows one argument only


class LinkLost(Exception):
    """The connection is over; the text says why."""


class Refused(Exception):
    """Redis answered with an error."""


class Wire(asyncio.Protocol):
    def __init__(self, on_push: OnPush) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_push = on_push
        self._reader = hiredis.Reader(replyError=Refused, protocolError=LinkLost)
        self._replies: deque[OnReply | None] = deque()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport
        self.lost: asyncio.Future[None] = self._loop.create_future()
        """Done, with `LinkLost`, when the connection is over."""
        self._closed: asyncio.Future[None] = self._loop.create_future()

    @property
    def is_full(self) -> bool:
        """Redis does not take what it is sent."""
        return self._transport.get_write_buffer_size() > WRITE_LIMIT

    @property
    def peer(self) -> str:
        return str((self._transport.get_extra_info("peername") or ("",))[0])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own

    def send(self, *command: Arg, then: OnReply | None = None) -> None:
        """`then` gets the reply, which may be a `Refused`; not called when the connection ends before it."""
        self._replies.append(then)
        self._write(command)

    def send_unanswered(self, *command: Arg) -> None:
        """SUBSCRIBE and its like are answered by pushes."""
        self._write(command)

    def _write(self, command: tuple[Arg, ...]) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(_pack(command))

    def _flush(self) -> None:
        out, self._out = self._out, []
        if not self.lost.done():
            self._transport.write(b"".join(out))

    async def ask(self, *command: Arg) -> Any:
        """The reply. Raises `Refused`, or `LinkLost` when the connection ends before it."""
        reply: asyncio.Future[Any] = self._loop.create_future()
        self.send(*command, then=lambda value: None if reply.done() else reply.set_result(value))
        await asyncio.wait((reply, self.lost), return_when=asyncio.FIRST_COMPLETED)
        if not reply.done():
            reply.cancel()
            self.lost.result()
        value = reply.result()
        if isinstance(value, Refused):
            raise value
        return value

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        try:
            reader.feed(data)
            while (item := reader.gets()) is not False:
                if isinstance(item, hiredis.PushNotification):
                    self._on_push(item)
                else:
                    self._replied(item)
        except LinkLost as error:
            self.end(str(error))

    def _replied(self, item: Any) -> None:
        then = self._replies.popleft()
        if then is not None:
            then(item)
        elif isinstance(item, Refused):
            # A primary that became a replica, or one that still loads: what is sent there reaches nobody.
            self.end(str(item))

    def end(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_exception(LinkLost(reason))
            self.lost.exception()  # seen: nobody may be waiting
        self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.end(str(error) if error else "the connection was closed")
        self._closed.set_result(None)

    async def close(self) -> None:
        self.end("no longer used")
        await self._closed
