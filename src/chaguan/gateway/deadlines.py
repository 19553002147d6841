"""When a session must be looked at, and why; how many commands it may send. Pure: time comes in as ticks."""

from enum import Enum
from typing import NamedTuple


class Due(Enum):
    silent = "silent"
    late = "late"
    lagging = "lagging"
    reauthorize = "reauthorize"


class Patience(NamedTuple):
    """In ticks."""

    silence: int
    lag: int


class Deadlines:
    """0 means that a deadline is not set. `close_by` bounds a stage: hello, draining, the closing handshake."""

    __slots__ = ("close_by", "heard_at", "lagging_since", "reauthorize_at")

    def __init__(self, now: int, close_by: int) -> None:
        self.heard_at = now
        self.close_by = close_by
        self.lagging_since = self.reauthorize_at = 0

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


class Allowance:
    """A token bucket without a timer. `refusals` counts those in a row."""

    __slots__ = ("_at", "_left", "refusals")

    def __init__(self, now: int, burst: int) -> None:
        self._at = now
        self._left = float(burst)
        self.refusals = 0

    def take(self, now: int, per_tick: float, burst: int) -> bool:
        self._left = min(float(burst), self._left + (now - self._at) * per_tick)
        self._at = now
        if self._left < 1:
            self.refusals += 1
            return False
        self._left -= 1
        self.refusals = 0
        return True
