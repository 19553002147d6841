"""What a message costs as the log grows: pages and CPU of the whole product against raw inserts into the same table
with the same indexes, in the same file at the same size."""

import asyncio
import contextlib
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from chaguan.bench import corpus
from chaguan.bench.crew import generator
from chaguan.bench.figures import Figure
from chaguan.bench.filling import Filler, index_by_copies, make_filler, wait_until_indexed
from chaguan.bench.load import FEW
from chaguan.bench.nodes import Place
from chaguan.bench.processes import BenchFailed, Process, Server, generator_cores
from chaguan.bench.stores import Counted, Store, open_store
from chaguan.bench.world import Shape, fill
from chaguan.core.settings import Settings

if TYPE_CHECKING:
    from chaguan.bench.cluster import Cluster
    from chaguan.bench.sizes import Scale
    from chaguan.bench.stages import Bench

GROWTH = "growth_bytes", "growth_pages", "growth_cpu", "stored_bytes", "membership_bytes"
INDEXED = 300_000
"""So many of the first messages the product's own indexer reads; beyond them its segments are copied."""
BYTES_EACH = 900
"""Guessed before anything is stored, for the room on the disk; what it is, is measured."""
PATIENCE_S = 180
Up = tuple[list[int], list[Process]]
"""Ports to connect to, and the processes that serve."""


def cost_growth(bench: "Bench") -> Iterator[Figure]:
    bench.end_kept()
    folder = bench.folder / "growth"
    settings = Settings(data_dir=str(folder / "data"))

    @contextlib.contextmanager
    def serve() -> Iterator[Up]:
        server = Server(folder, settings.data)
        try:
            server.wait()
            yield [server.port], [server.process]
        finally:
            server.end()

    yield from _grow(bench.scale, folder, settings, serve, bench.say)


def cost_growth_shared(cluster: "Cluster") -> Iterator[Figure]:
    """The same on PostgreSQL: one node, and a worker that runs the consumers."""
    folder = cluster.folder / "growth"
    with cluster.engines.database() as url:
        place = Place(folder, url, cluster.engines.redis_url)
        settings = Settings(data_dir=str(folder / "data"), database_url=url, redis_url=place.redis_url)

        @contextlib.contextmanager
        def serve() -> Iterator[Up]:
            with place.nodes(1) as nodes:
                yield [node.port for node in nodes if node.port], [node.process for node in nodes]

        yield from _grow(cluster.scale.spine, folder, settings, serve, cluster.say)


def _grow(
    scale: "Scale", folder: Path, settings: Settings, serve: "Serve", say: Callable[[str], None]
) -> Iterator[Figure]:
    folder.mkdir()
    try:
        grown = _Grown(scale, folder, settings, serve, say)
        try:
            yield grown.membership()
            for size in scale.stored:
                yield from grown.measured_at(size)
        finally:
            grown.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


Serve = Callable[[], contextlib.AbstractContextManager[Up]]


