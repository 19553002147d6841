"""Who waits and who is there, at one moment: for whoever calls agents that look elsewhere."""

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.clock import Clock
from chaguan.desk.agents import shown_all
from chaguan.desk.hours import is_open
from chaguan.desk.routing.seats import serves
from chaguan.desk.store import setup
from chaguan.desk.store.waits import Wait, waits
from chaguan.infra.database import Database
from chaguan.protocol.desk import Agent, Queue

MOST = 5_000
"""Of those who wait, the longest first: beyond it the figure is too small, and nobody is left out who waits longer."""


class Scene(Struct, frozen=True):
    """`agents` and `queues` by id, `closed` the shops that do not answer at this hour. After a `look` all are empty while
    nobody waits."""

    at: int
    waits: list[Wait]
    agents: dict[str, Agent]
    queues: dict[str, Queue]
    closed: frozenset[str] = frozenset()

    def may_answer(self, agent: Agent, wait: Wait) -> bool:
        """Whether a case is one for this agent. What stands in no queue is for everybody."""
        queue = self.queues.get(wait.queue_id)
        return queue is None or serves(agent, queue)


class Unattended:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def look(self) -> Scene:
        at = self._clock()

        def read(con: Connection) -> Scene:
            found = waits(con, MOST)
            return _scene(con, at, found) if found else Scene(at, [], {}, {})

        return await self._db.read(read)

    async def staffing(self) -> Scene:
        """Who is there, whether anybody waits or not; nobody is looked for who does."""
        at = self._clock()
        return await self._db.read(lambda con: _scene(con, at, []))


def _scene(con: Connection, at: int, found: list[Wait]) -> Scene:
    agents = {agent.user_id: agent for agent in shown_all(con, at)}
    settings = setup.all_settings(con).items()
    closed = frozenset(shop_id for shop_id, each in settings if not is_open(each.hours, at))
    return Scene(at, found, agents, {queue.id: queue for queue in setup.queues(con)}, closed)
