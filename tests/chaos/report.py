"""What a play found, for machines and for people."""

import json
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, to_builtins

from tests.chaos.people import Person

SHOWN_FAULTS = 20


class Report(Struct):
    """What a play found. `faults_found` is empty when every promise was kept."""

    seed: int
    acknowledged: int
    entries: int
    pictures: int
    retries: dict[str, int]
    """How often something was asked again, by reason: `gone` when the connection ended before the answer."""
    refusals: dict[str, int]
    """What was refused for good, by command and code; a message never is."""
    connections: int
    longest_wait_s: float
    """From the first attempt of a command to its answer."""
    seconds: float
    talk_s: float
    cpu_s: dict[str, float]
    """During the talk, by who spent it."""
    blown: dict[str, int]
    faults_found: list[str]

    @property
    def per_second(self) -> float:
        return self.acknowledged / max(self.talk_s, 0.001)

    def json_text(self) -> str:
        return json.dumps(to_builtins(self), ensure_ascii=False, indent=1) + "\n"

    def text(self) -> str:
        lines = [
            f"seed {self.seed}: {self.acknowledged:,} messages acknowledged, {self.entries:,} entries stored, "
            f"{self.pictures:,} pictures fetched again",
            f"  {self.seconds:,.0f} s, of which {self.talk_s:,.0f} s of talk: {self.per_second:,.0f} acknowledged/s; "
            f"longest wait of any command {self.longest_wait_s:.1f} s",
            "  CPU per acknowledged message: "
            + ", ".join(
                f"{name} {spent / max(self.acknowledged, 1) * 1e3:.2f} ms"
                for name, spent in self.cpu_s.items()
            ),
            f"  faults: {sum(self.blown.values())} ({_counts(self.blown)})",
            f"  asked again: {_counts(self.retries) or 'nothing'}; refused: {_counts(self.refusals) or 'nothing'}",
            f"  {self.connections:,} connections",
        ]
        if self.faults_found:
            lines.append(f"  FOUND: {len(self.faults_found)} promises broken")
            lines += [f"    {fault}" for fault in self.faults_found[:SHOWN_FAULTS]]
        else:
            lines.append("  0 lost, 0 doubled, 0 out of order; every screen shows what a fresh one shows")
        return "\n".join(lines)


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(found.items()))


def together(counts: Iterable[Counter[str]]) -> dict[str, int]:
    return dict(sum(counts, Counter[str]()))


def longest_s(people: Iterable[Person]) -> float:
    return round(max((person.longest_s for person in people), default=0), 1)
