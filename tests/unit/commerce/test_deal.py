"""Whatever is told of an order's money, in whatever order and however often, it moves once and adds up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaguan.commerce import deal as deals
from chaguan.commerce.deal import Deal
from chaguan.commerce.states import PaymentState, RefundEvent, RefundState, ShipmentEvent
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.money import Money
from chaguan.protocol.objects import OrderState

TOTALS = st.sampled_from([1, 100, 250]).map(lambda amount: Money(amount, "CNY"))
SUMS = st.sampled_from([Money(1, "CNY"), Money(100, "CNY"), Money(250, "CNY"), Money(100, "USD")])
PAYMENTS = st.sampled_from(["p1", "p2", "p3"])
REFUNDS = st.sampled_from(["r1", "r2", "r3"])

STEPS = st.one_of(
    st.tuples(st.sampled_from([deals.confirm, deals.cancel, deals.ship, deals.receive])),
    st.tuples(st.just(deals.change_total), TOTALS),
    st.tuples(st.just(deals.begin_payment), PAYMENTS),
    st.tuples(st.just(deals.payment_arrived), PAYMENTS, SUMS),
    st.tuples(st.just(deals.close_payment), PAYMENTS),
    st.tuples(st.just(deals.ask_refund), REFUNDS, SUMS),
    st.tuples(st.just(deals.settle_refund), REFUNDS, st.sampled_from(RefundEvent)),
    st.tuples(st.just(deals.tell_shipment), st.sampled_from(ShipmentEvent)),
)


def played(deal, steps):
    """The deals that follow one another; what is refused changes nothing."""
    for verb, *given_ in steps:
        try:
            after = verb(deal, *given_)
        except AppError as error:
            assert error.code in (ErrorCode.conflict, ErrorCode.not_found, ErrorCode.bad_request)
            continue
        yield deal, after
        deal = after


def check(deal):
    settled = [each for each in deal.payments if each.state is PaymentState.succeeded]
    if deal.state in (OrderState.paid, OrderState.shipped, OrderState.received, OrderState.refunded):
        assert [each.received for each in settled] == [deal.total]
    else:
        assert settled == []
    assert deal.given_back.amount <= deal.promised.amount <= deal.paid.amount
    assert (deal.state is OrderState.refunded) == (0 < deal.paid.amount == deal.given_back.amount)
    received = [each for each in deal.payments if each.received is not None]
    assert {each.id for each in received} == {
        each.id for each in deal.payments if each.state in ("succeeded", "surplus", "disputed")
    }
    came = [posting for posting in deals.ledger(deal) if posting.kind != "refund"]
    assert [(each.id, each.received) for each in received] == [(each.id, each.amount) for each in came]


@settings(max_examples=300)
@given(TOTALS, st.lists(STEPS, max_size=40))
def test_no_path_pays_twice_or_another_sum_or_gives_back_more_than_was_paid(total, steps):
    check(Deal(total))
    for before, after in played(Deal(total), steps):
        check(after)
        if before.paid.amount:
            assert after.total == before.total


@settings(max_examples=200)
@given(TOTALS, st.lists(STEPS, max_size=40))
def test_whatever_the_provider_said_can_be_said_again(total, steps):
    for _, after in played(Deal(total), steps):
        for payment in after.payments:
            if payment.received is not None:
                assert deals.payment_arrived(after, payment.id, payment.received) == after
                assert deals.close_payment(after, payment.id) == after
        for refund in after.refunds:
            assert deals.ask_refund(after, refund.id, refund.amount) == after
            if refund.state is RefundState.succeeded:
                assert deals.settle_refund(after, refund.id, RefundEvent.succeed) == after


def unpaid(amount=100):
    return deals.confirm(Deal(Money(amount, "CNY")))


def paid(amount=100):
    return deals.payment_arrived(deals.begin_payment(unpaid(amount), "p1"), "p1", Money(amount, "CNY"))


def test_a_payment_that_was_closed_settles_an_order_that_is_still_unpaid():
    closed = deals.close_payment(deals.begin_payment(unpaid(), "p1"), "p1")
    assert deals.payment_arrived(closed, "p1", Money(100, "CNY")).state is OrderState.paid


def test_a_second_payment_that_arrives_is_owed_back_whole():
    twice = deals.begin_payment(deals.close_payment(deals.begin_payment(unpaid(), "p1"), "p1"), "p2")
    both = deals.payment_arrived(
        deals.payment_arrived(twice, "p2", Money(100, "CNY")), "p1", Money(100, "CNY")
    )
    assert both.state is OrderState.paid
    assert [posting.kind for posting in deals.ledger(both)] == ["surplus", "succeeded"]
    assert both.paid == Money(100, "CNY")


@pytest.mark.parametrize("received", [Money(99, "CNY"), Money(101, "CNY"), Money(100, "USD")])
def test_another_sum_or_currency_is_shown_to_a_person_and_nothing_is_paid(received):
    told = deals.payment_arrived(deals.begin_payment(unpaid(), "p1"), "p1", received)
    assert told.state is OrderState.unpaid
    assert [posting.kind for posting in deals.ledger(told)] == ["disputed"]


def test_money_for_a_price_that_changed_since_is_owed_back():
    closed = deals.close_payment(deals.begin_payment(unpaid(100), "p1"), "p1")
    told = deals.payment_arrived(deals.change_total(closed, Money(80, "CNY")), "p1", Money(100, "CNY"))
    assert (told.state, told.payments[0].state) == (OrderState.unpaid, PaymentState.surplus)


def test_money_for_an_order_that_was_given_up_is_owed_back():
    closed = deals.cancel(deals.close_payment(deals.begin_payment(unpaid(), "p1"), "p1"))
    told = deals.payment_arrived(closed, "p1", Money(100, "CNY"))
    assert (told.state, told.payments[0].state) == (OrderState.cancelled, PaymentState.surplus)


def test_an_order_is_not_changed_or_given_up_while_it_is_being_paid():
    asked = deals.begin_payment(unpaid(), "p1")
    for change in (lambda: deals.change_total(asked, Money(80, "CNY")), lambda: deals.cancel(asked)):
        with pytest.raises(AppError) as refused:
            change()
        assert refused.value.data["reason"] == "being_paid"


def test_a_payment_nobody_began_settles_nothing():
    with pytest.raises(AppError) as refused:
        deals.payment_arrived(unpaid(), "forged", Money(100, "CNY"))
    assert refused.value.code is ErrorCode.not_found


def test_refunds_in_parts_end_with_the_order_refunded_and_one_more_is_refused():
    deal = paid(100)
    for refund_id, amount in (("r1", 30), ("r2", 70)):
        deal = deals.ask_refund(deal, refund_id, Money(amount, "CNY"))
        deal = deals.settle_refund(deal, refund_id, RefundEvent.approve)
        deal = deals.settle_refund(deal, refund_id, RefundEvent.succeed)
    assert deal.state is OrderState.refunded
    with pytest.raises(AppError):
        deals.ask_refund(deal, "r3", Money(1, "CNY"))


def test_what_is_promised_back_is_not_promised_twice():
    deal = deals.ask_refund(paid(100), "r1", Money(60, "CNY"))
    with pytest.raises(AppError) as refused:
        deals.ask_refund(deal, "r2", Money(41, "CNY"))
    assert refused.value.data == {"reason": "amount", "left": 40}


def test_an_order_that_costs_nothing_is_no_order():
    with pytest.raises(AppError):
        Deal(Money(0, "CNY"))
