"""One connection of a device: commands with replies, and the pushes in their order.

The frames are read and written by hand: with a WebSocket library the clients took twice the CPU of the servers.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import msgspec

from chaguan.bench import frames

Json = dict[str, Any]
ANSWER_S = 15
"""Less, and a crowd that comes back at once gives up on a server that is still greeting it, again and again."""
HEARTBEAT_S = 3
BUSY = ("rate_limited", "unavailable", "timeout", "internal")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Gone(Exception):
    """The connection is lost, or silent for too long: what was asked may have happened."""


class Refused(Exception):
    """The error of a reply."""

    def __init__(self, error: Json) -> None:
        super().__init__(error)
        self.code: str = error["code"]
        self.wait_s: float = error.get("data", {}).get("retry_after_ms", 200) / 1000

    @property
    def is_busy(self) -> bool:
        """The same again, later, may succeed."""
        return self.code in BUSY


class Link(asyncio.Protocol):
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._is_upgraded: asyncio.Future[None] = self._loop.create_future()
        self._rest = b""
        self._asked = 0
        self._replies: dict[int, asyncio.Future[Json]] = {}
        self._pushes: list[Json] = []
        self._waiting: asyncio.Future[None] | None = None
        self._beat: asyncio.TimerHandle | None = None
        self._why_lost = ""

    @classmethod
    async def open(cls, url: str) -> "Link":
        place = urlsplit(url)
        link: Link | None = None
        try:
            async with asyncio.timeout(ANSWER_S):
                _, link = await asyncio.get_running_loop().create_connection(cls, place.hostname, place.port)
                assert link._transport is not None
                link._transport.write(frames.UPGRADE)
                await link._is_upgraded
        except (OSError, TimeoutError) as error:
            if link is not None:
                link.close()
            raise Gone(repr(error)) from error
        return link

    async def ask(self, type: str, **fields: Any) -> Any:
        if self._why_lost or self._transport is None:
            raise Gone(self._why_lost)
        self._asked = number = self._asked + 1
        reply = self._replies[number] = self._loop.create_future()
        self._transport.write(frames.frame(_encode({"type": type, "id": number, **fields})))
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await reply
        except (OSError, TimeoutError) as error:
            raise Gone(f"{type}: {error!r}") from error
        finally:
            self._replies.pop(number, None)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("ok")

    async def news(self) -> list[Json]:
        """The pushes since the last call; none when it was silent to the next beat. Gone when no more will come."""
        if not self._pushes and not self._why_lost:
            self._waiting = self._loop.create_future()
            await self._waiting
        if self._why_lost:
            raise Gone(self._why_lost)
        pushes, self._pushes = self._pushes, []
        return pushes

    def put(self, push: Json) -> None:
        """As if the server had sent it."""
        self._pushes.append(push)
        self._wake()

    def close(self) -> None:
        """At once, without a good-bye."""
        if self._transport is not None:
            self._transport.abort()
        self._lose("closed")

    # What the loop calls

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._beat = self._loop.call_later(HEARTBEAT_S, self._tick)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        if not self._is_upgraded.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(head.partition(b"\r\n")[0].decode(errors="replace"))
                return
            self._is_upgraded.set_result(None)
        try:
            payloads, self._rest = frames.split(data)
        except frames.Closed as closed:
            self._fail(str(closed))
            return
        for payload in payloads:
            self._sort(_decode(payload))

    def connection_lost(self, error: Exception | None) -> None:
        self._lose(repr(error) if error else "ended")

    def _fail(self, why: str) -> None:
        self._lose(why)
        assert self._transport is not None
        self._transport.abort()

    def _sort(self, item: Any) -> None:
        if isinstance(item, list):
            self._pushes += item
        elif item["type"] != "reply":
            self._pushes.append(item)
        else:
            reply = self._replies.get(item["id"])  # none when nobody waits for it any more
            if reply is not None and not reply.done():
                reply.set_result(item)
            return
        self._wake()

    def _tick(self) -> None:
        self._beat = self._loop.call_later(HEARTBEAT_S, self._tick)
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _lose(self, why: str) -> None:
        if self._why_lost:
            return
        self._why_lost = why
        if self._beat is not None:
            self._beat.cancel()
        for waiting in (self._is_upgraded, *self._replies.values()):
            if not waiting.done():
                waiting.set_exception(ConnectionError(why))
                waiting.exception()  # whether or not anybody still waits for it
        self._wake()
