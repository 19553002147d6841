"""How often one user may ask by HTTP: as often as one session may on the WebSocket."""

import time

from chaguan.accounts.cache import Cache
from chaguan.accounts.rules import Budget, Tally, attempt
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode

REMEMBERED = 20_000


def monotonic_ms() -> int:
    """A clock that is set back would keep everybody waiting who asked before."""
    return time.monotonic_ns() // 1_000_000


class Pace:
    """Bursts of twice `per_second`, as the WebSocket has them. Who is forgotten asks too seldom to matter."""

    def __init__(self, per_second: int, clock: Clock = monotonic_ms) -> None:
        self._budget = Budget(burst=2 * per_second, refill_ms=max(1, 1000 // per_second))
        self._clock = clock
        self._tallies: Cache[str, Tally] = Cache(REMEMBERED)

    def take(self, caller: Caller) -> None:
        verdict = attempt(self._budget, self._tallies.find(caller.user_id) or Tally(), self._clock())
        self._tallies.put(caller.user_id, verdict.tally)
        if not verdict.allowed:
            raise AppError(ErrorCode.rate_limited, "too many commands", retry_after_ms=verdict.retry_after_ms)
