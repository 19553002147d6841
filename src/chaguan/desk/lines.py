"""Where those who wait stand and how long it will take: told to them and to agents, in a bounded number of words."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import estimates, hours
from chaguan.desk.agents import shown_all
from chaguan.desk.dispatch import Look
from chaguan.desk.routing import why_waiting
from chaguan.desk.store import cases as store
from chaguan.desk.store import setup
from chaguan.infra.database import Database
from chaguan.infra.pauses import NEVER
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.messaging.ports import Publisher
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import CaseStatus, ConversationKind
from chaguan.protocol.desk import Agent, Line, Queue, Strategy, Waiting
from chaguan.protocol.pushes import LinesMoved, WaitingMoved

EVERY_MS = 2_000
MOST_TOLD = 200
"""Customers who are told at one time; of a longer queue the others are told after that, in turn."""
FRONT = 50
"""Who stands so near to the front of a queue is told before others."""
WORTH_MS = 15_000
"""An expectation is told anew when it changed by so much, or by a fifth."""


class Pace(Struct):
    """What an expectation in one queue is made of."""

    places: float
    free: int
    handling_ms: float

    def expected_ms(self, ahead: int) -> int:
        return estimates.expected_ms(ahead, self.places, self.free, self.handling_ms)


class Told(Struct):
    position: int
    expected_ms: int
    at: int


class Lines:
    def __init__(
        self,
        db: Database,
        messaging: Messaging,
        publisher: Publisher,
        topic_of: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._db = db
        self._rooms = messaging.rooms
        self._publisher = publisher
        self._topic_of = topic_of
        self._clock = clock
        self._told: dict[str, Told] = {}
        self._lines: dict[str, Line] = {}
        self._next_at = 0

    async def waiting(self, caller: Caller, command: c.GetWaiting) -> Waiting:
        room, _ = await self._rooms.access_conversation(caller, command.conversation_id)
        if room.kind is not ConversationKind.service:
            raise AppError(ErrorCode.bad_request, "not a service conversation")
        now = self._clock()
        return await self._db.read(lambda con: place_of(con, room, now))

    async def tell(self, look: Look) -> int:
        """After a look of the process that owns the desk: what moved since the last time. Gives when there is more."""
        if look.at < self._next_at:
            return self._next_at
        self._next_at = look.at + EVERY_MS
        lines = await self._db.read(lambda con: _lines(con, look.queues, look.agents))
        self._tell_agents(look, lines)
        is_all_told = await self._tell_customers(look, lines)
        self._lines = {line.queue_id: line for line, _ in lines}
        return NEVER if is_all_told else self._next_at

    def _tell_agents(self, look: Look, lines: Sequence[tuple[Line, Pace]]) -> None:
        moved = [line for line, _ in lines if self._lines.get(line.queue_id) != line]
        for shop_id in {queue.shop_id for queue in look.queues}:
            topic = self._topic_of(shop_id)
            own = {queue.id for queue in look.queues if queue.shop_id == shop_id}
            news = [line for line in moved if line.queue_id in own]
            if news and self._publisher.is_followed(topic):
                self._publisher.publish(topic, LinesMoved(shop_id=shop_id, lines=news))

    async def _tell_customers(self, look: Look, lines: Sequence[tuple[Line, Pace]]) -> bool:
        """Whether nobody is left who is told the next time."""
        paces = {line.queue_id: pace for line, pace in lines if line.waiting}
        standing = await self._db.read(lambda con: {id: store.line(con, id) for id in paces})
        news: list[tuple[bool, int, str, Waiting]] = []
        here: set[str] = set()
        for queue_id, waiting in standing.items():
            for ahead, (case_id, room_id, customer_id, _) in enumerate(waiting):
                here.add(case_id)
                told = self._told.get(case_id)
                expected = paces[queue_id].expected_ms(ahead)
                if _is_news(told, ahead + 1, expected):
                    place = Waiting(
                        conversation_id=room_id,
                        case_id=case_id,
                        position=ahead + 1,
                        expected_ms=expected,
                        at=look.at,
                    )
                    news.append((ahead >= FRONT, told.at if told else 0, customer_id, place))
        self._told = {id: told for id, told in self._told.items() if id in here}
        for _, _, customer_id, place in sorted(news, key=lambda each: each[:2])[:MOST_TOLD]:
            self._told[place.case_id] = Told(place.position, place.expected_ms, look.at)
            if self._publisher.is_followed(customer_id):
                self._publisher.publish(customer_id, WaitingMoved(waiting=place))
        return len(news) <= MOST_TOLD


def lines_of(con: Connection, queues: Sequence[Queue], now: int) -> list[Line]:
    """How it stands with queues, for who begins to watch."""
    return [line for line, _ in _lines(con, queues, shown_all(con, now))]


def _lines(con: Connection, queues: Sequence[Queue], agents: Sequence[Agent]) -> list[tuple[Line, Pace]]:
    counts = store.counts(con)
    in_use = {id: count for id, (count, _) in counts.items()}
    found = []
    for queue in queues:
        waiting, oldest_at = counts.get(queue.id, (0, 0))
        pace = _pace(con, queue, queues, agents, in_use)
        line = Line(
            queue_id=queue.id,
            waiting=waiting,
            oldest_at=oldest_at,
            expected_ms=pace.expected_ms(waiting),
            reason=why_waiting(queue, agents) if waiting else None,
        )
        found.append((line, pace))
    return found


def _pace(
    con: Connection,
    queue: Queue,
    queues: Sequence[Queue],
    agents: Sequence[Agent],
    in_use: dict[str, int],
) -> Pace:
    if queue.strategy is Strategy.manual:
        return Pace(0, 0, 0)
    return Pace(
        estimates.places(queue, queues, agents, in_use),
        estimates.free(queue, agents),
        estimates.handling_ms(store.handled_ms(con, queue.id, estimates.REMEMBERED)),
    )


def place_of(con: Connection, room: Room, now: int) -> Waiting:
    """Where the customer of a service conversation stands."""
    place = Waiting(conversation_id=room.id, at=now)
    times = setup.settings(con, room.shop_id).hours
    if not hours.is_open(times, now):
        place.opens_at = hours.next_opening(times, now)
    own = [held.case for held in store.open_ones(con, room.id) if held.case.status is CaseStatus.waiting]
    if not own:
        return place
    case = own[0]
    place.case_id = case.id
    queues = setup.queues(con)
    queue = next((each for each in queues if each.id == case.queue_id), None)
    if queue is None or case.bot_id:
        return place
    ahead = store.ahead(con, case)
    in_use = {id: count for id, (count, _) in store.counts(con).items()}
    place.position = ahead + 1
    place.expected_ms = _pace(con, queue, queues, shown_all(con, now), in_use).expected_ms(ahead)
    return place


def _is_news(told: Told | None, position: int, expected_ms: int) -> bool:
    if told is None or told.position != position:
        return True
    moved = abs(told.expected_ms - expected_ms)
    return moved > WORTH_MS or moved * 5 > max(told.expected_ms, 0) > 0
