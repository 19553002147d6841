"""A relay in front of one server's port, which can behave as a bad network does."""

import asyncio
import contextlib
import socket
import struct
from typing import Any

_HARD_END = struct.pack("ii", 1, 0)
"""Closed so, a connection is reset."""


class Proxy:
    """Bytes go both ways unless told otherwise. `part` holds everything back without closing, as a tunnel does;
    `cut` resets what is open; `deafen` loses what the server says and, healed, resets it; `delay_s` is added to each
    chunk, in order."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self.delay_s = 0.0
        self.is_parted = self.loses_answers = False
        self._server: asyncio.Server | None = None
        self._ends: set[_End] = set()
        self._dialing: set[asyncio.Task[None]] = set()

    async def start(self) -> "Proxy":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, "127.0.0.1", 0, backlog=1_024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def _accept(self) -> "_End":
        near = _End(self)
        near.is_near = True
        task = asyncio.get_running_loop().create_task(self._dial(near))
        self._dialing.add(task)
        task.add_done_callback(self._dialing.discard)
        return near

    async def _dial(self, near: "_End") -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(10):
                _, far = await loop.create_connection(lambda: _End(self), "127.0.0.1", self._to)
        except (OSError, TimeoutError):
            near.abort()
            return
        near.meet(far)

    def lead_to(self, port: int) -> None:
        """New connections go elsewhere; those that are open end, and nothing reaches the old place any more."""
        self._to = port
        self.cut()

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in self._dialing:
            task.cancel()
        await asyncio.gather(*self._dialing, return_exceptions=True)
        self.cut()
        await asyncio.sleep(0)  # the transports' own last call

    def part(self) -> None:
        self.is_parted = True
        for end in self._ends:
            end.hold()

    def deafen(self) -> None:
        self.loses_answers = True

    def heal(self) -> None:
        self.is_parted, self.delay_s = False, 0.0
        if self.loses_answers:
            self.loses_answers = False
            self.cut()
        for end in list(self._ends):
            end.flush()

    def cut(self) -> None:
        for end in list(self._ends):
            end.abort()

    def add(self, end: "_End") -> None:
        self._ends.add(end)

    def remove(self, end: "_End") -> None:
        self._ends.discard(end)


class _End(asyncio.Protocol):
    """One of the two connections of a relay; what it reads the other one writes."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._other: _End | None = None
        self._late: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = self._may_write = self.is_near = False

    def meet(self, other: "_End") -> None:
        self._other, other._other = other, self
        for end in (self, other):
            if end._is_over:
                end._end_other()
            end.flush()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._may_write = True
        self._proxy.add(self)
        if self._is_over:
            transport.abort()
        elif self._proxy.is_parted:
            self.hold()

    def data_received(self, data: bytes) -> None:
        proxy = self._proxy
        if proxy.loses_answers and not self.is_near:
            return
        if self._other is None or self._late or proxy.is_parted or proxy.delay_s:
            self._late.append(data)
            if proxy.delay_s and self._timer is None:
                self._timer = self._loop.call_later(proxy.delay_s, self.flush)
            return
        self._other.write(data)

    def flush(self) -> None:
        """What was held back goes on, all of it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._proxy.is_parted or self._other is None or self._is_over:
            return
        if self._late:
            self._other.write(b"".join(self._late))
            self._late.clear()
        if self._other._may_write and not self._transport.is_closing():
            self._transport.resume_reading()

    def hold(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def write(self, data: bytes) -> None:
        if not self._is_over:
            self._transport.write(data)

    def pause_writing(self) -> None:
        self._may_write = False
        if self._other is not None:
            self._other.hold()

    def resume_writing(self) -> None:
        self._may_write = True
        if self._other is not None:
            self._other.flush()

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_over = True
        self._proxy.remove(self)
        self._end_other()

    def _end_other(self) -> None:
        """After what was read before has been written; where the network is parted nobody hears of the end."""
        other = self._other
        if other is not None and not other._is_over:
            if self._late and not self._proxy.is_parted:
                other.write(b"".join(self._late))
            other._transport.close()

    def abort(self) -> None:
        self._is_over = True
        if self._transport is not None and not self._transport.is_closing():
            with contextlib.suppress(OSError, ValueError):  # it has ended by itself
                self._transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _HARD_END
                )
            self._transport.abort()
