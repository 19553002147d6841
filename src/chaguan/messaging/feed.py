"""Reading the log behind the writers: a consumer with its own position, at least once, in order."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from chaguan.infra.database import Database
from chaguan.messaging.model import Stored
from chaguan.messaging.store import log

Handler = Callable[[list[Stored]], Awaitable[None]]
CHUNK = 500


class Feed:
    """Calls `handle` with entries in the order of their commit. `handle` may see an entry again after a crash.

    `prefix` keeps to conversations whose ids begin with it. What `handle` raises stops nothing for good: the same
    entries are tried again after a pause that grows to 30 s.
    """

    def __init__(self, db: Database, name: str, handle: Handler, prefix: str = "") -> None:
        self._db = db
        self._name = name
        self._handle = handle
        self._prefix = prefix
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.position = 0
        self.failures = 0
        self.last_failure: Exception | None = None

    async def start(self) -> None:
        self.position = await self._db.read(partial(log.position, consumer=self._name))
        self._woken.set()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def wake(self) -> None:
        self._idle.clear()
        self._woken.set()

    async def caught_up(self) -> None:
        """Wait until everything committed before this call was handled."""
        self.wake()
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                while await self._step():
                    pass
                self.failures = 0
            except Exception as error:  # noqa: BLE001  a consumer must outlive what it stumbles over
                self.failures += 1
                self.last_failure = error
                await asyncio.sleep(min(30, 0.1 * 2**self.failures))
                self._woken.set()
            if not self._woken.is_set():
                self._idle.set()

    async def _step(self) -> bool:
        start = self.position
        rows, end = await self._db.read(lambda c: log.since_of(c, start, CHUNK, self._prefix))
        if end == start:
            return False
        if rows:
            await self._handle(rows)
            await self._db.write(partial(log.set_position, consumer=self._name, value=end))
        self.position = end
        return True
