"""A figure as it is reported, what it ought to be, and the table of them."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

BEGIN, END = "<!-- figures: made by chaguan bench -->", "<!-- end of figures -->"
BEGIN_NODES = "<!-- figures of several nodes: made by make bench-cluster -->"


class Figure(Struct, omit_defaults=False):
    """One measured value. `limit` is what the machine itself did in the same run, in the same unit; null where
    there is no such thing. `ratio` is value ÷ limit."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    ratio: float | None = None
    parameters: dict[str, Any] = {}
    machine: str = ""
    stage: str = ""
    """Of the bench, that measured it."""


class Target(NamedTuple):
    bound: float
    is_most: bool
    of_ratio: bool = False

    def is_met(self, figure: Figure) -> bool:
        value = (figure.ratio or 0) if self.of_ratio else figure.value
        return value <= self.bound if self.is_most else value >= self.bound

    def text(self, unit: str) -> str:
        sign = "≤" if self.is_most else "≥"
        return f"{sign} {number(self.bound)} {'of the limit' if self.of_ratio else unit}"

    def miss(self, figure: Figure) -> str:
        value = (figure.ratio or 0) if self.of_ratio else figure.value
        if self.is_most:
            return f"missed, {value / self.bound:.2f} × the bound"
        return f"missed, {100 * value / self.bound:.0f} % of the bound"


TARGETS = {
    "process_memory": Target(100, True),
    "idle_memory": Target(4, True),
    "idle_memory over TLS": Target(20, True),
    "idle_cpu": Target(1, True),
    "durable_direct": Target(15_000, False),
    "ack_latency_p50": Target(1, True),
    "ack_latency_p99": Target(5, True),
    "fanout_unmerged": Target(0.8, False, of_ratio=True),
    "fanout_merged": Target(600_000, False),
    "connect_storm": Target(3, True),
    "offline_pull": Target(500_000, False),
    "wire_text": Target(600, True),
    "wire_idle_hour": Target(20 * 1024, True),
    "wire_resume": Target(4 * 1024, True),
}

CLUSTER_TARGETS = {
    "sessions_held": Target(100_000, False),
    "restart_longest_wait": Target(1, True, of_ratio=True),
}


def target_of(figure: Figure) -> Target | None:
    """A target holds for the plain connection of one machine; over TLS there is one for memory alone."""
    if "nodes" in figure.parameters and figure.name not in CLUSTER_TARGETS:
        return None
    if figure.parameters.get("transport", "plain") != "plain":
        return TARGETS["idle_memory over TLS"] if figure.name == "idle_memory" else None
    return CLUSTER_TARGETS.get(figure.name) or TARGETS.get(figure.name)


def machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def read(path: Path) -> list[Figure]:
    return msgspec.json.decode(path.read_bytes(), type=list[Figure])


def number(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: Sequence[Figure]) -> str:
    """All figures as a Markdown table."""
    lines = [
        "| figure | value | limit of the machine | ratio | target | |",
        "|---|---:|---:|---:|---|---|",
    ]
    for figure in figures:
        target = target_of(figure)
        limit = "" if figure.limit is None else number(figure.limit)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        wanted = "" if target is None else target.text(figure.unit)
        verdict = "" if target is None else ("met" if target.is_met(figure) else target.miss(figure))
        name = f"`{figure.name}`{_circumstances(figure)}"
        lines.append(
            f"| {name} | {number(figure.value)} {figure.unit} | {limit} | {ratio} | {wanted} | {verdict} |"
        )
    return "\n".join(lines) + "\n"


def into_page(page: str, figures: Sequence[Figure], picture: str = "", begin: str = BEGIN) -> str:
    """The page with the table, the machine it is of and a picture, between `begin` and the END after it."""
    before, marker, rest = page.partition(begin)
    _, end, after = rest.partition(END)
    if not (marker and end):
        raise ValueError(f"the page has no place for figures: {begin} … {END}")
    machines = ", ".join(dict.fromkeys(figure.machine for figure in figures))
    return f"{before}{begin}\nMachine: {machines}.\n\n{table(figures)}{picture}{END}{after}"


def _circumstances(figure: Figure) -> str:
    shown = [
        f"{name.replace('_', ' ')} {number(value) if isinstance(value, int | float) else value}"
        for name, value in figure.parameters.items()
        if not isinstance(value, bool | dict | list) and value != "plain"
    ]
    return f"<br>{', '.join(shown)}" if shown else ""
