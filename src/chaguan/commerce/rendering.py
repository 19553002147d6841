"""From an object to the card that shows it. Pure: the same object gives the same card. Offers are signed elsewhere."""

from chaguan.commerce import money
from chaguan.commerce.states import MAY_ASK
from chaguan.commerce.words import Words, words_of
from chaguan.protocol.content import Card, CardLine
from chaguan.protocol.money import Money
from chaguan.protocol.objects import (
    ActionName,
    BusinessObject,
    Coupon,
    CouponState,
    ObjectKind,
    Order,
    OrderItem,
    Product,
)

MAX_TITLE, MAX_LINES, MAX_VALUE, MAX_FALLBACK = 100, 8, 200, 500
SHOWN_ITEMS = 2
"""Of an order."""


def draw(kind: ObjectKind, id: str, body: BusinessObject, asked: frozenset[str] = frozenset()) -> Card:
    """Title, lines and fallback say everything in words, for who knows no more of cards than that. `asked`: what the
    customer asked for of it as it stands."""
    words = words_of(body.language)
    match body:
        case Product():
            title, price, state, lines = _product(body, words)
            picture = body.picture
        case Order():
            title, price, state, lines = _order(body, words)
            picture = body.picture
        case Coupon():
            title, price, state, lines = _coupon(body, words)
            picture = ""
    if asked:
        lines.insert(1, CardLine(words.asked, _asked(words, asked)))
    lines = [CardLine(line.label, line.value[:MAX_VALUE]) for line in lines[:MAX_LINES]]
    return Card(
        title=title,
        object_type=kind.value,
        object_id=id,
        picture=picture,
        lines=lines,
        page=body.page,
        fallback=_fallback(title, lines),
        state=state,
        price=price,
    )


def offered(body: BusinessObject, asked: frozenset[str]) -> list[ActionName]:
    """What the customer may ask for now: what the business lists, less what they asked already, and nothing that makes no
    sense as it stands."""
    sensible = _sensible(body)
    return [each for each in dict.fromkeys(body.actions) if each in sensible and each.value not in asked]


def _sensible(body: BusinessObject) -> frozenset[ActionName]:
    match body:
        case Order():
            return MAY_ASK[body.state]
        case Product() if _state_of(body) == "on_sale":
            return frozenset({ActionName.buy})
        case Coupon(state=CouponState.open):
            return frozenset({ActionName.use_coupon})
    return frozenset()


def label(body: BusinessObject, action: ActionName) -> str:
    return words_of(body.language).actions[action]


_Parts = tuple[str, Money, str, list[CardLine]]


def _product(body: Product, words: Words) -> _Parts:
    state = _state_of(body)
    said = {"on_sale": words.on_sale, "sold_out": words.sold_out, "off_sale": words.off_sale}[state]
    lines = [CardLine("", money.text(body.price))]
    if body.former_price is not None:
        lines.append(CardLine(words.former, money.text(body.former_price)))
    lines += body.lines
    if state != "on_sale":
        lines.append(CardLine(words.state, said))
    return body.title, body.price, state, lines


def _state_of(body: Product) -> str:
    if not body.on_sale:
        return "off_sale"
    return "sold_out" if body.stock == 0 else "on_sale"


def _order(body: Order, words: Words) -> _Parts:
    lines = [CardLine(words.state, words.orders[body.state])]
    is_one = len(body.items) == 1
    lines += [_item(words, item, is_one) for item in body.items[:SHOWN_ITEMS]]
    for name, value in ((words.shipping, body.shipping), (words.discount, body.discount)):
        if value is not None and value.amount:
            sign = "−" if name == words.discount else ""
            lines.append(CardLine(name, f"{sign}{money.text(value)}"))
    lines.append(CardLine(words.total, money.text(body.total)))
    lines += [
        CardLine(name, value)
        for name, value in ((words.tracking, body.tracking), (words.address, body.address))
        if value
    ]
    return _order_title(body, words), body.total, body.state.value, lines


def _item(words: Words, item: OrderItem, is_one: bool) -> CardLine:
    """What is long stands last, since phones cut lines; a single item is named by the card's title."""
    said = f"×{item.quantity} {money.text(item.price)}"
    return CardLine(words.item, said if is_one else f"{said} {item.title}")


def _order_title(body: Order, words: Words) -> str:
    pieces = sum(item.quantity for item in body.items)
    first = body.items[0].title
    if len(body.items) == 1:
        return first
    room = MAX_TITLE - len(words.more) - len(str(pieces))
    return words.more.format(first[:room], pieces)


def _coupon(body: Coupon, words: Words) -> _Parts:
    lines = [CardLine(words.discount, money.text(body.off))]
    if body.least is not None:
        lines.append(CardLine("", words.from_least.format(money.text(body.least))))
    lines.append(CardLine(words.state, words.coupons[body.state]))
    return body.title, body.off, body.state.value, lines


def _asked(words: Words, asked: frozenset[str]) -> str:
    return " · ".join(words.actions[action] for action in ActionName if action.value in asked)


def _fallback(title: str, lines: list[CardLine]) -> str:
    said = [f"{line.label}: {line.value}" if line.label else line.value for line in lines]
    return " · ".join([title, *said])[:MAX_FALLBACK]