class _Grown:
    """One deployment that grows."""

    def __init__(
        self, scale: "Scale", folder: Path, settings: Settings, serve: Serve, say: Callable[[str], None]
    ) -> None:
        self._scale = scale
        self._folder = folder
        self._settings = settings
        self._serve = serve
        self._say = say
        self._is_shared = bool(settings.database_url)
        self._is_begun = False
        self._world = asyncio.run(fill(settings, Shape(2 * scale.pairs, scale.pairs)))
        (folder / "world.json").write_bytes(msgspec.json.encode(self._world))
        self._store: Store = open_store(settings.data, settings.database_url)
        self._filler: Filler = make_filler(self._world, settings, self._store)
        self._empty = self._store.bytes_stored()

    def close(self) -> None:
        self._store.close()

    def membership(self) -> Figure:
        """Before anything was said: conversations, members and their inboxes, and the people themselves."""
        ((members,),) = self._store.run("SELECT count(*) FROM members")
        parameters = {"database": self._store.name, "memberships": members, "people": len(self._world.users)}
        return Figure("membership_bytes", self._empty / members, "bytes", None, None, parameters)

    def measured_at(self, size: int) -> Iterator[Figure]:
        self._refuse_without_room(size)
        begun = time.monotonic()
        self._fill(size)
        self._store.settle()
        common: dict[str, Any] = {"database": self._store.name, "stored": self._filler.stored()}
        yield self._stored_bytes(common, time.monotonic() - begun)
        ours, messages, cpu, told = self._through_the_product()
        together = max(1, round(messages / max(1, ours.commits)))
        raw, raw_cpu = self._store.raw(self._filler.raw_rows(messages), together)
        self._filler.write_heads()
        common |= {"messages": messages, "messages_per_commit": together, **told}
        written, least = ours.bytes_written / messages, raw.bytes_written / messages
        page = self._store.page_bytes
        yield _against("growth_bytes", "bytes/message", written, least, common)
        yield _against(
            "growth_pages", "pages/message", written / page, least / page, {**common, "page_bytes": page}
        )
        yield _against("growth_cpu", "µs/message", cpu / messages * 1e6, raw_cpu / messages * 1e6, common)

    def _stored_bytes(self, common: dict[str, Any], took: float) -> Figure:
        each = (self._store.bytes_stored() - self._empty) / self._filler.stored()
        said = round(statistics.mean(map(len, corpus.contents())))
        parameters = {**common, "content_bytes": said, "filled_in_s": round(took)}
        return Figure("stored_bytes", each, "bytes", None, None, parameters)

    def _refuse_without_room(self, size: int) -> None:
        free = shutil.disk_usage(self._folder).free
        needed = size * BYTES_EACH * 1.2 + 1e9
        if not self._is_shared and needed > free:
            raise BenchFailed(
                f"{size:,} messages need about {needed / 1e9:.0f} GB in {self._folder.parent} and {free / 1e9:.0f} GB "
                "are free: name smaller sizes with --stored, or another folder with TMPDIR"
            )

    def _fill(self, size: int) -> None:
        if not self._is_begun:
            seed = min(size, INDEXED)
            self._filler.grow(self._settings, seed)
            self._store.tidy()
            with self._serve():
                if not wait_until_indexed(self._store, PATIENCE_S):
                    self._say(f"search has not read {seed:,} messages in {PATIENCE_S} s: the rest is copied")
        self._filler.grow(self._settings, size)
        index_by_copies(self._store, self._entries())
        self._store.tidy()
        self._is_begun = True

    def _through_the_product(self) -> tuple[Counted, int, float, dict[str, Any]]:
        people, core = range(2 * self._scale.pairs), generator_cores()[-1]
        world = self._folder / "world.json"
        with self._serve() as (ports, servers), generator(world, people, ports, core=core) as clients:
            clients.do("connect", window=FEW, known=False)
            self._settle()
            before, spent = self._store.counted(servers), _cpu_s(servers)
            first = self._entries()
            found = clients.do("count", messages=self._scale.said)
            self._settle()
            cpu = _cpu_s(servers) - spent
            counted = self._store.counted(servers).since(before)
            messages = self._entries() - first
        self._filler.refresh()
        told = {"messages_per_s": round(messages / found["seconds"]), "faults": found["faults"]}
        if self._is_shared:
            told["database_cpu_us"] = round(counted.cpu_s / messages * 1e6, 1)
            told["journal_bytes"] = round(counted.journal_bytes / messages)
        return counted, messages, cpu + counted.cpu_s, told

    def _settle(self) -> None:
        """Until search has read everything and the journal is written out."""
        if not wait_until_indexed(self._store, PATIENCE_S):
            raise BenchFailed(f"search has not read the log in {PATIENCE_S} s")
        self._store.settle()

    def _entries(self) -> int:
        return int(self._store.run("SELECT coalesce(max(id), 0) FROM entries")[0][0])


def _against(name: str, unit: str, value: float, limit: float, parameters: dict[str, Any]) -> Figure:
    return Figure(name, value, unit, limit, value / limit if limit else None, dict(parameters))


def _cpu_s(processes: Sequence[Process]) -> float:
    return sum(process.cpu_s() for process in processes)
