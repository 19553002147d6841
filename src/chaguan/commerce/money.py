"""Reckoning with money: whole minor units of one currency. Sums of two currencies, and less than nothing, do not exist."""

from collections.abc import Iterable

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.money import MAX_AMOUNT, Money

_DIGITS = {
    **dict.fromkeys(("JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Digits behind the point where they are not two (ISO 4217)."""
_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "TWD": "NT$", "MOP": "MOP$"}


def add(one: Money, other: Money) -> Money:
    _check_same(one, other)
    return _made(one.amount + other.amount, one.currency)


def subtract(one: Money, other: Money) -> Money:
    _check_same(one, other)
    return _made(one.amount - other.amount, one.currency)


def times(one: Money, count: int) -> Money:
    return _made(one.amount * count, one.currency)


def total(parts: Iterable[Money], currency: str) -> Money:
    found = Money(0, currency)
    for part in parts:
        found = add(found, part)
    return found


def is_within(one: Money, other: Money) -> bool:
    """Whether `one` is at most `other`."""
    _check_same(one, other)
    return one.amount <= other.amount


def text(money: Money) -> str:
    """As people write it: `¥12.80`, `$1,200.00`, `JPY 500`."""
    digits = _DIGITS.get(money.currency, 2)
    whole, rest = divmod(money.amount, 10**digits)
    number = f"{whole:,}" + (f".{rest:0{digits}d}" if digits else "")
    sign = _SIGNS.get(money.currency)
    return f"{sign}{number}" if sign else f"{money.currency} {number}"


def _check_same(one: Money, other: Money) -> None:
    if one.currency != other.currency:
        raise AppError(ErrorCode.bad_request, "two currencies", reason="currency")


def _made(amount: int, currency: str) -> Money:
    if not 0 <= amount <= MAX_AMOUNT:
        raise AppError(ErrorCode.bad_request, "no such amount", reason="amount", limit=MAX_AMOUNT)
    return Money(amount, currency)
