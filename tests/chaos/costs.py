"""Who uses the processor during a play: the clients, the nodes, or the engines below them."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KINDS = {
    "tests.chaos.node serve": "nodes",
    "tests.chaos.node worker": "workers",
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
    "weed": "S3",
}


class Costs:
    """Looks at this process and all that came from it. What dies between two looks takes a little along unseen."""

    def __init__(self) -> None:
        self._first: dict[int, float] = {}
        self._last: dict[int, tuple[str, float]] = {}
        self.look()
        self._first = {pid: spent for pid, (_, spent) in self._last.items()}

    def look(self) -> None:
        for pid in _family(os.getpid()):
            try:
                # After the name, which may hold anything: state, parent, …
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                kind = self._last[pid][0] if pid in self._last else _kind(pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
            self._last[pid] = kind, (int(fields[11]) + int(fields[12])) / TICKS

    def spent_s(self) -> dict[str, float]:
        """Seconds by kind since the first look."""
        self.look()
        found: dict[str, float] = {}
        for pid, (kind, spent) in self._last.items():
            found[kind] = found.get(kind, 0) + spent - self._first.get(pid, 0)
        return {kind: round(spent, 1) for kind, spent in found.items()}


def _kind(pid: int) -> str:
    if pid == os.getpid():
        return "clients and proxies"
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return next((kind for mark, kind in KINDS.items() if mark in command), "other")


def _family(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        found.append(parent)
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                waiting += map(int, task.read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found
