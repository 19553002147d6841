"""What goes wrong, and when: a schedule drawn from a seed, each kind as often as asked for."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable

Fault = Callable[[random.Random], Awaitable[None]]
"""Breaks something, waits as long as it likes, and mends it."""
LONGEST_S = 240
"""No fault takes longer to break and mend; what does has found a server that does not come back."""

TOGETHER = 0.25
"""How often something goes wrong while something else still is."""


class NotMended(Exception):
    """A fault that could not be mended, or took too long."""


async def _at_once(_share: float) -> None:
    return None


def schedule(kinds: list[str], count: int, rng: random.Random) -> list[str]:
    """`count` faults in random order, of each kind at least `count // len(kinds)`."""
    plan = [kinds[number % len(kinds)] for number in range(count)]
    rng.shuffle(plan)
    return plan


class Storm:
    """Runs the schedule. Now and then the next fault does not wait for the end of the one before it."""

    def __init__(
        self,
        faults: dict[str, Fault],
        count: int,
        pause_s: float,
        rng: random.Random,
        is_time_for: Callable[[float], Awaitable[None]] = _at_once,
    ) -> None:
        """`is_time_for` returns when the play has come so far, as a share of the whole, that the next may begin."""
        self._faults = faults
        self._plan = schedule(sorted(faults), count, rng)
        self._pause_s = pause_s
        self._rng = rng
        self._is_time_for = is_time_for
        self.done: Counter[str] = Counter()
        self.running: set[str] = set()
        self.history: list[tuple[float, str]] = []

    async def blow(self) -> None:
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            tasks: set[asyncio.Task[None]] = set()
            for number, kind in enumerate(self._plan):
                if kind in self.running or self._rng.random() > TOGETHER:
                    await asyncio.gather(*tasks)
                    tasks.clear()
                    await self._is_time_for(number / len(self._plan))
                self.history.append((time.monotonic() - begun, kind))
                tasks.add(group.create_task(self._one(kind, random.Random(self._rng.random()))))
                await asyncio.sleep(self._rng.uniform(0.2, 1.8) * self._pause_s)

    async def _one(self, kind: str, rng: random.Random) -> None:
        self.running.add(kind)
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._faults[kind](rng)
        except Exception as error:
            raise NotMended(f"{kind}: {error!r}") from error
        finally:
            self.running.discard(kind)
        self.done[kind] += 1
