"""Messages left instead of waiting, and the agents' list of them."""

import asyncio

import pytest
from sqlalchemy import text

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Hours
from tests.domain.desk.conftest import SHOP, Shop, key

WEEKDAYS = Hours(week=[[(9 * 60, 18 * 60)]] * 5 + [[], []])
SATURDAY = 1_799_499_600_000  # 21:00 in Shanghai
MONDAY_NINE = 1_799_629_200_000


async def leave(shop: Shop, caller, room: str, said: str = "请回电", **more):
    more = {"client_msg_id": key(), **more}
    command = c.LeaveMessage(id=1, conversation_id=room, text=said, **more)
    return await shop.desk.callbacks.leave_message(caller, command)


async def listed(shop: Shop, agent) -> list:
    return (await shop.desk.callbacks.page(agent, SHOP)).callbacks


async def take(shop: Shop, agent, case_id: str):
    return await shop.desk.callbacks.take(agent, c.TakeCallback(id=1, case_id=case_id))


async def opened(shop: Shop, customer) -> str:
    """The conversation of a customer who has not written yet."""
    return (await shop.desk.open_service(customer, c.OpenService(id=1), SHOP)).view.conversation.id


async def refused(doing) -> AppError:
    with pytest.raises(AppError) as error:
        await doing
    return error.value


async def test_at_night_a_message_is_left_listed_for_the_opening_and_answered(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await shop.queue()
    await shop.settle_for(hours=WEEKDAYS)
    shop.now = SATURDAY
    room = await opened(shop, wang)
    left = await leave(shop, wang, room, "想订两斤龙井", contact="138 0013 8000", consent=True)
    await shop.desk.caught_up()
    assert (left.due_at, left.contact) == (MONDAY_NINE, "138 0013 8000")
    (found,) = await listed(shop, mei)
    assert (found.text, found.contact, found.due_at) == ("想订两斤龙井", "138 0013 8000", MONDAY_NINE)
    case = await shop.case(room)
    assert (case.status, case.outcome) == (CaseStatus.resolved, "callback")
    assert [each[0] for each in await shop.told(case)] == ["opened", "message_left"]
    row = await shop.db.read(lambda con: con.execute(text("SELECT contact FROM callbacks")).scalar())
    assert b"138" not in bytes(row)

    shop.now = MONDAY_NINE
    await shop.is_(mei)
    taken = await take(shop, mei, case.id)
    assert (taken.case.status, taken.case.agent_id, taken.case.outcome) == (CaseStatus.open, mei.user_id, "")
    assert await shop.members(room) == {mei.user_id}
    assert await listed(shop, mei) == []
    service = await shop.desk.own_cases.service(mei, c.GetService(id=1, conversation_id=room))
    assert service.callback is not None
    assert service.callback.contact == "138 0013 8000"
    await shop.resolve(mei, case)
    assert (await shop.case(room)).outcome == "resolved"
    assert await listed(shop, mei) == []


async def test_who_waits_and_leaves_a_message_leaves_the_line_and_is_not_given_out(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.can(mei, capacity=1)
    people = [shop.customer(f"c{n}") for n in range(2)]
    rooms = []
    for customer in people:
        rooms.append(await shop.asks(customer))
        shop.now += 10
    await leave(shop, people[0], rooms[0])
    seen = await shop.desk.own_cases.service(people[1], c.GetService(id=1, conversation_id=rooms[1]))
    assert seen.waiting.position == 1
    await shop.is_(mei)
    await shop.settle()
    assert (await shop.case(rooms[1])).agent_id == mei.user_id
    assert len(await listed(shop, mei)) == 1
    # She has one place, and it is taken.
    error = await refused(take(shop, mei, (await shop.case(rooms[0])).id))
    assert error.data["reason"] == "no_place"


async def test_who_writes_on_is_back_in_the_line_with_the_same_case(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await shop.queue()
    room = await shop.asks(wang)
    case = await shop.case(room)
    await leave(shop, wang, room)
    shop.now += 30 * 86_400_000
    await shop.say(wang, room, "我现在有空")
    await shop.desk.caught_up()
    now = await shop.case(room)
    assert (now.id, now.status, now.outcome) == (case.id, CaseStatus.waiting, "")
    assert await listed(shop, mei) == []
    assert (await refused(take(shop, mei, case.id))).data["reason"] == "gone"


async def test_the_same_again_leaves_one_message_also_from_two_phones_at_once(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    room = await opened(shop, wang)
    once = key()
    told = await asyncio.gather(*(leave(shop, wang, room, client_msg_id=once) for _ in range(3)))
    await shop.desk.caught_up()
    assert {each.seq for each in told} == {told[0].seq}
    again = await leave(shop, wang, room, client_msg_id=once)
    assert again == told[0]
    assert len(await listed(shop, mei)) == 1
    assert len(await shop.told(await shop.case(room))) == 2


async def test_of_two_agents_who_take_one_at_once_one_gets_it_and_the_other_hears_who(shop: Shop):
    people = [shop.staff(f"a{n}") for n in range(4)]
    wang = shop.customer("wang")
    room = await opened(shop, wang)
    left = await leave(shop, wang, room)
    told = await asyncio.gather(*(take(shop, each, left.case_id) for each in people), return_exceptions=True)
    (winner,) = [each.case.agent_id for each in told if not isinstance(each, BaseException)]
    losers = [each for each in told if isinstance(each, AppError)]
    assert len(losers) == 3
    assert {each.data.get("agent_id") for each in losers} == {winner}


async def test_what_is_refused_leaves_nothing(shop: Shop):
    mei, wang, li = shop.staff("mei"), shop.customer("wang"), shop.customer("li")
    room = await opened(shop, wang)
    head = (await shop.pull(wang, room)).head_seq
    for caller, more, code in (
        (wang, {"contact": "138"}, ErrorCode.bad_request),
        (wang, {"said": "   "}, ErrorCode.bad_request),
        (li, {}, ErrorCode.not_found),
        (mei, {}, ErrorCode.forbidden),
    ):
        assert (await refused(leave(shop, caller, room, **more))).code is code
    assert (await shop.pull(wang, room)).head_seq == head
    assert (await refused(shop.desk.callbacks.page(wang, SHOP))).code is ErrorCode.forbidden
    assert (await refused(take(shop, mei, "k_none"))).code is ErrorCode.not_found


async def test_who_has_an_agent_is_told_to_just_write(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    room = await shop.asks(wang)
    await shop.take(mei, await shop.case(room))
    head = (await shop.pull(wang, room)).head_seq
    assert (await refused(leave(shop, wang, room))).data["reason"] == "has_agent"
    assert (await shop.pull(wang, room)).head_seq == head


async def test_another_shops_list_shows_nothing_of_it(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await leave(shop, wang, await opened(shop, wang))
    assert (await shop.desk.callbacks.page(mei, "s_other")).callbacks == []
