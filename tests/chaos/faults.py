"""What goes wrong, and when: a schedule drawn from a seed, each kind as often as asked for."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable

Fault = Callable[[random.Random], Awaitable[None]]
"""Breaks something, waits as long as it likes, and mends it."""


def schedule(kinds: list[str], count: int, rng: random.Random) -> list[str]:
    """`count` faults in random order, of each kind at least `count // len(kinds)`."""
    plan = [kinds[number % len(kinds)] for number in range(count)]
    rng.shuffle(plan)
    return plan


class Storm:
    """Runs the schedule. Now and then the next fault does not wait for the end of the one before it."""

    def __init__(self, faults: dict[str, Fault], count: int, pause_s: float, rng: random.Random) -> None:
        self._faults = faults
        self._plan = schedule(sorted(faults), count, rng)
        self._pause_s = pause_s
        self._rng = rng
        self.done: Counter[str] = Counter()
        self.history: list[tuple[float, str]] = []

    async def blow(self) -> None:
        begun = time.monotonic()
        running: set[asyncio.Task[None]] = set()
        for kind in self._plan:
            busy = {task.get_name() for task in running}
            if kind in busy or self._rng.random() > 0.25:
                await asyncio.gather(*running)
                running.clear()
            self.history.append((time.monotonic() - begun, kind))
            running.add(asyncio.create_task(self._one(kind), name=kind))
            await asyncio.sleep(self._rng.uniform(0.2, 1.8) * self._pause_s)
        await asyncio.gather(*running)

    async def _one(self, kind: str) -> None:
        await self._faults[kind](random.Random(self._rng.random()))
        self.done[kind] += 1
