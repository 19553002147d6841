"""One session on a pipe, with a clock that is set by hand."""

import asyncio
import json
import random
from typing import Any

from chaguan.gateway.edge import Edge, EdgeSettings
from chaguan.gateway.lifetime import State
from chaguan.gateway.session import Session
from chaguan.gateway.websocket import CLOSE, TEXT
from chaguan.gateway.wheel import Wheel
from tests.edge_server import Answering, Union


class Pipe:
    """A link that takes `room` bytes and then blocks, as a kernel does."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.room = 1 << 30
        self.held = 0
        self.is_paused = self.is_finished = self.is_aborted = False

    def write(self, data: bytes) -> bool:
        self.writes.append(data)
        self.held = max(0, len(data) - self.room)
        self.room = max(0, self.room - len(data))
        return not self.held

    def buffered(self) -> int:
        return self.held

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def finish(self) -> None:
        self.is_finished = True

    def finish_writing(self) -> None:
        self.is_finished = True

    def abort(self) -> None:
        self.is_aborted = True


class Scene:
    """One session on a pipe, with a clock that is set by hand."""

    def __init__(self, **settings: Any) -> None:
        self.now = 0.0
        self.dispatcher = Answering()
        wheel = Wheel(clock=lambda: self.now, random_=random.Random(1))
        self.edge = Edge(self.dispatcher, Union, EdgeSettings(**settings), wheel=wheel)
        self.dispatcher.edge = self.edge
        self.pipe = Pipe()
        self.session = Session(self.edge, self.pipe)
        self._read = 0

    def say(self, **command: Any) -> None:
        self.session.on_event(TEXT, json.dumps(command).encode())

    def hello(self, token: str = "u_1") -> None:
        self.say(type="hello", id=1, protocol=1, token=token, device_id="d_1")

    async def greeted(self) -> "Scene":
        self.hello()
        await self.settle()
        assert self.session.state is State.ready
        self.heard()
        return self

    async def settle(self) -> None:
        for _ in range(8):
            await asyncio.sleep(0)

    async def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            while not self.edge.wheel.advance():
                pass
        await self.settle()

    def frames(self) -> list[tuple[int, bytes]]:
        """Frames written since the last look."""
        data = b"".join(self.pipe.writes)[self._read :]
        self._read += len(data)
        found = []
        while data:
            size, head = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4], "big"), 4)
            if data[1] == 127:
                size, head = int.from_bytes(data[2:10], "big"), 10
            found.append((data[0] & 15, data[head : head + size]))
            data = data[head + size :]
        return found

    def heard(self) -> list[Any]:
        return [json.loads(body) for opcode, body in self.frames() if opcode == TEXT]

    def close_code(self) -> int:
        codes = [int.from_bytes(body[:2], "big") for opcode, body in self.frames() if opcode == CLOSE]
        assert len(codes) <= 1, "closed twice"
        return codes[0] if codes else 0
