"""What customers see of their own cases and do with them."""

import asyncio

import msgspec
import pytest
from sqlalchemy import text

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Hours
from chaguan.protocol.entries import CaseChanged
from chaguan.protocol.ratings import RatingSettings
from tests.domain.desk.conftest import SHOP, Shop

HOUR = 3_600_000


async def service(shop: Shop, caller, room: str):
    return await shop.desk.own_cases.service(caller, c.GetService(id=1, conversation_id=room))


async def rate(shop: Shop, caller, case, stars: int = 5, **more):
    return await shop.desk.own_cases.rate(caller, c.RateCase(id=1, case_id=case.id, stars=stars, **more))


async def resolved(shop: Shop, name: str = "wang", queued: bool = False):
    """A customer whose case has just been resolved."""
    mei, wang = shop.staff("mei"), shop.customer(name)
    if queued:
        await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(wang)
    if queued:
        await shop.settle()
    else:
        await shop.take(mei, await shop.case(room))
    await shop.resolve(mei, await shop.case(room))
    await shop.desk.caught_up()
    return mei, wang, room, await shop.case(room)


async def refused(doing) -> AppError:
    with pytest.raises(AppError) as error:
        await doing
    return error.value


async def test_a_rating_is_stored_sealed_told_to_agents_and_asked_for_once(shop: Shop):
    mei, wang, room, case = await resolved(shop, queued=True)
    asked = (await service(shop, wang, room)).invitation
    assert asked is not None
    assert (asked.asks, asked.until) == (True, case.resolved_at + 72 * HOUR)
    count = len(shop.changes())
    said = await rate(shop, wang, case, 4, reasons=["fast", "fast"], text=" 很快，谢谢 ")
    assert (said.stars, said.reasons, said.text) == (4, ["fast"], "很快，谢谢")
    assert (said.agent_id, said.queue_id) == (mei.user_id, case.queue_id)
    rows = await shop.db.read(lambda con: con.execute(text("SELECT * FROM case_ratings")).mappings().all())
    (row,) = rows
    assert (row["shop_id"], row["agent_id"], row["stars"]) == (SHOP, mei.user_id, 4)
    assert "谢谢".encode() not in bytes(row["text"])
    assert "谢谢" not in str([dict(each) for each in rows])
    await shop.desk.caught_up()
    assert [push.cases[0].id for push in shop.changes()[count:]] == [case.id]
    after = await service(shop, mei, room)
    assert after.rating == said
    assert after.invitation is not None
    assert after.invitation.asks is False
    assert (await shop.told(case))[-1] == ("rated", "by_customer")
    assert (await shop.history(case)).events[-1].reason.data == {"stars": 4}
    now = await shop.case(room)
    assert (now.status, now.outcome, now.resolved_at) == (CaseStatus.resolved, "resolved", case.resolved_at)
    assert now.reason.code == "by_agent"


async def test_the_same_again_changes_nothing_and_another_number_replaces_it(shop: Shop):
    _, wang, room, case = await resolved(shop)
    first = await rate(shop, wang, case, 2, text="慢")
    head = (await shop.pull(wang, room)).head_seq
    assert await rate(shop, wang, case, 2, text="慢") == first
    assert (await shop.pull(wang, room)).head_seq == head
    shop.now += HOUR
    second = await rate(shop, wang, case, 5)
    assert (second.stars, second.text, second.at, second.changed_at) == (5, "", first.at, shop.now)
    assert (await shop.history(case)).events[-1].reason.data == {"stars": 5, "before": 2}


async def test_two_phones_of_one_customer_in_the_same_millisecond_leave_one_rating(shop: Shop):
    _, wang, room, case = await resolved(shop)
    told = await asyncio.gather(
        *(rate(shop, wang, case, stars) for stars in (1, 5, 1, 5)), return_exceptions=True
    )
    assert not [each for each in told if isinstance(each, Exception)]
    rows = await shop.db.read(lambda con: con.execute(text("SELECT stars FROM case_ratings")).all())
    assert len(rows) == 1
    # The row is what the last entry says.
    events = [each for each in (await shop.history(case)).events if each.kind.value == "rated"]
    assert events[-1].reason.data["stars"] == rows[0][0]
    assert (await service(shop, wang, room)).rating.stars == rows[0][0]


