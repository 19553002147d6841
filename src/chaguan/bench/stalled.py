"""What readers who stop reading cost the others: rounds with and without them, by turns."""

import statistics
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chaguan.bench.crew import Generator, generator
from chaguan.bench.figures import Figure
from chaguan.bench.load import FEW
from chaguan.bench.processes import generator_cores, raw_sender, sends_per_cpu_s
from chaguan.bench.workloads import percentile

if TYPE_CHECKING:
    from chaguan.bench.stages import Bench, Running

READERS = 2_000
STALLED = 100
"""One in so many."""
RATE = 150
FILL_S = 6.0
"""Until the buffers of a stalled reader are full, which is when it begins to matter."""
STUDENT = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
)
"""Two-sided 95 % quantiles of Student's t for 1, 2, … degrees of freedom."""


class _Round(NamedTuple):
    p99_ms: float
    missed: int
    memory_kib: int
    faults: int


def stalled_readers(bench: "Bench") -> Iterator[Figure]:
    readers = min(READERS, bench.scale.sessions)
    few = readers // STALLED
    with raw_sender(readers, 300, 3) as (sender, _):
        sweep_ms = readers / sends_per_cpu_s(sender) * 1_000
    stalled: list[_Round] = []
    none: list[_Round] = []
    with bench.server() as running, running.clients(readers - few) as others:
        others.do("connect", window=FEW, known=False)
        for nth in range(bench.scale.rounds):
            for is_stalled in (nth % 2 == 0, nth % 2 == 1):
                one = _round(bench, running, others, range(readers - few, readers), is_stalled)
                (stalled if is_stalled else none).append(one)
    yield _figure(readers, stalled, none, sweep_ms)


def _round(bench: "Bench", running: "Running", others: Generator, few: range, is_stalled: bool) -> _Round:
    """The few are a process of their own: while nothing is asked of it, it would read."""
    world, core = bench.folder / "world.json", generator_cores()[-1]
    before, seconds = running.memory_kib(), FILL_S + bench.scale.round_s
    with generator(world, few, running.ports, "plain", core) as slow:
        slow.do("connect", window=FEW, known=False)
        slow.tell("stall" if is_stalled else "idle", seconds=seconds)
        found = others.do(
            "copies",
            conversation_id=bench.world.everybody,
            rate=RATE,
            seconds=bench.scale.round_s,
            warm_s=FILL_S,
        )
        memory = running.memory_kib() - before
        slow.hear("stall" if is_stalled else "idle")
        got = slow.do("idle", seconds=0.5)["received"]
    return _Round(found["p99"] * 1_000, found["sent"] * len(few) - got, memory, found["faults"])


def _figure(readers: int, stalled: Sequence[_Round], none: Sequence[_Round], sweep_ms: float) -> Figure:
    low, high = interval([one.p99_ms - other.p99_ms for one, other in zip(stalled, none, strict=True)])
    with_p99, without_p99 = (statistics.mean(one.p99_ms for one in rounds) for rounds in (stalled, none))
    parameters: dict[str, Any] = {
        "readers": readers,
        "stalled": readers // STALLED,
        "messages_per_s": RATE,
        "rounds": len(stalled),
        "more_by_ms": round(with_p99 - without_p99, 2),
        "more_by_at_least_ms": round(low, 2),
        "more_by_at_most_ms": round(high, 2),
        "missed_by_the_stalled": round(statistics.mean(one.missed for one in stalled)),
        "missed_where_none_stalled": round(statistics.mean(one.missed for one in none)),
        "memory_more_kib": round(percentile([one.memory_kib for one in stalled], 0.5)),
        "raw_sweep_ms": round(sweep_ms, 1),
        "faults": sum(one.faults for one in (*stalled, *none)),
    }
    return Figure("stalled_readers", with_p99, "ms", without_p99, with_p99 / without_p99, parameters)


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """In which, with 95 % certainty, the mean lies that these were drawn around."""
    if len(differences) < 2:
        raise ValueError("one difference says nothing about its spread")
    mean = statistics.mean(differences)
    reach = STUDENT[min(len(differences) - 2, len(STUDENT) - 1)] * statistics.stdev(differences)
    reach /= len(differences) ** 0.5
    return mean - reach, mean + reach
