"""When a shop answers."""

from datetime import UTC, datetime

import pytest

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
