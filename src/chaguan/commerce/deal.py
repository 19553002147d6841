"""An order with all the money that moved for it. Pure: each function gives the deal after an event, or raises.

Whatever is told, in whatever order and however often: at most one payment settles an order, of exactly its total; what else
arrives is owed back; and no more goes back than was paid.
"""

from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from chaguan.commerce import money
from chaguan.commerce.states import (
    ORDER,
    PAYMENT,
    REFUND,
    SHIPMENT,
    OrderEvent,
    PaymentEvent,
    PaymentState,
    RefundEvent,
    RefundState,
    ShipmentEvent,
    ShipmentState,
)
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.money import Money
from chaguan.protocol.objects import OrderState


class Payment(Struct, frozen=True):
    """`asked` of the customer; `received` is what the provider says it has of them."""

    id: str
    asked: Money
    state: PaymentState = PAYMENT.first
    received: Money | None = None


class Refund(Struct, frozen=True):
    id: str
    amount: Money
    state: RefundState = REFUND.first


class Deal(Struct, frozen=True):
    total: Money
    state: OrderState = ORDER.first
    shipment: ShipmentState = SHIPMENT.first
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()

    def __post_init__(self) -> None:
        if not self.total.amount:
            raise AppError(ErrorCode.bad_request, "an order costs something", reason="amount")

    @property
    def paid(self) -> Money:
        settled = (each.asked for each in self.payments if each.state is PaymentState.succeeded)
        return money.total(settled, self.total.currency)

    @property
    def promised(self) -> Money:
        """What refunds take of it that are not refused."""
        promised = (each.amount for each in self.refunds if each.state is not RefundState.refused)
        return money.total(promised, self.total.currency)

    @property
    def given_back(self) -> Money:
        done = (each.amount for each in self.refunds if each.state is RefundState.succeeded)
        return money.total(done, self.total.currency)

    @property
    def is_being_paid(self) -> bool:
        return any(each.state is PaymentState.pending for each in self.payments)


class Posting(NamedTuple):
    """A movement of money: `amount` came in with payment `id`, or went out with refund `id`."""

    kind: str
    id: str
    amount: Money


def ledger(deal: Deal) -> list[Posting]:
    """All money that moved, from the states alone: what a provider's statement is held against."""
    came = [
        Posting(each.state.value, each.id, each.received)
        for each in deal.payments
        if each.received is not None
    ]
    went = [
        Posting("refund", each.id, each.amount)
        for each in deal.refunds
        if each.state is RefundState.succeeded
    ]
    return came + went


def change_total(deal: Deal, total: Money) -> Deal:
    """The price is another. Not while it is being paid: nobody pays another sum than they saw."""
    if deal.state not in (OrderState.proposed, OrderState.unpaid):
        raise _not_now(deal, "the price stands")
    if deal.is_being_paid:
        raise AppError(ErrorCode.conflict, "it is being paid", reason="being_paid")
    if total.currency != deal.total.currency:
        raise AppError(ErrorCode.bad_request, "two currencies", reason="currency")
    return replace(deal, total=total)


def confirm(deal: Deal) -> Deal:
    return replace(deal, state=ORDER.after(deal.state, OrderEvent.confirm))


def cancel(deal: Deal) -> Deal:
    """Not while a payment is under way: that is closed first, so that its provider takes no money for nothing."""
    if deal.is_being_paid and deal.state is OrderState.unpaid:
        raise AppError(ErrorCode.conflict, "it is being paid", reason="being_paid")
    return replace(deal, state=ORDER.after(deal.state, OrderEvent.cancel))


def ship(deal: Deal) -> Deal:
    return replace(
        deal,
        state=ORDER.after(deal.state, OrderEvent.ship),
        shipment=SHIPMENT.after(deal.shipment, ShipmentEvent.send),
    )


def receive(deal: Deal) -> Deal:
    return replace(
        deal,
        state=ORDER.after(deal.state, OrderEvent.receive),
        shipment=SHIPMENT.after(deal.shipment, ShipmentEvent.deliver),
    )


