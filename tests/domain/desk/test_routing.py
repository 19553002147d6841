"""Queues, agents and what the desk does by itself, on both databases."""

import asyncio
import random

import msgspec
import pytest

from chaguan.core.caller import Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.store import setup
from chaguan.protocol import commands as c
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.automation import BotSettings
from chaguan.protocol.content import SystemNotice
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Queue, QueueMatch, Strategy
from chaguan.protocol.entries import MessageSent
from tests.domain.desk.conftest import SHOP, Shop


async def test_a_case_goes_to_the_queue_of_its_rule_and_to_an_agent_of_it_and_says_why(shop: Shop):
    mei, lin = shop.staff("mei"), shop.staff("lin")
    english = await shop.queue("english", position=1, match=QueueMatch(languages=["en"]))
    await shop.queue("rest", position=2)
    await shop.can(mei, languages=["zh"])
    await shop.can(lin, languages=["en"], capacity=1)
    await shop.is_(mei)
    await shop.is_(lin)
    room = await shop.asks(shop.customer("smith"), "Hello?", language="en-GB")
    await shop.settle()
    case = await shop.case(room)
    assert (case.status, case.agent_id, case.queue_id) == (CaseStatus.open, lin.user_id, english.id)
    assert case.reason is not None
    assert case.reason.code == "least_loaded"
    assert {"load": 0, "of": 1, "among": 1}.items() <= case.reason.data.items()
    assert await shop.told(case) == [("opened", "rule"), ("assigned", "least_loaded")]
    assert await shop.members(room) == {lin.user_id}


