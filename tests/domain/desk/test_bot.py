"""The bot that answers first: what it says, when it hands over, and that it never talks over anybody. On both databases."""

import asyncio

import msgspec
import pytest
from sqlalchemy import text as sql

from chaguan.core.caller import Role
from chaguan.desk import bot_rules
from chaguan.desk.faq import Decision
from chaguan.desk.shelf import Found
from chaguan.protocol.automation import BotSettings, FaqSpec, FaqText, Greeting, Keyword
from chaguan.protocol.content import Card, Content, Image, Text
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Hours
from chaguan.protocol.entries import MessageSent
from tests.domain.desk.conftest import SHOP, Shop

LIST = {
    "refund": ("退款多久到账？", "三天内到账。", "How long does a refund take?", "Within three days."),
    "ship": ("什么时候发货？", "当天发货。", "When do you ship?", "The same day."),
    "invoice": ("怎么开发票？", "在订单里申请。", "How do I get an invoice?", "Ask in the order."),
}


def boss(shop: Shop):
    return shop.staff("boss", Role.owner)


async def bot(shop: Shop, **settings) -> None:
    settings = BotSettings(**{"enabled": True, **settings})
    await shop.desk.automation.put_bot(boss(shop), SHOP, settings)


async def knows(shop: Shop) -> None:
    for zh, answer, en, english in LIST.values():
        texts = {
            "zh-CN": FaqText(question=zh, answer=answer),
            "en": FaqText(question=en, answer=english),
        }
        await shop.desk.automation.answers.put(boss(shop), SHOP, "", FaqSpec(texts=texts))


async def said(shop: Shop, room: str) -> list[Content]:
    """What the bot said, in order."""
    entries = (await shop.pull(boss(shop), room)).entries
    return [each.content for each in entries if isinstance(each, MessageSent) and each.sender_id == "u_bot"]


async def words(shop: Shop, room: str) -> list[str]:
    return [each.text if isinstance(each, Text) else each.title for each in await said(shop, room)]


async def goes_on(shop: Shop, customer, room: str, text: str) -> list[str]:
    """What the bot says to it."""
    before = len(await said(shop, room))
    await shop.say(customer, room, text)
    await shop.desk.caught_up()
    return (await words(shop, room))[before:]


async def test_without_a_bot_nothing_changes(shop: Shop):
    room = await shop.asks(shop.customer("wang"))
    assert (await shop.case(room)).bot_id == ""
    assert await said(shop, room) == []


async def test_a_question_of_the_list_is_answered_and_asked_whether_that_was_it(shop: Shop):
    await shop.queue()
    await knows(shop)
    await bot(shop)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "退款多久到账？")
    answer, was_it = await said(shop, room)
    assert isinstance(answer, Text) and answer.text.endswith("\n\n三天内到账。")
    assert answer.text.startswith("您好")
    assert isinstance(was_it, Card) and was_it.object_type == "choices"
    assert [action.label for action in was_it.actions] == ["解决了", "没有", "转人工"]
    assert "1 解决了" in was_it.fallback
    case = await shop.case(room)
    assert (case.status, case.bot_id, case.queued_at) == (CaseStatus.waiting, "u_bot", 0)
    assert await goes_on(shop, wang, room, "解决了") == ["很高兴能帮到您！还有其他问题请直接说。"]
    assert (await goes_on(shop, wang, room, "when do you ship"))[0] == "The same day."


async def test_no_leads_to_the_next_best_and_then_to_a_person_who_sees_what_was_believed(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    await knows(shop)
    await bot(shop)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "退款多久到账？")
    while (await shop.case(room)).bot_id:
        told = await goes_on(shop, wang, room, "没有")
        assert told, "a customer who says no is never left alone"
    await shop.settle()
    case = await shop.case(room)
    assert case.agent_id == mei.user_id
    (handed_over,) = [e for e in (await shop.history(case)).events if e.kind.value == "handed_over"]
    assert handed_over.reason is not None
    assert handed_over.reason.data["why"] == "not_it"
    assert handed_over.reason.data["question"] == "退款多久到账？"
    assert 0 < handed_over.reason.data["score"] <= 1


@pytest.mark.parametrize(
    "wish", ["转人工", "我要转人工！", "人工", "Human please", "can I talk to a person?", "０"]
)
async def test_who_asks_for_a_person_gets_one_at_once(shop: Shop, wish: str):
    await shop.queue()
    await knows(shop)
    await bot(shop)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "退款多久到账？" if wish == "０" else "在吗")
    told = await goes_on(shop, wang, room, wish)
    assert len(told) == 1
    case = await shop.case(room)
    assert (case.bot_id, case.queued_at > 0) == ("", True)
    assert case.reason is not None and case.reason.data["why"] == "asked"


