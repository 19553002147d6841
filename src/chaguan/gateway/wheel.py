"""One timing wheel for every timeout of every connection: O(1), no timer and no task per connection."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Protocol


class Watched(Protocol):
    """Something that has deadlines. It is looked at when the earliest may have passed, never before."""

    wheel_slot: int
    """The bucket it lies in; -1 when in none. Only the wheel writes it."""

    def on_deadline(self, now: int) -> int:
        """Do what is due at tick `now`; return the ticks until the next look, or 0 for none."""


class Wheel:
    """Buckets of `tick_s` seconds. A delay beyond the horizon is looked at there and put in again.

    `now` counts ticks since the start; connections store it as "last heard", which costs them one shared int.
    """

    def __init__(
        self,
        tick_s: float = 0.25,
        size: int = 256,
        clock: Callable[[], float] = time.monotonic,
        random_: random.Random | None = None,
    ) -> None:
        self.now = 0
        self.tick_s = tick_s
        # A dict, since a set of the same items is twice its size.
        self._buckets: list[dict[Watched, None]] = [{} for _ in range(size)]
        self._clock = clock
        self._started_at = clock()
        self._random = random_ or random.Random()
        self._timer: asyncio.TimerHandle | None = None

    def ticks(self, seconds: float) -> int:
        return max(1, -int(-seconds // self.tick_s))

    def jittered(self, ticks: int, share: float) -> int:
        """`ticks`, shortened by a random part of up to `share`: what began together shall not recur together."""
        return max(1, ticks - int(ticks * share * self._random.random()))

    def schedule(self, item: Watched, ticks: int) -> None:
        """Look at `item` after `ticks`. An item lies in one bucket: this replaces what was scheduled before."""
        self.cancel(item)
        slot = (self.now + min(max(1, ticks), len(self._buckets) - 1)) % len(self._buckets)
        self._buckets[slot][item] = None
        item.wheel_slot = slot

    def cancel(self, item: Watched) -> None:
        if item.wheel_slot >= 0:
            self._buckets[item.wheel_slot].pop(item, None)
            item.wheel_slot = -1

    def advance(self, budget_s: float = 0.001) -> bool:
        """Look at what is due, for at most about `budget_s`. False: there is more, call again soon."""
        target = int((self._clock() - self._started_at) / self.tick_s)
        give_up_at = time.perf_counter() + budget_s
        while True:
            due = self._buckets[self.now % len(self._buckets)]
            while due:
                item, _ = due.popitem()
                item.wheel_slot = -1
                wait = item.on_deadline(self.now)
                if wait > 0:
                    self.schedule(item, wait)
                if time.perf_counter() >= give_up_at:
                    return False
            if self.now >= target:
                return True
            self.now += 1

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None:
            self._timer = loop.call_later(self.tick_s, self._turn, loop)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        is_done = self.advance()
        self._timer = loop.call_later(self.tick_s if is_done else 0, self._turn, loop)
