"""The generator processes: one with clients in it, and several that are asked as if they were one."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from chaguan.bench.processes import Child, Process

Numbers = dict[str, Any]
_OF_THE_SLOWEST = ("seconds", "size")


class WorkloadFailed(Exception):
    """The clients could not do what they were asked; the text is theirs."""


class Generator:
    def __init__(self, child: Child) -> None:
        self._child = child

    @property
    def process(self) -> Process:
        return self._child.process

    def do(self, what: str, **order: Any) -> Numbers:
        self.tell(what, **order)
        return self.hear(what)

    def tell(self, what: str, **order: Any) -> None:
        self._child.tell(json.dumps({"do": what, **order}))

    def hear(self, what: str) -> Numbers:
        """The answer to the earliest order that has none; `what` it was is for the text of a failure."""
        numbers: Numbers = json.loads(self._child.hear())
        if "failed" in numbers:
            raise WorkloadFailed(f"{what}: {numbers['failed']}")
        return numbers


class Crew:
    """Several generators, each with its part of the people: more than one process may hold descriptors for."""

    def __init__(self, generators: Sequence[Generator]) -> None:
        self.generators = list(generators)

    @property
    def processes(self) -> list[Process]:
        return [each.process for each in self.generators]

    def do(self, what: str, **order: Any) -> Numbers:
        """All at the same time. A `rate` and a `window` are of all together."""
        count = len(self.generators)
        if "rate" in order:
            order["rate"] /= count
        if "window" in order:
            order["window"] = max(1, order["window"] // count)
        for each in self.generators:
            each.tell(what, **order)
        return merged([each.hear(what) for each in self.generators])


def merged(answers: Sequence[Numbers]) -> Numbers:
    """Lists one after another, counts added up, times as long as the longest."""
    found: Numbers = {}
    for name in answers[0]:
        values = [answer[name] for answer in answers]
        if isinstance(values[0], list):
            found[name] = [each for value in values for each in value]
        elif isinstance(values[0], dict):
            names = {key for value in values for key in value}
            found[name] = {key: sum(value.get(key, 0) for value in values) for key in sorted(names)}
        else:
            found[name] = max(values) if name in _OF_THE_SLOWEST else sum(values)
    return found


@contextlib.contextmanager
def generator(
    world: Path,
    people: range,
    ports: Sequence[int],
    transport: str = "plain",
    core: int | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Iterator[Generator]:
    """`meanwhile` is done while the process starts, which takes it a second for thousands of people."""
    child = _child(world, people, ports, transport, core)
    try:
        if meanwhile is not None:
            meanwhile()
        child.hear()
        yield Generator(child)
    finally:
        child.end()


@contextlib.contextmanager
def crew(world: Path, parts: Sequence[range], ports: Sequence[int]) -> Iterator[Crew]:
    """One generator for each part; the system decides where they run."""
    children: list[Child] = []
    try:
        for part in parts:
            children.append(_child(world, part, ports, "plain", None))
        for child in children:
            child.hear()
        yield Crew([Generator(child) for child in children])
    finally:
        for child in children:
            child.end()


def parted(people: int, most: int) -> list[range]:
    """As few parts as hold at most so many each, and never between the two of a pair."""
    count = -(-people // most)
    size = -(-people // count)
    size += size % 2
    return [range(first, min(first + size, people)) for first in range(0, people, size)]


def _child(world: Path, people: range, ports: Sequence[int], transport: str, core: int | None) -> Child:
    arguments = [str(world), str(people.start), str(len(people)), ",".join(map(str, ports)), transport]
    return Child([sys.executable, "-m", "chaguan.bench.generator", *arguments], core)