@pytest.mark.parametrize("question", ["人工费多少", "is this a humane shop", "agentic tea"])
async def test_who_only_names_a_word_of_it_does_not(shop: Shop, question: str):
    await bot(shop, misses=5)
    room = await shop.asks(shop.customer("wang"), question)
    assert (await shop.case(room)).bot_id == "u_bot"


async def test_after_as_many_misses_as_the_shop_says_a_person_takes_over(shop: Shop):
    await shop.queue()
    await bot(shop, misses=3)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "你们店长叫什么")
    assert (await shop.case(room)).bot_id == "u_bot"
    await goes_on(shop, wang, room, "那他的猫呢")
    assert (await shop.case(room)).bot_id == "u_bot"
    await goes_on(shop, wang, room, "猫几岁")
    case = await shop.case(room)
    assert case.bot_id == "" and case.reason is not None
    assert (case.reason.code, case.reason.data["why"], case.reason.data["misses"]) == (
        "handed_over",
        "not_found",
        3,
    )


async def test_a_picture_goes_to_a_person(shop: Shop):
    await bot(shop)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "在吗")
    await shop.say(wang, room, "…")  # nothing but punctuation is no question either
    await shop.desk.caught_up()
    case = await shop.case(room)
    assert case.reason is not None and case.reason.data["why"] == "not_text"


async def test_keywords_come_before_the_list_by_priority_and_whole_words(shop: Shop):
    await shop.queue()
    await knows(shop)
    card = Card("优惠券", page="/pages/coupons")
    keywords = [
        Keyword(words=["发货"], texts={"zh-CN": "一般"}),
        Keyword(words=["优惠", "coupon"], texts={"zh-CN": "领券", "en": "Here"}, priority=5, contents=[card]),
        Keyword(words=["退款"], texts={"zh-CN": "只有两个字时"}, exact=True),
        Keyword(words=["投诉"], texts={"zh-CN": "马上"}, hand_over=True),
    ]
    await bot(shop, keywords=keywords)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "优惠什么时候发货")
    assert (await words(shop, room))[0].endswith("领券")
    assert (await said(shop, room))[1] == card
    assert await goes_on(shop, wang, room, "Any COUPON?") == ["Here", "优惠券"]
    assert await goes_on(shop, wang, room, "退款！") == ["只有两个字时"]
    assert (await goes_on(shop, wang, room, "退款多久到账"))[0] == "三天内到账。"
    assert await goes_on(shop, wang, room, "我要投诉") == ["马上"]
    case = await shop.case(room)
    assert case.bot_id == "" and case.reason is not None and case.reason.data["why"] == "keyword"


async def test_the_greeting_is_the_first_that_fits_where_they_came_from_and_the_hour(shop: Shop):
    greetings = [
        Greeting(
            texts={"zh-CN": "商品页"}, pages=["/pages/product"], closed_texts={"zh-CN": "商品页，已下班"}
        ),
        Greeting(texts={"zh-CN": "欢迎", "en": "Welcome"}),
    ]
    await bot(shop, greetings=greetings)
    room = await shop.asks(shop.customer("wang"), "你好", page="/pages/product?id=1")
    assert await words(shop, room) == ["商品页"]
    assert await words(shop, await shop.asks(shop.customer("li"), "hi")) == ["Welcome"]
    await shop.settle_for(hours=Hours(week=[[]] * 7))
    room = await shop.asks(shop.customer("zhao"), "在吗", page="/pages/product")
    assert await words(shop, room) == ["商品页，已下班"]


async def test_out_of_hours_a_hand_over_says_when_somebody_is_there(shop: Shop):
    await shop.settle_for(hours=Hours(week=[[(540, 1080)]] * 7))
    await bot(shop)
    shop.now = 1_700_000_000_000  # Wednesday 06:13 in Shanghai
    room = await shop.asks(shop.customer("wang"), "转人工")
    (told,) = await words(shop, room)
    assert "周三 09:00" in told
    room = await shop.asks(shop.customer("li"), "human please")
    assert "on Wednesday at 09:00" in (await words(shop, room))[0]


