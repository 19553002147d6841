"""Where customers stand, as they and agents are told."""

import random

import pytest
from sqlalchemy import text

from chaguan.core.errors import AppError
from chaguan.desk.lines import MOST_TOLD
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Hours, QueueMatch, Strategy
from chaguan.protocol.pushes import LinesMoved, WaitingMoved
from tests.domain.desk.conftest import SHOP, Shop


async def stands(shop: Shop, customer, room: str):
    return await shop.desk.lines.waiting(customer, c.GetWaiting(id=1, conversation_id=room))


async def test_a_place_is_the_place_in_the_queue_after_every_commit(shop: Shop):
    people = [shop.staff(f"a{n}") for n in range(2)]
    await shop.queue("en", position=1, match=QueueMatch(languages=["en"]))
    await shop.queue("rest", position=2)
    for agent in people:
        await shop.can(agent, capacity=1, languages=["en"])
    chance = random.Random(3)
    asking = {}
    for step in range(40):
        shop.now += 1000
        doing = chance.choice(["ask", "ask", "come", "go", "resolve", "leave", "again"])
        if doing == "ask":
            customer = shop.customer(f"c{step}")
            asking[await shop.asks(customer, language=chance.choice(["en", "zh"]))] = customer
        elif doing in ("leave", "again") and asking:
            await _goes(shop, chance.choice(list(asking)), asking, doing)
        elif doing == "resolve":
            open_ones = [case for case in await shop.cases() if case.status is CaseStatus.open]
            for case in open_ones[:1]:
                agent = next(each for each in people if each.user_id == case.agent_id)
                await shop.resolve(agent, case)
        else:
            await shop.is_(chance.choice(people), "online" if doing == "come" else "busy")
        await shop.settle()
        cases = await shop.cases()
        for room, customer in asking.items():
            own = await shop.case(room)
            queue = sorted(
                (case.queued_at, case.id)
                for case in cases
                if case.status is CaseStatus.waiting and case.queue_id == own.queue_id
            )
            waits = own.status is CaseStatus.waiting
            wanted = queue.index((own.queued_at, own.id)) + 1 if waits else 0
            assert (await stands(shop, customer, room)).position == wanted


async def _goes(shop: Shop, room: str, asking: dict, doing: str) -> None:
    """A customer gives up, or asks again on the case that ended."""
    case, customer = await shop.case(room), asking[room]
    if doing == "leave" and case.status is CaseStatus.waiting:
        await shop.desk.own_cases.leave_line(customer, c.LeaveLine(id=1, case_id=case.id))
    elif doing == "again" and case.status is CaseStatus.resolved:
        await shop.desk.own_cases.reopen(customer, c.ReopenCase(id=1, case_id=case.id))


