"""Rules "when … if … then …": each fires once, leaves its reason, and goes round with nobody. On both databases."""

import asyncio

import pytest
from sqlalchemy import text as sql

from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError
from chaguan.desk import ruling
from chaguan.protocol import commands as c
from chaguan.protocol.automation import (
    BotSettings,
    RuleEvent,
    RuleIf,
    RuleList,
    RuleQuestion,
    Rules,
    RuleSpec,
    RuleThen,
)
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Hours
from chaguan.protocol.entries import MessageSent
from tests.domain.desk.conftest import SHOP, Shop

HI = {"zh-CN": "您好", "en": "Hi"}


def boss(shop: Shop) -> Caller:
    return shop.staff("boss", Role.owner)


def rule(when: str, then: RuleThen, *, name: str = "r", minutes: int = 0, **wanted) -> RuleSpec:
    return RuleSpec(name=name, when=RuleEvent(when), then=then, if_=RuleIf(**wanted), minutes=minutes)


async def settle_rules(shop: Shop, *rules: RuleSpec) -> Rules:
    return await shop.desk.automation.put_rules(boss(shop), SHOP, RuleList(list(rules)))


async def said(shop: Shop, room: str) -> list[str]:
    entries = (await shop.pull(boss(shop), room)).entries
    own = [each for each in entries if isinstance(each, MessageSent) and each.sender_id == "u_bot"]
    return [each.content.text for each in own if isinstance(each.content, Text)]


async def fired(shop: Shop, room: str) -> list[dict]:
    events = (await shop.history(await shop.case(room))).events
    return [e.reason.data for e in events if e.reason is not None and e.reason.code == "rule_fired"]


async def test_a_new_case_is_in_the_queue_of_its_rule_before_the_router_sees_it(shop: Shop):
    mei, lin = shop.staff("mei"), shop.staff("lin")
    await shop.queue("all", position=1, agents=[mei.user_id])
    tea = await shop.queue("tea", position=2, agents=[lin.user_id])
    await settle_rules(
        shop, rule("opened", RuleThen(queue_id=tea.id, reply=HI), pages=["/pages/tea"], name="Tea")
    )
    await shop.is_(mei)
    await shop.is_(lin)
    room = await shop.asks(shop.customer("wang"), page="/pages/tea?id=1")
    other = await shop.asks(shop.customer("li"), page="/pages/cups")
    await shop.settle()
    assert (await shop.case(room)).agent_id == lin.user_id
    assert (await shop.case(other)).agent_id == mei.user_id
    (why,) = await fired(shop, room)
    assert (why["rule"], why["when"]) == ("Tea", "opened")
    assert await said(shop, room) == ["您好"] and await said(shop, other) == []


async def test_what_a_bot_hands_over_goes_where_a_rule_says_and_tells_both_reasons(shop: Shop):
    await shop.queue("all", position=1)
    tea = await shop.queue("tea", position=2)
    await settle_rules(shop, rule("opened", RuleThen(queue_id=tea.id)))
    await shop.desk.automation.put_bot(boss(shop), SHOP, BotSettings(enabled=True))
    room = await shop.asks(shop.customer("wang"))
    assert await fired(shop, room) == []
    await shop.say(shop.customer("wang"), room, "转人工")
    await shop.desk.caught_up()
    assert (await shop.case(room)).queue_id == tea.id
    (why,) = await fired(shop, room)
    assert (why["why"], why["when"]) == ("asked", "opened")