async def offered(shop: Shop, customer, monkeypatch) -> tuple[str, Card]:
    """A conversation in which the bot is unsure."""
    made = []
    for question in ("红茶怎么泡？", "绿茶怎么泡？", "白茶怎么泡？"):
        text = FaqText(question=question, answer=f"{question[:2]}这样泡。")
        spec = FaqSpec(texts={"zh-CN": text})
        made.append(await shop.desk.automation.answers.put(boss(shop), SHOP, "", spec))
    await bot(shop)
    shelves = shop.desk.automation.answers.shelves

    async def unsure(shop_id, _text):
        found = [Found(entry.id, "zh-CN", 0.3 - n / 10) for n, entry in enumerate(made)]
        return Decision.offer, found, await shelves.of(shop_id)

    monkeypatch.setattr(shelves, "ask", unsure)
    room = await shop.asks(customer, "茶怎么泡")
    card = (await said(shop, room))[-1]
    assert isinstance(card, Card)
    return room, card


async def test_unsure_it_offers_choices_that_are_picked_by_tap_number_or_name(shop: Shop, monkeypatch):
    wang = shop.customer("wang")
    room, card = await offered(shop, wang, monkeypatch)
    assert [line.label for line in card.lines] == ["1", "2", "3"]
    assert [action.id for action in card.actions] == ["1", "2", "3", "human"]
    assert card.fallback.splitlines()[1] == f"1 {card.lines[0].value}"
    picked = card.lines[1].value
    assert await goes_on(shop, wang, room, picked) == [f"{picked[:2]}这样泡。", "这个回答解决您的问题了吗？"]
    another, card = await offered(shop, shop.customer("li"), monkeypatch)
    told = await goes_on(shop, shop.customer("li"), another, "３")
    assert told[0] == f"{card.lines[2].value[:2]}这样泡。"


async def test_reading_the_log_again_says_nothing_twice(shop: Shop):
    await shop.queue()
    await knows(shop)
    await bot(shop)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "退款多久到账？")
    await goes_on(shop, wang, room, "没有")
    await goes_on(shop, wang, room, "转人工")
    before = (await shop.pull(boss(shop), room)).head_seq
    await shop.db.write(
        lambda con: con.execute(sql("UPDATE consumers SET position = 0 WHERE name = 'desk'")).close()
    )
    await shop.restart()
    await shop.settle()
    assert (await shop.pull(boss(shop), room)).head_seq == before


async def test_what_a_crash_left_unsaid_is_said_afterwards_and_only_that(shop: Shop):
    """Between the answer and "was this it?", and between "one moment" and the hand-over."""
    await shop.queue()
    await knows(shop)
    await bot(shop)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "在吗")
    real, count = shop.desk.automation.bot._say, 0

    async def dies(*args):
        nonlocal count
        count += 1
        if count == 2:
            raise asyncio.CancelledError  # as the process that is killed here
        return await real(*args)

    shop.desk.automation.bot._say = dies
    await shop.say(wang, room, "退款多久到账？")
    async with asyncio.timeout(10):
        while count < 2:
            await asyncio.sleep(0.01)
    assert (await words(shop, room))[1:] == ["三天内到账。"]
    await shop.restart()
    await shop.desk.caught_up()
    assert (await words(shop, room))[1:] == ["三天内到账。", "这个回答解决您的问题了吗？"]


async def test_an_agent_who_takes_the_case_is_not_talked_over(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await knows(shop)
    await bot(shop)
    room = await shop.asks(wang, "在吗")
    await shop.desk.feed.stop()
    await shop.say(wang, room, "退款多久到账？")
    await shop.take(mei, await shop.case(room))
    before = len(await said(shop, room))
    await shop.restart()
    await shop.desk.caught_up()
    assert len(await said(shop, room)) == before
    assert await goes_on(shop, wang, room, "怎么开发票？") == []


async def test_a_take_between_the_decision_and_its_words_wins(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await knows(shop)
    await bot(shop)
    room = await shop.asks(wang, "在吗")
    decide = shop.desk.automation.bot._decide

    async def slowly(*args):
        decided = await decide(*args)
        await shop.take(mei, await shop.case(room))
        return decided

    shop.desk.automation.bot._decide = slowly
    assert await goes_on(shop, wang, room, "退款多久到账？") == []


async def test_a_flood_is_answered_a_few_times_and_handed_to_a_person_once(shop: Shop):
    await shop.queue()
    await knows(shop)
    await bot(shop, misses=10)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "在吗")
    for n in range(60):
        await shop.say(wang, room, f"退款多久到账 {n}")
    await shop.desk.caught_up()
    case = await shop.case(room)
    assert case.bot_id == "" and case.reason is not None and case.reason.data["why"] == "too_fast"
    assert len(await said(shop, room)) <= 3 * bot_rules.PER_MINUTE
    assert [kind for kind, _ in await shop.told(case)].count("handed_over") == 1


async def test_an_echo_is_not_answered(shop: Shop):
    await bot(shop, misses=10)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "猫呢")
    for _ in range(20):
        shop.now += 20_000
        mine = (await words(shop, room))[-1]
        await shop.say(wang, room, mine)
        await shop.desk.caught_up()
    assert len(await said(shop, room)) == 1


