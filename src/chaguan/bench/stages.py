"""The figures, a server at a time. Each stage starts its own server on the same data and yields what it measured; in a
quick run those that need the same server and the same people go on with those of the stage before."""

import contextlib
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from chaguan.bench import limits
from chaguan.bench.certificates import make_certificate
from chaguan.bench.clients import HEARTBEAT_S
from chaguan.bench.crew import Generator, generator
from chaguan.bench.desk import FIGURES as DESK
from chaguan.bench.desk import desk
from chaguan.bench.figures import Figure
from chaguan.bench.growth import GROWTH, cost_growth
from chaguan.bench.load import latency_load
from chaguan.bench.processes import (
    LIMITS,
    Caddy,
    Process,
    Server,
    generator_cores,
    raw_sender,
    sends_per_cpu_s,
)
from chaguan.bench.sizes import Scale
from chaguan.bench.stalled import stalled_readers
from chaguan.bench.wire import wire
from chaguan.bench.workloads import percentile
from chaguan.bench.world import THOUSAND, World

WINDOW = 2_000
PULL_WINDOW = 256
PLAIN, TLS, EDGE = "plain", "tls", "edge"


class Limits(Protocol):
    """What the machine does without us, in the store that the figure is of."""

    def acknowledgement_ms(self) -> tuple[float, float]:
        """Median and 99th percentile of what an acknowledgement can't be faster than."""

    def rows_per_s(self) -> float:
        """Rows of a message's size, 256 in a transaction that is synced to disk."""


class Embedded:
    """Of SQLite and this process's disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def acknowledgement_ms(self) -> tuple[float, float]:
        return limits.echo_and_sync_ms(self._folder)

    def rows_per_s(self) -> float:
        return limits.rows_per_s(self._folder)


class Bench:
    """One run: its data, its world, its scale."""

    def __init__(
        self,
        folder: Path,
        world: World,
        scale: Scale,
        say: Callable[[str], None],
        keeps_server: bool = False,
    ) -> None:
        self.folder = folder
        self.world = world
        self.scale = scale
        self.say = say
        self.certificate = make_certificate(folder)
        self.limits: Limits = Embedded(folder)
        self._keeps_server = keeps_server
        self._kept: Kept | None = None

    def begin_anew(self) -> None:
        """As before the first stage: who returns to what others said in earlier stages would pull all that too."""
        self.end_kept()
        shutil.rmtree(self.folder / "data")
        shutil.copytree(self.folder / "untouched", self.folder / "data")

    @contextlib.contextmanager
    def server(self, transport: str = PLAIN) -> Iterator["Running"]:
        """It may still be starting: `Running.clients` and `Running.wait` wait for it."""
        self.end_kept()
        server = Server(self.folder, self.folder / "data", self.certificate if transport == TLS else None)
        caddy = Caddy(self.folder, server.port, self.certificate) if transport == EDGE else None
        try:
            yield Running(self, server, caddy, transport)
        finally:
            if caddy is not None:
                caddy.end()
            server.end()

    @contextlib.contextmanager
    def peopled(self, count: int) -> Iterator[tuple["Running", Generator]]:
        """A plain server and its clients: fresh ones, or where servers are kept those that the stage before has left,
        with everybody still connected. A stage that fails leaves nothing."""
        kept, self._kept = self._kept, None
        with contextlib.ExitStack() as stack:
            if kept is not None and kept.people == count:
                stack.enter_context(kept.stack)
                running, clients = kept.running, kept.clients
            else:
                if kept is not None:
                    kept.stack.close()
                running = stack.enter_context(self.server())
                clients = stack.enter_context(running.clients(count))
            yield running, clients
            if self._keeps_server:
                self._kept = Kept(stack.pop_all(), running, clients, count)

    def end_kept(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.stack.close()


class Kept(NamedTuple):
    """What one stage leaves for the next; the stack ends it."""

    stack: contextlib.ExitStack
    running: "Running"
    clients: Generator
    people: int


class Serving(Protocol):
    """A `chaguan serve`."""

    @property
    def process(self) -> Process: ...

    @property
    def port(self) -> int: ...

    def wait(self) -> None: ...

    def restart(self) -> None: ...

    def health(self) -> dict[str, Any]: ...


class Running:
    """A server under measurement, and the edge in front of it if there is one."""

    def __init__(self, bench: Bench, server: Serving, caddy: Caddy | None, transport: str) -> None:
        self.bench = bench
        self.server = server
        self.transport = transport
        self._caddy = caddy

    @property
    def ports(self) -> list[int]:
        """Where clients connect."""
        return [self._caddy.port if self._caddy else self.server.port]

    @property
    def processes(self) -> list[Process]:
        return [self.server.process, *([self._caddy.process] if self._caddy else [])]

    def cpu_s(self) -> float:
        return sum(process.cpu_s() for process in self.processes)

    def memory_kib(self) -> int:
        return sum(process.memory_kib() for process in self.processes)

    def wait(self) -> None:
        """Until it serves."""
        self.server.wait()
        if self._caddy is not None:
            self._caddy.wait()

    def restart(self) -> None:
        """Everything but the clients, who find it where it was."""
        self.server.restart()

    def rest(self, patience_s: float = 10) -> None:
        """Until what was asked before is done to its end: less than a fifth of a core for a tenth of a second."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            spent = self.cpu_s()
            time.sleep(0.1)
            if self.cpu_s() - spent < 0.02:
                return

    @contextlib.contextmanager
    def clients(self, count: int) -> Iterator["Generator"]:
        """They and the server start beside each other, each on its core."""
        transport = "plain" if self.transport == PLAIN else "tls"
        world, core = self.bench.folder / "world.json", generator_cores()[-1]
        with generator(world, range(count), self.ports, transport, core, self.wait) as clients:
            yield clients


