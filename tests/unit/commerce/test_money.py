import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.commerce import money
from chaguan.core.errors import AppError
from chaguan.protocol.money import MAX_AMOUNT, Money

yuan = st.integers(0, 10**9).map(lambda amount: Money(amount, "CNY"))


@given(yuan, yuan)
def test_what_is_added_and_taken_away_again_leaves_what_was_there(one, other):
    assert money.subtract(money.add(one, other), other) == one


@given(st.lists(yuan, max_size=20))
def test_a_total_is_the_sum_of_its_parts_to_the_last_unit(parts):
    assert money.total(parts, "CNY").amount == sum(part.amount for part in parts)


@given(yuan, st.integers(0, 500))
def test_so_many_pieces_cost_so_many_times_as_much(one, count):
    assert money.times(one, count) == money.total([one] * count, "CNY")


@given(yuan, yuan)
def test_there_is_never_less_than_nothing(one, other):
    if money.is_within(other, one):
        assert money.subtract(one, other).amount == one.amount - other.amount
    else:
        with pytest.raises(AppError):
            money.subtract(one, other)


@pytest.mark.parametrize("reckon", [money.add, money.subtract, money.is_within])
def test_two_currencies_never_meet(reckon):
    with pytest.raises(AppError):
        reckon(Money(100, "CNY"), Money(100, "USD"))


def test_a_sum_beyond_all_bounds_is_refused():
    with pytest.raises(AppError):
        money.add(Money(MAX_AMOUNT, "CNY"), Money(1, "CNY"))


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (1280, "CNY", "¥12.80"),
        (5, "CNY", "¥0.05"),
        (120_000, "USD", "$1,200.00"),
        (500, "JPY", "JPY 500"),
        (1_234, "KWD", "KWD 1.234"),
        (0, "EUR", "€0.00"),
    ],
)
def test_money_is_written_as_people_write_it(amount, currency, said):
    assert money.text(Money(amount, currency)) == said
