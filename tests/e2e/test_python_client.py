"""The example client, as a process, against the real server: it was written from docs/reference/protocol.md alone."""

import asyncio
import sys
from pathlib import Path

import pytest
import websockets

from tests.e2e.process import ENVIRONMENT, ROOT, Served

PROGRAM = ROOT / "examples" / "python-client" / "client.py"


class Program:
    """The client as somebody at a terminal has it."""

    def __init__(self, base: str, state: Path, token: str) -> None:
        self._arguments = (sys.executable, str(PROGRAM), base, str(state), token)
        self.lines: list[str] = []

    async def start(self) -> "Program":
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, env=ENVIRONMENT
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(line.decode().rstrip("\n"))

    async def type(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode() + b"\n")
        await self._process.stdin.drain()

    async def shows(self, text: str) -> None:
        async with asyncio.timeout(20):
            while not any(line.endswith(": " + text) for line in self.lines):
                await asyncio.sleep(0.01)

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading


class Wire:
    """Between client and server; loses each frame to the client that has `lost` in it."""

    lost = "这一帧丢了"

    def __init__(self, target: str) -> None:
        self._target = target
        self.lost_frames = 0

    async def __aenter__(self) -> "Wire":
        self._server = await websockets.serve(self._carry, "127.0.0.1", 0, compression=None)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _carry(self, near: websockets.ServerConnection) -> None:
        try:
            async with websockets.connect(self._target, compression=None) as far:
                ways = [asyncio.create_task(self._up(near, far)), asyncio.create_task(self._down(far, near))]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass  # the server is down: the client sees its connection end

    async def _up(self, near: websockets.ServerConnection, far: websockets.ClientConnection) -> None:
        async for frame in near:
            await far.send(frame)

    async def _down(self, far: websockets.ClientConnection, near: websockets.ServerConnection) -> None:
        async for frame in far:
            if '"message_sent"' in str(frame) and '"reply"' not in str(frame) and self.lost in str(frame):
                self.lost_frames += 1
            else:
                await near.send(frame)


@pytest.fixture
async def served(tmp_path):
    served = Served(tmp_path / "data")
    try:
        yield await (await served.start()).set_up()
    finally:
        served.stop()


async def test_the_example_client_loses_and_doubles_nothing_whatever_dies(served, tmp_path):
    async with Wire(served.url) as wire:
        program = await Program(wire.base, tmp_path / "chat.json", served.token("li")).start()
        try:
            await program.type("你好")
            await program.shows("你好")
            agent = await served.owner()
            cases = []
            while not cases:
                await asyncio.sleep(
                    0.05
                )  # a loaded machine takes longer than the commands that a session may send at once
                cases = (await agent.ask("watch_desk"))["cases"]
            room = (await agent.ask("take_case", case_id=cases[0]["id"]))["case"]["conversation_id"]
            await agent.say(room, "有什么可以帮您？")
            await program.shows("有什么可以帮您？")

            await agent.say(room, Wire.lost)  # its push never arrives …
            await agent.say(room, "您还在吗？")  # … which this one shows, and the gap is pulled
            await program.shows("您还在吗？")
            assert wire.lost_frames == 1
            await program.shows(Wire.lost)

            served.kill()
            await agent.close()
            await program.type("服务器没了也能写")
            await served.start()
            await program.shows("服务器没了也能写")

            await program.kill()
            agent = await served.owner()
            await agent.say(room, "您走了之后说的")
            again = await Program(wire.base, tmp_path / "chat.json", served.token("li")).start()
            try:
                await again.shows("您走了之后说的")
                assert not set(again.lines) & set(program.lines)
                shown = program.lines + again.lines
            finally:
                await again.kill()
            history = (await agent.ask("get_history", conversation_id=room, limit=200))["messages"]
            await agent.close()
            assert [int(line[1:].split()[0]) for line in shown] == [message["seq"] for message in history]
        finally:
            await program.kill()


def test_the_client_is_short_and_knows_nothing_of_the_server():
    text = PROGRAM.read_text(encoding="utf-8")
    assert sum(bool(line.strip()) for line in text.splitlines()) <= 200
    assert "import chaguan" not in text and "from chaguan" not in text
