"""One connection of a device: commands with replies, and the pushes in their order."""

import asyncio
import contextlib
from typing import Any

import msgspec
import websockets

Json = dict[str, Any]
ANSWER_S = 6
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


class Link:
    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._asked = 0
        self._replies: dict[int, asyncio.Future[Json]] = {}
        self.pushes: asyncio.Queue[Json | None] = asyncio.Queue()
        """None when no more will come."""
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str) -> "Link":
        try:
            return cls(await websockets.connect(url, compression=None, proxy=None, open_timeout=ANSWER_S))
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise Gone(str(error)) from error

    async def ask(self, type: str, **fields: Any) -> Any:
        self._asked += 1
        reply = self._replies[self._asked] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._socket.send(_encode({"type": type, "id": self._asked, **fields}).decode())
                answer = await reply
        except (TimeoutError, OSError, websockets.WebSocketException) as error:
            raise Gone(f"{type}: {error!r}") from error
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("ok")

    async def close(self) -> None:
        """At once, without a good-bye."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._socket.transport.abort()

    async def _read(self) -> None:
        try:
            with contextlib.suppress(OSError, websockets.WebSocketException):
                async for frame in self._socket:
                    decoded = _decode(frame)
                    for item in decoded if isinstance(decoded, list) else [decoded]:
                        self._sort(item)
        finally:
            self.pushes.put_nowait(None)
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(ConnectionError("closed"))
                    reply.exception()  # whether or not anybody still waits for it

    def _sort(self, item: Json) -> None:
        if item["type"] != "reply":
            self.pushes.put_nowait(item)
            return
        reply = self._replies.pop(item["id"])
        if not reply.done():
            reply.set_result(item)
