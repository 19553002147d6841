"""Cards show what the shop says, change with it, and never what their sender says."""

import asyncio

import msgspec
import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.messaging.model import uuid_text
from chaguan.protocol import commands as c
from chaguan.protocol.content import Card, CardOffer
from chaguan.protocol.conversations import UserKind
from chaguan.protocol.entries import MessageEdited
from chaguan.protocol.money import Money
from tests.domain.commerce.conftest import order_card, product_card, yuan
from tests.domain.messaging.conftest import key

FORGED = {
    "card_id": "c_forged",
    "revision": 9,
    "state": "paid",
    "price": Money(1, "CNY"),
    "offers": [CardOffer("buy", "抢", "x")],
}


def forged(card):
    return msgspec.structs.replace(card, **FORGED)


async def test_a_card_is_drawn_by_the_server_whatever_its_sender_wrote_in_it(market, amy):
    await market.product()
    room = await market.room(amy)
    seq = await market.send(amy, room, forged(product_card("一分钱的茶")))
    card = await market.card(amy, room, seq)
    assert (card.title, card.price, card.state) == ("狮峰龙井", yuan(12_800), "on_sale")
    assert [offer.action for offer in card.offers] == ["buy"]
    assert card.card_id not in ("", "c_forged")
    assert card.fallback == "狮峰龙井 · ¥128.00"


async def test_what_the_shop_does_not_keep_stays_a_picture_without_price_state_or_offers(market, amy):
    room = await market.room(amy)
    for written in (product_card("我要这个"), Card("一张图", object_type="voucher", object_id="v1")):
        card = await market.card(amy, room, await market.send(amy, room, forged(written)))
        assert card == written


async def test_an_order_of_somebody_else_is_as_if_there_were_none(market, amy):
    bob = market.people.add("bob", UserKind.customer)
    await market.order(amy)
    await market.coupon(amy.user_id)
    room = await market.room(bob)
    for written in (order_card("别人的"), Card("券", object_type="coupon", object_id="C-1")):
        assert await market.card(bob, room, await market.send(bob, room, written)) == written


async def test_in_a_group_a_card_is_a_picture(market, amy):
    await market.product()
    mei = market.people.add("mei")
    group = await market.group(mei, amy)
    written = product_card()
    assert await market.card(amy, group, await market.send(mei, group, forged(written))) == written


async def test_a_change_of_the_object_changes_the_same_message_everywhere(market, amy):
    await market.order(amy, "unpaid", 1)
    room = await market.room(amy)
    seq = await market.shop_sends(room, order_card())
    before = await market.view(amy, room)
    await market.order(amy, "paid", 2)
    await market.keep_up()
    card = await market.card(amy, room, seq)
    assert (card.state, card.revision) == ("paid", 2)
    assert (card.lines[0].label, card.lines[0].value) == ("状态", "已付款")
    (push,) = market.pushes.of(room, MessageEdited)
    assert (push.target_seq, push.content) == (seq, card)
    edits = [entry for entry in (await market.pull(amy, room)).entries if isinstance(entry, MessageEdited)]
    assert [edit.content.state for edit in edits] == ["paid"]
    after = await market.view(amy, room)
    assert after.conversation.head_ordinal == before.conversation.head_ordinal  # nobody has something unread


async def test_every_state_stays_in_the_log(market, amy):
    await market.order(amy, "unpaid", 1)
    room = await market.room(amy)
    await market.send(amy, room, order_card())
    for version, state in enumerate(("paid", "shipped", "received"), 2):
        await market.order(amy, state, version)
        await market.keep_up()
    edits = [entry for entry in (await market.pull(amy, room)).entries if isinstance(entry, MessageEdited)]
    assert [edit.content.state for edit in edits] == ["paid", "shipped", "received"]


async def test_what_is_told_twice_or_late_changes_no_card(market, amy):
    await market.order(amy, "shipped", 5)
    room = await market.room(amy)
    seq = await market.send(amy, room, order_card())
    await market.order(amy, "shipped", 5)
    await market.order(amy, "unpaid", 1)
    await market.keep_up()
    assert (await market.message(amy, room, seq)).changed_seq == 0


async def test_all_cards_of_a_product_change(market, amy):
    await market.product(100, 1)
    room = await market.room(amy)
    seqs = [await market.send(amy, room, product_card()) for _ in range(60)]
    await market.product(90, 2)
    await market.keep_up()
    cards = [await market.card(amy, room, seq) for seq in seqs]
    assert {card.price.amount for card in cards} == {90}


async def test_a_card_that_was_drawn_before_a_change_and_stored_after_it_is_not_left_behind(market, amy):
    await market.order(amy, "unpaid", 1)
    room = await market.room(amy)
    fill = market.commerce.cards.fill

    async def meanwhile(caller, where, content):
        drawn = await fill(caller, where, content)
        await market.order(amy, "paid", 2)
        await market.keep_up()
        return drawn

    market.messaging.messages._before_append = meanwhile
    seq = await market.send(amy, room, order_card())
    await market.keep_up()
    assert (await market.card(amy, room, seq)).state == "paid"


