"""Time as the server sees it. Clocks order nothing; they only label."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns UTC milliseconds."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000
