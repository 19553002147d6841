"""How long work that is done from time to time waits for its next turn."""

import asyncio
import contextlib

from chaguan.core.clock import Clock
from chaguan.infra.database import Database

NEVER = 1 << 62
"""A time that does not come."""
REST_MS = 30_000
"""Nothing is relied on for longer than this: a clock may be set, and a file may be changed by hand."""


class Pause:
    """Until it is woken or what is known falls due, and never less than `every_s` for what is due. Where other
    processes write the same database, nothing is known of what they settle: then it is `every_s` each time."""

    def __init__(self, db: Database, every_s: float, clock: Clock) -> None:
        self._is_alone = db.dialect == "sqlite"
        self._every_s = every_s
        self._clock = clock
        self._woken = asyncio.Event()
        self.due_at = 0
        """When there is something to do, as far as is known."""

    def wake(self) -> None:
        self._woken.set()

    async def wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await self._woken.wait()
        self._woken.clear()

    @property
    def seconds(self) -> float:
        """The longest that it takes now."""
        if not self._is_alone:
            return self._every_s
        return max(self._every_s, min(self.due_at - self._clock(), REST_MS) / 1000)