async def test_the_line_that_tells_of_an_agent_is_said_once(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(wang)
    await shop.settle()
    await shop.settle()
    said = [each.content for each in (await shop.pull(wang, room)).entries if isinstance(each, MessageSent)]
    names = [each.name for each in said if isinstance(each, SystemNotice)]
    assert names == ["case_taken"]


async def test_customers_are_not_told_the_reasons_of_the_desk(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(wang)
    await shop.settle()
    view = await shop.view(wang, room)
    assert view.case.agent_id == mei.user_id
    assert view.case.reason is None


async def test_who_has_no_place_left_gets_nothing_until_a_case_is_resolved(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.can(mei, capacity=2)
    await shop.is_(mei)
    rooms = []
    for n in range(4):
        rooms.append(await shop.asks(shop.customer(f"c{n}")))
        shop.now += 1
    await shop.settle()
    assert [(await shop.case(room)).status.value for room in rooms] == ["open", "open", "waiting", "waiting"]
    await shop.resolve(mei, await shop.case(rooms[1]))
    await shop.settle()
    assert [(await shop.case(room)).status.value for room in rooms] == ["open", "resolved", "open", "waiting"]


async def test_an_agent_who_comes_is_given_who_waits_longest(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.can(mei, capacity=1)
    rooms = []
    for n in range(3):
        rooms.append(await shop.asks(shop.customer(f"c{n}")))
        shop.now += 1000
    await shop.settle()
    assert all([(await shop.case(room)).status is CaseStatus.waiting for room in rooms])
    await shop.is_(mei)
    await shop.settle()
    assert [(await shop.case(room)).agent_id for room in rooms] == [mei.user_id, "", ""]


async def test_two_processes_that_decide_at_once_give_no_case_twice_and_nobody_too_much(shop: Shop):
    people = [shop.staff(f"a{n}") for n in range(4)]
    await shop.queue("light", position=1, match=QueueMatch(languages=["en"]), strategy=Strategy.round_robin)
    await shop.queue("heavy", position=2, weight=2)
    for n, agent in enumerate(people):
        await shop.can(agent, capacity=2 + n, languages=["en"])
        await shop.is_(agent)
    nodes = [shop.desk, shop.another_desk(), shop.another_desk()]
    chance = random.Random(7)
    rooms = [await shop.asks(shop.customer(f"c{n}"), language=chance.choice(["en", "zh"])) for n in range(16)]
    for _ in range(3):
        await asyncio.gather(*(node.dispatcher.step() for node in nodes))
        await shop.desk.caught_up()
        seats = await shop.db.read(setup.seats)
        for agent in await shop.desk.agents.list_agents(people[0]):
            assert agent.load <= agent.capacity
        assert len(seats) == 4
        for room in rooms:
            told = [kind for kind, _ in await shop.told(await shop.case(room))]
            assert told.count("assigned") <= 1
        open_ones = [case for case in await shop.cases() if case.status is CaseStatus.open]
        await shop.resolve(shop.staff("boss", Role.owner), open_ones[0])
    loads = [agent.load for agent in await shop.desk.agents.list_agents(people[0])]
    assert sum(loads) >= 10  # of 14 places


async def test_a_colleague_who_is_faster_than_the_desk_keeps_the_case(shop: Shop):
    mei, lin = shop.staff("mei"), shop.staff("lin")
    await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    case = await shop.case(room)
    look = await shop.desk.dispatcher.look()
    await shop.take(lin, case)
    assert await shop.desk.dispatcher._assign(look) is False
    assert (await shop.case(room)).agent_id == lin.user_id
    assert await shop.told(case) == [("opened", "default"), ("taken", "picked")]


async def test_who_signs_out_between_look_and_decision_gets_nothing(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    look = await shop.desk.dispatcher.look()
    await shop.is_(mei, "offline")
    await shop.desk.dispatcher._assign(look)
    assert (await shop.case(room)).status is CaseStatus.waiting


async def test_queues_that_would_send_cases_round_for_ever_are_refused(shop: Shop):
    a = await shop.queue("a")
    b = await shop.queue("b", overflow_after_s=60, overflow_to=a.id)
    boss = shop.staff("boss", Role.owner)
    with pytest.raises(AppError) as error:
        await shop.desk.arrangement.put_queue(
            boss, msgspec.structs.replace(a, overflow_after_s=60, overflow_to=b.id)
        )
    assert error.value.data["reason"] == "loop"


async def test_two_administrators_make_no_loop_between_them(shop: Shop):
    a, b = await shop.queue("a"), await shop.queue("b")
    boss = shop.staff("boss", Role.owner)
    put = shop.desk.arrangement.put_queue
    outcomes = await asyncio.gather(
        put(boss, msgspec.structs.replace(a, overflow_after_s=60, overflow_to=b.id)),
        put(boss, msgspec.structs.replace(b, overflow_after_s=60, overflow_to=a.id)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Queue) for outcome in outcomes) == 1


async def test_who_passes_a_case_to_a_queue_does_not_get_it_back(shop: Shop):
    mei, lin = shop.staff("mei"), shop.staff("lin")
    queue = await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    case = await shop.case(room)
    other = await shop.queue("second", position=5)
    await shop.transfer(mei, case, queue_id=other.id, note="please")
    await shop.settle()
    assert (await shop.case(room)).agent_id == ""
    await shop.is_(lin)
    await shop.settle()
    assert (await shop.case(room)).agent_id == lin.user_id
    assert queue.id != other.id
    assert await shop.members(room) == {lin.user_id}


async def test_picking_keeps_to_ones_capacity_unless_one_insists(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue(strategy=Strategy.manual)
    await shop.can(mei, capacity=1)
    one, two = [await shop.case(await shop.asks(shop.customer(name))) for name in ("wang", "li")]
    await shop.take(mei, one)
    with pytest.raises(AppError) as error:
        await shop.take(mei, two)
    assert error.value.data == {"reason": "no_place", "load": 1, "capacity": 1}
    assert (await shop.take(mei, two, force=True)).case.agent_id == mei.user_id


async def test_a_vip_is_who_the_business_says_and_not_who_says_so(shop: Shop):
    gold = await shop.queue("gold", position=1, match=QueueMatch(vip_levels=[3]))
    rest = await shop.queue("rest", position=2)
    wang = shop.customer("wang")
    shop.attributes[wang.user_id] = {"vip_level": 3}
    assert (await shop.case(await shop.asks(wang))).queue_id == gold.id
    liar = await shop.asks(shop.customer("li"), vip_level=3)
    assert (await shop.case(liar)).queue_id == rest.id


async def test_the_last_agent_comes_first(shop: Shop):
    mei, lin = shop.staff("mei"), shop.staff("lin")
    await shop.queue(strategy=Strategy.last_agent)
    await shop.is_(lin)
    wang = shop.customer("wang")
    room = await shop.asks(wang)
    await shop.settle()
    await shop.resolve(lin, await shop.case(room))
    other = await shop.asks(shop.customer("li"))
    await shop.settle()
    assert (await shop.case(other)).agent_id == lin.user_id
    await shop.is_(mei)
    shop.now += 1000
    await shop.say(wang, room, "还有一件事")
    await shop.settle()
    case = await shop.case(room)
    assert case.agent_id == lin.user_id
    assert case.reason is not None
    assert case.reason.code == "last_agent"


async def test_a_queue_into_which_another_overflows_stays(shop: Shop):
    a = await shop.queue("a")
    await shop.queue("b", overflow_after_s=60, overflow_to=a.id)
    with pytest.raises(AppError) as error:
        await shop.desk.arrangement.remove_queue(shop.staff("boss", Role.owner), SHOP, a.id)
    assert error.value.data["reason"] == "in_use"


async def test_only_administrators_arrange_a_desk_and_every_change_is_recorded(shop: Shop):
    mei = shop.staff("mei")
    with pytest.raises(AppError, match="forbidden"):
        await shop.desk.arrangement.put_queue(mei, Queue(id="", shop_id=SHOP, name="mine"))
    await shop.queue("ours")
    await shop.can(mei, capacity=3)
    await shop.settle_for(idle_s=60)
    from sqlalchemy import text

    rows = await shop.db.read(
        lambda con: con.execute(text("SELECT action FROM audit ORDER BY id")).fetchall()
    )
    assert [row[0] for row in rows] == [
        AuditAction.queue_created.value,
        AuditAction.agent_changed.value,
        AuditAction.desk_changed.value,
    ]


async def test_customers_choose_no_state(shop: Shop):
    with pytest.raises(AppError) as error:
        await shop.desk.agents.set_state(
            shop.customer("wang"),
            c.SetAgentState(id=1, state="online"),  # type: ignore[arg-type]
        )
    assert error.value.code is ErrorCode.forbidden


async def test_what_a_bot_answers_has_no_place_in_the_queue_before_it_is_handed_over(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await shop.queue()
    await shop.is_(mei)

    await shop.desk.automation.put_bot(shop.staff("boss", Role.owner), SHOP, BotSettings(enabled=True))
    room = await shop.asks(wang)
    await shop.settle()
    case = await shop.case(room)
    assert (case.status, case.bot_id, case.agent_id, case.queued_at) == (CaseStatus.waiting, "u_bot", "", 0)
    place = await shop.desk.lines.waiting(wang, c.GetWaiting(id=1, conversation_id=room))
    assert place.position == 0
    shop.now += 60_000
    await shop.desk.cases.hand_over(case.id, "u_bot", "asked")
    await shop.settle()
    case = await shop.case(room)
    assert (case.agent_id, case.bot_id, case.queued_at) == (mei.user_id, "", shop.now)
    assert [kind for kind, _ in await shop.told(case)] == ["opened", "handed_over", "assigned"]
    await shop.desk.cases.hand_over(case.id, "u_bot", "again")
    assert (await shop.case(room)).agent_id == mei.user_id


async def test_who_watches_the_desk_is_told_of_queues_as_they_change(shop: Shop):
    boss = shop.staff("boss", Role.owner)
    first = await shop.queue("first", position=1)
    second = await shop.queue("second", position=2)
    await shop.desk.arrangement.put_queue(boss, msgspec.structs.replace(second, position=0))
    await shop.desk.arrangement.remove_queue(boss, SHOP, first.id)
    told = shop.changes()
    assert [[queue.name for queue in push.queues] for push in told] == [
        ["first"],
        ["first", "second"],
        ["second", "first"],
        ["second"],
    ]
    assert [(push.previous, push.version) for push in told] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    desk = await shop.desk.watch(boss, c.WatchDesk(id=1), SHOP)
    assert (desk.version, desk.queues) == (4, told[-1].queues)


async def test_a_change_of_queues_that_is_refused_is_told_to_nobody(shop: Shop):
    one = await shop.queue("one")
    told = len(shop.changes())
    for refused in (shop.queue(" "), shop.queue("two", overflow_after_s=60, overflow_to="q_gone")):
        with pytest.raises(AppError):
            await refused
    with pytest.raises(AppError):
        await shop.desk.arrangement.remove_queue(shop.staff("mei"), SHOP, one.id)
    assert len(shop.changes()) == told
