"""Cases by hand: what a desk without queues does, and what people do with cases anywhere."""

import asyncio

import msgspec
import pytest
from sqlalchemy import text

from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.store import cases as store
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Outcome
from chaguan.protocol.entries import CaseChanged
from tests.domain.desk.conftest import SHOP, Shop, key


async def test_without_queues_a_case_waits_for_whoever_picks_it(shop: Shop):
    mei = shop.staff("mei")
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    case = await shop.case(room)
    assert (case.status, case.queue_id, case.agent_id) == (CaseStatus.waiting, "", "")
    taken = (await shop.take(mei, case)).case
    assert (taken.status, taken.agent_id) == (CaseStatus.open, mei.user_id)
    assert await shop.members(room) == {mei.user_id}
    await shop.resolve(mei, case)
    assert await shop.members(room) == set()
    assert await shop.told(case) == [("opened", "no_queue"), ("taken", "picked"), ("resolved", "by_agent")]


async def test_of_two_who_take_a_case_at_once_one_gets_it_and_the_other_hears_who(shop: Shop):
    people = [shop.staff(f"a{n}") for n in range(6)]
    room = await shop.asks(shop.customer("wang"))
    case = await shop.case(room)
    outcomes = await asyncio.gather(*(shop.take(each, case) for each in people), return_exceptions=True)
    got = [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, AppError)]
    assert len(got) == 1
    winner = people[got[0]].user_id
    assert (await shop.case(room)).agent_id == winner
    for outcome in outcomes:
        if isinstance(outcome, AppError):
            assert (outcome.code, outcome.data["agent_id"]) == (ErrorCode.conflict, winner)
    assert await shop.members(room) == {winner}


async def test_a_customer_who_floods_opens_one_case(shop: Shop):
    wang = shop.customer("wang")
    room = await shop.asks(wang)
    await asyncio.gather(*(shop.say(wang, room, f"{n}") for n in range(200)))
    await shop.settle()
    assert len(await shop.cases()) == 1


