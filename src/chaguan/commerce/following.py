"""Keeps cards up with their objects: soon after a change, and after a crash by looking at what is still due."""

import asyncio
import logging

from chaguan.commerce import store
from chaguan.commerce.cards import Cards
from chaguan.commerce.store import Held
from chaguan.core.errors import AppError
from chaguan.infra.database import Database

logger = logging.getLogger("chaguan.commerce")
OBJECTS, CARDS = 50, 50
"""Looked at together."""
LOOK_S = 5.0
"""How often it is looked for what another process left, or what could not be done just now."""


class Following:
    def __init__(self, db: Database, cards: Cards) -> None:
        self._db = db
        self._cards = cards
        self._has_others = db.dialect != "sqlite"
        self._is_behind = False
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Something is due."""
        self._woken.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            is_behind = await self._catch_up()
            try:
                async with asyncio.timeout(LOOK_S if is_behind or self._has_others else None):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _catch_up(self) -> bool:
        """Brings up what can be now; true if something stays to be tried again."""
        try:
            while await self.step():
                pass
        except AppError as error:
            logger.warning("cards will be brought up later: %s", error)
            return True
        return self._is_behind

    async def step(self) -> bool:
        """Brings up what is due; true if there may be more to do at once."""
        self._woken.clear()
        due = await self._db.read(lambda con: store.due(con, OBJECTS))
        moved = [await self._follow(held) for held in due]
        self._is_behind = not all(moved)
        return any(moved)

    async def _follow(self, held: Held) -> bool:
        """All cards of one object; false if some could not be changed now, so that it stays due."""
        try:
            while rows := await self._db.read(lambda con: store.behind(con, held, CARDS)):
                if not any(await asyncio.gather(*map(self._cards.bring_up_to_date, rows))):
                    return False
        except AppError as error:
            # Others must not wait for this one.
            logger.warning("cards of a %s stay behind for now: %s", held.key.kind.value, error)
            return False
        await self._db.write(lambda con: store.settle(con, held))
        return True
