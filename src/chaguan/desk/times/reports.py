"""Reports for administrators: read from what was measured, a page at a time."""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import date, timedelta

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.accounts import access_admin
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import hours
from chaguan.desk.store import setup
from chaguan.desk.store import times as store
from chaguan.desk.times.consumer import ServiceTimes
from chaguan.desk.times.facts import Span
from chaguan.desk.times.ratings import Rated, Ratings, no_ratings
from chaguan.desk.times.report import By, Case, Lines, ReportRow
from chaguan.infra.database import Database
from chaguan.messaging.ports import Directory
from chaguan.protocol.desk import Hours

MAX_DAYS = 366
MAX_SPANS = 500_000
PAGE = 10_000
PATIENCE_S = 1.0
"""How long a report waits for what was said a moment ago to be measured. A busy desk is reported without it."""


class Asked(Struct, kw_only=True, frozen=True):
    """Which report: of the days from the first to the last, both included, by the shop's clock."""

    shop_id: str
    by: By
    first_day: str
    last_day: str
    in_open_hours: bool = False


class ServiceReport(Struct, kw_only=True):
    """`rows`: days in their order, queues in theirs, agents and tags by their ids. `total`: of everything, counted once.
    `names`: of queues or agents, by id. `timezone`: whose days these are."""

    shop_id: str
    by: By
    first_day: str
    last_day: str
    timezone: str
    in_open_hours: bool
    rows: list[ReportRow]
    total: ReportRow
    names: dict[str, str]


class Range(Struct, frozen=True):
    days: list[date]
    times: Hours
    first_at: int
    until_at: int


class Reports:
    def __init__(self, db: Database, directory: Directory, times: ServiceTimes) -> None:
        self._db = db
        self._times = times
        self._directory = directory
        self.ratings: Ratings = no_ratings

    async def report(self, caller: Caller, asked: Asked) -> ServiceReport:
        """`too_large` with `limit` where more was measured than one report can hold: ask for fewer days."""
        access_admin(caller)
        await self._until_measured()
        span = await self._db.read(lambda con: _range(con, asked))
        lines = Lines(asked.by, span.times, in_open_hours=asked.in_open_hours)
        last: Span | None = None
        while True:
            page, cases = await self._db.read(lambda con, last=last: _page(con, asked, span, last))  # type: ignore[misc]
            # Beside the loop: it may be half a second of counting in all.
            await asyncio.to_thread(lines.add, page, cases)
            if len(page) < PAGE:
                break
            last = page[-1]
        rated, of_rated = await self._db.read(lambda con: self._rated(con, asked, span))
        lines.rate(rated, of_rated)
        return await self._shown(asked, span, lines)

    async def _until_measured(self) -> None:
        """Where this process measures: who asks right after a case ended finds it in the report."""
        if self._times.feed.is_owned:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._times.feed.caught_up(), PATIENCE_S)

    def _rated(self, con: Connection, asked: Asked, span: Range) -> tuple[list[Rated], dict[str, Case]]:
        rated = list(self.ratings(con, asked.shop_id, span.first_at, span.until_at))
        return rated, _cases(con, {each.case_id for each in rated})

    async def _shown(self, asked: Asked, span: Range, lines: Lines) -> ServiceReport:
        names = await self._db.read(lambda con: setup.queue_names(con, asked.shop_id))
        always: Iterable[str] = ()
        if asked.by is By.day:
            always = [day.isoformat() for day in span.days]
        elif asked.by is By.queue:
            queues = await self._db.read(setup.queues)
            always = [queue.id for queue in queues if queue.shop_id == asked.shop_id]
        rows = await asyncio.to_thread(lines.rows, always)
        if asked.by is By.agent:
            users = await self._directory.users([row.key for row in rows])
            names = {user.id: user.name for user in users}
        return ServiceReport(
            rows=rows,
            total=lines.total(),
            names=names if asked.by in (By.queue, By.agent) else {},
            timezone=span.times.timezone,
            **msgspec.structs.asdict(asked),
        )


def _range(con: Connection, asked: Asked) -> Range:
    try:
        first, last = date.fromisoformat(asked.first_day), date.fromisoformat(asked.last_day)
    except ValueError as error:
        raise AppError(ErrorCode.bad_request, "a day looks like 2027-02-06", field="first_day") from error
    count = (last - first).days + 1
    if not 0 < count <= MAX_DAYS:
        raise AppError(ErrorCode.bad_request, "days", field="last_day", limit=MAX_DAYS)
    times = setup.settings(con, asked.shop_id).hours
    first_at, until_at = hours.day_begins(times, first), hours.day_begins(times, last + timedelta(days=1))
    if store.count_within(con, asked.shop_id, first_at, until_at) > MAX_SPANS:
        raise AppError(ErrorCode.too_large, "too much for one report", limit=MAX_SPANS)
    return Range([first + timedelta(days=n) for n in range(count)], times, first_at, until_at)


def _page(
    con: Connection, asked: Asked, span: Range, last: Span | None
) -> tuple[list[Span], dict[str, Case]]:
    page = store.spans_within(con, asked.shop_id, span.first_at, span.until_at, last, PAGE)
    wanted = {each.case_id for each in page} if asked.by is By.tag else set()
    return page, _cases(con, wanted)


def _cases(con: Connection, ids: set[str]) -> dict[str, Case]:
    about = store.about_cases(con, sorted(ids)) if ids else []
    return {id: Case(queue_id, agent_id, tags) for id, queue_id, agent_id, tags in about}
