"""Says again where the logs stood some seconds ago, so that a push which got lost is missed by nobody for long.

A hole shows itself at the next entry; a lost last entry never would (DESIGN §2.3). One process at a time does it.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Protocol

from chaguan.core.errors import AppError
from chaguan.gateway.relay import Relay
from chaguan.infra.broker import Broker

logger = logging.getLogger("chaguan.relay")
YOUNGEST_S, OLDEST_S = 2.0, 5.0
EVERY_S = 1.0
LEASE_S = 5
REMEMBERED = 50_000
_KEPT_S = 20.0
"""What the one before may have left undone when it died."""


Moved = tuple[str, int, tuple[str, ...]]
"""A conversation, the seq that its log had reached, and the topics on which it is pushed."""


class Ends(Protocol):
    async def end(self) -> int: ...
    async def moved(self, above: int, up_to: int) -> Sequence[Moved]: ...


class Announcer:
    def __init__(self, relay: Relay, broker: Broker, ends: Ends) -> None:
        self._relay = relay
        self._broker = broker
        self._ends = ends
        self._looks: deque[tuple[float, int]] = deque()
        self._announced: OrderedDict[str, int] = OrderedDict()
        self._was_mine = False

    async def run(self) -> None:
        while True:
            try:
                await self.step(asyncio.get_running_loop().time())
            except AppError as error:
                logger.warning("heads can't be announced: %s", error)
            await asyncio.sleep(EVERY_S)

    async def step(self, now: float) -> None:
        """Look where the log ends; what it was 2 to 5 s ago tells whose heads are due. A window and not a position:
        of several writers one may commit late what it began early."""
        self._looks.append((now, await self._ends.end()))
        while self._looks[0][0] < now - _KEPT_S:
            self._looks.popleft()
        is_mine = await self._broker.lease("announcer", LEASE_S)
        oldest = OLDEST_S if self._was_mine else _KEPT_S
        self._was_mine = is_mine
        if not is_mine:
            return
        above = self._at(now - oldest) or self._looks[0][1]
        up_to = self._at(now - YOUNGEST_S)
        if up_to is not None and up_to > above:
            for moved in await self._ends.moved(above, up_to):
                self._announce(*moved)

    def _at(self, moment: float) -> int | None:
        return next((end for at, end in reversed(self._looks) if at <= moment), None)

    def _announce(self, conversation_id: str, seq: int, topics: Sequence[str]) -> None:
        if self._announced.get(conversation_id) == seq:
            return
        self._announced[conversation_id] = seq
        self._announced.move_to_end(conversation_id)
        if len(self._announced) > REMEMBERED:
            self._announced.popitem(last=False)
        for topic in topics:
            self._relay.announce(topic, conversation_id, seq)