async def test_what_a_process_left_when_it_died_another_brings_up_once(market, amy):
    await market.order(amy, "unpaid", 1)
    room = await market.room(amy)
    seq = await market.send(amy, room, order_card())
    await market.order(amy, "paid", 2)
    await market.restart()
    first, second = market.commerce, market.another()
    for _ in range(3):
        await asyncio.gather(first.following.step(), second.following.step())
    assert (await market.card(amy, room, seq)).state == "paid"
    edits = [entry for entry in (await market.pull(amy, room)).entries if isinstance(entry, MessageEdited)]
    assert len(edits) == 1


async def test_sent_again_with_the_same_key_it_is_the_first_card(market, amy):
    await market.product(100, 1)
    room = await market.room(amy)
    again = key()
    seq = await market.send(amy, room, product_card(), again)
    await market.product(90, 2)
    assert await market.send(amy, room, product_card(), again) == seq
    await market.keep_up()
    assert (await market.card(amy, room, seq)).price == yuan(90)


async def test_a_recalled_card_is_let_go_of(market, amy):
    await market.product(100, 1)
    room = await market.room(amy)
    seq = await market.send(amy, room, product_card())
    card = await market.card(amy, room, seq)
    await market.messaging.messages.recall(
        amy, c.RecallMessage(id=1, conversation_id=room, client_msg_id=key(), target_seq=seq)
    )
    with pytest.raises(AppError) as refused:
        await market.tap(amy, room, card, "buy")
    assert refused.value.code is ErrorCode.not_found
    await market.product(90, 2)
    await market.keep_up()
    assert (await market.message(amy, room, seq)).content is None
    assert market.pushes.of(room, MessageEdited) == []


async def test_nobody_edits_a_card_that_the_server_draws_or_makes_one_by_an_edit(market, amy):
    room = await market.room(amy)
    plain = await market.send(amy, room, product_card("还没有"))
    await market.product()
    living = await market.send(amy, room, product_card())
    for seq, card in ((plain, product_card()), (living, product_card()), (living, Card("一分钱的茶"))):
        command = c.EditMessage(
            id=1, conversation_id=room, client_msg_id=key(), target_seq=seq, content=forged(card)
        )
        with pytest.raises(AppError) as refused:
            await market.messaging.messages.edit(amy, command)
        assert refused.value.data == {"reason": "living_card"}


async def test_a_forwarded_card_is_a_picture_of_its_moment(market, amy):
    await market.product()
    room = await market.room(amy)
    seq = await market.send(amy, room, product_card())
    group = await market.group(market.people.add("mei"), amy)
    for merged in (False, True):
        command = c.ForwardMessages(
            id=1,
            conversation_id=room,
            seqs=[seq],
            to_conversation_id=group,
            client_msg_id=key(),
            merged=merged,
        )
        (sent,) = (await market.messaging.forwarding.forward(amy, command)).sent
        content = (await market.message(amy, group, sent.seq)).content
        card = content.items[0].content if merged else content
        assert (card.card_id, card.state, card.price, card.offers) == ("", "", None, [])
        assert card.title == "狮峰龙井"


async def test_reactions_and_quotes_stay_with_a_card_that_changes(market, amy):
    await market.order(amy, "unpaid", 1)
    room = await market.room(amy)
    seq = await market.send(amy, room, order_card())
    reaction = c.SetReaction(
        id=1, conversation_id=room, client_msg_id=key(), target_seq=seq, emoji="👍", on=True
    )
    await market.messaging.messages.set_reaction(amy, reaction)
    await market.order(amy, "paid", 2)
    await market.keep_up()
    message = await market.message(amy, room, seq)
    assert [each.emoji for each in message.reactions] == ["👍"]
    assert message.content.state == "paid"


def test_keys_of_cards_look_like_those_of_messages():
    from chaguan.commerce.cards import _key_of

    assert len(uuid_text(_key_of("c_1", 1, 2))) == 36
    assert _key_of("c_1", 1, 12) != _key_of("c_1", 11, 2)


async def test_a_card_that_changed_too_often_stays_as_it_is_and_nothing_on_it_can_be_taken_up(
    market, amy, monkeypatch
):
    monkeypatch.setattr("chaguan.messaging.revisions.MAX_REVISIONS", 2)
    await market.product(100, 1)
    room = await market.room(amy)
    seq = await market.send(amy, room, product_card())
    for version in range(2, 6):
        await market.product(100 - version, version)
        await market.keep_up()
    card = await market.card(amy, room, seq)
    assert card.price == yuan(97)
    with pytest.raises(AppError) as refused:
        await market.tap(amy, room, card, "buy")
    assert refused.value.code is ErrorCode.not_found