def tell_shipment(deal: Deal, event: ShipmentEvent) -> Deal:
    """What the carrier says of a parcel on its way. That it was delivered is not yet that the customer has it."""
    if deal.state is not OrderState.shipped:
        raise _not_now(deal, "nothing is on its way")
    return replace(deal, shipment=SHIPMENT.after(deal.shipment, event))


def begin_payment(deal: Deal, payment_id: str) -> Deal:
    """The customer is asked for the whole. Asked again with the same id, nothing changes."""
    held = _find_payment(deal, payment_id)
    if held is not None and held.state is PaymentState.pending:
        return deal
    if held is not None:
        raise AppError(ErrorCode.conflict, "that payment is over", reason="not_now", state=held.state.value)
    if not ORDER.allows(deal.state, OrderEvent.pay):
        raise _not_now(deal, "nothing to pay")
    if deal.is_being_paid:
        raise AppError(ErrorCode.conflict, "it is being paid", reason="being_paid")
    return replace(deal, payments=(*deal.payments, Payment(payment_id, deal.total)))


def payment_arrived(deal: Deal, payment_id: str, received: Money) -> Deal:
    """The provider has money of the customer. Told twice, late, after another payment or of another sum: it is never
    counted twice, and what does not settle the order is kept apart."""
    payment = _access_payment(deal, payment_id)
    event = PaymentEvent.dispute
    if received == payment.asked:
        settles = deal.state is OrderState.unpaid and payment.asked == deal.total
        event = PaymentEvent.settle if settles else PaymentEvent.exceed
    state = PAYMENT.after(payment.state, event)
    if state is payment.state:
        return deal
    deal = _with_payment(deal, replace(payment, state=state, received=received))
    if state is PaymentState.succeeded:
        return replace(deal, state=ORDER.after(deal.state, OrderEvent.pay))
    return deal


def close_payment(deal: Deal, payment_id: str) -> Deal:
    """The provider will take no money for it any more; if it has some already, that stays so."""
    payment = _access_payment(deal, payment_id)
    return _with_payment(deal, replace(payment, state=PAYMENT.after(payment.state, PaymentEvent.close)))


def ask_refund(deal: Deal, refund_id: str, amount: Money) -> Deal:
    """Of what was paid and not promised back yet, all or a part. With the same id again, nothing changes."""
    held = next((each for each in deal.refunds if each.id == refund_id), None)
    if held is not None:
        if held.amount != amount:
            raise AppError(ErrorCode.conflict, "that refund is of another sum", reason="key_used")
        return deal
    if not ORDER.allows(deal.state, OrderEvent.give_back):
        raise _not_now(deal, "nothing to give back")
    if not amount.amount or not money.is_within(money.add(deal.promised, amount), deal.paid):
        left = money.subtract(deal.paid, deal.promised)
        raise AppError(ErrorCode.conflict, "more than was paid", reason="amount", left=left.amount)
    return replace(deal, refunds=(*deal.refunds, Refund(refund_id, amount)))


def settle_refund(deal: Deal, refund_id: str, event: RefundEvent) -> Deal:
    """A person decides on a refund, or the provider tells what became of it. With the last of the money the order is
    refunded."""
    held = next((each for each in deal.refunds if each.id == refund_id), None)
    if held is None:
        raise AppError(ErrorCode.not_found, "no such refund")
    changed = replace(held, state=REFUND.after(held.state, event))
    deal = replace(deal, refunds=tuple(changed if each is held else each for each in deal.refunds))
    if deal.given_back == deal.paid:
        return replace(deal, state=ORDER.after(deal.state, OrderEvent.give_back))
    return deal


def _find_payment(deal: Deal, payment_id: str) -> Payment | None:
    return next((each for each in deal.payments if each.id == payment_id), None)


def _access_payment(deal: Deal, payment_id: str) -> Payment:
    found = _find_payment(deal, payment_id)
    if found is None:
        raise AppError(ErrorCode.not_found, "no such payment")
    return found


def _with_payment(deal: Deal, payment: Payment) -> Deal:
    return replace(deal, payments=tuple(payment if each.id == payment.id else each for each in deal.payments))


def _not_now(deal: Deal, detail: str) -> AppError:
    return AppError(ErrorCode.conflict, detail, reason="not_now", state=deal.state.value)