async def test_nobody_else_rates_leaves_or_reopens_a_customers_case(shop: Shop):
    mei, _, _, case = await resolved(shop)
    li, boss = shop.customer("li"), shop.staff("boss")
    for caller, code in ((li, ErrorCode.not_found), (mei, ErrorCode.forbidden), (boss, ErrorCode.forbidden)):
        own = shop.desk.own_cases
        for doing in (
            rate(shop, caller, case, 1),
            own.leave_line(caller, c.LeaveLine(id=1, case_id=case.id)),
            own.reopen(caller, c.ReopenCase(id=1, case_id=case.id)),
        ):
            assert (await refused(doing)).code is code
    unknown = msgspec.structs.replace(case, id="k_none")
    assert (await refused(rate(shop, li, unknown))).code is ErrorCode.not_found
    rows = await shop.db.read(lambda con: con.execute(text("SELECT COUNT(*) FROM case_ratings")).scalar())
    assert rows == 0


async def test_after_its_time_and_before_its_end_a_case_is_not_rated(shop: Shop):
    mei, wang, room, case = await resolved(shop)
    shop.now = case.resolved_at + 72 * HOUR
    await rate(shop, wang, case, 3)
    shop.now += 1
    late = await refused(rate(shop, wang, case, 1))
    assert (late.code, late.data["reason"]) == (ErrorCode.conflict, "too_late")
    assert (await service(shop, wang, room)).invitation is None
    assert (await service(shop, wang, room)).rating.stars == 3
    again = await shop.asks(wang, "还有一个问题")
    await shop.take(mei, await shop.case(again))
    early = await refused(rate(shop, wang, await shop.case(again), 1))
    assert (early.code, early.data["reason"]) == (ErrorCode.conflict, "not_ended")


async def test_a_reason_that_is_not_offered_is_refused_and_nothing_is_stored(shop: Shop):
    _, wang, room, case = await resolved(shop)
    for stars, reason in ((5, "slow"), (2, "unheard_of")):
        error = await refused(rate(shop, wang, case, stars, reasons=[reason]))
        assert (error.code, error.data["field"]) == (ErrorCode.bad_request, "reasons")
    assert (await service(shop, wang, room)).rating is None


async def test_a_shop_that_does_not_ask_gets_no_answers(shop: Shop):
    _, wang, room, case = await resolved(shop)
    await shop.settle_for(ratings=RatingSettings(on=False))
    assert (await service(shop, wang, room)).invitation is None
    error = await refused(rate(shop, wang, case))
    assert error.data["reason"] == "not_asked"


async def test_a_reopened_case_is_asked_about_again_only_if_nobody_answered(shop: Shop):
    mei, wang, room, case = await resolved(shop)
    own = shop.desk.own_cases
    for answered in (False, True):
        reopened = await own.reopen(wang, c.ReopenCase(id=1, case_id=case.id))
        assert (reopened.case.status, reopened.case.reason) == (CaseStatus.waiting, None)
        assert (await service(shop, wang, room)).invitation is None
        await shop.take(mei, await shop.case(room))
        await shop.resolve(mei, await shop.case(room))
        asked = (await service(shop, wang, room)).invitation
        assert asked is not None
        assert asked.asks is not answered
        if not answered:
            await rate(shop, wang, case, 5)


async def test_what_is_asked_before_the_rating_is_read_late_and_still_opens_a_case(shop: Shop):
    _, wang, room, case = await resolved(shop)
    await shop.desk.feed.stop()  # nobody reads the log for a while
    shop.now += 1
    await shop.say(wang, room, "还有一个问题")
    await rate(shop, wang, case, 5)
    await shop.restart()
    await shop.desk.caught_up()
    fresh = await shop.case(room)
    assert (fresh.id != case.id, fresh.status) == (True, CaseStatus.waiting)


