"""Latency against load: direct messages offered at rising rates, up to what the server takes at most."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chaguan.bench.figures import Figure
from chaguan.bench.workloads import percentile

if TYPE_CHECKING:
    from chaguan.bench.crew import Generator
    from chaguan.bench.stages import Bench

KEPT_UP = 0.98
"""A rate counts as taken when so much of it had arrived when the last was due."""


FEW = 200
"""Who connect at once: connecting is not what is measured."""


def latency_load(bench: "Bench") -> Iterator[Figure]:
    with bench.server() as running, running.clients(2 * bench.scale.pairs) as clients:
        clients.do("connect", window=FEW, known=False)
        lowest = bench.limits.acknowledgement_ms()
        clients.do("direct", seconds=1, warm_s=0)
        found = clients.do("direct", seconds=bench.scale.load_s, warm_s=1)
        most = found["acked"] / found["seconds"]
        for share in bench.scale.shares:
            begun = running.cpu_s()
            yield _at(bench, clients, most, share, lowest[1], begun, running.cpu_s)


def _at(
    bench: "Bench", clients: "Generator", most: float, share: float, limit: float, begun: float, cpu_s: Any
) -> Figure:
    rate, seconds = most * share, bench.scale.load_s
    found = clients.do("offered", rate=rate, seconds=seconds, warm_s=1)
    value = percentile(found["arrivals"], 0.99) * 1_000
    measured = found["sent"] * seconds / (seconds + 1)
    parameters: dict[str, Any] = {
        "messages_per_s": round(rate),
        "share_of_most": share,
        "taken": "yes" if found["in_time"] >= KEPT_UP * measured and not found["refused"] else "no",
        "end_to_end_p50_ms": round(percentile(found["arrivals"], 0.5) * 1_000, 2),
        "end_to_end_p99_ms": round(value, 2),
        "ack_p50_ms": round(percentile(found["acks"], 0.5) * 1_000, 2),
        "ack_p99_ms": round(percentile(found["acks"], 0.99) * 1_000, 2),
        "server_cpu_share": round((cpu_s() - begun) / (seconds + 1), 2),
        "generator_late_p99_ms": round(found["late_p99"] * 1_000, 2),
        "refused": found["refused"],
        "faults": found["faults"],
    }
    return Figure("latency_load", value, "ms", limit, value / limit, parameters)