async def test_who_waits_for_as_long_as_a_rule_says_is_moved_once(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue("experts", position=1, skills=["none"])
    wide = await shop.queue("wide", position=2, skills=["none"])
    move = rule("waiting", RuleThen(queue_id=wide.id, reply={"zh-CN": "请稍等"}), minutes=5)
    give = rule("waiting", RuleThen(agent_id=mei.user_id), minutes=10)
    await settle_rules(shop, move, give)
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.later(299)
    await shop.settle()
    assert await fired(shop, room) == []
    for _ in range(3):
        await shop.later(6)
        await shop.settle()
    assert (await shop.case(room)).queue_id == wide.id
    assert await said(shop, room) == ["请稍等"] and len(await fired(shop, room)) == 1
    await shop.later(300)
    await shop.settle()
    assert (await shop.case(room)).agent_id == mei.user_id


async def test_of_more_who_become_due_at_once_than_are_looked_at_none_is_forgotten(shop: Shop, monkeypatch):
    monkeypatch.setattr(ruling, "AT_ONCE", 2)
    await shop.queue("a", skills=["none"])
    await settle_rules(shop, rule("waiting", RuleThen(reply=HI), minutes=1))
    rooms = []
    for n in range(5):
        rooms.append(await shop.asks(shop.customer(f"c{n}")))
        shop.now += 1
    await shop.later(70)
    for _ in range(6):
        await shop.settle()
        await shop.later(6)
    assert [await said(shop, room) for room in rooms] == [["您好"]] * 5


async def test_an_agent_who_is_gone_or_full_is_given_nothing_and_the_case_says_so(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue("a", skills=["none"])
    await settle_rules(shop, rule("waiting", RuleThen(agent_id=mei.user_id), minutes=1))
    room = await shop.asks(shop.customer("wang"))
    await shop.later(70)
    await shop.settle()
    assert (await shop.case(room)).status is CaseStatus.waiting
    assert [each["not_done"] for each in await fired(shop, room)] == ["agent_gone"]


async def test_words_answer_and_end_a_case_and_the_end_is_an_occasion(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    await settle_rules(
        shop,
        rule("said", RuleThen(close=True), words=["再见", "bye"], name="Bye"),
        rule("resolved", RuleThen(reply={"zh-CN": "欢迎再来"})),
    )
    wang = shop.customer("wang")
    room = await shop.asks(wang)
    await shop.settle()
    await shop.say(wang, room, "goodbyes")
    await shop.settle()
    assert (await shop.case(room)).status is CaseStatus.open
    await shop.say(wang, room, "好的，再见！")
    await shop.settle()
    case = await shop.case(room)
    assert (case.status, case.outcome) == (CaseStatus.resolved, "resolved")
    assert await said(shop, room) == ["欢迎再来"]
    assert await shop.members(room) == set()


async def test_what_a_rule_adds_to_an_ended_case_hides_no_later_message(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await settle_rules(shop, rule("resolved", RuleThen(reply=HI)))
    room = await shop.asks(wang)
    case = await shop.case(room)
    await shop.take(mei, case)
    await shop.desk.caught_up()
    await shop.desk.feed.stop()
    shop.now += 1  # of two cases of the same moment either could be the newest
    await shop.resolve(mei, case)
    await shop.say(wang, room, "还有一个问题")  # before the rule is carried out
    await shop.restart()
    await shop.desk.caught_up()
    assert (await shop.case(room)).id != case.id


async def test_hours_and_language_are_asked_too_and_only_the_first_mover_moves(shop: Shop):
    a, b = await shop.queue("a", position=1), await shop.queue("b", position=2)
    c = await shop.queue("c", position=3)
    await shop.settle_for(hours=Hours(week=[[]] * 7))
    await settle_rules(
        shop,
        rule("opened", RuleThen(queue_id=a.id), hours="open"),
        rule("opened", RuleThen(reply={"zh-CN": "关门了", "en": "Closed"}), hours="closed"),
        rule("opened", RuleThen(queue_id=b.id), languages=["en"]),
        rule("opened", RuleThen(queue_id=c.id)),
    )
    english = await shop.asks(shop.customer("ann"), language="en-GB")
    chinese = await shop.asks(shop.customer("wang"), language="zh-CN")
    assert [(await shop.case(room)).queue_id for room in (english, chinese)] == [b.id, c.id]
    assert (await said(shop, english), await said(shop, chinese)) == (["Closed"], ["关门了"])


async def test_a_machine_that_answers_each_reply_is_cut_and_the_rule_is_shown(shop: Shop):
    """The loop that is left: a rule that answers and closes, and somebody outside who always answers back."""
    (echo,) = (await settle_rules(shop, rule("said", RuleThen(close=True, reply=HI), words=["您好"]))).rules
    machine = shop.customer("machine")
    room = await shop.asks(machine, "喂")
    for _ in range(40):
        shop.now += 1_000
        await shop.say(machine, room, "您好")
        await shop.desk.caught_up()
    assert len(await said(shop, room)) == ruling.MOST_AN_HOUR
    shown = await shop.desk.automation.rules(shop.staff("mei"), SHOP)
    assert [cut.rule_id for cut in shown.cuts] == [echo.id]
    assert (await shop.case(room)).status is CaseStatus.waiting, "cut, the case is left to people"


async def test_reading_the_log_again_and_a_second_owner_fire_nothing_twice(shop: Shop):
    wide = await shop.queue("wide", position=2, skills=["none"])
    await shop.queue("first", position=1, skills=["none"])
    await settle_rules(
        shop,
        rule("opened", RuleThen(reply=HI)),
        rule("said", RuleThen(reply={"zh-CN": "发票在订单里"}), words=["发票"]),
        rule("waiting", RuleThen(queue_id=wide.id, reply={"zh-CN": "请稍等"}), minutes=1),
    )
    wang = shop.customer("wang")
    room = await shop.asks(wang, "发票呢")
    await shop.later(70)
    other = shop.another_desk()
    await asyncio.gather(shop.desk.automation.ruling.step(), other.automation.ruling.step())
    await other.stop()
    await shop.settle()
    told = sorted(await said(shop, room))
    assert told == sorted(["您好", "发票在订单里", "请稍等"])
    before = (await shop.pull(boss(shop), room)).head_seq
    await shop.db.write(
        lambda con: con.execute(sql("UPDATE consumers SET position = 0 WHERE name = 'desk'")).close()
    )
    await shop.restart()
    await shop.settle()
    assert (await shop.pull(boss(shop), room)).head_seq == before


async def test_rules_give_tags_ask_for_them_and_hear_of_those_that_agents_give(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue("first", position=1, skills=["none"])
    vip = await shop.queue("vip", position=2, skills=["none"])
    await settle_rules(
        shop,
        rule("said", RuleThen(tags=["发票"]), words=["发票"]),
        rule("tagged", RuleThen(queue_id=vip.id, reply=HI), tags=["vip"]),
        rule("waiting", RuleThen(reply={"zh-CN": "开票中"}), tags=["发票"], minutes=1),
    )
    wang = shop.customer("wang")
    room = await shop.asks(wang, "发票呢")
    other = await shop.asks(shop.customer("li"), "在吗")
    await shop.settle()
    assert ((await shop.case(room)).tags, (await shop.case(other)).tags) == (["发票"], [])
    case = await shop.case(room)
    await shop.desk.tags.set_tags(mei, c.SetCaseTags(id=1, case_id=case.id, add=["vip"]))
    await shop.settle()
    assert (await shop.case(room)).queue_id == vip.id and await said(shop, room) == ["您好"]
    await shop.later(70)
    await shop.settle()
    assert (await said(shop, room), await said(shop, other)) == (["您好", "开票中"], [])
    assert [each["when"] for each in await fired(shop, room)] == ["said", "tagged", "waiting"]


@pytest.mark.parametrize(
    "impossible",
    [
        rule("opened", RuleThen()),
        rule("opened", RuleThen(agent_id="u_mei")),
        rule("said", RuleThen(reply=HI)),
        rule("opened", RuleThen(reply=HI), words=["x"]),
        rule("waiting", RuleThen(reply=HI)),
        rule("opened", RuleThen(reply=HI), minutes=5),
        rule("resolved", RuleThen(close=True)),
        rule("said", RuleThen(close=True, queue_id="q"), words=["x"]),
        rule("opened", RuleThen(queue_id="q_of_nobody")),
        rule("tagged", RuleThen(reply=HI)),
        rule("opened", RuleThen(tags=["a\x00"])),
    ],
)
async def test_a_rule_that_could_never_do_what_it_says_is_refused(shop: Shop, impossible: RuleSpec):
    with pytest.raises(AppError) as caught:
        await settle_rules(shop, impossible)
    assert caught.value.data["rule"] == "r"
    assert (await shop.desk.automation.rules(boss(shop), SHOP)).rules == []


async def test_only_administrators_change_rules_and_ids_stay(shop: Shop):
    with pytest.raises(AppError, match="forbidden"):
        await shop.desk.automation.put_rules(shop.staff("mei"), SHOP, RuleList())
    (first,) = (await settle_rules(shop, rule("opened", RuleThen(reply=HI)))).rules
    assert first.id
    again = (await settle_rules(shop, first, rule("resolved", RuleThen(reply=HI)))).rules
    assert again[0].id == first.id and again[1].id not in ("", first.id)


async def test_it_is_counted_what_a_rule_did_lately_and_where_it_did_so_last(shop: Shop):
    hello, _ = (
        await settle_rules(
            shop, rule("opened", RuleThen(reply=HI)), rule("resolved", RuleThen(reply=HI), name="End")
        )
    ).rules
    for name in ("wang", "li"):
        shop.now += 1_000
        room = await shop.asks(shop.customer(name))
        await shop.settle()
    (done,) = (await shop.desk.automation.rules(boss(shop), SHOP)).runs
    assert (done.rule_id, done.runs, done.conversation_id) == (hello.id, 2, room)
    assert done.at == shop.now
    shop.now += 31 * 86_400_000
    assert (await shop.desk.automation.rules(boss(shop), SHOP)).runs == []


async def test_a_rule_is_tried_on_the_latest_cases_and_nothing_is_done_in_them(shop: Shop):
    tea = await shop.asks(shop.customer("wang"), page="/pages/tea")
    cups = await shop.asks(shop.customer("li"), page="/pages/cups")
    before = (await shop.pull(boss(shop), tea)).head_seq

    async def unmet(tried: RuleSpec, text: str = "") -> dict[str, list[str]]:
        question = RuleQuestion(rule=tried, text=text)
        trial = await shop.desk.automation.try_rule(boss(shop), SHOP, question)
        return {each.conversation_id: each.unmet for each in trial.cases}

    invoice = rule("said", RuleThen(reply=HI), words=["发票"], pages=["/pages/tea"])
    assert await unmet(invoice, "我要开发票") == {tea: [], cups: ["pages"]}
    assert await unmet(invoice, "你好") == {tea: ["words"], cups: ["pages", "words"]}
    waits = rule("waiting", RuleThen(reply=HI), minutes=5)
    assert await unmet(waits) == {tea: ["minutes"], cups: ["minutes"]}
    assert await unmet(rule("resolved", RuleThen(reply=HI))) == {tea: ["when"], cups: ["when"]}
    await shop.later(301)
    assert await unmet(waits) == {tea: [], cups: []}
    await shop.settle()
    assert (await shop.pull(boss(shop), tea)).head_seq == before
    with pytest.raises(AppError, match="bad_request"):
        await unmet(rule("opened", RuleThen()))
    with pytest.raises(AppError, match="forbidden"):
        await shop.desk.automation.try_rule(shop.customer("wang"), SHOP, RuleQuestion(rule=waits))
