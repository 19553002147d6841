"""What is measured of cases, on both databases."""

import pytest

from chaguan.desk.store import times as store
from chaguan.desk.times.facts import SpanKind
from tests.domain.desk.conftest import SHOP, Shop
from tests.domain.desk.day import Day
from tests.domain.desk.recount import Measured, read, recount


@pytest.fixture
async def measured(shop: Shop):
    await shop.desk.times.feed.start()
    yield shop
    await shop.desk.times.stop()


async def spans(shop: Shop) -> list[Measured]:
    await shop.desk.times.feed.caught_up()
    rows = await shop.db.read(lambda con: store.spans_since(con, SHOP, 0))
    return sorted(
        Measured(row.entry_id, row.kind.value, row.case_id, row.queue_id, row.agent_id, row.from_at, row.at)
        for row in rows
    )


async def took(shop: Shop, kind: SpanKind) -> list[float]:
    return [(span.at - span.since) / 1000 for span in await spans(shop) if span.kind == kind.value]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_times_of_a_day_are_those_that_its_log_tells(measured: Shop, seed: int):
    day = Day(measured, seed)
    await day.begin()
    await day.live(60)
    entries, customers = await measured.db.read(read)
    wanted = recount(entries, customers)
    assert len({each.kind for each in wanted}) >= 7, "the day is too quiet to prove anything"
    assert await spans(measured) == wanted


async def test_measuring_all_over_again_gives_the_same(measured: Shop):
    day = Day(measured, 4)
    await day.begin()
    await day.live(40)
    before = await spans(measured), await measured.db.read(store.all_facts)
    await measured.desk.times.rebuild()
    assert (await spans(measured), await measured.db.read(store.all_facts)) == before
    assert before[0]


async def test_the_times_of_one_case(measured: Shop):
    mei, wang = measured.staff("mei"), measured.customer("wang")
    await measured.queue()
    room = await measured.asks(wang)
    await measured.later(30)
    await measured.is_(mei)
    await measured.settle()
    await measured.later(10)
    await measured.say(mei, room, "您好")
    await measured.later(5)
    await measured.say(wang, room, "什么时候发货？")
    await measured.later(3)
    await measured.say(wang, room, "？")
    await measured.later(4)
    await measured.say(mei, room, "今天")
    await measured.later(60)
    await measured.resolve(mei, await measured.case(room))
    assert await took(measured, SpanKind.waited) == [30]
    assert await took(measured, SpanKind.first_reply) == [40]
    assert await took(measured, SpanKind.reply) == [40, 7]
    assert await took(measured, SpanKind.handled) == [82]
    assert await took(measured, SpanKind.resolved) == [112]


async def test_the_line_that_tells_of_an_agent_is_no_reply(measured: Shop):
    mei = measured.staff("mei")
    await measured.queue()
    await measured.is_(mei)
    await measured.asks(measured.customer("wang"))
    await measured.settle()
    assert await took(measured, SpanKind.waited) == [0]
    assert await took(measured, SpanKind.first_reply) == []


async def test_time_with_a_bot_is_apart(measured: Shop):
    mei, wang = measured.staff("mei"), measured.customer("wang")

    async def bot(_room):
        return "u_bot"

    measured.desk._openings.bot_of = bot
    await measured.queue()
    await measured.is_(mei)
    room = await measured.asks(wang)
    await measured.later(100)
    await measured.say(wang, room, "人工")
    await measured.desk.cases.hand_over((await measured.case(room)).id, "u_bot", "asked")
    await measured.later(8)
    await measured.settle()
    await measured.say(mei, room, "您好")
    assert await took(measured, SpanKind.waited) == [8]
    assert await took(measured, SpanKind.first_reply) == [8]


async def test_a_case_that_goes_back_waits_again_and_who_had_it_is_measured_apart(measured: Shop):
    mei, lin = measured.staff("mei"), measured.staff("lin")
    queue = await measured.queue("one", position=1)
    other = await measured.queue("two", position=2, agents=[lin.user_id])
    await measured.is_(mei)
    room = await measured.asks(measured.customer("wang"))
    await measured.settle()
    await measured.later(20)
    await measured.transfer(mei, await measured.case(room), queue_id=other.id)
    await measured.later(15)
    await measured.is_(lin)
    await measured.settle()
    assert await took(measured, SpanKind.waited) == [0, 15]
    assert [span.queue for span in await spans(measured) if span.kind == "waited"] == [queue.id, other.id]
    assert [
        (span.agent, span.at - span.since) for span in await spans(measured) if span.kind == "handled"
    ] == [(mei.user_id, 20_000)]
