"""What only several processes do: hold a hundred thousand sessions, restart one by one, write one group from all."""

import contextlib
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from chaguan.bench import sizes, stages
from chaguan.bench.broker import broker
from chaguan.bench.clients import HEARTBEAT_S
from chaguan.bench.cluster import Cluster, ClusterBench, ClusterScale, Measure, on_nodes
from chaguan.bench.cluster_engines import Engines
from chaguan.bench.crew import Crew, Generator, Numbers, crew, generator, parted
from chaguan.bench.figures import Figure
from chaguan.bench.growth import GROWTH, cost_growth_shared
from chaguan.bench.limits import round_trips_ms
from chaguan.bench.load import latency_load
from chaguan.bench.nodes import Node
from chaguan.bench.processes import Process, raw_sender, sends_per_cpu_s
from chaguan.bench.stages import WINDOW, figure_of, spread
from chaguan.bench.workloads import percentile
from chaguan.bench.world import Shape
from chaguan.gateway.edge import EdgeSettings
from chaguan.gateway.server import room_for_connections

MOST_EACH = 17_000
"""Clients in one generator: below the descriptors that a process may have, with room for what else it opens."""
RAW = 10_000
"""Sockets of the C programs that a figure is held against."""
SETTLE_S = 3
RESTART_PATIENCE_S = 300
Round = tuple[Numbers, Numbers, Numbers]
HOT_TOGETHER = 32
"""Messages of one conversation that the writer puts into one transaction."""


