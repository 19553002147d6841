"""Several processes behind one port: starts them, replaces one that ends unasked, passes a signal on, ends last.

Each slot has a listening socket of its own on the shared port (SO_REUSEPORT): the kernel spreads connections over
them, and since they are made here, what queued at a slot while its process was replaced is not lost.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from chaguan.core.settings import Settings
from chaguan.gateway.server import end_now, listen
from chaguan.metrics import Sample
from chaguan.metrics.catalogue import family
from chaguan.metrics.exposition import Family
from chaguan.metrics.siblings import gathered, pages, socket_of

logger = logging.getLogger("chaguan.supervisor")
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
STEADY_S = 30.0
"""Who lived so long before ending is no crash loop."""
PATIENT_S = 1.0
"""Connections wait so long at a slot whose process is being replaced; beyond it the others take them."""
GRACE_S = 30.0
MISCONFIGURED = 2


class Job(msgspec.Struct):
    """What a process is told on its standard input. That the input ends means that the supervisor is gone."""

    slot: str
    settings: Settings
    folder: str
    descriptor: int = -1
    """Of its listening socket; -1 for the one that runs the consumers."""


CONSUMERS = "consumers"
PROGRAM = (sys.executable, "-m", "chaguan.process")


class Doors:
    """The listening sockets by slot, all on one port."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self.port = port
        self._open: dict[str, socket.socket] = {}

    def open(self, slot: str) -> int:
        if slot not in self._open:
            door = listen(self._host, self.port, shared=True)
            door.listen(4096)
            door.set_inheritable(True)
            self.port = door.getsockname()[1]
            self._open[slot] = door
        return self._open[slot].fileno()

    def close(self, slot: str) -> None:
        """The kernel offers the slot no more connections; those that waited there are refused, and come again."""
        if slot in self._open:
            self._open.pop(slot).close()

    def close_all(self) -> None:
        for slot in list(self._open):
            self.close(slot)


def pause_after(lived_s: float, before_s: float) -> float:
    """How long to wait before the next attempt."""
    if lived_s >= STEADY_S or not before_s:
        return FIRST_PAUSE_S
    return min(LONGEST_PAUSE_S, before_s * 2)


class Supervisor:
    def __init__(
        self, settings: Settings, slots: Sequence[str], doors: Doors, program: Sequence[str] = PROGRAM
    ) -> None:
        self._settings = settings
        self._slots = list(slots)
        self._doors = doors
        self._program = list(program)
        self._folder = Path(tempfile.mkdtemp(prefix="chaguan-"))
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self._exit_code = 0
        self.restarts = 0

    async def run(self, announce: Callable[[], None] = lambda: None) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)
        listeners = await pages(self._folder, self._settings, self._families)
        said = asyncio.create_task(self._announce(announce))
        try:
            await asyncio.gather(*(self._keep(slot) for slot in self._slots))
        finally:
            said.cancel()
            for listener in listeners:
                await listener.stop()
            self._doors.close_all()
            self._forget_folder()
        return self._exit_code

    def _on_signal(self) -> None:
        if self._stopping.is_set():
            for process in self._running.values():
                process.kill()
            self._forget_folder()
            end_now("a second signal: ending at once")
        self._stop()

    def _stop(self) -> None:
        self._stopping.set()
        self._doors.close_all()
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)

    async def _keep(self, slot: str) -> None:
        loop, pause = asyncio.get_running_loop(), 0.0
        while not self._stopping.is_set():
            begun = loop.time()
            code = await self._one_life(slot)
            if self._stopping.is_set():
                return
            if code == MISCONFIGURED:
                self._exit_code = MISCONFIGURED
                self._stop()
                return
            pause = pause_after(loop.time() - begun, pause)
            self.restarts += 1
            logger.error("worker %s ended (%s); another starts in %.1f s", slot, _how(code), pause)
            if pause > PATIENT_S:
                self._doors.close(slot)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _one_life(self, slot: str) -> int:
        descriptor = -1 if slot == CONSUMERS else self._doors.open(slot)
        # A session of its own: Ctrl-C reaches this process only, which passes it on once.
        process = await asyncio.create_subprocess_exec(
            *self._program,
            stdin=asyncio.subprocess.PIPE,
            pass_fds=[descriptor] if descriptor >= 0 else [],
            start_new_session=True,
        )
        self._running[slot] = process
        try:
            await self._tell(process, Job(slot, self._settings, str(self._folder), descriptor))
            if self._stopping.is_set():
                process.send_signal(signal.SIGTERM)
            return await self._ended(process)
        finally:
            del self._running[slot]

    @staticmethod
    async def _tell(process: asyncio.subprocess.Process, job: Job) -> None:
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):  # it ended already: that is seen where it is waited for
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            await process.stdin.drain()

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        ending = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        try:
            return (
                await asyncio.wait_for(asyncio.shield(ending), self._patience)
                if self._stopping.is_set()
                else await ending
            )
        except TimeoutError:
            logger.error("process %d does not end; killing it", process.pid)
            self._exit_code = 1
            process.kill()
            return await ending

    @property
    def _patience(self) -> float:
        return GRACE_S + self._settings.drain_notice_ms / 1000

    async def _announce(self, announce: Callable[[], None]) -> None:
        while not all(socket_of(self._folder, slot).exists() for slot in self._slots):  # noqa: ASYNC110  files have no event
            await asyncio.sleep(0.05)
        announce()

    async def _families(self) -> list[Family]:
        own = [
            family(
                "chaguan_workers",
                [
                    Sample({"state": "wanted"}, len(self._slots)),
                    Sample({"state": "running"}, len(self._running)),
                ],
            ),
            family("chaguan_worker_restarts_total", [Sample({}, self.restarts)]),
        ]
        return [*own, *await gathered(self._folder)]

    def _forget_folder(self) -> None:
        for each in self._folder.iterdir():
            each.unlink()
        self._folder.rmdir()


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def follow_supervisor(loop: asyncio.AbstractEventLoop) -> None:
    """In a worker: when the supervisor is gone, however it went, this process drains and ends too."""

    def gone() -> None:
        if not os.read(0, 1):
            loop.remove_reader(0)
            os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(0, gone)


def told() -> Job:
    """What the supervisor said. Byte by byte from the descriptor: a buffer would hide the end of the input."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit("chaguan.process is started by `chaguan serve --workers N`")
        line += byte
    return msgspec.json.decode(bytes(line), type=Job)
