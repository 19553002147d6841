"""Three nodes on PostgreSQL (a primary and a synchronous standby) and Valkey, each reached through proxies."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from tests.chaos.faults import Fault
from tests.chaos.proxy import Proxy
from tests.chaos.scene import CONFIG, Node, rows_on_postgres
from tools.servers.postgres import PostgresServer
from tools.servers.valkey import PASSWORD, Single

T = TypeVar("T")
NODES = 3
STANDBY = "standby"


class Primary:
    """Where the nodes find their database, whoever serves it at the moment. What was fenced never comes back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers = 0
        self.proxies: list[Proxy] = []
        self.server = PostgresServer(self._next(), synchronous_standby_names=STANDBY)
        self._standby: PostgresServer | None = None

    def _next(self) -> Path:
        self._servers += 1
        return self._folder / f"postgres-{self._servers}"

    def start(self) -> None:
        self.server.start()
        self.follow()
        self.server.create_database("chaguan")

    def follow(self) -> None:
        """A new standby; until it is there no commit is answered."""
        self._standby = PostgresServer.standby_of(
            self.server, self._next(), name=STANDBY, synchronous_standby_names=STANDBY
        ).start()

    def fail_over(self) -> None:
        assert self._standby is not None
        old = self.server
        old.kill()
        self._standby.promote()
        self.server = self._standby
        self.follow()
        shutil.rmtree(old.folder, ignore_errors=True)

    def stop(self) -> None:
        for server in (self._standby, self.server):
            if server is not None:
                server.stop(at_once=True)


class Cluster:
    def __init__(self, folder: Path, plant: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._plant = plant
        self._hands = ThreadPoolExecutor(1)  # servers end with the thread that started them: this one stays
        self._primary = Primary(folder)
        self._valkey = Single()
        self._to_valkey: list[Proxy] = []
        self._nodes: list[Node] = []
        self._one_at_a_time = asyncio.Lock()
        self.urls: list[str] = []
        self.bases: list[str] = []
        self.faults: dict[str, Fault] = {}

    async def _by_hand(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hands, work)

    async def start(self) -> None:
        await self._by_hand(self._primary.start)
        await self._by_hand(self._valkey.server.start)
        for number in range(NODES):
            await self._add(number)
        first = self._nodes[0]
        await first.set_up()
        for node in self._nodes[1:]:
            node.app_id, node.secret = first.app_id, first.secret
        self.faults = self._possible()

    async def _add(self, number: int) -> None:
        """The second node takes the key that the first one made."""
        database = await Proxy(self._primary.server.port).start()
        valkey = await Proxy(self._valkey.server.port).start()
        self._primary.proxies.append(database)
        self._to_valkey.append(valkey)
        config = self._folder / f"node-{number}.toml"
        server = self._primary.server
        head = {
            "database_url": f"postgresql://chaguan:{server.password}@127.0.0.1:{database.port}/chaguan",
            "redis_url": f"redis://:{PASSWORD}@127.0.0.1:{valkey.port}/0",
            "master_key_file": str(self._folder / "master.key"),
        }
        lines = [f'{name} = "{value}"' for name, value in head.items()]
        config.write_text("\n".join([*lines, f"nodes = {NODES}", "search = false", CONFIG]))
        node = Node(self._folder / f"data-{number}", "--config", str(config), plant=self._plant)
        await node.proxy.start()
        await node.start()
        self._nodes.append(node)
        self.bases.append(f"http://127.0.0.1:{node.proxy.port}")
        self.urls.append(f"ws://127.0.0.1:{node.proxy.port}/v1/ws")

    async def stop(self) -> None:
        for proxy in (*self._primary.proxies, *self._to_valkey, *(node.proxy for node in self._nodes)):
            await proxy.stop()
        for node in self._nodes:
            node.kill()
        await self._by_hand(self._primary.stop)
        await self._by_hand(self._valkey.server.kill)
        self._hands.shutdown()

    def token(self, name: str) -> str:
        return self._nodes[0].token(name)

    def rows(self, statement: str) -> AsyncIterator[Any]:
        return rows_on_postgres(self._primary.server.url("chaguan"), statement)

    # What happens to it

    def _possible(self) -> dict[str, Fault]:
        return {
            "node killed": self._to_a_node(Node.is_killed),
            "node stopped": self._to_a_node(Node.is_stopped),
            "clock wrong": self._to_a_node(Node.has_a_wrong_clock),
            "clients dropped": self._to_a_node(Node.is_dropped),
            "clients parted": self._to_a_node(Node.is_cut_off),
            "clients slow": self._to_a_node(Node.is_slow),
            "replies lost": self._to_a_node(Node.is_heard_only),
            "primary killed": self._primary_killed,
            "primary stopped": self._primary_stopped,
            "database parted": self._parted(self._primary.proxies),
            "redis killed": self._redis_killed,
            "redis parted": self._parted(self._to_valkey),
        }

    def _to_a_node(self, how: Callable[[Node, random.Random], object]) -> Fault:
        async def fault(rng: random.Random) -> None:
            node = rng.choice(self._nodes)
            async with node.is_hurt:
                await how(node, rng)  # type: ignore[misc]

        return fault

    def _parted(self, proxies: list[Proxy]) -> Fault:
        """One node can't reach it; the others can."""

        async def fault(rng: random.Random) -> None:
            proxy = rng.choice(proxies)
            proxy.part()
            await asyncio.sleep(rng.uniform(0.5, 6))
            proxy.heal()

        return fault

    async def _primary_killed(self, rng: random.Random) -> None:
        """The standby is promoted; the old primary is fenced before, since nothing leads to it any more."""
        async with self._one_at_a_time:
            for proxy in self._primary.proxies:
                proxy.cut()
            await asyncio.sleep(rng.uniform(0, 0.5))
            await self._by_hand(self._primary.fail_over)
            for proxy in self._primary.proxies:
                proxy.lead_to(self._primary.server.port)

    async def _primary_stopped(self, rng: random.Random) -> None:
        async with self._one_at_a_time:
            await self._by_hand(self._primary.server.pause)
            await asyncio.sleep(rng.uniform(0.5, 3))
            await self._by_hand(self._primary.server.resume)

    async def _redis_killed(self, rng: random.Random) -> None:
        async with self._one_at_a_time:
            await self._by_hand(self._valkey.server.kill)
            await asyncio.sleep(rng.uniform(0.2, 4))
            await self._by_hand(self._valkey.server.start)