async def test_reading_the_log_again_opens_and_follows_nothing_twice(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    before = (await shop.pull(mei, room)).head_seq
    await shop.db.write(
        lambda con: con.execute(text("UPDATE consumers SET position = 0 WHERE name = 'desk'")).close()
    )
    await shop.restart()
    await shop.settle()
    assert (await shop.pull(mei, room)).head_seq == before
    assert len(await shop.cases()) == 1


async def test_what_follows_from_a_decision_is_done_after_a_crash(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.desk.feed.stop()  # nobody reads what is decided now
    await shop.desk.dispatcher.step()
    assert (await shop.case(room)).agent_id == mei.user_id
    assert await shop.members(room) == set()
    await shop.restart()
    await shop.desk.caught_up()
    assert await shop.members(room) == {mei.user_id}


async def test_a_case_is_passed_on_with_a_note_that_the_customer_never_sees(shop: Shop):
    mei, lin, wang = shop.staff("mei"), shop.staff("lin"), shop.customer("wang")
    await shop.is_(lin)
    room = await shop.asks(wang)
    case = await shop.case(room)
    await shop.take(mei, case)
    moved = (await shop.transfer(mei, case, agent_id=lin.user_id, note="要退货，小心")).case
    assert moved.agent_id == lin.user_id
    assert await shop.members(room) == {lin.user_id}
    event = (await shop.history(case)).events[-1]
    assert (event.kind.value, event.former_agent_id, event.note) == (
        "transferred",
        mei.user_id,
        "要退货，小心",
    )
    seen = repr(await shop.pull(wang, room)) + repr(await shop.view(wang, room))
    assert "退货" not in seen
    assert "transferred" not in seen
    stored = await shop.db.read(lambda con: con.execute(text("SELECT note FROM case_events")).fetchall())
    assert all("退货".encode() not in bytes(row[0] or b"") for row in stored)


async def test_nothing_is_passed_on_to_who_is_gone_or_full_or_by_who_does_not_have_it(shop: Shop):
    mei, lin, bo = shop.staff("mei"), shop.staff("lin"), shop.staff("bo")
    queue = await shop.queue(strategy="manual")
    case = await shop.case(await shop.asks(shop.customer("wang")))
    await shop.take(mei, case)

    async def refused(agent, **to):
        with pytest.raises(AppError) as error:
            await shop.transfer(agent, case, **to)
        return error.value.code, error.value.data.get("reason")

    assert await refused(mei, agent_id=lin.user_id) == (ErrorCode.not_found, None)
    await shop.is_(lin, "away")
    assert await refused(mei, agent_id=lin.user_id) == (ErrorCode.conflict, "agent_gone")
    await shop.is_(lin, "busy")
    await shop.can(lin, capacity=0)
    assert await refused(mei, agent_id=lin.user_id) == (ErrorCode.conflict, "no_place")
    assert await refused(bo, queue_id=queue.id) == (ErrorCode.forbidden, None)
    assert await refused(mei, queue_id="q_none") == (ErrorCode.not_found, None)
    assert await refused(mei) == (ErrorCode.bad_request, None)
    assert (await shop.case(case.conversation_id)).agent_id == mei.user_id


async def test_one_thread_has_several_cases_each_with_its_subject(shop: Shop):
    mei, lin, wang = shop.staff("mei"), shop.staff("lin"), shop.customer("wang")
    room = await shop.asks(wang)
    first = await shop.case(room)
    command = c.OpenCase(id=1, client_msg_id=key(), conversation_id=room, subject="发票")
    shop.now += 1
    second = (await shop.desk.cases.open_case(wang, command)).case
    assert second.subject == "发票"
    assert (await shop.desk.cases.open_case(wang, command)).case.id == second.id
    await shop.take(mei, first)
    await shop.take(lin, second)
    assert await shop.members(room) == {mei.user_id, lin.user_id}
    await shop.resolve(mei, first)
    assert await shop.members(room) == {lin.user_id}
    await shop.say(wang, room, "还有呢")
    await shop.settle()
    assert [case.id for case in await shop.cases()] == [second.id]


async def test_who_has_two_cases_of_a_thread_stays_until_both_are_done(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    room = await shop.asks(wang)
    first = await shop.case(room)
    shop.now += 1
    command = c.OpenCase(id=1, client_msg_id=key(), conversation_id=room, subject="发票")
    second = (await shop.desk.cases.open_case(mei, command)).case
    await shop.take(mei, first)
    await shop.take(mei, second)
    await shop.resolve(mei, first)
    assert await shop.members(room) == {mei.user_id}
    await shop.resolve(mei, second)
    assert await shop.members(room) == set()


async def test_a_thread_has_no_more_than_five_open_cases(shop: Shop):
    wang = shop.customer("wang")
    room = await shop.asks(wang)

    def named(n: int) -> c.OpenCase:
        return c.OpenCase(id=1, client_msg_id=key(), conversation_id=room, subject=f"{n}")

    outcomes = await asyncio.gather(
        *(shop.desk.cases.open_case(wang, named(n)) for n in range(9)), return_exceptions=True
    )
    assert sum(not isinstance(outcome, AppError) for outcome in outcomes) == 4
    stranger = shop.customer("li")
    with pytest.raises(AppError, match="not_found"):
        await shop.desk.cases.open_case(stranger, named(1))


async def test_the_entry_of_each_change_says_who_has_the_case_now(shop: Shop):
    mei, lin, wang = shop.staff("mei"), shop.staff("lin"), shop.customer("wang")
    room = await shop.asks(wang)
    case = await shop.case(room)
    await shop.take(mei, case)
    await shop.take(lin, case, force=True)
    await shop.resolve(lin, case)
    entries = [each for each in (await shop.pull(wang, room)).entries if isinstance(each, CaseChanged)]
    assert [(each.status, each.agent_id) for each in entries] == [
        ("waiting", ""),
        ("open", mei.user_id),
        ("open", lin.user_id),
        ("resolved", lin.user_id),
    ]
    events = (await shop.history(case)).events
    assert [event.seq for event in events] == [entry.seq for entry in entries]


async def test_only_agents_look_back(shop: Shop):
    wang = shop.customer("wang")
    case = await shop.case(await shop.asks(wang))
    with pytest.raises(AppError, match="forbidden"):
        await shop.desk.cases.history(wang, c.GetCaseHistory(id=1, case_id=case.id))


async def test_versions_of_a_desk_have_no_gap_whoever_is_refused(shop: Shop):
    people = [shop.staff(f"a{n}") for n in range(4)]
    for n in range(5):
        case = await shop.case(await shop.asks(shop.customer(f"c{n}")))
        await asyncio.gather(*(shop.take(each, case) for each in people), return_exceptions=True)
    version = await shop.db.read(lambda con: store.version(con, SHOP))
    assert version == 10


async def test_a_resolved_case_is_taken_up_again_and_keeps_its_history(shop: Shop):
    mei, lin = shop.staff("mei"), shop.staff("lin")
    room = await shop.asks(shop.customer("wang"))
    case = await shop.case(room)
    await shop.take(mei, case)
    await shop.resolve(mei, case)
    again = (await shop.desk.cases.reopen(lin, c.ReopenCase(id=1, case_id=case.id))).case
    assert (again.status, again.agent_id, again.outcome) == (CaseStatus.open, lin.user_id, "")
    assert (again.resolved_at, again.reopened) == (0, 1)
    assert await shop.members(room) == {lin.user_id}
    assert [kind for kind, _ in await shop.told(case)] == ["opened", "taken", "resolved", "reopened"]
    with pytest.raises(AppError) as refused:
        await shop.desk.cases.reopen(mei, c.ReopenCase(id=1, case_id=case.id))
    assert (refused.value.code, refused.value.data["agent_id"]) == (ErrorCode.conflict, lin.user_id)


async def test_no_case_is_taken_up_again_beside_the_one_that_the_customer_began_since(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    room = await shop.asks(wang)
    first = await shop.case(room)
    await shop.take(mei, first)
    await shop.resolve(mei, first)
    shop.now += 1  # of two cases of the same moment either could be the newest
    await shop.asks(wang, "还有一个问题")
    second = await shop.case(room)
    assert second.id != first.id
    with pytest.raises(AppError) as refused:
        await shop.desk.cases.reopen(mei, c.ReopenCase(id=1, case_id=first.id))
    assert (refused.value.code, refused.value.data["case_id"]) == (ErrorCode.conflict, second.id)
    assert (await shop.desk.cases.access_case(mei, first.id))[0].status is CaseStatus.resolved


async def test_who_is_full_takes_a_case_of_a_queue_up_again_only_by_force(shop: Shop):
    mei = shop.staff("mei")
    await shop.queue(strategy="manual")
    await shop.is_(mei)
    case = await shop.case(await shop.asks(shop.customer("wang")))
    await shop.take(mei, case)
    await shop.resolve(mei, case)
    await shop.can(mei, capacity=0)
    with pytest.raises(AppError) as refused:
        await shop.desk.cases.reopen(mei, c.ReopenCase(id=1, case_id=case.id))
    assert refused.value.data["reason"] == "no_place"
    forced = await shop.desk.cases.reopen(mei, c.ReopenCase(id=1, case_id=case.id, force=True))
    assert forced.case.agent_id == mei.user_id


async def test_a_case_ends_as_its_agent_says_with_a_note_for_colleagues(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    room = await shop.asks(wang)
    case = await shop.case(room)
    await shop.take(mei, case)
    gone = c.ResolveCase(id=1, case_id=case.id, outcome=Outcome.abandoned, note="问完就走了")
    ended = (await shop.desk.cases.resolve(mei, gone)).case
    assert (ended.status, ended.outcome) == (CaseStatus.resolved, "abandoned")
    event = (await shop.history(case)).events[-1]
    assert (event.kind.value, event.note) == ("abandoned", "问完就走了")
    assert "问完就走了" not in repr(await shop.pull(wang, room)) + repr(await shop.view(wang, room))


async def test_all_cases_of_a_thread_are_listed_for_agents_and_for_no_customer(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    room = await shop.asks(wang)
    first = await shop.case(room)
    await shop.take(mei, first)
    await shop.resolve(mei, first)
    await shop.later(1)
    await shop.asks(wang, "再问一下")
    listed = await shop.desk.cases.list_cases(mei, c.ListCases(id=1, conversation_id=room))
    assert [case.status for case in listed.cases] == [CaseStatus.waiting, CaseStatus.resolved]
    assert [user.id for user in listed.users] == [mei.user_id]
    with pytest.raises(AppError) as refused:
        await shop.desk.cases.list_cases(wang, c.ListCases(id=1, conversation_id=room))
    assert refused.value.code is ErrorCode.forbidden


async def test_a_case_knows_the_app_it_came_by_whatever_the_customer_says(shop: Shop):
    wang = msgspec.structs.replace(shop.customer("wang"), app_id="a_mini")
    room = await shop.asks(wang, app_id="a_other", page="/p")
    assert (await shop.case(room)).context == {"app_id": "a_mini", "page": "/p"}
