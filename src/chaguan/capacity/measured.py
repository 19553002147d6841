"""What the figures of `chaguan bench` say about one message, one session, one copy. Nothing here is a guess: what no
figure gives is `None`, and MISSING names the command that measures it."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from chaguan.bench.figures import Figure

Value = float | None

_MAIN = "chaguan bench --json figures.json"
_GROWTH = "chaguan bench --only cost_growth --keep --json figures.json"
_ENGINES = "--database-url postgresql://… --redis-url redis://…"
_ON_POSTGRES = f"{_GROWTH} {_ENGINES}"
_BROKER = f"chaguan bench --only broker --keep --json figures.json {_ENGINES}"
MISSING = {
    "process_mib": ("a process's memory (process_memory)", _MAIN),
    "session_kib": ("a session's memory (idle_memory) over this transport", _MAIN),
    "session_cpu": ("a session's CPU (idle_cpu) over this transport", _MAIN),
    "return_cpu": ("the CPU of coming back (connect_storm) over this transport", _MAIN),
    "embedded_rate": ("messages a second through one process on SQLite (durable_direct)", _MAIN),
    "copy_cpu": ("the CPU of a copy (fanout_unmerged)", _MAIN),
    "node_cpu": ("a node's CPU for a message on PostgreSQL (growth_cpu)", _ON_POSTGRES),
    "database_cpu": (
        "PostgreSQL's CPU for a message (growth_cpu, on the machine of the database)",
        _ON_POSTGRES,
    ),
    "database_bytes": ("what PostgreSQL writes for a message (growth_bytes)", _ON_POSTGRES),
    "journal_bytes": ("PostgreSQL's WAL for a message (growth_bytes)", _ON_POSTGRES),
    "stored_bytes": ("what a stored message takes on disk (stored_bytes)", _GROWTH),
    "membership_bytes": ("what a membership takes on disk (membership_bytes)", _GROWTH),
    "broker_cpu": ("Redis' CPU for a message (broker_cpu)", _BROKER),
    "broker_bytes": ("Redis' memory for a user online (broker_memory)", _BROKER),
}


class Measured(Struct, frozen=True, kw_only=True):
    """Seconds of a core, bytes, MiB or KiB, as the names say, for one of each."""

    machine: str = ""
    topics: float = 1.0
    """That each session had when sessions were measured."""
    process_mib: Value = None
    session_kib: Value = None
    session_cpu: Value = None
    return_cpu: Value = None
    embedded_rate: Value = None
    copy_cpu: Value = None
    node_cpu: Value = None
    database_cpu: Value = None
    database_bytes: Value = None
    page_bytes: Value = None
    message_bytes: Value = None
    """Content of a message as it was measured."""
    journal_bytes: Value = None
    stored_bytes: Value = None
    membership_bytes: Value = None
    broker_cpu: Value = None
    broker_bytes: Value = None


def measured(figures: Sequence[Figure], transport: str) -> Measured:
    """Where a figure was measured several times, the dearest counts: it was the largest or the busiest."""

    def dearest(name: str, cost: Callable[[Figure], float], **wanted: Any) -> Value:
        fitting = [
            cost(figure)
            for figure in figures
            if figure.name == name
            and figure.value
            and all(figure.parameters.get(key, _UNSAID.get(key)) == value for key, value in wanted.items())
        ]
        return max(fitting, default=None)

    def parameter(name: str) -> Callable[[Figure], float]:
        return lambda figure: float(figure.parameters.get(name, 0))

    over = {"transport": transport}
    on_postgres = {"database": "postgresql"}
    copies = dearest("fanout_unmerged", lambda figure: 1 / figure.value)
    database_us = dearest("growth_cpu", parameter("database_cpu_us"), **on_postgres)
    all_us = dearest("growth_cpu", lambda f: f.value - f.parameters.get("database_cpu_us", 0), **on_postgres)
    return Measured(
        machine=", ".join(dict.fromkeys(figure.machine for figure in figures if figure.machine)),
        topics=dearest("idle_memory", parameter("topics"), **over) or 1.0,
        process_mib=dearest("process_memory", _value),
        session_kib=dearest("idle_memory", _value, **over),
        session_cpu=_times(dearest("idle_cpu", _value, **over), 1e-6),
        return_cpu=dearest(
            "connect_storm", lambda f: f.parameters["cpu_s"] / f.parameters["sessions"], **over
        ),
        embedded_rate=_inverse(dearest("durable_direct", lambda f: 1 / f.value, nodes=None)),
        copy_cpu=copies,
        node_cpu=_times(all_us, 1e-6),
        # Where the server runs elsewhere its CPU can't be seen, and shows as none.
        database_cpu=_times(database_us or None, 1e-6),
        database_bytes=dearest("growth_bytes", _value, **on_postgres),
        page_bytes=dearest("growth_pages", parameter("page_bytes"), **on_postgres),
        journal_bytes=dearest("growth_bytes", parameter("journal_bytes"), **on_postgres),
        stored_bytes=dearest("stored_bytes", _value),
        message_bytes=dearest("stored_bytes", parameter("content_bytes")),
        membership_bytes=dearest("membership_bytes", _value),
        broker_cpu=_times(dearest("broker_cpu", _value), 1e-6),
        broker_bytes=dearest("broker_memory", _value),
    )


_UNSAID = {"transport": "plain", "database": "sqlite"}
"""What a figure means that does not say."""


def _value(figure: Figure) -> float:
    return figure.value


def _times(value: Value, factor: float) -> Value:
    return None if value is None else value * factor


def _inverse(value: Value) -> Value:
    return 1 / value if value else None
