"""The deployment of a play: its processes, what can happen to them, and a look into its database."""

import asyncio
import contextlib
import os
import random
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from tests.chaos.faults import Fault, NotMended
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
AT_ONCE = 5_000
"""Rows that are read from PostgreSQL in one go."""
START_S = 200
AGAIN_S = 0.5
SHOWN = 6_000


class Scene(Protocol):
    """What a play needs of a deployment."""

    folder: Path
    urls: list[str]
    bases: list[str]
    """The same nodes for HTTP."""
    faults: dict[str, Fault]

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def token(self, name: str) -> str: ...
    def rows(self, statement: str) -> AsyncIterator[Any]:
        """What the database holds, read past the server."""


async def rows_on_postgres(url: str, statement: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            async for row in connection.cursor(statement, prefetch=AT_ONCE):
                yield row
    finally:
        await connection.close()


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

    @property
    def _program(self) -> list[str]:
        return ["serve", "--port", str(self.port)]

    async def start(self) -> "Node":
        """Again and again, as a service manager would: what it needs may be away at the moment."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            self._spawn()
            while self.exit_code is None and time.monotonic() < until:
                if (await self.http("GET", "/health"))[0]:
                    return self
                await asyncio.sleep(0.02)
            await asyncio.sleep(AGAIN_S)
        if self.exit_code is None:
            self.send(signal.SIGUSR1)
            await asyncio.sleep(AGAIN_S)
        raise NotMended(f"{self.folder.name} did not start within {START_S} s: {self.log[-SHOWN:]}")

    def _spawn(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "PYTHONUNBUFFERED": "1",
        }
        environment |= {"CLOCK_FILE": str(self._clock), "PLANT": self._plant}
        command = [sys.executable, "-m", "tests.chaos.node", *self._program]
        command += ["--data-dir", str(self.folder), *self._arguments]
        with self._log.open("ab") as log:
            self._process = children.start(command, env=environment, cwd=ROOT, stdout=log, stderr=log)

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

    async def is_heard_only(self, rng: random.Random) -> None:
        """What clients say arrives, what they are answered does not: everything is said again."""
        for _ in range(rng.randint(3, 6)):
            self.proxy.deafen()
            await asyncio.sleep(rng.uniform(0.1, 0.4))
            self.proxy.heal()
            await asyncio.sleep(rng.uniform(0.1, 0.4))

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


class Worker(Node):
    """One `chaguan worker`, whose probes answer on `port`."""

    def __init__(self, folder: Path, port: int, *arguments: str, plant: str = "") -> None:
        super().__init__(folder, *arguments, plant=plant)
        self.base = f"http://127.0.0.1:{port}"

    @property
    def _program(self) -> list[str]:
        return ["worker"]


class OneNode:
    """The embedded default: one process on SQLite, or on a PostgreSQL that nothing happens to. What holds it up is
    that one thing at a time happens to the process."""

    def __init__(self, folder: Path, plant: str = "", database_url: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        config = folder / "chaguan.toml"
        config.write_text((f'database_url = "{database_url}"\n' if database_url else "") + CONFIG)
        self.folder = folder
        self._database_url = database_url
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
            "replies lost": node.is_heard_only,
        }

    def _one_at_a_time(self, fault: Fault) -> Fault:
        async def alone(rng: random.Random) -> None:
            async with self.node.is_hurt:
                await fault(rng)

        return alone

    @property
    def urls(self) -> list[str]:
        return [f"ws://127.0.0.1:{self.node.proxy.port}/v1/ws"]

    @property
    def bases(self) -> list[str]:
        return [f"http://127.0.0.1:{self.node.proxy.port}"]

    async def start(self) -> None:
        await self.node.proxy.start()
        await (await self.node.start()).set_up()

    async def stop(self) -> None:
        await self.node.proxy.stop()
        self.node.stop()

    def token(self, name: str) -> str:
        return self.node.token(name)

    async def rows(self, statement: str) -> AsyncIterator[Any]:
        if self._database_url:
            async for row in rows_on_postgres(self._database_url, statement):
                yield row
            return
        with contextlib.closing(sqlite3.connect(self._data / "chaguan.db")) as connection:
            for row in connection.execute(statement):
                yield row
