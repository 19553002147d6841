"""Taps on cards: taken once, from whom they were offered to, for what they saw. Anything else does nothing."""

import asyncio
import base64

import pytest
from sqlalchemy import text

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.content import Card, SystemNotice
from chaguan.protocol.conversations import UserKind
from chaguan.protocol.entries import MessageEdited
from tests.domain.commerce.conftest import SERVER, SHOP, order_card, product_card
from tests.domain.messaging.conftest import key

WEEK_MS = 7 * 86_400_000


async def acts(market):
    return await market.commerce.acts.list_open(SERVER, SHOP, 50)


async def refused(asking):
    with pytest.raises(AppError) as error:
        await asking
    return error.value.code, error.value.data.get("reason", "")


LATE = (ErrorCode.conflict, "late")
FORGED = (ErrorCode.bad_request, "forged")


@pytest.fixture
async def bought(market, amy):
    """An order card: (conversation, seq, card)."""
    await market.order(amy, "shipped", 1)
    room = await market.room(amy)
    seq = await market.send(amy, room, order_card())
    return room, seq, await market.card(amy, room, seq)


def offers(card):
    return [offer.action for offer in card.offers]


async def test_what_was_asked_for_is_told_to_the_shop_once_and_shown_on_the_card(market, amy, bought):
    room, seq, card = bought
    acted = await market.tap(amy, room, card, "ask_refund", text="茶凉了")
    (act,) = await acts(market)
    assert (act.seq, act.action, act.object_id, act.version) == (acted.seq, "ask_refund", "A-1", 1)
    assert (act.customer_id, act.conversation_id, act.text) == (amy.user_id, room, "茶凉了")
    await market.keep_up()
    shown = await market.card(amy, room, seq)
    assert offers(shown) == ["confirm_receipt"]
    assert "申请退款" in shown.lines[1].value


async def test_both_sides_read_in_the_log_what_was_asked_for(market, amy, bought):
    room, _, card = bought
    before = (await market.view(amy, room)).conversation.head_ordinal
    acted = await market.tap(amy, room, card, "ask_refund", text="茶凉了")
    told = (await market.message(market.people.add("mei"), room, acted.seq)).content
    assert isinstance(told, SystemNotice)
    assert (told.name, told.params["action"], told.params["object_id"]) == ("card_act", "ask_refund", "A-1")
    assert told.fallback == "申请退款 · 狮峰龙井 · 茶凉了"
    assert (await market.view(amy, room)).conversation.head_ordinal == before


async def test_a_tap_sent_again_is_the_same_tap(market, amy, bought):
    room, _, card = bought
    again = key()
    first = await market.tap(amy, room, card, "confirm_receipt", again)
    await market.keep_up()
    assert await market.tap(amy, room, card, "confirm_receipt", again) == first
    assert len(await acts(market)) == 1
    code, _ = await refused(market.tap(amy, room, card, "confirm_receipt", again, "anders"))
    assert code is ErrorCode.conflict


async def test_of_two_taps_at_once_on_two_devices_one_is_taken(market, amy, bought):
    room, _, card = bought
    taps = [market.tap(amy, room, card, "confirm_receipt") for _ in range(5)]
    outcomes = await asyncio.gather(*taps, return_exceptions=True)
    failed = [each for each in outcomes if isinstance(each, AppError)]
    assert [each.data.get("reason") for each in failed] == ["late"] * 4
    assert len(await acts(market)) == 1


async def test_a_replayed_intent_does_nothing_before_and_after_the_card_is_drawn_anew(market, amy, bought):
    room, seq, card = bought
    await market.tap(amy, room, card, "confirm_receipt")
    assert await refused(market.tap(amy, room, card, "confirm_receipt")) == LATE
    assert await refused(market.tap(amy, room, card, "ask_refund")) == LATE
    await market.keep_up()
    assert await refused(market.tap(amy, room, card, "confirm_receipt")) == LATE
    assert len(await acts(market)) == 1
    await market.tap(amy, room, await market.card(amy, room, seq), "ask_refund")
    assert len(await acts(market)) == 2


async def test_on_two_cards_of_one_order_the_same_is_asked_once(market, amy, bought):
    room, _, card = bought
    other = await market.send(amy, room, order_card())
    second = await market.card(amy, room, other)
    await market.tap(amy, room, card, "confirm_receipt")
    assert await refused(market.tap(amy, room, second, "confirm_receipt")) == LATE
    await market.keep_up()
    assert offers(await market.card(amy, room, other)) == ["ask_refund"]


async def test_a_forged_intent_does_nothing(market, amy, bought):
    room, _, card = bought
    intent = card.offers[0].intent
    raw = base64.urlsafe_b64decode(intent + "=" * (-len(intent) % 4))
    other = base64.urlsafe_b64encode(raw.replace(b"confirm_receipt", b"change_address_")).decode()
    for token in (other.rstrip("="), "x", intent[:-4], intent + "AAAA"):
        assert await refused(market.tap_with(amy, room, token)) == FORGED
    assert await acts(market) == []


