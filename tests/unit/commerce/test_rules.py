import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.commerce import rules
from chaguan.commerce.rules import Known, Outcome
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.money import Money
from chaguan.protocol.objects import ObjectKind, Order, OrderItem, OrderState, Product


def yuan(amount):
    return Money(amount, "CNY")


def order(total, **more):
    items = [OrderItem(title="龙井", price=yuan(100), quantity=2)]
    return Order(**{"state": OrderState.unpaid, "items": items, "total": total, **more})


@given(st.lists(st.integers(1, 6), min_size=1, max_size=20))
def test_whatever_order_versions_come_in_and_however_often_the_newest_is_held(versions):
    held = None
    for version in versions:
        known = held and Known(held, is_same=held == version)
        outcome, held_now = rules.decide(known, version)
        newer = held is None or version > held
        assert (outcome in (Outcome.created, Outcome.changed)) == newer
        held = held_now
    assert held == max(versions)


def test_a_version_that_says_two_things_is_a_conflict():
    with pytest.raises(AppError) as refused:
        rules.decide(Known(3, is_same=False), 3)
    assert refused.value.code is ErrorCode.conflict
    assert refused.value.data["reason"] == "version_used"


def test_who_counts_no_versions_is_counted_for():
    assert rules.decide(None, None) == (Outcome.created, 1)
    assert rules.decide(Known(4, is_same=False), None) == (Outcome.changed, 5)
    assert rules.decide(Known(4, is_same=True), None) == (Outcome.unchanged, 4)


def test_an_order_costs_its_items_and_shipping_less_the_discount():
    rules.check(order(yuan(190), shipping=yuan(10), discount=yuan(20)))
    with pytest.raises(AppError) as refused:
        rules.check(order(yuan(189), shipping=yuan(10), discount=yuan(20)))
    assert refused.value.data == {"reason": "total", "expected": 190}


def test_an_order_in_two_currencies_or_below_nothing_is_refused():
    for wrong in (order(Money(200, "USD")), order(yuan(0), discount=yuan(201))):
        with pytest.raises(AppError) as refused:
            rules.check(wrong)
        assert refused.value.code is ErrorCode.bad_request


def test_an_object_is_kept_as_it_was_and_not_beyond_its_bound():
    small = Product(title="龙井", price=yuan(100))
    assert rules.unpack(ObjectKind.product, rules.pack(small)) == small
    large = Product(title="龙井", price=yuan(100), page="/" + "p" * 20_000)
    with pytest.raises(AppError) as refused:
        rules.pack(large)
    assert refused.value.code is ErrorCode.too_large


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "", "price": {"amount": 1, "currency": "CNY"}},
        {"title": "茶", "price": {"amount": -1, "currency": "CNY"}},
        {"title": "茶", "price": {"amount": 1.5, "currency": "CNY"}},
        {"title": "茶", "price": {"amount": 1, "currency": "CNY\n"}},
        {"title": "茶", "price": {"amount": 10**12 + 1, "currency": "CNY"}},
    ],
)
def test_money_that_is_none_does_not_come_in(wrong):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Product)


def test_lines_beyond_what_a_card_holds_do_not_come_in():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(
            {"title": "茶", "price": {"amount": 1, "currency": "CNY"}, "lines": [{"value": "x"}] * 5}, Product
        )
