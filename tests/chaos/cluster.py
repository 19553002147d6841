"""Three nodes and two workers on PostgreSQL (a primary and a synchronous standby), Valkey (a primary, a replica and
sentinels) and S3, all reached through proxies."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from tests.chaos.engines import Primary, Redis
from tests.chaos.faults import Fault
from tests.chaos.proxy import Proxy
from tests.chaos.scene import CONFIG, Node, Worker, rows_on_postgres
from tools.servers import s3
from tools.servers.valkey import free_port

T = TypeVar("T")
NODES = 3
WORKERS = 2


class Cluster:
    def __init__(self, folder: Path, plant: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._plant = plant
        self._hands = ThreadPoolExecutor(1)  # servers end with the thread that started them: this one stays
        self._primary = Primary(folder)
        self._redis: Redis | None = None
        self._bucket = s3.S3Server(folder / "s3")
        self._to_database: list[Proxy] = []
        self._to_redis: list[Proxy] = []
        self._to_bucket: list[Proxy] = []
        self._nodes: list[Node] = []
        self._workers: list[Worker] = []
        self._engines = {name: asyncio.Lock() for name in ("database", "redis", "s3")}
        """One thing at a time happens to an engine."""
        self.urls: list[str] = []
        self.bases: list[str] = []
        self.faults: dict[str, Fault] = {}

    async def _by_hand(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hands, work, *arguments)

    async def start(self) -> None:
        await self._by_hand(self._primary.start)
        await self._by_hand(self._bucket.start)
        ports = [free_port(), free_port()]
        self._to_redis = [await Proxy(port).start() for port in ports]
        self._redis = Redis(self.folder, ports, [proxy.port for proxy in self._to_redis])
        await self._by_hand(self._redis.start)
        for number in range(NODES):
            await self._add_node(number)
        for number in range(WORKERS):
            await self._add_worker(number)
        first = self._nodes[0]  # migrates, and makes the key that the others take
        await first.start()
        await first.set_up()
        await asyncio.gather(*(each.start() for each in (*self._nodes[1:], *self._workers)))
        for node in self._nodes[1:]:
            node.app_id, node.secret = first.app_id, first.secret
        self.faults = self._possible()

    async def _add_node(self, number: int) -> None:
        config = await self._configure(f"node-{number}")
        node = Node(self.folder / f"data-{number}", "--config", str(config), plant=self._plant)
        self._nodes.append(node)
        await node.proxy.start()
        self.bases.append(f"http://127.0.0.1:{node.proxy.port}")
        self.urls.append(f"ws://127.0.0.1:{node.proxy.port}/v1/ws")

    async def _add_worker(self, number: int) -> None:
        port = free_port()
        config = await self._configure(f"worker-{number}", metrics_listen=f"127.0.0.1:{port}")
        worker = Worker(self.folder / f"work-{number}", port, "--config", str(config), plant=self._plant)
        self._workers.append(worker)

    async def _configure(self, name: str, **more: str) -> Path:
        """Each process has its own ways to the database and the bucket."""
        assert self._redis is not None
        server = self._primary.server
        database = await Proxy(server.port).start()
        self._to_database.append(database)
        bucket = await Proxy(int(self._bucket.endpoint.rpartition(":")[2])).start()
        self._to_bucket.append(bucket)
        texts = {
            "database_url": f"postgresql://chaguan:{server.password}@127.0.0.1:{database.port}/chaguan",
            "redis_url": self._redis.url,
            "master_key_file": str(self.folder / "master.key"),
            "blobs_url": f"s3://{s3.BUCKET}/chaos",
            **more,
        }
        lines = [f'{key} = "{value}"' for key, value in texts.items()]
        lines += [f"nodes = {NODES}", "search = false", "consumers = false", "slow_ms = 10000", CONFIG]
        lines += ["[s3]", f'endpoint = "http://127.0.0.1:{bucket.port}"', f'region = "{s3.REGION}"']
        lines += [f'access_key_id = "{s3.ACCESS_KEY}"', f'secret_access_key = "{s3.SECRET_KEY}"', ""]
        config = self.folder / f"{name}.toml"
        config.write_text("\n".join(lines))
        return config

    async def stop(self) -> None:
        """Each of them, whatever befalls the others."""
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._hands.shutdown)
            for end in (self._primary.stop, self._bucket.kill):
                stack.push_async_callback(self._by_hand, end)
            if self._redis is not None:
                stack.push_async_callback(self._by_hand, self._redis.stop)
            for process in (*self._nodes, *self._workers):
                stack.callback(process.kill)
            ways = (*self._to_database, *self._to_redis, *self._to_bucket)
            for proxy in (*ways, *(node.proxy for node in self._nodes)):
                stack.push_async_callback(proxy.stop)

    def token(self, name: str) -> str:
        return self._nodes[0].token(name)

    def rows(self, statement: str) -> AsyncIterator[Any]:
        return rows_on_postgres(self._primary.server.url("chaguan"), statement)

    # What happens to it

    def _possible(self) -> dict[str, Fault]:
        return {
            "node killed": self._to_one_of(self._nodes, Node.is_killed),
            "node stopped": self._to_one_of(self._nodes, Node.is_stopped),
            "node's disk full": self._to_one_of(self._nodes, Node.has_a_full_disk),
            "clock wrong": self._to_one_of(self._nodes, Node.has_a_wrong_clock),
            "clients dropped": self._to_one_of(self._nodes, Node.is_dropped),
            "clients parted": self._to_one_of(self._nodes, Node.is_cut_off),
            "clients slow": self._to_one_of(self._nodes, Node.is_slow),
            "replies lost": self._to_one_of(self._nodes, Node.is_heard_only),
            "worker killed": self._to_one_of(self._workers, Worker.is_killed),
            "worker stopped": self._to_one_of(self._workers, Worker.is_stopped),
            "primary killed": self._to("database", self._primary_killed),
            "primary fenced": self._to("database", self._primary_fenced),
            "primary stopped": self._to("database", self._primary_stopped),
            "database's disk full": self._to("database", self._database_full),
            "database parted": self._parted(self._to_database),
            "redis killed": self._to("redis", self._redis_killed),
            "redis stopped": self._to("redis", self._redis_stopped),
            "redis parted": self._to("redis", self._redis_parted),
            "s3 killed": self._to("s3", self._s3_killed),
            "s3 stopped": self._to("s3", self._s3_stopped),
            "s3 parted": self._parted(self._to_bucket),
        }

    def _to_one_of(self, processes: list[Any], how: Callable[[Any, random.Random], Any]) -> Fault:
        async def fault(rng: random.Random) -> None:
            process = rng.choice(processes)
            async with process.is_hurt:
                await how(process, rng)

        return fault

    def _to(self, engine: str, how: Fault) -> Fault:
        async def fault(rng: random.Random) -> None:
            async with self._engines[engine]:
                await how(rng)

        return fault

    def _parted(self, proxies: list[Proxy]) -> Fault:
        """One process can't reach it; the others can."""

        async def fault(rng: random.Random) -> None:
            proxy = rng.choice(proxies)
            proxy.part()
            await asyncio.sleep(rng.uniform(0.5, 6))
            proxy.heal()

        return fault

    async def _primary_killed(self, rng: random.Random) -> None:
        """The standby is promoted; the old primary is dead, and nothing leads to it any more."""
        for proxy in self._to_database:
            proxy.cut()
        await asyncio.sleep(rng.uniform(0, 0.5))
        await self._by_hand(self._primary.fail_over, self._led_by(asyncio.get_running_loop()))

    async def _primary_fenced(self, _rng: random.Random) -> None:
        """The old primary hung, and wakes when another one serves."""
        await self._by_hand(self._primary.take_over, self._led_by(asyncio.get_running_loop()))

    def _led_by(self, loop: asyncio.AbstractEventLoop) -> Callable[[], object]:
        return lambda: loop.call_soon_threadsafe(self._lead_to_the_primary)

    def _lead_to_the_primary(self) -> None:
        for proxy in self._to_database:
            proxy.lead_to(self._primary.server.port)

    async def _primary_stopped(self, rng: random.Random) -> None:
        await self._by_hand(self._primary.server.pause)
        await asyncio.sleep(rng.uniform(0.5, 3))
        await self._by_hand(self._primary.server.resume)

    async def _database_full(self, rng: random.Random) -> None:
        await self._by_hand(self._primary.is_full, rng)

    async def _redis_killed(self, rng: random.Random) -> None:
        """It comes back empty; if that took long enough, as the replica of the other."""
        assert self._redis is not None
        server = self._redis.servers[await self._by_hand(lambda: self._redis.primary)]
        await self._by_hand(server.kill)
        await asyncio.sleep(rng.uniform(0.2, 6))
        await self._by_hand(server.start)
        await self._by_hand(self._redis.settle)

    async def _redis_stopped(self, rng: random.Random) -> None:
        assert self._redis is not None
        server = self._redis.servers[await self._by_hand(lambda: self._redis.primary)]
        server.freeze()
        await asyncio.sleep(rng.uniform(0.5, 6))
        server.thaw()
        await self._by_hand(self._redis.settle)

    async def _redis_parted(self, rng: random.Random) -> None:
        """Neither nodes nor sentinels reach the primary, which does not know that it is none any more."""
        assert self._redis is not None
        proxy = self._to_redis[await self._by_hand(lambda: self._redis.primary)]
        proxy.part()
        await asyncio.sleep(rng.uniform(0.5, 8))
        proxy.heal()
        await self._by_hand(self._redis.settle)

    async def _s3_killed(self, rng: random.Random) -> None:
        await self._by_hand(self._bucket.kill)
        await asyncio.sleep(rng.uniform(0.2, 4))
        await self._by_hand(self._bucket.start)

    async def _s3_stopped(self, rng: random.Random) -> None:
        self._bucket.pause()
        await asyncio.sleep(rng.uniform(0.5, 8))
        self._bucket.go_on()
