"""What agents call cases, on both databases."""

import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol import commands as c
from tests.domain.desk.conftest import SHOP, Shop


async def test_tags_are_kept_in_order_told_in_the_history_and_suggested(shop: Shop):
    mei = shop.staff("mei")
    room = await shop.asks(shop.customer("wang"))
    case = await shop.case(room)
    tags = shop.desk.tags
    await tags.set_tags(mei, c.SetCaseTags(id=1, case_id=case.id, add=["退货", " 发票 ", "退货"]))
    shop.now += 1
    reply = await tags.set_tags(mei, c.SetCaseTags(id=1, case_id=case.id, add=["加急"], remove=["退货"]))
    assert reply.case.tags == ["发票", "加急"]
    events = (await shop.history(case)).events
    assert [event.reason.data for event in events[1:] if event.reason] == [
        {"added": ["退货", "发票"], "removed": []},
        {"added": ["加急"], "removed": ["退货"]},
    ]
    assert reply.case.reason == case.reason, "a tag is not why a case is where it is"
    desk = await shop.desk.watch(mei, c.WatchDesk(id=1), SHOP)
    assert desk.tags == ["加急", "发票", "退货"]


async def test_a_tag_that_is_there_already_leaves_no_trace(shop: Shop):
    mei = shop.staff("mei")
    case = await shop.case(await shop.asks(shop.customer("wang")))
    for _ in range(2):
        await shop.desk.tags.set_tags(mei, c.SetCaseTags(id=1, case_id=case.id, add=["退货"]))
    assert [kind for kind, _ in await shop.told(case)] == ["opened", "tagged"]


async def test_a_resolved_case_may_be_named_and_its_customer_begins_a_new_one_after_it(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    room = await shop.asks(wang)
    await shop.take(mei, await shop.case(room))
    await shop.resolve(mei, await shop.case(room))
    case = await shop.case(room)
    shop.now += 1_000
    await shop.say(wang, room, "还有")
    await shop.desk.tags.set_tags(mei, c.SetCaseTags(id=1, case_id=case.id, add=["发票"]))
    await shop.desk.caught_up()
    assert (await shop.case(room)).id != case.id, "the tag stands behind the message, and must not swallow it"


@pytest.mark.parametrize("tag", [" ", "a\x00b", "a\u202eb"])
async def test_a_tag_is_a_word(shop: Shop, tag: str):
    case = await shop.case(await shop.asks(shop.customer("wang")))
    with pytest.raises(AppError) as refused:
        await shop.desk.tags.set_tags(shop.staff("mei"), c.SetCaseTags(id=1, case_id=case.id, add=[tag]))
    assert refused.value.code is ErrorCode.bad_request


async def test_a_case_has_at_most_twenty(shop: Shop):
    case = await shop.case(await shop.asks(shop.customer("wang")))
    mei, tags = shop.staff("mei"), shop.desk.tags
    await tags.set_tags(mei, c.SetCaseTags(id=1, case_id=case.id, add=[str(n) for n in range(20)]))
    with pytest.raises(AppError) as refused:
        await tags.set_tags(mei, c.SetCaseTags(id=1, case_id=case.id, add=["one more"]))
    assert refused.value.data["reason"] == "too_many"
