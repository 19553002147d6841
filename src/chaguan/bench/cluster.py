"""The stages on PostgreSQL and Valkey: their worlds, their nodes, and the table of them. `cluster_stages.py` has those
that only several processes make possible."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from chaguan.bench import sizes
from chaguan.bench.cluster_engines import Engines
from chaguan.bench.figures import Figure
from chaguan.bench.nodes import Node, Place
from chaguan.bench.processes import Process
from chaguan.bench.sizes import Scale
from chaguan.bench.stages import PLAIN, Bench, Running
from chaguan.bench.world import Shape, World, fill
from chaguan.core.settings import Settings


class ClusterScale(Struct, frozen=True):
    """How much of everything; times in seconds."""

    spine: Scale
    held: int = 100_000
    held_workers: int = 6
    held_s: float = 60
    held_rate: int = 100
    held_groups: int = 5
    storm: int = 20_000
    storm_workers: int = 2
    nodes: int = 3
    restart_sessions: int = 2_000
    restart_rate: int = 100
    restart_pause_s: float = 5
    hot_rounds: int = 10
    hot_s: float = 5
    hot_rate: int = 300
    hot_speakers: int = 60


FULL = ClusterScale(sizes.FULL)
QUICK = ClusterScale(
    sizes.QUICK,
    held=10_000,
    held_workers=2,
    held_s=10,
    storm=2_000,
    restart_sessions=200,
    restart_pause_s=2,
    hot_rounds=3,
    hot_s=2,
    hot_rate=100,
)


class ClusterBench(Bench):
    """One world on a database of its own, and the nodes that serve it."""

    def __init__(
        self, place: Place, world: World, engines: Engines, scale: Scale, say: Callable[[str], None]
    ) -> None:
        super().__init__(place.folder, world, scale, say)
        self.place = place
        self.engines = engines
        self.limits = engines
        self.node_count = 1

    @contextlib.contextmanager
    def server(self, transport: str = PLAIN) -> Iterator[Running]:
        """As many nodes as `node_count` says; transports other than plain are measured with one node alone."""
        with self.place.nodes(self.node_count) as nodes:
            yield RunningNodes(self, nodes, transport)


class RunningNodes(Running):
    """The last of `nodes` has no port: it runs the consumers."""

    def __init__(self, bench: ClusterBench, nodes: list[Node], transport: str) -> None:
        super().__init__(bench, nodes[0], None, transport)
        self._nodes = nodes

    @property
    def ports(self) -> list[int]:
        return [node.port for node in self._nodes if node.port]

    @property
    def processes(self) -> list[Process]:
        return [process for node in self._nodes for process in node.processes]

    def restart(self) -> None:
        for node in self._nodes:
            node.terminate()
        for node in self._nodes:
            node.restart()


class Cluster:
    """One run: makes each world when a stage first needs it, and drops all of them in the end."""

    def __init__(
        self,
        folder: Path,
        engines: Engines,
        scale: ClusterScale,
        node_counts: tuple[int, ...],
        say: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self.engines = engines
        self.scale = scale
        self.node_counts = node_counts
        self.say = say
        self._worlds: dict[Shape, ClusterBench] = {}
        self._databases = contextlib.ExitStack()

    def bench(self, shape: Shape, nodes: int = 1) -> ClusterBench:
        if shape not in self._worlds:
            self._worlds[shape] = self._make(shape)
        bench = self._worlds[shape]
        bench.node_count = nodes
        return bench

    @property
    def spine(self) -> Shape:
        """The people that the figures of one machine are measured with."""
        scale = self.scale.spine
        return Shape(max(scale.sessions, 2 * scale.pairs), scale.pairs)

    def close(self) -> None:
        self._databases.close()

    def _make(self, shape: Shape) -> ClusterBench:
        folder = self.folder / f"world-{len(self._worlds)}"
        folder.mkdir()
        url = self._databases.enter_context(self.engines.database())
        place = Place(folder, url, self.engines.redis_url)
        settings = Settings(data_dir=str(folder / "data"), database_url=url, redis_url=place.redis_url)
        world = asyncio.run(fill(settings, shape))
        self.engines.analyze(url)
        (folder / "world.json").write_bytes(msgspec.json.encode(world))
        return ClusterBench(place, world, self.engines, self.scale.spine, self.say)


Measure = Callable[[Cluster], Iterator[Figure]]


def on_nodes(measure: Callable[[Bench], Iterator[Figure]]) -> Measure:
    """A stage of one machine, with each number of nodes in turn."""

    def stage(cluster: Cluster) -> Iterator[Figure]:
        broker = round(cluster.engines.messages_per_s())
        for count in cluster.node_counts:
            for figure in measure(cluster.bench(cluster.spine, count)):
                figure.parameters = {"nodes": count, **figure.parameters, "valkey_limit_per_s": broker}
                yield figure

    return stage