def figure_of(
    name: str,
    value: float,
    unit: str,
    limit: float | None = None,
    ratio: float | None = None,
    **parameters: Any,
) -> Figure:
    if ratio is None and limit:
        ratio = value / limit
    return Figure(name, value, unit, limit, ratio, parameters)


def memory_and_storm(bench: Bench) -> Iterator[Figure]:
    """Of a server that has done nothing before."""
    bench.end_kept()
    count = bench.scale.sessions
    with bench.peopled(count) as (running, clients):
        memory = running.server.process.memory_kib("Rss") / 1024
        yield figure_of("process_memory", memory, "MB", limits.interpreter_mib())
        yield from _sessions(bench, running, clients, count)


def over_tls(bench: Bench) -> Iterator[Figure]:
    yield from _encrypted(bench, TLS, bench.scale.tls_sessions)


def through_the_edge(bench: Bench) -> Iterator[Figure]:
    yield from _encrypted(bench, EDGE, bench.scale.edge_sessions)


def _encrypted(bench: Bench, transport: str, count: int) -> Iterator[Figure]:
    """What is measured over plain connections, and the latency of those who talk."""
    bench.begin_anew()
    with bench.server(transport) as running, running.clients(count) as clients:
        yield from _sessions(bench, running, clients, count)
        clients.do("close", keep_tickets=False)
        yield from _latency(bench, running, clients, min(bench.scale.pairs, count // 2))


def _sessions(bench: Bench, running: Running, clients: Generator, count: int) -> Iterator[Figure]:
    """Idle memory and CPU, then the storm; where there are handshakes also one in which none is resumed."""
    common: dict[str, Any] = {"transport": running.transport, "sessions": count}
    with raw_sender(count, 132, 3) as (sender, connect_s):
        yield from _idle(bench, running, clients, sends_per_cpu_s(sender), common)
        yield _storm(running, clients, connect_s, common)
        if running.transport != PLAIN:
            yield _storm(running, clients, connect_s, common, keep_tickets=False)


def _storm(
    running: Running, clients: Generator, limit: float, common: dict[str, Any], keep_tickets: bool = True
) -> Figure:
    """Everybody's connection is cut, and everybody is back with token, epoch and all known conversations."""
    clients.do("close", keep_tickets=keep_tickets)
    running.rest()
    begun = running.cpu_s()
    back = clients.do("connect", window=WINDOW, known=True)
    more: dict[str, Any] = {"cpu_s": round(running.cpu_s() - begun, 2), "at_once": WINDOW, "topics": 20}
    if running.transport != PLAIN:
        more |= {"handshakes": "resumed" if keep_tickets else "full", "resumed": back["resumed"]}
    return figure_of(
        "connect_storm", back["seconds"], "s", limit, **common, **more, **spread(back["took"], 1_000)
    )


def _idle(
    bench: Bench, running: Running, clients: Generator, raw_sends: float, common: dict[str, Any]
) -> Iterator[Figure]:
    before, spent = running.memory_kib(), running.cpu_s()
    first = clients.do("connect", window=WINDOW, known=False)
    joining = running.cpu_s() - spent
    running.rest()
    memory = (running.memory_kib() - before) / first["count"]
    yield figure_of(
        "idle_memory",
        memory,
        "KiB",
        **common,
        topics=20,
        first_connect_s=round(first["seconds"], 2),
        first_connect_cpu_s=round(joining, 2),
    )
    begun = running.cpu_s()
    clients.do("idle", seconds=bench.scale.idle_s)
    cpu = (running.cpu_s() - begun) / bench.scale.idle_s / first["count"] * 1e6
    # A heartbeat costs at least a read and a write; a read costs about what a write does.
    limit = 2e6 / raw_sends / HEARTBEAT_S
    yield figure_of(
        "idle_cpu", cpu, "µs/s", limit, **common, heartbeat_s=HEARTBEAT_S, seconds=bench.scale.idle_s
    )


def latency(bench: Bench) -> Iterator[Figure]:
    with bench.peopled(2 * bench.scale.pairs) as (running, clients):
        yield from _latency(bench, running, clients, bench.scale.pairs)


def _latency(bench: Bench, running: Running, clients: Generator, pairs: int) -> Iterator[Figure]:
    """Acknowledgements at 1,000 messages a second over the pairs, with nobody else there."""
    clients.do("connect", window=WINDOW, known=False, count=2 * pairs)
    running.rest()
    lowest = bench.limits.acknowledgement_ms()
    found = clients.do("paced", rate=1_000, seconds=bench.scale.load_s, warm_s=1)
    common = {
        "transport": running.transport,
        "messages_per_s": 1_000,
        "pairs": pairs,
        "faults": found["faults"],
    }
    end_to_end = {
        "end_to_end_p50_ms": round(percentile(found["arrivals"], 0.5) * 1_000, 2),
        "end_to_end_p99_ms": round(percentile(found["arrivals"], 0.99) * 1_000, 2),
    }
    for name, share, limit in (("p50", 0.5, lowest[0]), ("p99", 0.99, lowest[1])):
        value = percentile(found["acks"], share) * 1_000
        yield figure_of(f"ack_latency_{name}", value, "ms", limit, **common, **end_to_end)


def durable(bench: Bench) -> Iterator[Figure]:
    """As many durable direct messages as go in, each sender one at a time; then how far search is behind."""
    with bench.peopled(2 * bench.scale.pairs) as (running, clients):
        clients.do("connect", window=WINDOW, known=False)
        limit = bench.limits.rows_per_s()
        spent, begun = running.cpu_s(), time.perf_counter()
        found = clients.do("direct", seconds=bench.scale.load_s, warm_s=1)
        spent, took = running.cpu_s() - spent, time.perf_counter() - begun
        behind = _search_behind(running)
        yield figure_of(
            "durable_direct",
            found["acked"] / found["seconds"],
            "messages/s",
            limit,
            pairs=bench.scale.pairs,
            server_cpu_share=round(spent / took, 2),
            cpu_us_a_message=round(spent / found["answered"] * 1e6, 1),
            faults=found["faults"],
            limits_raised=sorted(LIMITS),
            **spread(found["acks"], 1_000),
        )
        if behind is not None:
            yield figure_of(
                "search_lag", behind, "s", behind_after="the last acknowledgement of durable_direct"
            )


def _search_behind(running: Running, patience_s: float = 60) -> float | None:
    """Seconds until `/health` says that search has read all of the log; None where there is no search."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < patience_s:
        lag = running.server.health().get("search_lag_ms")
        if lag is None:
            return None
        if not lag:
            break
        time.sleep(0.05)
    return time.perf_counter() - begun


def fan_out(bench: Bench) -> Iterator[Figure]:
    """One message at a time into a group, against as many C sends of the same size, by turns."""
    with bench.peopled(bench.scale.sessions) as (running, clients):
        clients.do("connect", window=WINDOW, known=False, count=THOUSAND)
        yield _unmerged(running, clients, bench.world.thousand, THOUSAND, bench.scale.fan_out_turns, 20)
        clients.do("connect", window=WINDOW, known=False)
        count = bench.scale.sessions
        yield _unmerged(running, clients, bench.world.everybody, count, bench.scale.fan_out_turns, 4)
        yield from _merged(bench, running, clients)


def to_everybody(bench: Bench) -> Iterator[Figure]:
    """The part of it that is about the group of all."""
    with bench.server() as running, running.clients(bench.scale.sessions) as clients:
        clients.do("connect", window=WINDOW, known=False)
        count = bench.scale.sessions
        yield _unmerged(running, clients, bench.world.everybody, count, bench.scale.fan_out_turns, 4)
        yield from _merged(bench, running, clients)


def _unmerged(
    running: Running, clients: Generator, conversation_id: str, count: int, turns: int, rounds: int
) -> Figure:
    size = clients.do("group", conversation_id=conversation_id, listeners=count, rounds=2)["size"]
    ours, raws, faults = [], [], 0
    with raw_sender(count, size, rounds) as (sender, _):
        for _ in range(turns):
            raws.append(sends_per_cpu_s(sender))
            begun = running.cpu_s()
            found = clients.do("group", conversation_id=conversation_id, listeners=count, rounds=rounds)
            ours.append(found["deliveries"] / (running.cpu_s() - begun))
            faults = found["faults"]
    return figure_of(
        "fanout_unmerged",
        statistics.median(ours),
        "deliveries per CPU second",
        statistics.median(raws),
        statistics.median(mine / raw for mine, raw in zip(ours, raws, strict=True)),
        online=count,
        frame_bytes=size,
        turns=turns,
        faults=faults,
    )


def _merged(bench: Bench, running: Running, clients: Generator) -> Iterator[Figure]:
    count = bench.scale.sessions
    with raw_sender(count, 300, 3) as (sender, _):
        for rate in bench.scale.room_rates:
            raw = sends_per_cpu_s(sender)
            spent = running.cpu_s()
            found = clients.do(
                "room",
                conversation_id=bench.world.everybody,
                listeners=count,
                rate=rate,
                seconds=bench.scale.load_s,
            )
            yield figure_of(
                "fanout_merged",
                found["deliveries"] / found["seconds"],
                "deliveries/s",
                raw,
                online=count,
                messages_per_s=rate,
                last_copy_p50_ms=round(percentile(found["ages"], 0.5) * 1_000),
                last_copy_p99_ms=round(percentile(found["ages"], 0.99) * 1_000),
                server_cpu_share=round((running.cpu_s() - spent) / found["seconds"], 2),
                faults=found["faults"],
            )


def offline(bench: Bench) -> Iterator[Figure]:
    """A hundred missed messages each, ten in each of ten groups; then the same after a restart, from disk."""
    count = bench.scale.sessions
    with bench.peopled(count) as (running, clients):
        clients.do("connect", window=WINDOW, known=False)
        clients.do("fill", groups=10, messages=10)
        yield _pull(running, clients, count, "since the server started")
        clients.do("close")
        running.restart()
        clients.do("connect", window=WINDOW, known=True)
        yield _pull(running, clients, count, "before the server started")


def _pull(running: Running, clients: Generator, count: int, said: str) -> Figure:
    spent = running.cpu_s()
    found = clients.do("pull", groups=10, messages=10, window=PULL_WINDOW)
    spent = running.cpu_s() - spent
    with raw_sender(min(count, 1_000), max(1, found["size"]), 10) as (sender, _):
        limit = sends_per_cpu_s(sender) * 100
    return figure_of(
        "offline_pull",
        found["messages"] / found["seconds"],
        "messages/s",
        limit,
        sessions=count,
        missed_by_each=100,
        conversations_each=10,
        said=said,
        answer_bytes=found["size"],
        messages_per_server_cpu_s=round(found["messages"] / spent),
        faults=found["faults"],
        **spread(found["took"], 1_000),
    )


def spread(values: list[float], scale: float) -> dict[str, float]:
    return {
        "p50_ms": round(percentile(values, 0.5) * scale, 2),
        "p99_ms": round(percentile(values, 0.99) * scale, 2),
    }


STAGES: dict[str, tuple[Callable[[Bench], Iterator[Figure]], tuple[str, ...]]] = {
    "sessions": (memory_and_storm, ("process_memory", "idle_memory", "idle_cpu", "connect_storm")),
    "latency": (latency, ("ack_latency",)),
    "fan-out": (fan_out, ("fanout_unmerged", "fanout_merged")),
    "offline": (offline, ("offline_pull",)),
    "durable": (durable, ("durable_direct", "search_lag")),
    "desk": (desk, DESK),
    "wire": (wire, ("wire_text", "wire_idle_hour", "wire_resume")),
    "tls": (over_tls, ("tls",)),
    "edge": (through_the_edge, ("edge",)),
    "latency_load": (latency_load, ()),
    "stalled_readers": (stalled_readers, ()),
    "cost_growth": (cost_growth, GROWTH),
}
"""By name: what to run, and which `--only` names ask for it."""
ON_REQUEST = {"latency_load", "stalled_readers", "cost_growth"}
"""Run only where `--only` names them: they take long."""