def sessions_held(cluster: Cluster) -> Iterator[Figure]:
    """As many sessions as asked for, heartbeats, and a hundred messages a second among them."""
    scale = cluster.scale
    bench = cluster.bench(
        Shape(scale.held, scale.held // 2, small_groups=scale.held_groups, has_large_groups=False)
    )
    lowest, raw = bench.limits.acknowledgement_ms(), _raw_sends(min(RAW, scale.held))
    parts, world = parted(scale.held, MOST_EACH), bench.folder / "world.json"
    with bench.place.workers(scale.held_workers) as node, crew(world, parts, [node.port]) as clients:
        before = _Memory(node, cluster.engines, clients)
        began = _cpu_s(node.processes)
        first = clients.do("connect", window=WINDOW, known=False)
        joining = _cpu_s(node.processes) - began
        time.sleep(SETTLE_S)
        after = _Memory(node, cluster.engines, clients)
        common = {"workers": scale.held_workers, "sessions": first["count"], "topics": 1 + scale.held_groups}
        load = _Load(node, cluster.engines, clients)
        found = clients.do("kept", rate=scale.held_rate, seconds=scale.held_s, warm_s=1)
        load.end()
    yield figure_of(
        "sessions_held",
        first["count"] - found["dropped"],
        "sessions",
        scale.held_workers * room_for_all(),
        **common,
        generators=len(parts),
        connect_s=round(first["seconds"], 1),
        connect_cpu_s=round(joining, 1),
        connect_refusals=first["refusals"],
        seconds=scale.held_s,
        heartbeats_per_s=round(found["heartbeats"] / scale.held_s),
        messages_per_s=scale.held_rate,
        sent=found["sent"],
        unanswered=found["unanswered"],
        dropped=found["dropped"],
        faults=found["faults"],
    )
    yield from _held_memory(before, after, first["count"], common)
    yield from _held_cpu(load, raw, first["count"], common)
    yield from _held_latency(found, lowest, common)


def _held_memory(before: "_Memory", after: "_Memory", count: int, common: dict[str, Any]) -> Iterator[Figure]:
    grown = {name: (after.kib[name] - before.kib[name]) / count for name in after.kib}
    yield figure_of(
        "held_memory",
        grown["workers"],
        "KiB",
        # Each session is two sockets here, and both ends' are the kernel's.
        None,
        **common,
        all_of_it_mib=round(after.kib["workers"] / 1024),
        engines_kib_each=round(grown["engines"], 2),
        kernel_kib_each_both_ends=round(grown["kernel"], 2),
        clients_kib_each=round(grown["clients"], 2),
    )


def _held_cpu(load: "_Load", raw: float, count: int, common: dict[str, Any]) -> Iterator[Figure]:
    yield figure_of(
        "held_cpu",
        load.servers / load.seconds / count * 1e6,
        "µs/s",
        2e6 / raw / HEARTBEAT_S,
        **common,
        server_cores=round(load.servers / load.seconds, 2),
        engine_cores=round(load.engines / load.seconds, 2),
        client_cores=round(load.clients / load.seconds, 2),
    )


def _held_latency(
    found: dict[str, Any], lowest: tuple[float, float], common: dict[str, Any]
) -> Iterator[Figure]:
    for name, share, limit in (("p50", 0.5, lowest[0]), ("p99", 0.99, lowest[1])):
        yield figure_of(
            f"held_ack_{name}",
            percentile(found["acks"], share) * 1_000,
            "ms",
            limit,
            **common,
            end_to_end_ms=round(percentile(found["arrivals"], share) * 1_000, 2),
            acked=len(found["acks"]),
        )


def storm(cluster: Cluster) -> Iterator[Figure]:
    """Everybody's connection is cut at once, and everybody is back with what they know."""
    scale = cluster.scale
    shape = Shape(scale.storm, 0, has_large_groups=False)
    bench, parts = cluster.bench(shape), parted(scale.storm, MOST_EACH)
    raw_count = min(RAW, scale.storm)
    with raw_sender(raw_count, 132, 1) as (_, raw_s):
        limit = raw_s * scale.storm / raw_count
    with (
        bench.place.workers(scale.storm_workers) as node,
        crew(bench.folder / "world.json", parts, [node.port]) as clients,
    ):
        clients.do("connect", window=WINDOW, known=False)
        clients.do("close")
        time.sleep(SETTLE_S)
        load = _Load(node, cluster.engines, clients)
        back = clients.do("connect", window=WINDOW, known=True)
        load.end()
        yield figure_of(
            "cluster_storm",
            back["seconds"],
            "s",
            limit,
            workers=scale.storm_workers,
            sessions=back["count"],
            topics=shape.topics,
            at_once=WINDOW,
            refusals=back["refusals"],
            server_cpu_s=round(load.servers, 2),
            engine_cpu_s=round(load.engines, 2),
            client_cpu_s=round(load.clients, 2),
            **spread(back["took"], 1_000),
        )


def big_group(cluster: Cluster) -> Iterator[Figure]:
    """Everybody in one group, their sessions spread over the nodes."""
    broker = round(cluster.engines.messages_per_s())
    for figure in stages.to_everybody(cluster.bench(cluster.spine, cluster.scale.nodes)):
        figure.name = f"big_group_{figure.name.removeprefix('fanout_')}"
        figure.parameters |= {"nodes": cluster.scale.nodes, "valkey_limit_per_s": broker}
        yield figure


def rolling_restart(cluster: Cluster) -> Iterator[Figure]:
    """One node after another stops and starts, while people talk."""
    scale = cluster.scale
    count = scale.restart_sessions
    bench = cluster.bench(Shape(max(count, 2), count // 2))
    with bench.place.nodes(scale.nodes) as nodes:
        serving = [node for node in nodes if node.port]
        ports = [node.port for node in serving]
        with generator(bench.folder / "world.json", range(count), ports) as clients:
            clients.do("learn_pairs")
            clients.do("connect", window=WINDOW, known=True)
            storm_s = _reconnect_s(clients, count // scale.nodes)
            clients.tell("restless", rate=scale.restart_rate, seconds=RESTART_PATIENCE_S)
            stops = _restart_all(serving, scale.restart_pause_s)
            clients.tell("stop")
            found = clients.hear("restless")
            clients.hear("stop")
    yield _longest_wait(scale.nodes, count, scale.restart_rate, storm_s, stops, found)


def _reconnect_s(clients: Generator, count: int) -> float:
    """How long as many as one node has take to come back at once. The others follow."""
    clients.do("close")
    time.sleep(SETTLE_S)
    back = clients.do("connect", window=WINDOW, known=True, count=count)
    clients.do("connect", window=WINDOW, known=True)
    return float(back["seconds"])


def _restart_all(nodes: Sequence[Node], pause_s: float) -> list[float]:
    """Returns how long each took to end. The next stops only when the one before serves again."""
    stops = []
    for node in nodes:
        time.sleep(pause_s)
        stops.append(node.stop())
        node.start()
        node.wait()
    time.sleep(pause_s)
    return stops


def _longest_wait(
    nodes: int, count: int, rate: int, storm_s: float, stops: list[float], found: dict[str, Any]
) -> Figure:
    window_s = EdgeSettings().drain_window_s
    round_trip_s = statistics.median(round_trips_ms(200)) / 1_000
    return figure_of(
        "restart_longest_wait",
        max(found["absences"], default=0.0),
        "s",
        window_s + 2 * round_trip_s + storm_s,
        nodes=nodes,
        sessions=count,
        messages_per_s=rate,
        limit_is="drain window + 2 round trips + reconnect",
        drain_window_s=window_s,
        round_trip_ms=round(round_trip_s * 1_000, 3),
        reconnect_of_a_node_s=round(storm_s, 3),
        one_reconnect_p50_ms=round(percentile(found["attempts"], 0.5) * 1_000, 1),
        one_reconnect_longest_ms=round(max(found["attempts"], default=0) * 1_000, 1),
        came_back=len(found["absences"]),
        absence_p50_s=round(percentile(found["absences"], 0.5), 3),
        longest_message_wait_s=round(max(found["waits"], default=0), 3),
        message_wait_p50_ms=round(percentile(found["waits"], 0.5) * 1_000, 2),
        node_stop_s=round(max(stops), 2),
        sent=found["sent"],
        acked=found["acked"],
        lost=found["lost"],
        doubled=found["doubled"],
        faults=found["faults"],
        told_twice=found["repeats"],
        ended=", ".join(f"{times} × {reason or 'no code'}" for reason, times in found["reasons"].items()),
    )


def hot_group(cluster: Cluster) -> Iterator[Figure]:
    """One group written as fast as it goes through all nodes, and what others pay, in turns with and without."""
    scale = cluster.scale
    people = max(sizes.QUICK.sessions, 2 * sizes.QUICK.pairs)
    bench = cluster.bench(Shape(people, sizes.QUICK.pairs), scale.nodes)
    limit = cluster.engines.rows_per_s(HOT_TOGETHER)
    world = bench.folder / "world.json"
    speakers = range(people - scale.hot_speakers, people)
    with (
        bench.server() as running,
        generator(world, range(speakers.start), running.ports) as others,
        generator(world, speakers, running.ports) as hot,
    ):
        for each in (others, hot):
            each.do("connect", window=WINDOW, known=False)
        rounds = [_hot_round(bench, others, hot, scale) for _ in range(scale.hot_rounds)]
    said = [found["acked"] / found["seconds"] for _, _, found in rounds]
    common = {
        "nodes": scale.nodes,
        "rounds": scale.hot_rounds,
        "others_messages_per_s": scale.hot_rate,
        "faults": rounds[-1][1]["faults"] + rounds[-1][2]["faults"],
    }
    yield figure_of(
        "hot_group",
        statistics.median(said),
        "messages/s",
        limit,
        **common,
        speakers=len(speakers),
        **spread([wait for _, _, found in rounds for wait in found["acks"]], 1_000),
    )
    yield from _neighbours(rounds, common)


def _hot_round(bench: ClusterBench, others: Generator, hot: Generator, scale: ClusterScale) -> Round:
    """The others without it, the others with it, and the hot group itself."""
    order = {"rate": scale.hot_rate, "seconds": scale.hot_s, "warm_s": 0.5}
    without = others.do("paced", **order)
    group = bench.world.groups[-1][0]
    hot.tell("crowded", conversation_id=group, seconds=scale.hot_s, warm_s=0.5)
    others.tell("paced", **order)
    return without, others.hear("paced"), hot.hear("crowded")


def _neighbours(rounds: Sequence[Round], common: dict[str, Any]) -> Iterator[Figure]:
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        alone = [percentile(without["acks"], share) * 1_000 for without, _, _ in rounds]
        beside = [percentile(found["acks"], share) * 1_000 for _, found, _ in rounds]
        yield figure_of(
            f"hot_group_others_{name}",
            statistics.median(beside),
            "ms",
            statistics.median(alone),
            statistics.median(mine / theirs for mine, theirs in zip(beside, alone, strict=True)),
            **common,
            limit_is="the same without the hot group, in turns",
        )


def room_for_all() -> int:
    """Connections that one worker holds once it has raised its limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return room_for_connections() + hard - soft


def _raw_sends(count: int) -> float:
    with raw_sender(count, 132, 3) as (sender, _):
        return sends_per_cpu_s(sender)


def _cpu_s(processes: Sequence[Process]) -> float:
    return sum(_cpu_by_pid(processes).values())


def _cpu_by_pid(processes: Sequence[Process]) -> dict[int, float]:
    """Of those that still live: PostgreSQL's come and go."""
    found: dict[int, float] = {}
    for process in processes:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found[process.pid] = process.cpu_s()
    return found


def _memory_kib(processes: Sequence[Process]) -> int:
    total = 0
    for process in processes:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += process.memory_kib()
    return total


class _Memory:
    """In KiB: of the workers and their supervisor, of both engines, of the clients, and what the kernel holds."""

    def __init__(self, node: Node, engines: Engines, clients: Crew) -> None:
        self.kib = {
            "workers": _memory_kib(node.processes),
            "engines": _memory_kib(engines.processes()),
            "clients": _memory_kib(clients.processes),
            "kernel": _kernel_kib(),
        }


def _kernel_kib() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Slab:", "PageTables:")))


class _Load:
    """CPU seconds from its making to its end, in that order: the servers', the engines', the clients'."""

    def __init__(self, node: Node, engines: Engines, clients: Crew) -> None:
        self._parts: tuple[Callable[[], Sequence[Process]], ...] = (
            lambda: node.processes,
            engines.processes,
            lambda: clients.processes,
        )
        self._before = [_cpu_by_pid(part()) for part in self._parts]
        self._begun = time.perf_counter()
        self.servers = self.engines = self.clients = self.seconds = 0.0

    def end(self) -> None:
        self.seconds = time.perf_counter() - self._begun
        now = [_cpu_by_pid(part()) for part in self._parts]
        self.servers, self.engines, self.clients = map(grown, self._before, now)


def grown(before: dict[int, float], now: dict[int, float]) -> float:
    """What those that live have spent since; of one that was not there before, all."""
    return sum(spent - before.get(pid, 0.0) for pid, spent in now.items())


STAGES: dict[str, tuple[Measure, tuple[str, ...]]] = {
    "sessions": (on_nodes(stages.memory_and_storm), ("idle_memory", "idle_cpu", "connect_storm")),
    "latency": (on_nodes(stages.latency), ("ack_latency",)),
    "fan-out": (on_nodes(stages.fan_out), ("fanout_unmerged", "fanout_merged")),
    "offline": (on_nodes(stages.offline), ("offline_pull",)),
    "durable": (on_nodes(stages.durable), ("durable_direct", "search_lag")),
    "held": (sessions_held, ("sessions_held", "held_memory", "held_cpu", "held_ack")),
    "storm": (storm, ("cluster_storm",)),
    "big-group": (big_group, ("big_group",)),
    "restart": (rolling_restart, ("restart_longest_wait",)),
    "hot-group": (hot_group, ("hot_group",)),
    "broker": (broker, ("broker_cpu", "broker_memory")),
    "latency_load": (on_nodes(latency_load), ()),
    "cost_growth": (cost_growth_shared, GROWTH),
}
"""With `--nodes`; by name: what to run, and which `--only` names ask for it."""
