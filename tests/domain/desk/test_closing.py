"""Silent cases end by themselves, with a warning; any word stops it. On both databases."""

import asyncio

import pytest
from sqlalchemy import text as sql

from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError
from chaguan.protocol.automation import ClosingRule, ClosingSettings
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.entries import MessageSent
from tests.domain.desk.conftest import SHOP, Shop

WARN, CLOSE = 600, 120
RULE = ClosingRule(warn_after_s=WARN, close_after_s=CLOSE)


def boss(shop: Shop) -> Caller:
    return shop.staff("boss", Role.owner)


async def closes(shop: Shop, **settings) -> None:
    settings = ClosingSettings(**({"default": RULE} | settings))
    await shop.desk.automation.put_closing(boss(shop), SHOP, settings)


async def said(shop: Shop, room: str) -> list[str]:
    """What the desk said by itself."""
    entries = (await shop.pull(boss(shop), room)).entries
    own = [each for each in entries if isinstance(each, MessageSent) and each.sender_id == "u_bot"]
    return [each.content.text for each in own if isinstance(each.content, Text)]


async def pass_by(shop: Shop, seconds: int) -> None:
    await shop.later(seconds)
    await shop.settle()


@pytest.fixture
async def talk(shop: Shop):
    """An agent who has just answered a customer: (agent, customer, conversation)."""
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await shop.queue()
    await shop.is_(mei)
    await closes(shop)
    room = await shop.asks(wang)
    await shop.settle()
    await shop.say(mei, room, "请问您要哪一款？")
    await shop.desk.caught_up()
    return mei, wang, room


async def test_a_silent_case_is_warned_of_and_then_resolved_with_its_reason(shop: Shop, talk):
    _, _, room = talk
    await pass_by(shop, WARN - 10)
    assert await said(shop, room) == []
    await pass_by(shop, 20)
    (warning,) = await said(shop, room)
    assert "2 分钟" in warning
    await pass_by(shop, CLOSE - 20)
    assert (await shop.case(room)).status is CaseStatus.open
    await pass_by(shop, 30)
    case = await shop.case(room)
    assert (case.status, case.outcome) == (CaseStatus.resolved, "resolved")
    assert case.reason is not None and case.reason.code == "inactive"
    assert case.reason.data["for_s"] >= WARN + CLOSE
    assert len(await said(shop, room)) == 2
    assert await shop.members(room) == set()


async def test_a_word_of_the_customer_stops_it_before_and_after_the_warning(shop: Shop, talk):
    mei, wang, room = talk
    await pass_by(shop, WARN - 10)
    await shop.say(wang, room, "等等")
    await pass_by(shop, WARN + CLOSE)
    assert await said(shop, room) == [], "who waits for an answer is not sent away"
    await shop.say(mei, room, "好的")
    await pass_by(shop, WARN - 10)
    assert await said(shop, room) == []
    await pass_by(shop, 20)
    assert len(await said(shop, room)) == 1
    await shop.say(wang, room, "还在")
    await pass_by(shop, CLOSE + 10)
    assert (await shop.case(room)).status is CaseStatus.open


async def test_a_word_of_the_agent_begins_it_anew(shop: Shop, talk):
    mei, _, room = talk
    await pass_by(shop, WARN + 10)
    await shop.say(mei, room, "还在吗？")
    await pass_by(shop, CLOSE + 10)
    assert (await shop.case(room)).status is CaseStatus.open
    await pass_by(shop, WARN)
    assert len(await said(shop, room)) == 2


async def test_a_word_at_the_last_moment_wins_over_the_warning_and_the_end(shop: Shop, talk):
    _, wang, room = talk
    closing = shop.desk.automation.closing
    warn, close = closing._warn, closing._close

    async def spoken_over(doing, silent):
        await shop.say(wang, room, "我在")
        await doing(silent)

    closing._warn = lambda silent: spoken_over(warn, silent)
    await pass_by(shop, WARN + 10)
    assert await said(shop, room) == []
    closing._warn = warn
    await shop.say(talk[0], room, "好")
    for _ in range(3):
        await pass_by(shop, WARN)
        if await said(shop, room):
            break
    closing._close = lambda silent: spoken_over(close, silent)
    await pass_by(shop, CLOSE + 10)
    assert (await shop.case(room)).status is CaseStatus.open


async def test_two_owners_and_a_restart_warn_and_close_once(shop: Shop, talk):
    _, _, room = talk
    other = shop.another_desk()
    await shop.later(WARN + 10)
    await asyncio.gather(shop.desk.automation.closing.step(), other.automation.closing.step())
    assert len(await said(shop, room)) == 1
    await other.stop()
    await shop.restart()
    await shop.later(CLOSE + 10)
    other = shop.another_desk()
    await asyncio.gather(shop.desk.automation.closing.step(), other.automation.closing.step())
    await other.stop()
    await shop.settle()
    assert [kind for kind, _ in await shop.told(await shop.case(room))].count("resolved") == 1
    await shop.db.write(
        lambda con: con.execute(sql("UPDATE consumers SET position = 0 WHERE name = 'desk'")).close()
    )
    await shop.restart()
    await shop.settle()
    assert len(await said(shop, room)) == 2


async def test_each_queue_has_its_times_and_its_customer_their_language(shop: Shop):
    mei = shop.staff("mei")
    slow = await shop.queue("slow", position=1)
    await shop.is_(mei)
    long = ClosingRule(warn_after_s=6_000, close_after_s=60)
    await closes(shop, queues={slow.id: long}, warning={"en": "{minutes} left", "zh-CN": "剩 {minutes}"})
    room = await shop.asks(shop.customer("wang"), language="en-GB")
    await shop.settle()
    await shop.say(mei, room, "Hello")
    await pass_by(shop, WARN + 10)
    assert await said(shop, room) == []
    await pass_by(shop, 6_000)
    assert await said(shop, room) == ["1 left"]


async def test_what_is_settled_later_holds_for_open_cases_too(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    await shop.say(mei, room, "您好")
    await pass_by(shop, WARN)
    await closes(shop)
    await pass_by(shop, 10)
    assert len(await said(shop, room)) == 1
    await closes(shop, default=None)
    await pass_by(shop, 10 * CLOSE)
    assert (await shop.case(room)).status is CaseStatus.open


async def test_a_case_that_waits_is_left_alone(shop: Shop):
    await shop.queue()
    await closes(shop)
    room = await shop.asks(shop.customer("wang"))
    await pass_by(shop, 10 * WARN)
    assert (await shop.case(room)).status is CaseStatus.waiting


async def test_a_queue_that_is_not_the_shops_is_refused(shop: Shop):
    with pytest.raises(AppError, match="not_found"):
        await closes(shop, queues={"q_other": RULE})
    with pytest.raises(AppError, match="forbidden"):
        settings = ClosingSettings(default=RULE)
        await shop.desk.automation.put_closing(shop.staff("mei"), SHOP, settings)