async def test_who_waits_is_told_when_they_move_and_others_are_not(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.can(mei, capacity=1)
    people = [shop.customer(f"c{n}") for n in range(3)]
    rooms = []
    for customer in people:
        rooms.append(await shop.asks(customer))
        shop.now += 10
    await shop.settle()
    told = [[push.waiting.position for push in shop.pushes.of(each.user_id, WaitingMoved)] for each in people]
    assert [each[-1] for each in told] == [1, 2, 3]
    await shop.is_(mei)
    shop.now += 5_000
    await shop.settle()
    shop.now += 5_000
    await shop.settle()
    last = [shop.pushes.of(each.user_id, WaitingMoved)[-1].waiting.position for each in people]
    assert last == [1, 1, 2]  # the first has an agent, and hears that as `case_changed`
    count = len(shop.pushes.told)
    shop.now += 5_000
    await shop.settle()
    assert len(shop.pushes.told) == count


async def test_the_expected_wait_comes_from_what_cases_took(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.can(mei, capacity=1)
    await shop.is_(mei)
    for n in range(3):
        room = await shop.asks(shop.customer(f"before{n}"))
        await shop.settle()
        shop.now += 60_000
        await shop.desk.agents.note()
        await shop.resolve(mei, await shop.case(room))
    await shop.asks(shop.customer("now"))
    await shop.settle()
    one, two = shop.customer("one"), shop.customer("two")
    first = await shop.asks(one)
    shop.now += 1
    second = await shop.asks(two)
    assert (await stands(shop, one, first)).expected_ms == 60_000
    assert (await stands(shop, two, second)).expected_ms == 120_000
    (line,) = (await shop.desk.watch(mei, c.WatchDesk(id=1), SHOP)).lines
    assert (line.waiting, line.expected_ms) == (2, 180_000)
    assert line.reason is not None
    assert line.reason.code == "all_busy"


async def test_agents_are_told_how_it_stands_with_queues(shop: Shop):
    queue = await shop.queue()
    await shop.asks(shop.customer("wang"))
    await shop.settle()
    push = shop.pushes.of(f"desk:{SHOP}", LinesMoved)[-1]
    (line,) = push.lines
    assert (line.queue_id, line.waiting) == (queue.id, 1)
    assert line.reason is not None
    assert line.reason.code == "nobody_serves"


async def test_without_a_queue_nobody_stands_anywhere(shop: Shop):
    wang = shop.customer("wang")
    room = await shop.asks(wang)
    await shop.settle()
    place = await stands(shop, wang, room)
    assert (place.position, place.expected_ms) == (0, -1)
    assert shop.pushes.of(wang.user_id, WaitingMoved) == []


async def test_in_a_queue_from_which_agents_pick_there_is_a_place_and_no_time(shop: Shop):
    wang = shop.customer("wang")
    await shop.queue(strategy=Strategy.manual)
    room = await shop.asks(wang)
    place = await stands(shop, wang, room)
    assert (place.position, place.expected_ms) == (1, -1)


async def test_out_of_hours_it_is_said_when_the_desk_opens(shop: Shop):
    wang = shop.customer("wang")
    await shop.settle_for(hours=Hours(week=[[(9 * 60, 18 * 60)]] * 5 + [[], []]))
    shop.now = 1_799_499_600_000  # a Saturday, 21:00 in Shanghai
    room = await shop.asks(wang)
    assert (await stands(shop, wang, room)).opens_at == 1_799_629_200_000


async def test_a_stranger_learns_nothing_of_who_waits(shop: Shop):
    room = await shop.asks(shop.customer("wang"))
    with pytest.raises(AppError, match="not_found"):
        await stands(shop, shop.customer("li"), room)


async def test_two_thousand_who_wait_cost_bounded_work_and_all_hear_in_the_end(shop: Shop):
    queue = await shop.queue()
    await shop.asks(shop.customer("first"))

    def fill(con) -> None:
        con.execute(
            text(
                "INSERT INTO cases (id, conversation_id, shop_id, customer_id, status, opened_at, version, queue_id, "
                "queued_at) VALUES (:id, :room, :shop, :customer, 'waiting', :at, 0, :queue, :at)"
            ),
            [
                {
                    "id": f"k_{n:05}",
                    "room": f"s_{n:05}",
                    "shop": SHOP,
                    "customer": f"u_{n:05}",
                    "at": shop.now + 1 + n,
                    "queue": queue.id,
                }
                for n in range(2_000)
            ],
        )

    await shop.db.write(fill)
    rounds = 0
    heard: dict[str, int] = {}
    while len(heard) < 2_001:
        rounds += 1
        assert rounds < 15
        before = len(shop.pushes.told)
        shop.now += 2_100
        await shop.desk.dispatcher.step()
        fresh = [push for _, push in shop.pushes.told[before:] if isinstance(push, WaitingMoved)]
        assert len(fresh) <= MOST_TOLD
        heard |= {push.waiting.case_id: push.waiting.position for push in fresh}
    assert sorted(heard.values()) == list(range(1, 2_002))
    assert all(heard[f"k_{n:05}"] == n + 2 for n in range(2_000))
