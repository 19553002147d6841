"""What the desk does by itself as time goes by, agents go and rules change."""

import msgspec
import pytest

from chaguan.core.caller import Role
from chaguan.core.errors import AppError
from chaguan.desk.store import setup
from chaguan.protocol import commands as c
from chaguan.protocol.content import SystemNotice
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Hours
from chaguan.protocol.entries import MessageSent
from chaguan.protocol.pushes import AgentsChanged
from tests.domain.desk.conftest import SHOP, Shop


async def test_cases_of_who_signed_out_mid_reply_go_back_to_the_front(shop: Shop):
    mei, lin = shop.staff("mei"), shop.staff("lin")
    await shop.queue()
    await shop.settle_for(reassign_s=300)
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    await shop.say(mei, room, "请稍等，我")
    await shop.is_(mei, "offline")
    shop.now += 1000
    other = await shop.asks(shop.customer("li"))
    await shop.later(298)
    await shop.settle()
    assert (await shop.case(room)).agent_id == mei.user_id
    await shop.later(5)
    await shop.settle()
    case = await shop.case(room)
    assert (case.status, case.agent_id) == (CaseStatus.waiting, "")
    assert case.reason is not None
    assert (case.reason.code, case.reason.data["agent_id"]) == ("agent_gone", mei.user_id)
    with pytest.raises(AppError, match="forbidden"):
        await shop.say(mei, room, "好的")
    await shop.can(lin, capacity=1)
    await shop.is_(lin)
    await shop.settle()
    assert (await shop.case(room)).agent_id == lin.user_id
    assert (await shop.case(other)).agent_id == ""