async def test_two_machines_that_talk_to_one_another_come_to_an_end(shop: Shop):
    await knows(shop)
    await bot(shop, misses=10)
    machine = shop.customer("machine")
    room = await shop.asks(machine, "hello")
    for n in range(3 * bot_rules.MAX_TURNS):
        shop.now += 20_000
        await shop.say(machine, room, f"{LIST['refund'][n % 2 * 2]} {n}")
        await shop.desk.caught_up()
        if not (await shop.case(room)).bot_id:
            break
    case = await shop.case(room)
    assert case.reason is not None and case.reason.data["why"] == "too_long"
    assert len(await said(shop, room)) <= 3 * bot_rules.MAX_TURNS


async def test_a_huge_message_is_a_question_like_any_other(shop: Shop):
    await knows(shop)
    await bot(shop)
    room = await shop.asks(shop.customer("wang"), "退款多久到账？" * 700)
    assert len(await said(shop, room)) >= 1


async def test_pictures_and_cards_of_an_answer_follow_its_text(shop: Shop):
    picture, card = Image("m_1", "image/png", 10, 1, 1), Card("看订单", page="/pages/orders")
    spec = FaqSpec(
        texts={"zh-CN": FaqText(question="退款多久到账？", answer="三天")}, contents=[picture, card]
    )
    await shop.desk.automation.answers.put(boss(shop), SHOP, "", spec)
    await bot(shop)
    room = await shop.asks(shop.customer("wang"), "退款多久到账？")
    first, second, third, last = await said(shop, room)
    assert isinstance(first, Text) and first.text.endswith("三天")
    assert isinstance(second, Image) and second.media_id == "m_1"
    assert third == card and isinstance(last, Card)


async def test_switched_off_its_cases_go_to_their_queues(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    await bot(shop)
    room = await shop.asks(shop.customer("wang"), "猫呢")
    await shop.settle()
    assert (await shop.case(room)).agent_id == ""
    await bot(shop, enabled=False)
    await shop.later(6)
    await shop.settle()
    await shop.settle()
    assert (await shop.case(room)).agent_id == mei.user_id


async def test_who_leaves_the_bot_alone_ends_the_case_as_it_went(shop: Shop):
    await shop.queue()
    await knows(shop)
    await bot(shop, end_after_s=600)
    answered = await shop.asks(shop.customer("wang"), "退款多久到账？")
    missed = await shop.asks(shop.customer("li"), "猫呢")
    await shop.later(590)
    await shop.settle()
    assert (await shop.case(answered)).status is CaseStatus.waiting
    await shop.later(20)
    await shop.settle()
    one, other = await shop.case(answered), await shop.case(missed)
    assert (one.status, one.outcome) == (CaseStatus.resolved, "resolved")
    assert (other.status, other.outcome) == (CaseStatus.resolved, "abandoned")
    assert one.reason is not None and one.reason.data["bot"] is True


async def test_a_topic_opened_by_name_is_for_people(shop: Shop):
    from chaguan.protocol import commands as c
    from tests.domain.desk.conftest import key

    await bot(shop)
    wang = shop.customer("wang")
    room = await shop.asks(wang, "你好")
    command = c.OpenCase(id=1, client_msg_id=key(), conversation_id=room, subject="发票")
    reply = await shop.desk.cases.open_case(wang, command)
    assert reply.case.bot_id == ""


async def test_what_is_kept_of_a_talk_holds_no_words_of_the_customer(shop: Shop):
    await knows(shop)
    await bot(shop)
    room = await shop.asks(shop.customer("wang"), "我的秘密 退款多久到账")
    await goes_on(shop, shop.customer("wang"), room, "另一个秘密")
    rows = await shop.db.read(lambda con: con.execute(sql("SELECT state FROM bot_talks")).fetchall())
    assert rows and "秘密" not in str(msgspec.json.decode(rows[0][0]))
