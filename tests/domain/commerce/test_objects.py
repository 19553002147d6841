"""Objects as the business keeps them here."""

import asyncio

import pytest
from sqlalchemy import text

from chaguan.commerce import OrderEvent, Outcome
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.objects import ObjectKind
from tests.domain.commerce.conftest import SERVER, SHOP, yuan


async def test_an_older_version_never_wins_and_the_same_is_told_twice(market):
    outcomes = [
        (await market.product(price, version)).outcome
        for price, version in [(100, 2), (100, 2), (90, 1), (110, 5), (100, 2)]
    ]
    assert outcomes == [Outcome.created, Outcome.unchanged, Outcome.older, Outcome.changed, Outcome.older]
    held = await market.commerce.objects.get(SERVER, SHOP, ObjectKind.product, "p1")
    assert (held.version, held.body.price) == (5, yuan(110))


async def test_of_writes_at_once_the_newest_is_held(market):
    await asyncio.gather(*(market.product(price=version, version=version) for version in (3, 1, 5, 2, 4)))
    held = await market.commerce.objects.get(SERVER, SHOP, ObjectKind.product, "p1")
    assert (held.version, held.body.price) == (5, yuan(5))


async def test_a_version_that_says_two_things_is_refused(market):
    await market.product(100, 1)
    with pytest.raises(AppError) as refused:
        await market.product(101, 1)
    assert refused.value.data["reason"] == "version_used"


async def test_a_shop_without_a_back_end_counts_no_versions(market):
    versions = [(await market.product(price)).version for price in (100, 100, 90)]
    assert versions == [1, 1, 2]


async def test_an_order_does_not_become_another_customers(market, amy):
    await market.order(amy)
    bob = market.people.add("bob")
    with pytest.raises(AppError) as refused:
        await market.order(bob, "received")
    assert refused.value.data["reason"] == "customer"


async def test_a_shop_does_not_see_what_another_keeps(market):
    await market.product()
    with pytest.raises(AppError) as refused:
        await market.commerce.objects.get(SERVER, "s_other", ObjectKind.product, "p1")
    assert refused.value.code is ErrorCode.not_found
    assert await market.commerce.objects.page(SERVER, "s_other", ObjectKind.product, "", 10) == []


async def test_only_a_key_with_the_scope_writes_or_reads(market, amy):
    other = Caller("server", "k_other", scopes=frozenset({"messages:write"}))
    for caller in (amy, other, market.people.add("mei")):
        for asking in (
            market.commerce.objects.get(caller, SHOP, ObjectKind.product, "p1"),
            market.commerce.objects.page(caller, SHOP, ObjectKind.product, "", 10),
            market.commerce.acts.list_open(caller, SHOP, 10),
            market.commerce.acts.settle(caller, SHOP, "a_1"),
        ):
            with pytest.raises(AppError) as refused:
                await asking
            assert refused.value.code is ErrorCode.forbidden


async def test_what_an_order_says_is_sealed_where_it_lies(market, amy):
    await market.order(amy, address="龙井路一号")
    rows = await market.db.read(lambda con: con.execute(text("SELECT body FROM business_objects")).all())
    ((body,),) = rows
    assert "龙井路".encode() not in bytes(body)
    held = await market.commerce.objects.get(SERVER, SHOP, ObjectKind.order, "A-1")
    assert held.body.address == "龙井路一号"


async def test_products_are_paged_by_their_ids(market):
    for id in ("a", "b", "c"):
        body = (await market.product()).body
        await market.commerce.objects.put(SERVER, SHOP, id, None, "", body)
    first = await market.commerce.objects.page(SERVER, SHOP, ObjectKind.product, "", 2)
    rest = await market.commerce.objects.page(SERVER, SHOP, ObjectKind.product, first[-1].key.id, 10)
    assert [each.key.id for each in first + rest] == ["a", "b", "c", "p1"]


async def test_an_order_kept_here_goes_the_way_of_the_table(market, amy):
    await market.order(amy, "unpaid")
    steps = [("pay", "paid"), ("ship", "shipped"), ("receive", "received"), ("give_back", "refunded")]
    for version, (event, state) in enumerate(steps, 2):
        for outcome in (Outcome.changed, Outcome.unchanged):
            told = await market.commerce.objects.advance(SERVER, SHOP, "A-1", OrderEvent(event))
            assert (told.outcome, told.version, told.body.state.value) == (outcome, version, state)


async def test_what_can_not_happen_to_an_order_is_refused_and_changes_nothing(market, amy):
    await market.order(amy, "unpaid")
    for event in (OrderEvent.ship, OrderEvent.receive, OrderEvent.give_back):
        with pytest.raises(AppError) as refused:
            await market.commerce.objects.advance(SERVER, SHOP, "A-1", event)
        assert refused.value.data == {"reason": "not_now", "state": "unpaid"}
    held = await market.commerce.objects.get(SERVER, SHOP, ObjectKind.order, "A-1")
    assert (held.version, held.body.state.value) == (1, "unpaid")


async def test_of_paying_and_giving_up_at_once_one_happens(market, amy):
    await market.order(amy, "unpaid")
    events = (OrderEvent.pay, OrderEvent.cancel)
    asked = [market.commerce.objects.advance(SERVER, SHOP, "A-1", event) for event in events]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(isinstance(each, AppError) for each in outcomes) == [False, True]
