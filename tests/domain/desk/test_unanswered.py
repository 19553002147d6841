"""Since when customers are without an answer, as agents are told: on both databases."""

import pytest

from chaguan.core.caller import Role
from chaguan.protocol import commands as c
from chaguan.protocol.desk import Unanswered
from chaguan.protocol.pushes import UnansweredChanged
from tests.domain.desk.conftest import SHOP, Shop
from tests.domain.desk.day import Day
from tests.domain.desk.recount import read, unanswered
from tests.domain.messaging.conftest import until


@pytest.fixture
async def measured(shop: Shop):
    await shop.desk.times.feed.start()
    yield shop
    await shop.desk.times.stop()


async def told(shop: Shop) -> dict[str, Unanswered]:
    """As who opens the desk now is told."""
    await shop.desk.times.feed.caught_up()
    desk = await shop.desk.watch(shop.staff("boss", Role.owner), c.WatchDesk(id=1), SHOP)
    return {each.case_id: each for each in desk.unanswered}


def pushed(shop: Shop) -> list[Unanswered]:
    pushes = shop.pushes.of(f"desk:{SHOP}", UnansweredChanged)
    return [each for push in pushes for each in push.unanswered]


async def test_a_customer_is_without_an_answer_since_the_first_word_that_their_agent_left_open(
    measured: Shop,
):
    mei, wang = measured.staff("mei"), measured.customer("wang")
    room = await measured.asks(wang)
    case = await measured.case(room)
    opened = (await told(measured))[case.id]
    assert (opened.at, opened.ordinal) == (case.opened_at, 1)
    await measured.take(mei, case)
    assert (await told(measured))[case.id] == opened, "that somebody took it is no answer"
    await measured.say(mei, room, "您好")
    assert (await told(measured))[case.id].at == 0
    await measured.later(5)
    first = measured.now
    await measured.say(wang, room, "什么时候发货？")
    await measured.later(3)
    await measured.say(wang, room, "？")
    again = (await told(measured))[case.id]
    assert (again.at, again.ordinal) == (first, 3)
    assert again.seq > opened.seq


async def test_all_that_was_said_until_the_case_was_opened_waits_for_an_answer(measured: Shop):
    wang = measured.customer("wang")
    opened = await measured.desk.open_service(wang, c.OpenService(id=1, context={}), SHOP)
    room = opened.view.conversation.id
    await measured.desk.stop()
    for text in ("你好", "在吗", "？"):
        await measured.say(wang, room, text)
    await measured.desk.feed.start()
    await measured.desk.times.feed.start()
    await measured.desk.caught_up()
    case = await measured.case(room)
    assert (await told(measured))[case.id].ordinal == 1


async def test_what_is_asked_after_a_take_over_waits_for_who_has_the_case_now(measured: Shop):
    mei, lin, wang = measured.staff("mei"), measured.staff("lin"), measured.customer("wang")
    room = await measured.asks(wang)
    case = await measured.case(room)
    await measured.take(lin, case)
    await measured.say(lin, room, "您好")
    await measured.take(mei, await measured.case(room), force=True)
    await measured.later(5)
    await measured.say(wang, room, "还在吗？")
    asked = (await told(measured))[case.id]
    assert asked.at == measured.now
    await measured.resolve(mei, await measured.case(room))
    assert case.id not in await told(measured)


async def test_while_a_bot_answers_nobody_waits_and_from_the_hand_over_on_they_do(measured: Shop):
    wang = measured.customer("wang")

    async def bot(_room):
        return "u_bot"

    measured.desk._openings.bot_of = bot
    room = await measured.asks(wang)
    case = await measured.case(room)
    assert (await told(measured)).get(case.id, Unanswered(case.id)).at == 0
    await measured.later(30)
    await measured.say(wang, room, "人工")
    await measured.desk.cases.hand_over(case.id, "u_bot", "asked")
    assert (await told(measured))[case.id].at == measured.now


async def test_who_watches_the_desk_is_told_without_asking(measured: Shop):
    mei = measured.staff("mei")
    rooms = [await measured.asks(measured.customer(name)) for name in ("wang", "li", "zhao")]
    await measured.desk.times.feed.caught_up()
    await until(lambda: len({each.case_id for each in pushed(measured)}) == 3)
    measured.pushes.told.clear()
    for room in rooms:
        await measured.take(mei, await measured.case(room))
        await measured.say(mei, room, "您好")
    await measured.desk.times.feed.caught_up()
    await until(lambda: len({each.case_id for each in pushed(measured)}) == 3)
    assert {each.at for each in pushed(measured)} == {0}


@pytest.mark.parametrize("seed", [5, 6])
async def test_at_the_end_of_a_day_each_case_stands_as_a_naive_look_at_its_log_says(
    measured: Shop, seed: int
):
    day = Day(measured, seed)
    await day.begin()
    await day.live(60)
    found = {id: each.at for id, each in (await told(measured)).items()}
    wanted = unanswered(*await measured.db.read(read))
    assert {id: found.get(id, 0) for id in wanted} == wanted
    assert any(wanted.values()), "all were answered: another seed proves more"
