"""Answers for what is still being typed: who is shown them, what they cost, and that what is typed leaves no trace."""

import asyncio
import logging
import threading

import msgspec
import pytest

from chaguan.core.caller import Role
from chaguan.core.errors import AppError
from chaguan.desk import shelf as shelf_module
from chaguan.protocol import commands as c
from chaguan.protocol.automation import BotSettings, FaqSpec, FaqText
from chaguan.protocol.content import Card
from chaguan.protocol.entries import MessageSent
from chaguan.protocol.suggestions import SuggestedAnswers
from tests.domain.desk.conftest import SHOP, Shop
from tests.domain.messaging.conftest import until

# What is asked here has no SQL of its own: one engine is enough.
pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)

REFUND = FaqText(question="退款多久到账？", similar=["退的钱什么时候到"], answer="三天内到账。")
REFUND_EN = FaqText(question="How long does a refund take?", answer="Within three days.")
INVOICE = FaqText(question="怎么开发票？", answer="在订单里申请。")


def boss(shop: Shop):
    return shop.staff("boss", Role.owner)


async def put(shop: Shop, shop_id: str = SHOP, *, id: str = "", enabled: bool = True, **texts: FaqText):
    spec = FaqSpec(texts={name.replace("_", "-"): text for name, text in texts.items()}, enabled=enabled)
    return await shop.desk.automation.answers.put(boss(shop), shop_id, id, spec)


async def settle(shop: Shop, **settings) -> None:
    await shop.desk.automation.put_bot(boss(shop), SHOP, BotSettings(**settings))


async def opened(shop: Shop, customer, shop_id: str = SHOP) -> str:
    view = (await shop.desk.open_service(customer, c.OpenService(id=1), shop_id)).view
    return view.conversation.id


async def typed(shop: Shop, caller, room: str, text: str = "退款多久") -> SuggestedAnswers:
    asked = c.SuggestAnswers(id=1, conversation_id=room, text=text)
    return await shop.desk.automation.suggesting.suggest(caller, asked)


async def refused(doing) -> AppError:
    with pytest.raises(AppError) as error:
        await doing
    return error.value


@pytest.fixture
def clock(shop: Shop):
    """Time stands still until a test says otherwise."""

    class Clock:
        now = 1_000.0

    shop.desk.automation.suggesting.clock = lambda: Clock.now
    return Clock


async def test_who_types_is_shown_the_answer_before_sending_anything(shop: Shop):
    wang = shop.customer("wang")
    entry = await put(shop, zh_CN=REFUND, en=REFUND_EN)
    await put(shop, zh_CN=INVOICE)
    room = await opened(shop, wang)
    (first, *_) = (await typed(shop, wang, room)).answers
    assert (first.entry_id, first.question, first.answer, first.language) == (
        entry.id,
        "退款多久到账？",
        "三天内到账。",
        "zh-CN",
    )
    english = (await typed(shop, wang, room, "how long does my refund")).answers[0]
    assert (english.entry_id, english.answer, english.language) == (entry.id, "Within three days.", "en")
    entries = (await shop.pull(boss(shop), room)).entries
    assert not [each for each in entries if isinstance(each, MessageSent)]


async def test_at_most_three_are_shown_and_none_for_a_single_character(shop: Shop):
    wang = shop.customer("wang")
    for way in ("支付宝", "微信", "银行卡", "花呗", "信用卡"):
        await put(shop, zh_CN=FaqText(question=f"退款到{way}要多久？", answer=way))
    room = await opened(shop, wang)
    assert 1 <= len((await typed(shop, wang, room, "退款要多久到账")).answers) <= 3
    for text in ("", "退", " 退 ", "   "):
        assert await typed(shop, wang, room, text) == SuggestedAnswers()


async def test_agents_of_the_shop_are_shown_the_same(shop: Shop):
    await put(shop, zh_CN=REFUND)
    room = await opened(shop, shop.customer("wang"))
    assert (await typed(shop, shop.staff("mei"), room)).answers[0].answer == "三天内到账。"


async def test_strangers_learn_no_more_than_of_a_conversation_that_is_not_there(shop: Shop):
    await put(shop, zh_CN=REFUND)
    room = await opened(shop, shop.customer("wang"))
    for name in ("eve", "cook"):
        caller = (
            shop.customer(name) if name == "eve" else msgspec.structs.replace(shop.staff(name), role=None)
        )
        own, none = await refused(typed(shop, caller, room)), await refused(typed(shop, caller, "s_none"))
        assert (own.code.value, own.detail, own.data) == (none.code.value, none.detail, none.data)
        assert own.code.value == "not_found"


async def test_a_group_is_no_place_to_be_shown_answers(shop: Shop):
    mei = shop.staff("mei")
    room = await shop.group(mei)
    assert (await refused(typed(shop, mei, room))).code.value == "bad_request"


async def test_a_conversation_is_shown_the_published_answers_of_its_own_shop_alone(shop: Shop):
    wang = shop.customer("wang")
    await put(shop, zh_CN=INVOICE)
    await put(shop, "s_other", zh_CN=REFUND)
    await put(shop, zh_CN=FaqText(question="退款多久到账，内部口径？", answer="秘密"), enabled=False)
    here, there = await opened(shop, wang), await opened(shop, wang, "s_other")
    assert "退款" not in str(await typed(shop, wang, here, "退款多久到账"))
    assert [each.answer for each in (await typed(shop, wang, there, "退款多久到账")).answers] == [
        "三天内到账。"
    ]


