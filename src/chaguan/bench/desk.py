"""A desk at work: customers who write, agents with all the cases they can have, customers who come while others leave.
What a decision and a screen cost beside the commits of the same run; and afterwards, in the log, that no case was lost
or given twice and nobody had more than they can."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from chaguan.bench import desk_audit
from chaguan.bench.clients import HEARTBEAT_S
from chaguan.bench.crew import Generator, Numbers, generator
from chaguan.bench.desk_audit import Verdict
from chaguan.bench.desk_world import DeskShape, make_desk_world
from chaguan.bench.figures import Figure
from chaguan.bench.load import FEW
from chaguan.bench.processes import BenchFailed, Server, generator_cores, raw_sender, sends_per_cpu_s
from chaguan.bench.workloads import percentile
from chaguan.infra.opening import DATABASE

if TYPE_CHECKING:
    from chaguan.bench.stages import Bench

FIGURES = "desk_rush", "desk_commit", "desk_decision", "desk_update", "desk_message", "desk_cpu", "desk_idle"
WARM_S = 1.0
RUSH_WINDOW = 32
"""Customers on their way to an agent at a time."""
ENTRIES = 5
"""Of a case that begins: what the customer said, that it waits, that somebody has it, who joined, and the line that
says so."""
COMMITS = 2
"""Of a decision, behind that of the message: the case, and who has it."""
SHARES = (("p50", 0.5), ("p99", 0.99))
REST_S = 10.0


def desk(bench: "Bench") -> Iterator[Figure]:
    bench.end_kept()
    scale, folder = bench.scale, bench.folder / "desk"
    spare = round(scale.desk_turnover * (scale.desk_s + WARM_S)) + 1
    shape = DeskShape(scale.desk_agents, scale.desk_cases, spare)
    folder.mkdir()
    try:
        world = asyncio.run(make_desk_world(folder / "data", shape))
        (folder / "world.json").write_bytes(msgspec.json.encode(world))
        run = _Run(bench, folder, shape)
        run.play()
        verdict = run.verdict()
        if run.faults or not verdict.is_clean:
            told = msgspec.structs.replace(verdict, decided_ms=[])
            raise BenchFailed(f"{run.faults} faults of the wire; of the log: {told}")
        yield from run.figures(verdict)
    finally:
        shutil.rmtree(folder)


class _Run:
    """All that is measured, before anything of it is told: figures of a run that lost a case are worth nothing."""

    def __init__(self, bench: "Bench", folder: Path, shape: DeskShape) -> None:
        self._scale = bench.scale
        self._folder = folder
        self._shape = shape
        self._lowest = bench.limits.acknowledgement_ms()
        self._rows_per_s = bench.limits.rows_per_s()
        with raw_sender(shape.people, 132, 3) as (sender, _):
            self._raw_sends = sends_per_cpu_s(sender)
        self._rush: Numbers = {}
        self._load: Numbers = {}
        self._rooms: list[str] = []
        self._idle_s = self._load_s = 0.0
        """CPU of the server."""

    def play(self) -> None:
        scale, world = self._scale, self._folder / "world.json"
        server = Server(self._folder, self._folder / "data")
        try:
            people, core = range(self._shape.people), generator_cores()[-1]
            with generator(world, people, [server.port], "plain", core, server.wait) as clients:
                clients.do("connect", window=FEW, known=False)
                clients.do("desk_begin")
                self._rush = clients.do("desk_rush", cases=self._shape.cases, window=RUSH_WINDOW)
                self._idle_s = self._idle(server, clients)
                begun = server.process.cpu_s()
                how = {"rate": scale.desk_rate, "turnover": scale.desk_turnover, "seconds": scale.desk_s}
                self._load = clients.do("desk_load", **how, warm_s=WARM_S)
                self._load_s = server.process.cpu_s() - begun
                self._rooms = clients.do("desk_rooms")["rooms"]
        finally:
            server.end()

    def _idle(self, server: Server, clients: Generator) -> float:
        """Nothing but heartbeats, of a desk with all its cases."""
        deadline, spent = time.monotonic() + REST_S, -1.0
        while time.monotonic() < deadline and server.process.cpu_s() - spent > 0.02:
            spent = server.process.cpu_s()
            clients.do("idle", seconds=0.2)
        spent = server.process.cpu_s()
        clients.do("idle", seconds=self._scale.idle_s)
        return server.process.cpu_s() - spent

    @property
    def faults(self) -> int:
        return int(self._load["faults"])

    def verdict(self) -> Verdict:
        return desk_audit.read(self._folder / "data" / DATABASE, self._rooms)

    def figures(self, verdict: Verdict) -> Iterator[Figure]:
        shape, scale = self._shape, self._scale
        common: dict[str, Any] = {"agents": shape.agents, "cases": shape.cases}
        yield self._rushed(common, verdict)
        idle, sends = self._idle_s / scale.idle_s * 1_000, 2 * shape.people / HEARTBEAT_S
        limit = sends / self._raw_sends * 1_000
        yield _figure("desk_idle", idle, "ms/s", limit, **common, sessions=shape.people)
        common |= {"messages_per_s": scale.desk_rate, "turnover_per_s": scale.desk_turnover}
        yield from self._aged("desk_commit", "acks", 1, **common)
        yield from self._aged("desk_message", "arrived", 1, **common)
        beside = {f"commit_{name}_ms": round(_ms(self._load["acks"], share), 2) for name, share in SHARES}
        opened = {f"opened_{name}_ms": round(_ms(self._load["opened"], share), 2) for name, share in SHARES}
        by_log = verdict.decided_ms[shape.cases :]
        logged = {f"by_the_log_{name}_ms": percentile([*map(float, by_log)], share) for name, share in SHARES}
        yield from self._aged("desk_decision", "decided", COMMITS, **common, **beside, **opened, **logged)
        yield from self._aged("desk_update", "shown", COMMITS, **common, **beside)
        cpu = self._load_s / self._load["sent"] * 1e6
        share = self._load_s / (scale.desk_s + WARM_S)
        yield _figure("desk_cpu", cpu, "µs a message", None, **common, server_cpu_share=round(share, 2))

    def _rushed(self, common: dict[str, Any], verdict: Verdict) -> Figure:
        more: dict[str, Any] = {"at_once": RUSH_WINDOW}
        for name, share in SHARES:
            more[f"commit_{name}_ms"] = round(_ms(self._rush["acks"], share), 2)
            more[f"decision_{name}_ms"] = round(_ms(self._rush["decided"], share), 2)
        found = {"lost": verdict.lost, "twice": verdict.twice, "over_capacity": verdict.over_capacity}
        judged = {"assignments": verdict.assignments, "most_load": verdict.most_load}
        more |= {**found, **judged, "capacity": self._shape.capacity}
        value = self._shape.cases / self._rush["seconds"]
        return _figure("desk_rush", value, "cases/s", self._rows_per_s / ENTRIES, **common, **more)

    def _aged(self, name: str, what: str, commits: int, **parameters: Any) -> Iterator[Figure]:
        ages = self._load[what]
        for (nth, share), lowest in zip(SHARES, self._lowest, strict=True):
            limit, samples = commits * lowest, len(ages)
            yield _figure(f"{name}_{nth}", _ms(ages, share), "ms", limit, **parameters, samples=samples)


def _ms(ages: list[float], share: float) -> float:
    return percentile(ages, share) * 1_000


def _figure(name: str, value: float, unit: str, limit: float | None, **parameters: Any) -> Figure:
    return Figure(name, value, unit, limit, value / limit if limit else None, parameters)