async def test_an_intent_is_nothing_in_another_hand_or_place(market, amy, bought):
    room, _, card = bought
    bob = market.people.add("bob", UserKind.customer)
    bobs = await market.room(bob)
    intent = card.offers[0].intent
    assert await refused(market.tap_with(bob, bobs, intent)) == FORGED
    assert (await refused(market.tap_with(bob, room, intent)))[0] is ErrorCode.not_found
    mei = market.people.add("mei")
    assert (await refused(market.tap_with(mei, room, intent)))[0] is ErrorCode.forbidden
    assert await acts(market) == []


async def test_nobody_buys_at_a_price_that_has_changed(market, amy):
    await market.product(100, 1)
    room = await market.room(amy)
    seq = await market.send(amy, room, product_card())
    card = await market.card(amy, room, seq)
    await market.product(900, 2)
    assert await refused(market.tap(amy, room, card, "buy")) == LATE
    await market.keep_up()
    await market.tap(amy, room, await market.card(amy, room, seq), "buy")
    (act,) = await acts(market)
    assert (act.action, act.version) == ("buy", 2)


async def test_a_product_can_be_bought_again_from_the_same_card_and_each_tap_counts_once(market, amy):
    await market.product(100, 1)
    room = await market.room(amy)
    seq = await market.send(amy, room, product_card())
    other = await market.send(amy, room, product_card())
    for _ in range(3):
        card = await market.card(amy, room, seq)
        await market.tap(amy, room, card, "buy")
        assert await refused(market.tap(amy, room, card, "buy")) == LATE
        await market.keep_up()
    assert len(await acts(market)) == 3
    assert (await market.message(amy, room, other)).changed_seq == 0  # what was not tapped is not drawn anew


async def test_an_old_offer_does_nothing_but_bring_a_fresh_one(market, amy, bought):
    room, seq, card = bought
    market.now += WEEK_MS + 1
    assert await refused(market.tap(amy, room, card, "confirm_receipt")) == LATE
    assert await acts(market) == []
    await market.keep_up()
    fresh = await market.card(amy, room, seq)
    assert offers(fresh) == offers(card)
    await market.tap(amy, room, fresh, "confirm_receipt")
    assert len(await acts(market)) == 1


async def test_worthless_taps_write_nothing_however_many(market, amy, bought):
    room, _, card = bought
    await market.tap(amy, room, card, "confirm_receipt")
    await market.keep_up()
    for _ in range(10):
        assert await refused(market.tap(amy, room, card, "confirm_receipt")) == LATE
    await market.keep_up()
    assert len(market.pushes.of(room, MessageEdited)) == 1


async def test_what_the_shop_answers_is_offered_anew(market, amy, bought):
    room, seq, card = bought
    await market.tap(amy, room, card, "ask_refund")
    (act,) = await acts(market)
    await market.order(amy, "shipped", 2, tracking="SF 1")
    done = await market.commerce.acts.settle(SERVER, SHOP, act.id)
    assert done.done_at == market.now
    market.now += 1_000
    assert (await market.commerce.acts.settle(SERVER, SHOP, act.id)).done_at == done.done_at
    assert await acts(market) == []
    await market.keep_up()
    shown = await market.card(amy, room, seq)
    assert offers(shown) == ["confirm_receipt", "ask_refund"]
    assert all("申请退款" not in line.value for line in shown.lines)


async def test_another_shops_key_does_not_settle_it(market, amy, bought):
    room, _, card = bought
    await market.tap(amy, room, card, "ask_refund")
    (act,) = await acts(market)
    code, _ = await refused(market.commerce.acts.settle(SERVER, "s_other", act.id))
    assert code is ErrorCode.not_found
    assert len(await acts(market)) == 1


async def test_a_coupon_for_all_is_there_for_the_next_when_one_has_asked_for_it(market, amy):
    await market.coupon()
    for customer in (amy, market.people.add("bob", UserKind.customer)):
        room = await market.room(customer)
        seq = await market.send(customer, room, Card("券", object_type="coupon", object_id="C-1"))
        await market.tap(customer, room, await market.card(customer, room, seq), "use_coupon")
        await market.keep_up()
    assert [act.action for act in await acts(market)] == ["use_coupon"] * 2


async def test_a_coupon_of_ones_own_is_asked_for_once(market, amy):
    await market.coupon(amy.user_id)
    room = await market.room(amy)
    seq = await market.send(amy, room, Card("券", object_type="coupon", object_id="C-1"))
    await market.tap(amy, room, await market.card(amy, room, seq), "use_coupon")
    await market.keep_up()
    assert offers(await market.card(amy, room, seq)) == []


async def test_what_a_customer_wrote_is_sealed_where_it_lies(market, amy, bought):
    room, _, card = bought
    await market.tap(amy, room, card, "ask_refund", text="茶凉了")
    ((body,),) = await market.db.read(lambda con: con.execute(text("SELECT body FROM card_acts")).all())
    assert "茶凉了".encode() not in bytes(body)
