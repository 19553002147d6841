"""The wall says what the log tells, whoever says it."""

import msgspec
import pytest

from chaguan.core.errors import AppError
from chaguan.desk.times.facts import SpanKind
from chaguan.protocol import commands as c
from chaguan.protocol.desk import Wall
from chaguan.protocol.pushes import WallChanged
from tests.domain.desk.conftest import SHOP, Shop
from tests.domain.desk.day import Day
from tests.domain.desk.recount import read, recount


@pytest.fixture
async def measured(shop: Shop):
    await shop.desk.times.feed.start()
    yield shop
    await shop.desk.times.stop()


async def told(shop: Shop) -> list[Wall]:
    await shop.desk.times.feed.caught_up()
    await shop.desk.walls.step()
    return [push.wall for push in shop.pushes.of(f"wall:{SHOP}", WallChanged)]


async def test_the_wall_is_what_the_log_tells_after_every_hour_of_a_day(measured: Shop):
    day = Day(measured, 11)
    await day.begin()
    for _ in range(6):
        await day.live(12)
        wall = (await told(measured))[-1]
        read_anew = await measured.desk.walls.watch(day.agents[0], SHOP)
        assert msgspec.structs.replace(read_anew.wall, at=wall.at) == wall
        spans = [each for each in recount(*await measured.db.read(read)) if each.at >= wall.day_at]
        counted = {kind: sum(each.kind == kind for each in spans) for kind in SpanKind}
        assert (wall.opened, wall.resolved, wall.abandoned, wall.replied) == (
            counted["opened"],
            counted["resolved"],
            counted["abandoned"],
            counted["first_reply"],
        )
        cases = await measured.cases()
        waiting = [case for case in cases if case.status.value == "waiting"]
        assert (wall.waiting, wall.open) == (len(waiting), len(cases) - len(waiting))
        assert sum(queue.waiting for queue in wall.queues) == wall.waiting


async def test_who_waits_longest_is_told_queue_by_queue(measured: Shop):
    queue = await measured.queue(target_wait_s=60)
    began = measured.now
    await measured.asks(measured.customer("wang"))
    await measured.later(50)
    await measured.asks(measured.customer("li"))
    wall = (await told(measured))[-1]
    assert (wall.waiting, wall.oldest_at) == (2, began)
    assert [(line.queue_id, line.waiting, line.oldest_at, line.target_wait_s) for line in wall.queues] == [
        (queue.id, 2, began, 60)
    ]


async def test_nothing_new_is_not_told_again_but_every_fifteen_seconds_it_is(measured: Shop):
    await measured.asks(measured.customer("wang"))
    before = len(await told(measured))
    await measured.later(5)
    assert len(await told(measured)) == before
    await measured.later(11)
    assert len(await told(measured)) == before + 1


async def test_the_wall_of_a_shop_that_never_had_a_customer_is_told_that_it_is_alive(measured: Shop):
    assert await told(measured) == []
    await measured.desk.walls.watch(measured.staff("mei"), SHOP)
    await measured.later(16)
    assert [wall.waiting for wall in await told(measured)] == [0]
    await measured.asks(measured.customer("wang"))
    assert (await measured.case(await measured.asks(measured.customer("wang")))).version == 1


async def test_a_new_day_begins_at_nothing(measured: Shop):
    mei = measured.staff("mei")
    room = await measured.asks(measured.customer("wang"))
    await measured.take(mei, await measured.case(room))
    await measured.resolve(mei, await measured.case(room))
    assert (await told(measured))[-1].resolved == 1
    await measured.later(24 * 3_600)
    await measured.asks(measured.customer("li"))
    wall = (await told(measured))[-1]
    assert (wall.opened, wall.resolved, wall.waiting) == (1, 0, 1)


async def test_ratings_of_today_are_shown(measured: Shop):
    mei = measured.staff("mei")
    stars = {"wang": 5, "li": 4}
    for name, given in stars.items():
        customer = measured.customer(name)
        room = await measured.asks(customer)
        await measured.take(mei, await measured.case(room))
        await measured.resolve(mei, await measured.case(room))
        command = c.RateCase(id=1, case_id=(await measured.case(room)).id, stars=given)
        await measured.desk.own_cases.rate(customer, command)
    wall = (await told(measured))[-1]
    assert (wall.rated, wall.rating) == (2, 4.5)


async def test_customers_do_not_see_the_wall(measured: Shop):
    with pytest.raises(AppError):
        await measured.desk.walls.watch(measured.customer("wang"), SHOP)