async def test_an_agent_whose_process_died_is_offline_a_minute_later(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    shop.desk.agents.is_here = lambda _user_id: False
    await shop.later(59)
    (agent,) = await shop.desk.agents.list_agents(mei)
    assert agent.state.value == "online"
    await shop.later(2)
    (agent,) = await shop.desk.agents.list_agents(mei)
    assert (agent.state.value, agent.chosen.value) == ("offline", "online")
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    assert (await shop.case(room)).agent_id == ""


async def test_who_does_nothing_is_away_by_itself_and_back_with_the_first_word(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.settle_for(idle_s=600, reassign_s=0)
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    await shop.later(599)
    assert (await shop.desk.agents.list_agents(mei))[0].state.value == "online"
    await shop.later(2)
    assert (await shop.desk.agents.list_agents(mei))[0].state.value == "away"
    await shop.say(mei, room, "在的")
    await shop.desk.caught_up()
    await shop.desk.agents.note()
    assert (await shop.desk.agents.list_agents(mei))[0].state.value == "online"
    assert (await shop.case(room)).agent_id == mei.user_id


async def test_who_has_waited_too_long_overflows_and_keeps_the_time(shop: Shop):
    mei = shop.staff("mei")
    wide = await shop.queue("all hands", position=9, agents=[mei.user_id])
    narrow = await shop.queue(
        "experts", position=1, skills=["tea"], overflow_after_s=120, overflow_to=wide.id
    )
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    before = await shop.case(room)
    assert before.queue_id == narrow.id
    await shop.later(119)
    await shop.settle()
    assert (await shop.case(room)).queue_id == narrow.id
    await shop.later(2)
    await shop.settle()
    await shop.settle()
    case = await shop.case(room)
    assert (case.queue_id, case.queued_at, case.agent_id) == (wide.id, before.queued_at, mei.user_id)
    assert [kind for kind, _ in await shop.told(case)] == ["opened", "overflowed", "assigned"]


async def test_a_loop_that_is_there_all_the_same_moves_a_case_eight_times(shop: Shop):
    a = await shop.queue("a", skills=["none"])
    b = await shop.queue("b", skills=["none"], overflow_after_s=1, overflow_to=a.id)
    looped = msgspec.structs.replace(a, overflow_after_s=1, overflow_to=b.id)
    await shop.db.write(lambda con: setup.put_queue(con, looped))  # past every check
    room = await shop.asks(shop.customer("wang"))
    await shop.later(2)
    for _ in range(12):
        await shop.settle()
    told = [kind for kind, _ in await shop.told(await shop.case(room))]
    assert told.count("overflowed") == 8


async def test_who_waits_in_a_queue_that_is_removed_is_put_where_the_other_rules_say(shop: Shop):
    gone = await shop.queue("gone", position=1)
    room = await shop.asks(shop.customer("wang"))
    boss = shop.staff("boss", Role.owner)
    await shop.desk.arrangement.remove_queue(boss, SHOP, gone.id)
    await shop.settle()
    assert (await shop.case(room)).queue_id == ""
    new = await shop.queue("new")
    await shop.settle()
    assert (await shop.case(room)).queue_id == new.id


async def test_out_of_hours_the_customer_is_told_when_somebody_will_be_there(shop: Shop):
    week = [[(9 * 60, 18 * 60)]] * 5 + [[], []]
    await shop.settle_for(
        hours=Hours(week=week), out_of_hours={"zh-CN": "我们下班了。", "en": "We are closed."}
    )
    shop.now = 1_799_499_600_000  # a Saturday, 21:00 in Shanghai
    wang = shop.customer("wang")
    room = await shop.asks(wang)
    await shop.settle()
    said = [each.content for each in (await shop.pull(wang, room)).entries if isinstance(each, MessageSent)]
    (notice,) = [each for each in said if isinstance(each, SystemNotice)]
    assert notice.name == "out_of_hours"
    assert notice.params["text_en"] == "We are closed."
    assert notice.params["opens_at"] == str(1_799_629_200_000)  # Monday, 9:00
    assert notice.fallback == "我们下班了。"


async def test_who_writes_soon_after_the_end_goes_on_with_the_same_case(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await shop.settle_for(reopen_s=600)
    room = await shop.asks(wang)
    first = await shop.case(room)
    await shop.take(mei, first)
    await shop.resolve(mei, first)
    shop.now += 500_000
    await shop.say(wang, room, "等等")
    await shop.settle()
    again = await shop.case(room)
    assert (again.id, again.status, again.reopened, again.outcome) == (first.id, CaseStatus.waiting, 1, "")
    await shop.take(mei, again)
    await shop.resolve(mei, again)
    shop.now += 700_000
    await shop.say(wang, room, "你好")
    await shop.settle()
    assert (await shop.case(room)).id != first.id


async def test_a_customer_who_says_nothing_more_has_given_up(shop: Shop):
    wang = shop.customer("wang")
    await shop.queue()
    await shop.settle_for(abandon_s=900)
    room = await shop.asks(wang)
    await shop.later(600)
    await shop.say(wang, room, "有人吗")
    await shop.later(600)
    await shop.settle()
    assert (await shop.case(room)).status is CaseStatus.waiting
    await shop.later(301)
    await shop.settle()
    case = await shop.case(room)
    assert (case.status, case.outcome) == (CaseStatus.resolved, "abandoned")
    assert (await shop.told(case))[-1] == ("abandoned", "silence")
    shop.now += 1000
    await shop.say(wang, room, "我回来了")
    await shop.settle()
    assert (await shop.case(room)).id != case.id


async def test_those_who_watch_are_told_of_states_and_loads_once(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    await shop.asks(shop.customer("wang"))
    await shop.settle()
    await shop.settle()
    count = len(shop.pushes.of("desk:", AgentsChanged))
    (told,) = shop.pushes.of("desk:", AgentsChanged)[-1].agents
    assert (told.user_id, told.state.value, told.load) == (mei.user_id, "online", 1)
    await shop.settle()
    assert len(shop.pushes.of("desk:", AgentsChanged)) == count


async def test_a_case_that_a_node_of_before_opened_finds_its_queue(shop: Shop):
    """It writes the columns that it knows, and its own entry; there is no row of history for that."""
    from sqlalchemy import text

    mei, wang = shop.staff("mei"), shop.customer("wang")
    room = (await shop.desk.open_service(wang, c.OpenService(id=1), SHOP)).view.conversation.id
    await shop.queue()
    await shop.is_(mei)
    row = {"id": "k_old", "room": room, "shop": SHOP, "customer": wang.user_id, "at": shop.now}
    await shop.db.write(
        lambda con: con.execute(
            text(
                "INSERT INTO cases (id, conversation_id, shop_id, customer_id, status, opened_at, version, context) "
                "VALUES (:id, :room, :shop, :customer, 'waiting', :at, 1, '')"
            ),
            row,
        ).close()
    )
    await shop.settle()
    await shop.settle()
    assert (await shop.case(room)).agent_id == mei.user_id
    assert [kind for kind, _ in await shop.told(await shop.case(room))] == ["queued", "assigned"]


async def test_what_a_node_of_before_handed_out_counts_as_load(shop: Shop):
    from sqlalchemy import text

    mei = shop.staff("mei")
    await shop.queue()
    await shop.can(mei, capacity=1)
    room = await shop.asks(shop.customer("wang"))
    taken = "UPDATE cases SET status = 'open', agent_id = :agent, taken_at = 5, version = 9 WHERE status = 'waiting'"
    await shop.db.write(lambda con: con.execute(text(taken), {"agent": mei.user_id}).close())
    other = await shop.asks(shop.customer("li"))
    await shop.is_(mei)
    await shop.settle()
    assert (await shop.case(room)).agent_id == mei.user_id
    assert (await shop.case(other)).agent_id == ""
