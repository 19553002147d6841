"""How late the event loop wakes up: the one number that tells a stretch of Python that was too long."""

import asyncio
from collections import deque

from chaguan.core.figures import Histogram

LOOK_S = 0.5
REMEMBERED = 120


class LoopLag:
    def __init__(self) -> None:
        self.figures = Histogram()
        self._recent: deque[float] = deque(maxlen=REMEMBERED)
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    @property
    def worst_s(self) -> float:
        return max(self._recent, default=0.0)

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + LOOK_S
        self._timer = loop.call_at(self._due, self._look, loop)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        late = max(0.0, loop.time() - self._due)
        self.figures.observe(late)
        self._recent.append(late)
        self._due = loop.time() + LOOK_S
        self._timer = loop.call_at(self._due, self._look, loop)
