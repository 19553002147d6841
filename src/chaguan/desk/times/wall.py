"""The supervisor's wall: told to who watches it, at most once a second, by the process that reads the log."""

import asyncio
import logging
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.logs import places
from chaguan.desk import hours
from chaguan.desk.agents import access_agent_desk, shown_all
from chaguan.desk.store import cases as case_store
from chaguan.desk.store import setup
from chaguan.desk.store import times as store
from chaguan.desk.times.board import Board
from chaguan.desk.times.consumer import ServiceTimes
from chaguan.desk.times.facts import Fact, Span
from chaguan.desk.times.ratings import Rated, Ratings, no_ratings
from chaguan.infra.database import Database
from chaguan.messaging.ports import Directory, Publisher
from chaguan.protocol.desk import Queue, Wall
from chaguan.protocol.pushes import WallChanged
from chaguan.protocol.replies import WallReply

logger = logging.getLogger("chaguan.desk")
EVERY_S = 1.0
STILL_MS = 15_000
"""Said again so often without any change, so that who hears nothing knows that something is wrong."""
TOPIC = "wall:"
_FOREVER = 1 << 62


class News(Struct):
    """What a board has not been told yet; `is_whole`: everything, for a board that begins."""

    day_at: int
    facts: list[Fact]
    spans: list[Span]
    rated: Sequence[Rated]
    is_whole: bool


class Walls:
    def __init__(
        self, db: Database, publisher: Publisher, directory: Directory, times: ServiceTimes, clock: Clock
    ) -> None:
        self._db = db
        self._publisher = publisher
        self._directory = directory
        self._times = times
        self._rebuilds = 0
        self._clock = clock
        self.ratings: Ratings = no_ratings
        self._boards: dict[str, Board] = {}
        self._told: dict[str, Wall] = {}
        self._next_at = 0
        self._has_changed = True
        self._task: asyncio.Task[None] | None = None
        times.told.append(self._changed)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def watch(self, caller: Caller, shop_id: str) -> WallReply:
        """As of now, read anew: any process can say it."""
        access_agent_desk(caller)
        now = self._clock()
        if shop_id not in await self._db.read(case_store.shops):
            # Or nobody would tell this wall every 15 s that there is nothing to tell.
            await self._db.write(lambda con: case_store.begin_desk(con, shop_id))

        def read(con: Connection) -> WallReply:
            news = _news(con, shop_id, None, now, self.ratings)
            wall = _board(None, shop_id, news).shown(setup.queues(con), news.rated, now)
            return WallReply(wall, shown_all(con, now))

        reply = await self._db.read(read)
        reply.users = await self._directory.users([agent.user_id for agent in reply.agents])
        return reply

    async def lines(self) -> dict[str, tuple[int, int]]:
        """For the metrics: how many wait in each queue, and for how many milliseconds the first has."""
        now, counted = self._clock(), await self._db.read(case_store.counts)
        queues = await self._db.read(setup.queues)
        nobody = {queue.id: (0, now) for queue in queues}
        return {id: (count, max(0, now - at)) for id, (count, at) in (nobody | counted).items()}

    async def step(self) -> None:
        """Tell those who watch what changed."""
        now = self._clock()
        if not self._has_changed and now < self._next_at:
            return
        self._has_changed, self._next_at = False, now + STILL_MS
        if self._times.rebuilds != self._rebuilds:
            self._boards, self._rebuilds = {}, self._times.rebuilds
        shops = await self._db.read(case_store.shops)
        followed = [id for id in shops if self._publisher.is_followed(f"{TOPIC}{id}")]
        known = {id: self._boards.get(id) for id in followed}

        def read(con: Connection) -> tuple[list[Queue], dict[str, News]]:
            found = {id: _news(con, id, board, now, self.ratings) for id, board in known.items()}
            return setup.queues(con), found

        queues, found = await self._db.read(read)
        self._boards = {id: _board(known[id], id, news) for id, news in found.items()}
        for shop_id, news in found.items():
            self._tell(self._boards[shop_id].shown(queues, news.rated, now))

    def _tell(self, wall: Wall) -> None:
        told = self._told.get(wall.shop_id)
        is_same = told is not None and msgspec.structs.replace(wall, at=told.at) == told
        if told is not None and is_same and wall.at - told.at < STILL_MS:
            return
        self._told[wall.shop_id] = wall
        self._publisher.publish(f"{TOPIC}{wall.shop_id}", WallChanged(wall=wall))

    def _changed(self, _turned: Sequence[Fact]) -> None:
        self._has_changed = True

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            if not self._times.feed.is_owned:
                self._boards, self._has_changed = {}, True
                continue
            try:
                await self.step()
            except Exception as error:  # noqa: BLE001  a screen on a wall is left alone for days
                self._has_changed = True
                logger.warning("the wall was not told: %s at %s", type(error).__name__, places(error))


def _news(con: Connection, shop_id: str, board: Board | None, now: int, ratings: Ratings) -> News:
    times = setup.settings(con, shop_id).hours
    day_at = hours.day_begins(times, hours.local_day(times, now))
    rated = ratings(con, shop_id, day_at, _FOREVER)
    if board is None or board.day_at != day_at:
        spans = store.spans_within(con, shop_id, day_at, _FOREVER, None, _FOREVER)
        return News(day_at, store.alive_in(con, shop_id), spans, rated, True)
    facts, spans = store.changed_in(con, shop_id, board.seen), store.spans_since(con, shop_id, board.seen)
    return News(day_at, facts, spans, rated, False)


def _board(board: Board | None, shop_id: str, news: News) -> Board:
    if board is None or news.is_whole:
        board = Board(shop_id, news.day_at)
    board.take(news.facts, news.spans)
    return board