async def test_a_shop_without_a_list_or_that_does_not_want_it_says_so_and_agents_still_see_it(shop: Shop):
    wang = shop.customer("wang")
    room = await opened(shop, wang)
    assert await typed(shop, wang, room) == SuggestedAnswers(off=True)
    await put(shop, zh_CN=REFUND)
    await settle(shop, suggest=False)
    assert await typed(shop, wang, room) == SuggestedAnswers(off=True)
    assert (await typed(shop, shop.staff("mei"), room)).answers
    await settle(shop)
    assert (await typed(shop, wang, room)).answers


async def test_what_an_administrator_has_just_saved_is_what_is_shown_next(shop: Shop):
    wang = shop.customer("wang")
    entry = await put(shop, zh_CN=REFUND)
    room = await opened(shop, wang)
    assert (await typed(shop, wang, room)).answers[0].answer == "三天内到账。"
    await put(shop, id=entry.id, zh_CN=msgspec.structs.replace(REFUND, answer="一天内到账。"))
    assert (await typed(shop, wang, room)).answers[0].answer == "一天内到账。"
    await put(shop, zh_CN=INVOICE)
    await shop.desk.automation.answers.remove(boss(shop), SHOP, entry.id)
    assert all(each.entry_id != entry.id for each in (await typed(shop, wang, room)).answers)


async def test_words_for_a_person_are_offered_where_a_bot_answers_and_bring_one(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await shop.queue()
    await shop.is_(mei)
    await put(shop, zh_CN=REFUND)
    room = await opened(shop, wang)
    assert (await typed(shop, wang, room)).human == ""
    await settle(shop, enabled=True)
    human = (await typed(shop, wang, room)).human
    assert human == "转人工"
    assert (await typed(shop, mei, room)).human == ""
    await shop.say(wang, room, f"退款多久到账？\n{human}")
    await shop.settle()
    case = await shop.case(room)
    assert (case.agent_id, case.bot_id) == (mei.user_id, "")
    (handed_over,) = [each for each in (await shop.history(case)).events if each.kind.value == "handed_over"]
    assert handed_over.reason is not None
    assert handed_over.reason.data["why"] == "asked"
    assert (await typed(shop, wang, room)).human == ""


async def test_a_client_that_asks_at_every_key_is_told_to_wait_and_nobody_else_is(shop: Shop, clock):
    wang, li = shop.customer("wang"), shop.customer("li")
    await put(shop, zh_CN=REFUND)
    room, other = await opened(shop, wang), await opened(shop, li)
    for _ in range(20):
        await typed(shop, wang, room)
    busy = await refused(typed(shop, wang, room))
    assert (busy.code.value, busy.data["retry_after_ms"]) == ("rate_limited", 500)
    await typed(shop, li, other)
    clock.now += 0.5
    await typed(shop, wang, room)
    assert (await refused(typed(shop, wang, room))).code.value == "rate_limited"


async def test_all_who_type_together_get_their_share_of_a_core_and_known_texts_cost_nothing(
    shop: Shop, clock
):
    wang, suggesting = shop.customer("wang"), shop.desk.automation.suggesting
    await put(shop, zh_CN=REFUND)
    room = await opened(shop, wang)
    known = await typed(shop, wang, room)
    suggesting.share.spent(1.0)  # a second of a core: five seconds' worth
    assert await typed(shop, wang, room) == known
    busy = await refused(typed(shop, wang, room, "退款多久呢"))
    assert busy.code.value == "unavailable"
    assert 3_900 <= busy.data["retry_after_ms"] <= 4_600
    clock.now += busy.data["retry_after_ms"] / 1000
    await typed(shop, wang, room, "退款多久呢")


async def test_a_crowd_that_types_at_once_does_not_keep_who_has_asked_waiting(
    shop: Shop, clock, monkeypatch: pytest.MonkeyPatch
):
    wang = shop.customer("wang")
    await put(shop, zh_CN=REFUND)
    room = await opened(shop, wang)
    await typed(shop, wang, room)
    monkeypatch.setattr(shelf_module, "GLANCES", 2)
    let_go = threading.Event()
    shop.desk.automation.answers.shelves._asker.submit(let_go.wait, 10)
    asking = [asyncio.create_task(typed(shop, wang, room, f"退款多久{n}天")) for n in range(8)]
    try:
        await until(lambda: sum(each.done() for each in asking) == 6)
    finally:
        let_go.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert sum(isinstance(each, SuggestedAnswers) for each in outcomes) == 2
    assert {each.code.value for each in outcomes if isinstance(each, AppError)} == {"unavailable"}


async def test_what_is_typed_stands_in_no_log_and_no_table(shop: Shop, caplog: pytest.LogCaptureFixture):
    said = "我是王小明退款多久到账"
    wang = shop.customer("wang")
    await put(shop, zh_CN=REFUND)
    room = await opened(shop, wang)
    with caplog.at_level(logging.DEBUG):
        assert (await typed(shop, wang, room, said)).answers
        await shop.desk.caught_up()
    assert "王小明" not in caplog.text
    for file in shop.path.parent.glob(f"{shop.path.name}*"):
        assert "王小明".encode() not in file.read_bytes()
    entries = (await shop.pull(boss(shop), room)).entries
    assert "王小明" not in str(entries)


async def test_an_entry_with_pictures_and_cards_is_shown_by_its_text(shop: Shop):
    wang = shop.customer("wang")
    spec = FaqSpec(texts={"zh-CN": REFUND}, contents=[Card("看订单", page="/pages/orders")])
    await shop.desk.automation.answers.put(boss(shop), SHOP, "", spec)
    room = await opened(shop, wang)
    assert [each.answer for each in (await typed(shop, wang, room)).answers] == ["三天内到账。"]
