"""A desk on which nothing is to be done does nothing until somebody comes or something falls due. On both databases."""

import asyncio

import pytest

from chaguan.core.caller import Role
from chaguan.desk.dispatch import LOOK_S
from chaguan.desk.presence import SEEN_MS
from chaguan.infra.pauses import NEVER, REST_MS, Pause
from chaguan.protocol.automation import ClosingRule, ClosingSettings
from chaguan.protocol.conversations import CaseStatus
from tests.domain.desk.conftest import SHOP, Shop
from tests.domain.messaging.conftest import until

A_WHILE_MS = 10_000
"""Longer than anything is put off that was done a moment ago."""


async def next_look(shop: Shop) -> int:
    """When the desk wants to look again, by its look of now."""
    await shop.desk.caught_up()
    shop.now += A_WHILE_MS
    return await shop.desk.dispatcher.step()


async def test_a_desk_without_agents_and_customers_has_nothing_to_look_for(shop: Shop):
    await shop.queue()
    assert await next_look(shop) == NEVER


async def test_an_agent_who_is_there_is_looked_at_when_they_would_be_taken_for_gone(shop: Shop):
    await shop.queue()
    await shop.is_(shop.staff("mei"))
    seen_at = shop.now
    assert await next_look(shop) == seen_at + SEEN_MS + 1
    await shop.settle_for(idle_s=30)
    assert await next_look(shop) == seen_at + 30_000


async def test_while_somebody_waits_the_desk_looks_all_the_time(shop: Shop):
    await shop.queue()
    room = await shop.asks(shop.customer("wang"))
    assert await next_look(shop) == shop.now
    mei = shop.staff("mei")
    await shop.is_(mei)
    await shop.settle()
    assert (await shop.case(room)).agent_id == mei.user_id
    assert await next_look(shop) > shop.now


async def test_the_cases_of_who_left_are_looked_at_when_they_are_to_go_back(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.settle_for(reassign_s=120)
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    await shop.is_(mei, "offline")
    left_at = shop.now
    due_at = await next_look(shop)
    assert due_at == left_at + 120_000
    shop.now = due_at - A_WHILE_MS
    assert await next_look(shop) == due_at, "what goes back may have to be tried again"
    assert (await shop.case(room)).status is CaseStatus.waiting


async def test_a_silent_case_is_looked_at_when_its_customer_is_to_be_warned(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    rule = ClosingRule(warn_after_s=60, close_after_s=60)
    boss = shop.staff("boss", Role.owner)
    await shop.desk.automation.put_closing(boss, SHOP, ClosingSettings(default=rule))
    await shop.asks(shop.customer("wang"))
    await shop.settle()
    given_at = shop.now
    assert await next_look(shop) == given_at + 60_000


async def test_who_comes_to_a_desk_at_rest_is_given_to_an_agent_at_once(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    dispatcher = shop.desk.dispatcher
    await dispatcher.start()
    await until(lambda: dispatcher._pause.due_at > shop.now)
    room = await shop.asks(shop.customer("wang"))

    async with asyncio.timeout(5):
        while (await shop.case(room)).agent_id != mei.user_id:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(("due_ms", "rests_ms"), [(NEVER, REST_MS), (5_000, 5_000), (-5_000, LOOK_S * 1000)])
async def test_only_who_is_alone_on_a_database_sleeps_until_something_is_due(shop: Shop, due_ms, rests_ms):
    pause = Pause(shop.db, LOOK_S, lambda: shop.now)
    pause.due_at = shop.now + due_ms
    assert pause.seconds == (rests_ms / 1000 if shop.db.dialect == "sqlite" else LOOK_S)


async def test_a_sleeper_that_is_woken_does_not_wait_for_what_is_due(shop: Shop):
    pause = Pause(shop.db, 600, lambda: shop.now)
    pause.wake()
    await pause.wait()
    assert pause.seconds == 600, "it waits again"
