"""Cards follow by themselves, soon, and what could not be done at once is tried again."""

import asyncio

import pytest

from chaguan.commerce import following
from chaguan.core.errors import AppError, ErrorCode
from tests.domain.commerce.conftest import order_card


@pytest.fixture
async def kept_up(market, amy, monkeypatch):
    """An order card, while the market's own work runs: (conversation, seq)."""
    monkeypatch.setattr(following, "LOOK_S", 0.02)
    await market.order(amy, "unpaid", 1)
    room = await market.room(amy)
    seq = await market.send(amy, room, order_card())
    await market.commerce.start()
    yield room, seq
    await market.commerce.stop()


async def until_paid(market, amy, room, seq):
    async with asyncio.timeout(5):
        while (await market.card(amy, room, seq)).state != "paid":
            await asyncio.sleep(0.005)


async def test_a_card_follows_by_itself(market, amy, kept_up):
    await market.order(amy, "paid", 2)
    await until_paid(market, amy, *kept_up)


async def test_what_fails_for_a_while_is_done_when_it_works_again(market, amy, kept_up, monkeypatch):
    failures = []
    revise = market.messaging.revisions.revise

    async def failing(*given):
        if len(failures) < 3:
            failures.append(1)
            raise AppError(ErrorCode.unavailable, "the log can't keep up")
        return await revise(*given)

    monkeypatch.setattr(market.messaging.revisions, "revise", failing)
    await market.order(amy, "paid", 2)
    await until_paid(market, amy, *kept_up)
    assert len(failures) == 3


async def test_a_card_stored_after_its_object_was_settled_is_found(market, amy, kept_up):
    room, _ = kept_up
    fill = market.commerce.cards.fill

    async def meanwhile(caller, where, content):
        drawn = await fill(caller, where, content)
        await market.order(amy, "paid", 2)
        await until_paid(market, amy, *kept_up)
        return drawn

    market.messaging.messages._before_append = meanwhile
    seq = await market.send(amy, room, order_card())
    await until_paid(market, amy, room, seq)
