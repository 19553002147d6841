"""Several processes behind one port: with a small program in their place, and with the real one."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from chaguan.core.settings import Settings
from chaguan.supervisor import LONGEST_PAUSE_S, STEADY_S, Doors, pause_after
from tests.e2e.deployed import settled
from tests.e2e.process import ENVIRONMENT, chaguan, free_port
from tests.e2e.server import Client
from tools.servers import children

SUPERVISED = """
import asyncio, sys, msgspec
from chaguan.core.logs import set_up
from chaguan.core.settings import Settings
from chaguan.supervisor import PROGRAM, Doors, Supervisor
set_up("human", "info")
settings, slots, program = msgspec.json.decode(sys.argv[1], type=tuple[Settings, list[str], list[str]])
async def main():
    supervisor = Supervisor(settings, slots, Doors("127.0.0.1", settings.port), program or PROGRAM)
    return await supervisor.run(lambda: print("all up", flush=True))
sys.exit(asyncio.run(main()))
"""
STAND_IN = """
import asyncio, os, signal, socket
from chaguan.supervisor import follow_supervisor, told
job = told()
if job.settings.name == "misconfigured":
    raise SystemExit(2)
async def serve(reader, writer):
    asked = await reader.readline()
    if asked == b"die\\n":
        os._exit(7)
    writer.write(f"{job.slot} {os.getpid()}\\n".encode())
    await writer.drain()
    writer.close()
async def main():
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, done.set if job.settings.name != "stubborn" else lambda: None)
    follow_supervisor(loop)
    if job.descriptor >= 0:
        await asyncio.start_server(serve, sock=socket.socket(fileno=job.descriptor))
    await asyncio.start_unix_server(serve, f"{job.folder}/{job.slot}.sock")
    await done.wait()
