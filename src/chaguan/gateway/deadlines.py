"""When a session must be looked at, and why; how many commands it may send. Pure: time comes in as ticks."""

from enum import Enum
from typing import NamedTuple

from msgspec import Struct


class Due(Enum):
    silent = "silent"
    late = "late"
    lagging = "lagging"
    reauthorize = "reauthorize"


class Patience(NamedTuple):
    """In ticks."""

    silence: int
    lag: int


class Deadlines(Struct, gc=False):
    """0 means that a deadline is not set. `close_by` bounds a stage: hello, draining, the closing handshake."""

    heard_at: int
    close_by: int
    lagging_since: int = 0
    reauthorize_at: int = 0

    def due(self, now: int, patience: Patience) -> Due | None:
        if now - self.heard_at >= patience.silence:
            return Due.silent
        if self.close_by and now >= self.close_by:
            return Due.late
        if self.lagging_since and now - self.lagging_since >= patience.lag:
            return Due.lagging
        if self.reauthorize_at and now >= self.reauthorize_at:
            return Due.reauthorize
        return None

    def next_look(self, now: int, patience: Patience) -> int:
        """Ticks until the earliest."""
        at = self.heard_at + patience.silence
        if self.close_by:
            at = min(at, self.close_by)
        if self.lagging_since:
            at = min(at, self.lagging_since + patience.lag)
        if self.reauthorize_at:
            at = min(at, self.reauthorize_at)
        return max(1, at - now)


class Allowance(Struct, gc=False):
    """A token bucket without a timer: `left` at the tick `at`. `refusals` counts those in a row."""

    at: int
    left: float
    refusals: int = 0

    def take(self, now: int, per_tick: float, burst: int) -> bool:
        left = min(burst, self.left + (now - self.at) * per_tick)
        self.at = now
        if left < 1:
            self.left = left
            self.refusals += 1
            return False
        self.left = left - 1
        self.refusals = 0
        return True
