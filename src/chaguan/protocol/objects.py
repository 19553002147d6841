"""The business's objects: what it sells, what was ordered, what it grants. Cards refer to them."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from chaguan.protocol.content import CardLine, Url
from chaguan.protocol.money import Money


class ObjectKind(StrEnum):
    product = "product"
    order = "order"
    coupon = "coupon"


class OrderState(StrEnum):
    """`proposed`: a cart that somebody put together. `unpaid`: it is ordered as it stands. The rest follows the money and
    the parcel; docs/explanation/orders.md has the whole machine."""

    proposed = "proposed"
    unpaid = "unpaid"
    paid = "paid"
    shipped = "shipped"
    received = "received"
    refunded = "refunded"
    cancelled = "cancelled"


class CouponState(StrEnum):
    open = "open"
    used = "used"
    ended = "ended"


class ActionName(StrEnum):
    """What a customer can ask for on a card."""

    buy = "buy"
    pay = "pay"
    change_address = "change_address"
    confirm_receipt = "confirm_receipt"
    ask_refund = "ask_refund"
    use_coupon = "use_coupon"
    cancel = "cancel"


Title = Annotated[str, Meta(min_length=1, max_length=100)]
CardLanguage = Literal["zh-CN", "en"]


class Product(Struct, omit_defaults=True, kw_only=True, frozen=True):
    """Something the shop sells. `stock` null: not counted; 0: sold out. `lines` stand on its card below the price.
    Of `actions` its card offers `buy`. `language` is that of the words which Chaguan puts on the card."""

    title: Title
    price: Money
    former_price: Money | None = None
    picture: Url = ""
    page: Url = ""
    on_sale: bool = True
    stock: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    lines: Annotated[list[CardLine], Meta(max_length=4)] = []
    actions: Annotated[list[ActionName], Meta(max_length=7)] = []
    language: CardLanguage = "zh-CN"


class OrderItem(Struct, omit_defaults=True, kw_only=True, frozen=True):
    """`price` is that of one piece."""

    title: Title
    price: Money
    quantity: Annotated[int, Meta(ge=1, le=9_999)] = 1
    product_id: Annotated[str, Meta(max_length=128)] = ""


class Order(Struct, omit_defaults=True, kw_only=True, frozen=True):
    """What a customer ordered. `total` is what is charged: all items, plus `shipping`, less `discount`, in one currency;
    anything else is refused. `actions`: what the customer may ask for; of them a card offers
    those that make sense in the order's state (nobody confirms what was not sent)."""

    state: OrderState
    items: Annotated[list[OrderItem], Meta(min_length=1, max_length=50)]
    total: Money
    shipping: Money | None = None
    discount: Money | None = None
    picture: Url = ""
    page: Url = ""
    tracking: Annotated[str, Meta(max_length=100)] = ""
    """Carrier and number, as people read it."""
    address: Annotated[str, Meta(max_length=300)] = ""
    actions: Annotated[list[ActionName], Meta(max_length=7)] = []
    language: CardLanguage = "zh-CN"


class Coupon(Struct, omit_defaults=True, kw_only=True, frozen=True):
    """Takes `off` from an order of `least` or more. Of `actions` its card offers `use_coupon`."""

    title: Title
    off: Money
    least: Money | None = None
    state: CouponState = CouponState.open
    page: Url = ""
    actions: Annotated[list[ActionName], Meta(max_length=7)] = []
    language: CardLanguage = "zh-CN"


BusinessObject = Product | Order | Coupon