asyncio.run(main())
"""


class Node:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path, slots: list[str], program: list[str], **settings: object) -> None:
        self.port = free_port()
        given = Settings(port=self.port, **settings)
        self.log_file = folder / "node.log"
        arguments = json.dumps([to_builtins(given), slots, program])
        with self.log_file.open("ab") as log:
            self.process = children.start(
                [sys.executable, "-c", SUPERVISED, arguments], env=ENVIRONMENT, stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    async def up(self) -> "Node":
        async with asyncio.timeout(30):
            while "all up" not in self.log:
                assert self.process.poll() is None, self.log
                await asyncio.sleep(0.02)
        return self

    async def ended(self, seconds: float = 20) -> int:
        async with asyncio.timeout(seconds):
            while self.process.poll() is None:
                await asyncio.sleep(0.02)
        return self.process.returncode

    async def ask(self, line: str = "who") -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{line}\n".encode())
        try:
            return (await reader.readline()).decode().strip()
        finally:
            writer.close()

    async def everybody(self, count: int) -> dict[str, int]:
        """Slot → process, asked until as many answered."""
        found: dict[str, int] = {}
        async with asyncio.timeout(10):
            while len(found) < count:
                with contextlib.suppress(OSError, ValueError):
                    slot, pid = (await self.ask()).split()
                    found[slot] = int(pid)
        return found

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(10)


def to_builtins(settings: Settings) -> object:
    import msgspec

    return msgspec.to_builtins(settings)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def until_gone(pids: list[int]) -> None:
    async with asyncio.timeout(15):
        while not all(is_gone(pid) for pid in pids):
            await asyncio.sleep(0.02)


@pytest.fixture
def node(tmp_path):
    made: list[Node] = []

    def make(slots: int = 3, **settings: object) -> Node:
        names = [str(nth) for nth in range(slots)]
        made.append(Node(tmp_path, names, [sys.executable, "-c", STAND_IN], **settings))
        return made[-1]

    yield make
    for each in made:
        each.kill()


async def test_all_share_one_port_and_end_together_with_0(node) -> None:
    running = await node().up()
    pids = await running.everybody(3)
    running.process.send_signal(signal.SIGTERM)
    assert await running.ended() == 0
    assert all(is_gone(pid) for pid in pids.values())


async def test_one_that_is_killed_is_replaced_and_the_others_go_on(node) -> None:
    running = await node().up()
    before = await running.everybody(3)
    os.kill(before["1"], signal.SIGKILL)
    async with asyncio.timeout(10):
        while (now := await running.everybody(3))["1"] == before["1"]:
            await asyncio.sleep(0.02)
    assert (now["0"], now["2"]) == (before["0"], before["2"])
    assert "worker 1 ended (signal SIGKILL)" in running.log


async def test_who_connects_while_the_only_one_is_replaced_waits_and_is_served(node) -> None:
    running = await node(slots=1).up()
    await running.ask("die")
    answers = await asyncio.wait_for(asyncio.gather(*(running.ask() for _ in range(20))), 15)
    assert all(answer.startswith("0 ") for answer in answers)


async def test_workers_do_not_outlive_a_supervisor_that_is_killed(node) -> None:
    running = await node().up()
    pids = await running.everybody(3)
    running.kill()
    await until_gone(list(pids.values()))


async def test_a_second_signal_ends_even_those_that_do_not_listen(node) -> None:
    running = await node(name="stubborn").up()
    pids = await running.everybody(3)
    held = sockets(running.process.pid)
    running.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        while sockets(running.process.pid) >= held:  # the first signal closes the doors
            await asyncio.sleep(0.02)
    assert running.process.poll() is None
    running.process.send_signal(signal.SIGTERM)
    assert await running.ended(3) == 1
    await until_gone(list(pids.values()))


async def test_what_can_never_start_is_not_started_again_and_again(node) -> None:
    running = node(name="misconfigured")
    assert await running.ended() == 2


def test_the_pause_between_attempts_grows_to_a_bound_and_is_forgiven() -> None:
    pause, seen = 0.0, []
    for _ in range(12):
        pause = pause_after(0.1, pause)
        seen.append(pause)
    assert seen[:4] == [0.2, 0.4, 0.8, 1.6] and seen[-1] == LONGEST_PAUSE_S
    assert pause_after(STEADY_S, seen[-1]) == 0.2


def test_a_slot_that_is_closed_gets_no_connections() -> None:
    doors = Doors("127.0.0.1", 0)
    doors.open("0")
    kept = doors.open("1")
    doors.close("0")
    waiting = socket.socket(fileno=os.dup(kept))
    waiting.settimeout(5)
    for _ in range(8):
        with socket.create_connection(("127.0.0.1", doors.port), 5):
            waiting.accept()[0].close()
    waiting.close()
    doors.close_all()


@pytest.mark.parametrize("command", [["serve", "--workers", "2"], ["worker"]])
def test_several_processes_on_sqlite_are_refused_with_the_reason(tmp_path, command) -> None:
    ended = chaguan(*command, "--data-dir", str(tmp_path / "data"))
    assert ended.returncode == 2
    assert "SQLite" in ended.stderr and "PostgreSQL" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", [["serve", "--workers", "2"], ["worker"]])
def test_several_processes_that_cannot_hear_each_other_are_refused(tmp_path, command) -> None:
    config = tmp_path / "chaguan.toml"
    config.write_text('database_url = "postgresql://chaguan@127.0.0.1:1/chaguan"\n')
    ended = chaguan(*command, "--config", str(config), "--data-dir", str(tmp_path / "data"))
    assert ended.returncode == 2 and "redis_url" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


async def test_a_real_process_is_replaced_and_drained_by_its_supervisor(tmp_path) -> None:
    """With one gateway, which is all that SQLite takes."""
    town = await asyncio.to_thread(settled, tmp_path / "data")
    token = "a-token-for-scrapers-only"
    running = Node(tmp_path, ["0"], [], data_dir=str(tmp_path / "data"), metrics_token=token)
    try:
        await running.up()
        url = f"ws://127.0.0.1:{running.port}/v1/ws"
        client = await Client.connect(url)
        await client.hello(town.customer_token("a"), "d1")
        room = (await client.ask("open_service"))["view"]["conversation"]["id"]
        await client.say(room, "一")

        page = await scrape(running.port, token)
        assert 'chaguan_sessions{worker="0"} 1' in page, page
        assert 'chaguan_workers{state="running"} 1' in page

        os.kill(only_child(running.process.pid), signal.SIGKILL)
        await client.ended()
        again = await Client.connect(url, open_timeout=20)
        await again.hello(town.customer_token("a"), "d1")
        assert [
            m["content"]["text"] for m in await again.messages(room) if m["content"]["type"] == "text"
        ] == ["一"]
        assert "chaguan_worker_restarts_total 1" in await scrape(running.port, token)

        running.process.send_signal(signal.SIGTERM)
        await again.ended()
        assert again.close_code == 4000
        assert await running.ended() == 0  # one that outstays its time is killed, and that is a 1
    finally:
        running.kill()


async def scrape(port: int, token: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    try:
        return (await asyncio.wait_for(reader.read(), 10)).decode()
    finally:
        writer.close()


def sockets(pid: int) -> int:
    held = 0
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held += os.readlink(each).startswith("socket:")
    return held


def only_child(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
