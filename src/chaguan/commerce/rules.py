"""Pure decisions about objects: which of two wins, and what is an object that adds up."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from chaguan.commerce import money
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.money import Money
from chaguan.protocol.objects import BusinessObject, Coupon, ObjectKind, Order, Product

MAX_BYTES = 16 * 1024

KINDS: dict[ObjectKind, type[Product] | type[Order] | type[Coupon]] = {
    ObjectKind.product: Product,
    ObjectKind.order: Order,
    ObjectKind.coupon: Coupon,
}
_encode = msgspec.json.Encoder().encode


class Outcome(StrEnum):
    """What became of a write: `unchanged` was told before, `older` came too late."""

    created = "created"
    changed = "changed"
    unchanged = "unchanged"
    older = "older"


class Known(NamedTuple):
    """What is held: its version, and whether it says the same as what is written now."""

    version: int
    is_same: bool


def decide(known: Known | None, version: int | None) -> tuple[Outcome, int]:
    """What becomes of a write, and the version that holds then. Without a version of the writer's we count ourselves."""
    if known is None:
        return Outcome.created, 1 if version is None else version
    if known.is_same and version in (None, known.version):
        return Outcome.unchanged, known.version
    if version is None:
        return Outcome.changed, known.version + 1
    if version < known.version:
        return Outcome.older, known.version
    if version == known.version:
        raise AppError(
            ErrorCode.conflict, "this version says something else", reason="version_used", version=version
        )
    return Outcome.changed, version


def kind_of(body: BusinessObject) -> ObjectKind:
    return next(kind for kind, struct in KINDS.items() if isinstance(body, struct))


def pack(body: BusinessObject) -> bytes:
    """As it is kept; `too_large` beyond 16 KiB."""
    packed = _encode(body)
    if len(packed) > MAX_BYTES:
        raise AppError(ErrorCode.too_large, "object", limit=MAX_BYTES)
    return packed


def unpack(kind: ObjectKind, packed: bytes) -> BusinessObject:
    return msgspec.json.decode(packed, type=KINDS[kind])


def check(body: BusinessObject) -> None:
    """Prices in one currency; an order that costs what its items cost; an offer that can be taken up."""
    if isinstance(body, Order):
        _check_order(body)
    if isinstance(body, Product):
        _check_currency(body.price, body.former_price)
    if isinstance(body, Coupon):
        _check_currency(body.off, body.least)


def sum_of(order: Order) -> Money:
    """What the order costs by its parts."""
    currency = order.total.currency
    items = money.total((money.times(item.price, item.quantity) for item in order.items), currency)
    whole = money.add(items, order.shipping or Money(0, currency))
    return money.subtract(whole, order.discount or Money(0, currency))


def _check_order(order: Order) -> None:
    _check_currency(order.total, order.shipping, order.discount, *(item.price for item in order.items))
    expected = sum_of(order)
    if expected != order.total:
        raise AppError(
            ErrorCode.bad_request,
            "the total is not what its parts cost",
            reason="total",
            expected=expected.amount,
        )


def _check_currency(first: Money, *others: Money | None) -> None:
    if any(other is not None and other.currency != first.currency for other in others):
        raise AppError(ErrorCode.bad_request, "two currencies", reason="currency")
