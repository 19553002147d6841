"""Money on the wire: never a fraction, never without its currency."""

from typing import Annotated

from msgspec import Meta, Struct

MAX_AMOUNT = 10**12

Amount = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
Currency = Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$")]


class Money(Struct, frozen=True):
    """`amount` counts the currency's smallest unit: 12.80 yuan are 1280 of `CNY`, 500 yen are 500 of `JPY`. `currency` is an
    ISO 4217 code. From 0 to 10^12."""

    amount: Amount
    currency: Currency
