"""When a shop answers, by its own clock and calendar. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.desk import Day, Holiday, Hours

LOOK_AHEAD_DAYS = 60
_DAY_MS = 86_400_000


def is_open(hours: Hours, at: int) -> bool:
    """`at`: UTC milliseconds."""
    if not hours.week:
        return True
    here = datetime.fromtimestamp(at / 1000, ZoneInfo(hours.timezone))
    minute = here.hour * 60 + here.minute
    return any(first <= minute < until for first, until in _day(hours, here.date()))


def next_opening(hours: Hours, at: int) -> int:
    """UTC milliseconds of the next opening after `at`, 0 if there is none within 60 days."""
    return next((moment for moment in _openings(hours, at) if moment > at), 0)


def local_day(hours: Hours, at: int) -> date:
    """The shop's calendar day."""
    return datetime.fromtimestamp(at / 1000, ZoneInfo(hours.timezone)).date()


def day_begins(hours: Hours, day: date) -> int:
    """UTC milliseconds of the shop's midnight."""
    return _moment(hours, day, 0)


def open_ms(hours: Hours, first_at: int, until_at: int) -> int:
    """How much of `[first_at, until_at)` the shop was open."""
    if not hours.week and not hours.holidays:
        return max(0, until_at - first_at)
    pieces = _pieces(hours, first_at, until_at)
    return sum(max(0, min(end, until_at) - max(begin, first_at)) for begin, end in pieces)


def after_open_ms(hours: Hours, first_at: int, wanted_ms: int) -> int:
    """When the shop will have been open for so long since `first_at`; 0: not within 60 days."""
    if not hours.week and not hours.holidays:
        return first_at + wanted_ms
    left = wanted_ms
    for begin, end in _pieces(hours, first_at, first_at + LOOK_AHEAD_DAYS * _DAY_MS):
        begin = max(begin, first_at)
        if end - begin >= left:
            return begin + left
        left -= max(0, end - begin)
    return 0


def _pieces(hours: Hours, first_at: int, until_at: int) -> Iterator[tuple[int, int]]:
    """When the shop is open, on the days from the one moment to the other."""
    day, last = local_day(hours, first_at), local_day(hours, until_at)
    while day <= last:
        for first, until in _day(hours, day):
            yield _moment(hours, day, first), _moment(hours, day, until)
        day += timedelta(days=1)


def _moment(hours: Hours, day: date, minute: int) -> int:
    if minute == 1440:
        day, minute = day + timedelta(days=1), 0
    # Where the clock is put forward over it, this is as much later as the clock was put.
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(hours.timezone))
    return int(local.astimezone(UTC).timestamp() * 1000)


def _openings(hours: Hours, at: int) -> Iterator[int]:
    zone = ZoneInfo(hours.timezone)
    today = datetime.fromtimestamp(at / 1000, zone).date()
    for ahead in range(LOOK_AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        for first, _ in _day(hours, day):
            yield _moment(hours, day, first)


def _day(hours: Hours, day: date) -> Day:
    for holiday in hours.holidays:
        if holiday.date == day.isoformat():
            return holiday.open
    return hours.week[day.weekday()] if hours.week else [(0, 1440)]


def check(hours: Hours) -> None:
    """`bad_request` for hours that nobody can keep."""
    try:
        ZoneInfo(hours.timezone)
    except (KeyError, ValueError, OSError) as error:
        raise AppError(ErrorCode.bad_request, "no such time zone", field="timezone") from error
    if hours.week and len(hours.week) != 7:
        raise AppError(ErrorCode.bad_request, "a week has seven days", field="week")
    for day in [*hours.week, *(holiday.open for holiday in hours.holidays)]:
        _check_day(day)
    _check_holidays(hours.holidays)


def _check_day(day: Day) -> None:
    last = 0
    for first, until in day:
        if not last <= first < until:
            raise AppError(
                ErrorCode.bad_request, "intervals of a day are in order and do not overlap", field="week"
            )
        last = until


def _check_holidays(holidays: list[Holiday]) -> None:
    for holiday in holidays:
        try:
            date.fromisoformat(holiday.date)
        except ValueError as error:
            raise AppError(
                ErrorCode.bad_request, "no such day", field="holidays", date=holiday.date
            ) from error
    if len({holiday.date for holiday in holidays}) < len(holidays):
        raise AppError(ErrorCode.bad_request, "a day has its hours once", field="holidays")
