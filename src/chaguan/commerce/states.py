"""What can become of an order, a payment, a refund and a shipment: the tables."""

from enum import StrEnum
from typing import Any

from chaguan.commerce.machine import Machine
from chaguan.protocol.objects import ActionName, OrderState


class OrderEvent(StrEnum):
    confirm = "confirm"
    pay = "pay"
    ship = "ship"
    receive = "receive"
    give_back = "give_back"
    """All that was paid is back with the customer."""
    cancel = "cancel"


class PaymentState(StrEnum):
    pending = "pending"
    succeeded = "succeeded"
    closed = "closed"
    surplus = "surplus"
    """Money that its order has no use for: it is owed back whole."""
    disputed = "disputed"
    """Money of another amount or currency than was asked: a person looks at it, nothing is shown paid."""


class PaymentEvent(StrEnum):
    settle = "settle"
    exceed = "exceed"
    dispute = "dispute"
    close = "close"


class RefundState(StrEnum):
    asked = "asked"
    approved = "approved"
    succeeded = "succeeded"
    failed = "failed"
    """The provider would not; it can be tried again, so its amount stays set apart."""
    refused = "refused"


class RefundEvent(StrEnum):
    approve = "approve"
    refuse = "refuse"
    succeed = "succeed"
    fail = "fail"


class ShipmentState(StrEnum):
    preparing = "preparing"
    sent = "sent"
    lost = "lost"
    delivered = "delivered"


class ShipmentEvent(StrEnum):
    send = "send"
    lose = "lose"
    deliver = "deliver"


_O, _OE = OrderState, OrderEvent
ORDER = Machine(
    "order",
    _O.proposed,
    [
        ("confirmed", _O.proposed, _OE.confirm, _O.unpaid),
        ("withdrawn", _O.proposed, _OE.cancel, _O.cancelled),
        ("paid for", _O.unpaid, _OE.pay, _O.paid),
        ("given up", _O.unpaid, _OE.cancel, _O.cancelled),
        ("sent off", _O.paid, _OE.ship, _O.shipped),
        ("arrived", _O.shipped, _OE.receive, _O.received),
        ("given back before sending", _O.paid, _OE.give_back, _O.refunded),
        ("given back on the way", _O.shipped, _OE.give_back, _O.refunded),
        ("given back after arriving", _O.received, _OE.give_back, _O.refunded),
    ],
    {
        _O.unpaid: [_OE.confirm],
        _O.paid: [_OE.confirm, _OE.pay],
        _O.shipped: [_OE.confirm, _OE.pay, _OE.ship],
        _O.received: [_OE.confirm, _OE.pay, _OE.ship, _OE.receive],
        _O.refunded: [_OE.give_back],
        _O.cancelled: [_OE.cancel],
    },
)

_A = ActionName
_BEFORE_PAYING = frozenset({_A.pay, _A.change_address, _A.use_coupon, _A.cancel})
MAY_ASK: dict[OrderState, frozenset[ActionName]] = {
    _O.proposed: _BEFORE_PAYING,
    _O.unpaid: _BEFORE_PAYING,
    _O.paid: frozenset({_A.change_address, _A.ask_refund}),
    _O.shipped: frozenset({_A.confirm_receipt, _A.ask_refund}),
    _O.received: frozenset({_A.ask_refund}),
    _O.refunded: frozenset(),
    _O.cancelled: frozenset(),
}
"""What a customer can ask for at all; of it a card offers what the shop lists."""

_P, _PE = PaymentState, PaymentEvent
_ARRIVED = [_PE.settle, _PE.exceed, _PE.dispute, _PE.close]
PAYMENT = Machine(
    "payment",
    _P.pending,
    [
        ("settled", _P.pending, _PE.settle, _P.succeeded),
        ("exceeded", _P.pending, _PE.exceed, _P.surplus),
        ("wrong", _P.pending, _PE.dispute, _P.disputed),
        ("closed", _P.pending, _PE.close, _P.closed),
        ("settled late", _P.closed, _PE.settle, _P.succeeded),
        ("exceeded late", _P.closed, _PE.exceed, _P.surplus),
        ("wrong and late", _P.closed, _PE.dispute, _P.disputed),
    ],
    {
        _P.succeeded: _ARRIVED,
        _P.surplus: _ARRIVED,
        _P.disputed: _ARRIVED,
        _P.closed: [_PE.close],
    },
)

_R, _RE = RefundState, RefundEvent
REFUND = Machine(
    "refund",
    _R.asked,
    [
        ("approved", _R.asked, _RE.approve, _R.approved),
        ("refused", _R.asked, _RE.refuse, _R.refused),
        ("paid back", _R.approved, _RE.succeed, _R.succeeded),
        ("failed", _R.approved, _RE.fail, _R.failed),
        ("tried again", _R.failed, _RE.approve, _R.approved),
        ("paid back after all", _R.failed, _RE.succeed, _R.succeeded),
    ],
    {
        _R.approved: [_RE.approve],
        _R.refused: [_RE.refuse],
        _R.failed: [_RE.fail],
        _R.succeeded: [_RE.approve, _RE.succeed, _RE.fail],
    },
)

_S, _SE = ShipmentState, ShipmentEvent
SHIPMENT = Machine(
    "shipment",
    _S.preparing,
    [
        ("sent off", _S.preparing, _SE.send, _S.sent),
        ("lost", _S.sent, _SE.lose, _S.lost),
        ("sent again", _S.lost, _SE.send, _S.sent),
        ("delivered", _S.sent, _SE.deliver, _S.delivered),
        ("found", _S.lost, _SE.deliver, _S.delivered),
    ],
    {
        _S.sent: [_SE.send],
        _S.lost: [_SE.lose],
        _S.delivered: [_SE.send, _SE.lose, _SE.deliver],
    },
)

MACHINES: tuple[Machine[Any, Any], ...] = (ORDER, PAYMENT, REFUND, SHIPMENT)  # each of its own states
