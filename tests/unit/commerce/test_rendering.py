import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.commerce.rendering import draw, offered
from chaguan.commerce.words import words_of
from chaguan.protocol.content import CONTENT_DECODER, CardLine
from chaguan.protocol.money import Money
from chaguan.protocol.objects import (
    ActionName,
    Coupon,
    CouponState,
    ObjectKind,
    Order,
    OrderItem,
    OrderState,
    Product,
)

NOTHING = frozenset()


def yuan(amount):
    return Money(amount, "CNY")


TEA = Product(title="狮峰龙井", price=yuan(12_800), actions=[ActionName.buy])


def said(card):
    return [f"{line.label} {line.value}".strip() for line in card.lines]


def test_a_product_says_what_it_costs_in_words_and_in_numbers():
    card = draw(ObjectKind.product, "p1", msgspec.structs.replace(TEA, former_price=yuan(15_000)))
    assert (card.object_type, card.object_id, card.state, card.price) == (
        "product",
        "p1",
        "on_sale",
        yuan(12_800),
    )
    assert said(card) == ["¥128.00", "原价 ¥150.00"]
    assert card.fallback == "狮峰龙井 · ¥128.00 · 原价: ¥150.00"


def test_an_order_says_what_is_charged_and_how_it_stands():
    items = [
        OrderItem(title="Longjing", price=yuan(12_800), quantity=2),
        OrderItem(title="Cup", price=yuan(500)),
    ]
    order = Order(
        state=OrderState.shipped,
        items=items,
        total=yuan(26_600),
        shipping=yuan(1_000),
        discount=yuan(500),
        tracking="SF 1234",
        address="Hangzhou, Longjing Road 1",
        language="en",
    )
    card = draw(ObjectKind.order, "A-1", order)
    assert (card.title, card.state, card.price) == ("Longjing and more, 3 in all", "shipped", yuan(26_600))
    assert said(card) == [
        "Status Shipped",
        "Item ×2 ¥128.00 Longjing",
        "Item ×1 ¥5.00 Cup",
        "Shipping ¥10.00",
        "Discount −¥5.00",
        "Total ¥266.00",
        "Tracking SF 1234",
        "Ship to Hangzhou, Longjing Road 1",
    ]


def test_what_was_asked_for_stands_on_the_card_and_is_not_offered_again():
    order = Order(
        state=OrderState.shipped,
        items=[OrderItem(title="龙井", price=yuan(100))],
        total=yuan(100),
        actions=[ActionName.confirm_receipt, ActionName.ask_refund],
    )
    asked = frozenset({"ask_refund"})
    assert said(draw(ObjectKind.order, "A-1", order, asked))[:2] == ["状态 已发货", "已提交 申请退款"]
    assert offered(order, asked) == [ActionName.confirm_receipt]
    assert offered(order, NOTHING) == [ActionName.confirm_receipt, ActionName.ask_refund]


@pytest.mark.parametrize(
    ("change", "state"),
    [({"on_sale": False}, "off_sale"), ({"stock": 0}, "sold_out"), ({"stock": 1}, "on_sale")],
)
def test_what_can_not_be_had_is_not_offered(change, state):
    product = msgspec.structs.replace(TEA, **change)
    assert draw(ObjectKind.product, "p1", product).state == state
    assert offered(product, NOTHING) == ([ActionName.buy] if state == "on_sale" else [])


def test_a_coupon_that_was_used_is_not_offered():
    coupon = Coupon(title="新客券", off=yuan(1_000), least=yuan(10_000), actions=[ActionName.use_coupon])
    assert said(draw(ObjectKind.coupon, "c1", coupon)) == ["优惠 ¥10.00", "满 ¥100.00 可用", "状态 可使用"]
    assert offered(coupon, NOTHING) == [ActionName.use_coupon]
    assert offered(msgspec.structs.replace(coupon, state=CouponState.used), NOTHING) == []


titles = st.text(min_size=1, max_size=100)
sums = st.integers(0, 10**9).map(yuan)
items = st.lists(
    st.builds(OrderItem, title=titles, price=sums, quantity=st.integers(1, 9_999), product_id=st.just("")),
    min_size=1,
    max_size=50,
)
orders = st.builds(
    Order,
    state=st.sampled_from(OrderState),
    items=items,
    total=sums,
    shipping=st.none() | sums,
    discount=st.none() | sums,
    picture=st.just(""),
    page=st.just(""),
    tracking=st.text(max_size=100),
    address=st.text(max_size=300),
    actions=st.just([]),
    language=st.sampled_from(["zh-CN", "en"]),
)
products = st.builds(
    Product,
    title=titles,
    price=sums,
    former_price=st.none() | sums,
    picture=st.just(""),
    page=st.just(""),
    on_sale=st.booleans(),
    stock=st.none() | st.integers(0, 3),
    lines=st.lists(st.builds(CardLine, st.text(max_size=40), st.text(max_size=200)), max_size=4),
    actions=st.just([]),
    language=st.sampled_from(["zh-CN", "en"]),
)


@given(
    st.tuples(st.just(ObjectKind.order), orders) | st.tuples(st.just(ObjectKind.product), products),
    st.frozensets(st.sampled_from([action.value for action in ActionName])),
)
def test_whatever_an_object_holds_its_card_is_one_that_can_be_read_again(drawn, asked):
    card = draw(drawn[0], "x", drawn[1], asked)
    assert CONTENT_DECODER.decode(msgspec.json.encode(card)) == card


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_state_and_action_has_its_word(language):
    words = words_of(language)
    assert set(words.orders) == set(OrderState)
    assert set(words.coupons) == set(CouponState)
    assert set(words.actions) == set(ActionName)
    assert all(len(word) <= 20 for word in words.actions.values())


@pytest.mark.parametrize("state", list(OrderState))
def test_of_all_that_a_shop_lists_an_order_offers_what_makes_sense_and_no_more_than_a_card_holds(state):
    order = Order(
        state=state,
        items=[OrderItem(title="龙井", price=yuan(100))],
        total=yuan(100),
        actions=list(ActionName),
    )
    found = offered(order, NOTHING)
    assert len(found) <= 4
    assert (ActionName.confirm_receipt in found) == (state is OrderState.shipped)
    assert (ActionName.pay in found) == (state in (OrderState.proposed, OrderState.unpaid))
    assert ActionName.buy not in found
