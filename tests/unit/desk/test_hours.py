"""When a shop answers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.core.errors import AppError
from chaguan.desk import hours as rules
from chaguan.protocol.desk import Holiday, Hours

DAY = [(9 * 60, 12 * 60), (14 * 60, 18 * 60)]
SHOP = Hours(
    timezone="Asia/Shanghai",
    week=[*[DAY] * 5, [(10 * 60, 16 * 60)], []],
    holidays=[Holiday("2027-02-08"), Holiday("2027-02-14", [(600, 720)], "调休")],
)


def at(text: str) -> int:
    """Shanghai's time, which is eight hours before UTC all the year."""
    return int(datetime.fromisoformat(text + "+08:00").timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "open"),
    [
        ("2027-02-05 08:59", False),
        ("2027-02-05 09:00", True),
        ("2027-02-05 11:59", True),
        ("2027-02-05 12:00", False),
        ("2027-02-05 13:59", False),
        ("2027-02-05 17:59", True),
        ("2027-02-06 15:00", True),
        ("2027-02-07 15:00", False),
        ("2027-02-08 10:00", False),
        ("2027-02-14 10:30", True),
        ("2027-02-14 15:00", False),
    ],
)
def test_a_day_has_several_intervals_and_a_holiday_its_own(moment, open):
    assert rules.is_open(SHOP, at(moment)) is open


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2027-02-05 08:00", "2027-02-05 09:00"),
        ("2027-02-05 12:30", "2027-02-05 14:00"),
        ("2027-02-06 17:00", "2027-02-09 09:00"),
    ],
)
def test_the_next_opening_passes_over_free_days(moment, opens):
    assert rules.next_opening(SHOP, at(moment)) == at(opens)


def test_without_a_week_a_shop_is_always_open():
    assert rules.is_open(Hours(), at("2027-02-07 03:00"))


def test_a_shop_that_never_opens_has_no_next_opening():
    assert rules.next_opening(Hours(week=[[]] * 7), at("2027-02-07 03:00")) == 0


def test_hours_follow_the_clock_where_it_is_put_forward_and_back():
    berlin = Hours(timezone="Europe/Berlin", week=[[(9 * 60, 17 * 60)]] * 7)

    def utc(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)

    assert rules.next_opening(berlin, utc("2027-03-27 20:00")) == utc("2027-03-28 07:00")
    assert rules.next_opening(berlin, utc("2027-03-26 20:00")) == utc("2027-03-27 08:00")
    night = Hours(timezone="Europe/Berlin", week=[[(2 * 60 + 30, 4 * 60)]] * 7)
    assert rules.next_opening(night, utc("2027-03-27 20:00")) == utc("2027-03-28 01:30")


@pytest.mark.parametrize(
    "hours",
    [
        Hours(timezone="Asia/Nowhere"),
        Hours(timezone="../etc/passwd"),
        Hours(week=[DAY]),
        Hours(week=[[(60, 60)], *[[]] * 6]),
        Hours(week=[[(60, 120), (100, 180)], *[[]] * 6]),
        Hours(holidays=[Holiday("2027-02-30")]),
        Hours(holidays=[Holiday("2027-02-08"), Holiday("2027-02-08")]),
    ],
)
def test_hours_that_nobody_can_keep_are_refused(hours):
    with pytest.raises(AppError):
        rules.check(hours)


def test_hours_that_somebody_can_keep_are_not():
    rules.check(SHOP)
    rules.check(Hours(week=[[(0, 1440)]] * 7))


@pytest.mark.parametrize(
    ("first", "until", "minutes"),
    [
        ("2027-02-05 10:00", "2027-02-05 11:00", 60),
        ("2027-02-05 11:00", "2027-02-05 15:00", 120),  # over the pause at noon
        ("2027-02-05 17:30", "2027-02-06 10:15", 45),  # Friday's end, Saturday's begin
        ("2027-02-06 16:00", "2027-02-07 23:00", 0),  # Sunday is closed
        ("2027-02-08 09:00", "2027-02-08 18:00", 0),  # a holiday
        ("2027-02-14 09:00", "2027-02-14 23:00", 120),  # a Sunday that is worked
        ("2027-02-05 11:00", "2027-02-05 10:00", 0),
    ],
)
def test_only_the_time_in_which_a_shop_is_open_counts(first: str, until: str, minutes: int):
    assert rules.open_ms(SHOP, at(first), at(until)) == minutes * 60_000


def test_a_shop_without_hours_is_always_open():
    assert rules.open_ms(Hours(), 1_000, 5_000) == 4_000
    assert rules.after_open_ms(Hours(), 1_000, 4_000) == 5_000


@given(
    st.integers(0, 3 * 365 * 24 * 60),
    st.integers(1, 40 * 3_600_000),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
)
def test_what_is_waited_for_is_what_was_open_by_then_also_where_clocks_are_put_back(
    minute: int, wanted_ms: int, timezone: str
):
    week = [
        [(0, 60), (120, 1440)],
        [(540, 720), (840, 1080)],
        [],
        [(60, 180)],
        [(0, 1440)],
        [(600, 960)],
        [(0, 1440)],
    ]
    shop = Hours(timezone=timezone, week=week)
    first = at("2026-01-01 00:00") + minute * 60_000
    then = rules.after_open_ms(shop, first, wanted_ms)
    assert then > first
    assert rules.open_ms(shop, first, then) == wanted_ms
    assert rules.is_open(shop, then - 1)


def test_where_a_shop_never_opens_nothing_comes_due():
    assert rules.after_open_ms(Hours(week=[[]] * 7), at("2027-02-05 10:00"), 1) == 0


def test_a_day_begins_at_the_shops_midnight():
    shop = Hours(timezone="Europe/Berlin")
    day = rules.local_day(shop, int(datetime(2027, 3, 28, 12, tzinfo=UTC).timestamp() * 1000))
    assert day.isoformat() == "2027-03-28"
    next_day = rules.day_begins(shop, day + timedelta(days=1))
    assert next_day - rules.day_begins(shop, day) == 23 * 3_600_000, "clocks are put forward in that night"
