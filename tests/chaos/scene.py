"""The deployment of a play: its processes, what can happen to them, and a look into its database."""

import asyncio
import contextlib
import os
import random
import resource
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Protocol

from tests.chaos.check import Row, Truth
from tests.chaos.faults import Fault
from tests.chaos.proxy import Proxy
from tests.e2e.process import ROOT, Served
from tools.servers import children

CONFIG = """\
[limits]
messages_per_second = 100000
commands_per_second = 100000
connections_per_address = 10000
[policy]
customers_write_customers = true
customers_make_groups = true
"""
INTERVALS = "SELECT conversation_id, user_id, intervals FROM members"
LOG = f"SELECT {Truth.COLUMNS} FROM entries ORDER BY conversation_id, seq"


class Scene(Protocol):
    """What a play needs of a deployment."""

    urls: list[str]
    faults: dict[str, Fault]

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def token(self, name: str) -> str: ...
    async def truth(self) -> Truth: ...


class Node(Served):
    """One `chaguan serve`, behind a proxy, with a clock that can be set."""

    def __init__(self, folder: Path, *arguments: str, plant: str = "") -> None:
        super().__init__(folder, *arguments)
        self.proxy = Proxy(self.port)
        self._clock = folder.with_suffix(".clock")
        self._clock.write_text("0")
        self._plant = plant
        self.is_hurt = asyncio.Lock()
        """One thing at a time happens to a process."""

    async def start(self) -> "Node":
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "PYTHONUNBUFFERED": "1",
        }
        environment |= {"CLOCK_FILE": str(self._clock), "PLANT": self._plant}
        command = [sys.executable, "-m", "tests.chaos.node", "serve", "--port", str(self.port)]
        command += ["--data-dir", str(self.folder), *self._arguments]
        with self._log.open("ab") as log:
            self._process = children.start(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
        async with asyncio.timeout(60):
            while (await self.http("GET", "/health"))[0] == 0:
                assert self._process.poll() is None, self.log
                await asyncio.sleep(0.02)
        return self

    async def is_killed(self, rng: random.Random) -> None:
        self.kill()
        await asyncio.sleep(rng.uniform(0, 1))
        await self.start()

    async def is_stopped(self, rng: random.Random) -> None:
        """SIGSTOP: it holds its connections and says nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        await asyncio.sleep(rng.uniform(0.5, 4))
        os.kill(self.pid, signal.SIGCONT)

    async def is_cut_off(self, rng: random.Random) -> None:
        self.proxy.part()
        await asyncio.sleep(rng.uniform(0.5, 8))
        self.proxy.heal()

    async def is_dropped(self, _rng: random.Random) -> None:
        self.proxy.cut()

    async def is_slow(self, rng: random.Random) -> None:
        self.proxy.delay_s = rng.uniform(0.05, 0.4)
        await asyncio.sleep(rng.uniform(1, 4))
        self.proxy.heal()

    async def has_a_full_disk(self, rng: random.Random) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.limit_file_size(4096)
            await asyncio.sleep(rng.uniform(0.5, 2))
            resource.prlimit(
                self.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )

    async def has_a_wrong_clock(self, rng: random.Random) -> None:
        """Up to a minute off, which is the leeway of tokens; put right abruptly."""
        self._clock.write_text(str(rng.randint(-50_000, 50_000)))
        await asyncio.sleep(rng.uniform(1, 4))
        self._clock.write_text("0")


class OneNode:
    """The embedded default: one process on SQLite. What holds it up is that one process at a time is hurt."""

    def __init__(self, folder: Path, plant: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "chaguan.toml"
        config.write_text(CONFIG)
        self._data = folder / "data"
        self.node = Node(self._data, "--config", str(config), plant=plant)
        node = self.node
        self.faults: dict[str, Fault] = {
            "node killed": self._one_at_a_time(node.is_killed),
            "node stopped": self._one_at_a_time(node.is_stopped),
            "disk full": self._one_at_a_time(node.has_a_full_disk),
            "clock wrong": node.has_a_wrong_clock,
            "connections dropped": node.is_dropped,
            "network parted": node.is_cut_off,
            "network slow": node.is_slow,
        }

    def _one_at_a_time(self, fault: Fault) -> Fault:
        async def alone(rng: random.Random) -> None:
            async with self.node.is_hurt:
                await fault(rng)

        return alone

    @property
    def urls(self) -> list[str]:
        return [f"ws://127.0.0.1:{self.node.proxy.port}/v1/ws"]

    async def start(self) -> None:
        await self.node.proxy.start()
        await (await self.node.start()).set_up()

    async def stop(self) -> None:
        await self.node.proxy.stop()
        self.node.stop()

    def token(self, name: str) -> str:
        return self.node.token(name)

    async def truth(self) -> Truth:
        with contextlib.closing(sqlite3.connect(self._data / "chaguan.db")) as connection:
            rows = map(Row._make, connection.execute(LOG))
            return Truth(rows, connection.execute(INTERVALS))