async def test_who_leaves_the_line_stands_nowhere_and_the_others_move_up(shop: Shop):
    await shop.queue()
    people = [shop.customer(f"c{n}") for n in range(3)]
    rooms = []
    for customer in people:
        rooms.append(await shop.asks(customer))
        shop.now += 10
    case = await shop.case(rooms[1])
    left = await shop.desk.own_cases.leave_line(people[1], c.LeaveLine(id=1, case_id=case.id))
    assert (left.case.status, left.case.outcome) == (CaseStatus.resolved, "abandoned")
    places = [
        (await service(shop, who, room)).waiting.position for who, room in zip(people, rooms, strict=True)
    ]
    assert places == [1, 0, 2]
    again = await shop.desk.own_cases.leave_line(people[1], c.LeaveLine(id=1, case_id=case.id))
    assert again.case.version == left.case.version
    assert await shop.told(case) == [("opened", "default"), ("abandoned", "left")]


async def test_who_leaves_in_the_moment_an_agent_takes_the_case_is_told(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    room = await shop.asks(wang)
    case = await shop.case(room)
    await shop.take(mei, case)
    error = await refused(shop.desk.own_cases.leave_line(wang, c.LeaveLine(id=1, case_id=case.id)))
    assert (error.code, error.data["reason"]) == (ErrorCode.conflict, "has_agent")


async def test_a_case_goes_on_once_and_not_beside_another_and_not_after_a_week(shop: Shop):
    _, wang, room, case = await resolved(shop)
    own = shop.desk.own_cases
    asking = [own.reopen(wang, c.ReopenCase(id=1, case_id=case.id)) for _ in range(3)]
    told = await asyncio.gather(*asking)
    assert {each.case.status for each in told} == {CaseStatus.waiting}
    assert (await shop.case(room)).reopened == 1
    await own.leave_line(wang, c.LeaveLine(id=1, case_id=case.id))
    await shop.desk.caught_up()
    shop.now += 1
    await shop.asks(wang, "别的事")
    error = await refused(own.reopen(wang, c.ReopenCase(id=1, case_id=case.id)))
    assert error.data["reason"] == "case_open"
    await own.leave_line(wang, c.LeaveLine(id=1, case_id=(await shop.case(room)).id))
    shop.now += 8 * 24 * HOUR
    error = await refused(own.reopen(wang, c.ReopenCase(id=1, case_id=case.id)))
    assert error.data["reason"] == "too_late"
    assert (await service(shop, wang, room)).can_reopen is False


async def test_the_customer_sees_who_answers_and_learns_nothing_of_the_desks_reasons(shop: Shop):
    _, wang, room, _ = await resolved(shop)
    seen = await service(shop, wang, room)
    assert (seen.agent.name, seen.case.reason) == ("mei", None)
    entries = [each for each in (await shop.pull(wang, room)).entries if isinstance(each, CaseChanged)]
    assert [each.status for each in entries] == ["waiting", "open", "resolved"]
    for stranger in (shop.customer("li"),):
        assert (await refused(service(shop, stranger, room))).code is ErrorCode.not_found


async def test_nobody_there_and_closed_are_told_apart(shop: Shop):
    mei, wang = shop.staff("mei"), shop.customer("wang")
    await shop.queue()
    await shop.is_(mei, "away")
    room = await shop.asks(wang)
    assert (await service(shop, wang, room)).nobody_there is True
    await shop.is_(mei, "busy")
    assert (await service(shop, wang, room)).nobody_there is False
    words = {"zh-CN": "九点再来", "en": "Back at nine"}
    await shop.settle_for(hours=Hours(week=[[(9 * 60, 18 * 60)]] * 5 + [[], []]), out_of_hours=words)
    shop.now = 1_799_499_600_000  # a Saturday, 21:00 in Shanghai
    seen = await service(shop, wang, room)
    assert (seen.out_of_hours, seen.waiting.opens_at) == (words, 1_799_629_200_000)
