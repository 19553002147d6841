"""What a queue promises: warned before, told after, once, whatever happens meanwhile. On both databases."""

import msgspec
import pytest
from sqlalchemy import text

from chaguan.core.caller import Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.store import dues as store
from chaguan.desk.times.alarms import Missed
from chaguan.desk.times.targets import Due
from chaguan.protocol import commands as c
from chaguan.protocol.desk import AlarmLevel, Hours, Target, Targets
from tests.domain.desk.conftest import SHOP, Shop


@pytest.fixture
async def promising(shop: Shop):
    await shop.desk.times.feed.start()
    yield shop
    await shop.desk.times.stop()


async def passes(shop: Shop, seconds: float) -> int:
    """Time goes by, and what is due by then is noticed."""
    await shop.later(seconds)
    await shop.desk.times.feed.caught_up()
    return await shop.desk.alarms.step()


def codes(told: list[tuple[str, str]]) -> list[str]:
    return [code for _, code in told if code.startswith("target")]


async def test_who_waits_too_long_is_warned_of_and_then_told_with_the_reason(promising: Shop):
    shop = promising
    await shop.queue(target_wait_s=100, targets=Targets(warn_percent=80))
    room = await shop.asks(shop.customer("wang"))
    began = (await shop.case(room)).queued_at
    assert await passes(shop, 79) == 0
    assert await passes(shop, 3) == 1
    assert [(alarm.target, alarm.level) for alarm in (await shop.case(room)).alarms] == [
        (Target.wait, AlarmLevel.warned)
    ]
    assert await passes(shop, 17) == 0
    assert await passes(shop, 3) == 1
    case = await shop.case(room)
    assert [(alarm.level, alarm.since, alarm.limit_s) for alarm in case.alarms] == [
        (AlarmLevel.breached, began, 100)
    ]
    assert await shop.told(case) == [
        ("opened", "default"),
        ("warned", "target_near"),
        ("breached", "target_missed"),
    ]
    reason = (await shop.history(case)).events[-1].reason
    assert reason is not None
    assert reason.data == {"target": "wait", "limit_s": 100, "since": began, "in_open_hours": True}
    assert await passes(shop, 1_000) == 0


async def test_a_customer_sees_nothing_of_targets_and_tags(promising: Shop):
    shop, wang = promising, promising.customer("wang")
    await shop.queue(target_wait_s=10)
    room = await shop.asks(wang)
    await passes(shop, 60)
    case = await shop.case(room)
    await shop.desk.tags.set_tags(shop.staff("mei"), c.SetCaseTags(id=1, case_id=case.id, add=["难缠"]))
    seen = msgspec.json.encode(await shop.view(wang, room)) + msgspec.json.encode(await shop.pull(wang, room))
    for word in ("难缠", "target", "breached", "alarms"):
        assert word.encode() not in seen


async def test_who_is_answered_in_time_is_not_late_though_the_reader_of_the_log_is(promising: Shop):
    shop, mei = promising, promising.staff("mei")
    await shop.queue(targets=Targets(first_reply_s=60, warn_percent=0))
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    await shop.later(59)
    await shop.desk.times.feed.caught_up()
    await shop.desk.times.stop()
    await shop.say(mei, room, "您好")
    await shop.later(30)
    await shop.desk.times.feed.start()
    assert await shop.desk.alarms.step() == 0
    assert (await shop.case(room)).alarms == []


async def test_what_was_missed_while_nobody_looked_is_told_though_it_is_over(promising: Shop):
    shop, mei = promising, promising.staff("mei")
    await shop.queue(target_wait_s=60, targets=Targets(resolution_s=300))
    room = await shop.asks(shop.customer("wang"))
    await shop.desk.times.feed.caught_up()
    await shop.desk.times.stop()  # as after a crash
    await shop.later(400)
    await shop.is_(mei)
    await shop.settle()
    await shop.resolve(mei, await shop.case(room))
    await shop.desk.times.feed.start()
    assert await passes(shop, 0) == 2
    case = await shop.case(room)
    assert {(alarm.target, alarm.level) for alarm in case.alarms} == {
        (Target.wait, AlarmLevel.breached),
        (Target.resolution, AlarmLevel.breached),
    }
    await shop.asks(shop.customer("wang"), "还有一个问题")
    assert (await shop.case(room)).id != case.id, "an alarm at the end of a case swallows no message"
    assert await passes(shop, 2) == 0


async def test_a_missed_target_moves_a_waiting_case_to_the_queue_named_and_only_once(promising: Shop):
    shop = promising
    urgent = await shop.queue("urgent", position=2, urgency=9, agents=["u_lead"], target_wait_s=10)
    await shop.queue(
        "plain", position=1, target_wait_s=60, targets=Targets(move_to=urgent.id, warn_percent=0)
    )
    told: list[Missed] = []

    async def listen(missed: Missed) -> None:
        told.append(missed)

    shop.desk.alarms.listeners.append(listen)
    room = await shop.asks(shop.customer("wang"))
    began = (await shop.case(room)).queued_at
    assert await passes(shop, 62) == 1
    case = await shop.case(room)
    assert (case.queue_id, case.queued_at) == (urgent.id, began)
    assert [each.moved_to for each in told] == [urgent.id]
    assert await passes(shop, 600) == 0
    reason = (await shop.history(case)).events[-1].reason
    assert reason is not None
    assert reason.data["queue"] == "urgent"


async def test_two_processes_that_both_look_tell_of_it_once(promising: Shop):
    shop = promising
    await shop.queue(target_wait_s=60, targets=Targets(warn_percent=0))
    room = await shop.asks(shop.customer("wang"))
    await shop.later(100)
    await shop.desk.times.feed.caught_up()
    other = shop.another_desk()
    other.alarms._times = shop.desk.times  # it slept through the end of its lease
    due = (await shop.db.read(lambda con: store.next_ones(con, shop.now, 10)))[0]
    noticed = [await shop.desk.alarms._notice(due), await other.alarms._notice(due)]
    assert noticed == [True, False]
    assert codes(await shop.told(await shop.case(room))) == ["target_missed"]


async def test_a_crash_between_the_alarm_and_its_end_tells_nothing_twice(promising: Shop, monkeypatch):
    shop = promising
    await shop.queue(target_wait_s=60, targets=Targets(warn_percent=0))
    room = await shop.asks(shop.customer("wang"))

    def crash(*_args):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(store, "done", crash)
        with pytest.raises(RuntimeError):
            await passes(shop, 100)
    assert await passes(shop, 1) == 0
    assert codes(await shop.told(await shop.case(room))) == ["target_missed"]
    assert await shop.db.read(lambda con: store.next_ones(con, shop.now, 10)) == []


async def test_only_the_time_counts_in_which_the_shop_is_open(promising: Shop):
    shop = promising
    day = [(9 * 60, 18 * 60)]
    await shop.settle_for(hours=Hours(timezone="Asia/Shanghai", week=[day] * 7))
    await shop.queue(target_wait_s=3_600, targets=Targets(warn_percent=0))
    shop.now = 1_700_042_400_000  # 18:00 in Shanghai: it has just closed
    room = await shop.asks(shop.customer("wang"))
    assert await passes(shop, 15 * 3_600 + 3_590) == 0
    assert await passes(shop, 15) == 1
    assert codes(await shop.told(await shop.case(room))) == ["target_missed"]


async def test_a_new_target_holds_for_who_waits_already_but_not_for_what_is_over(promising: Shop):
    shop, mei = promising, promising.staff("mei")
    queue = await shop.queue()
    await shop.is_(mei)
    first = await shop.asks(shop.customer("first"))
    await shop.later(500)
    await shop.settle()
    await shop.resolve(mei, await shop.case(first))
    await shop.is_(mei, "offline")
    second = await shop.asks(shop.customer("second"))
    assert await passes(shop, 500) == 0
    await shop.desk.arrangement.put_queue(
        shop.staff("boss", Role.owner), msgspec.structs.replace(queue, target_wait_s=60)
    )
    assert await passes(shop, 1) == 1
    assert (await shop.case(first)).alarms == []
    assert [alarm.level for alarm in (await shop.case(second)).alarms] == [AlarmLevel.breached]


async def test_measuring_anew_tells_nobody_of_the_past(promising: Shop):
    shop, mei = promising, promising.staff("mei")
    queue = await shop.queue()
    await shop.is_(mei)
    room = await shop.asks(shop.customer("wang"))
    await shop.settle()
    await shop.later(500)
    await shop.resolve(mei, await shop.case(room))
    await shop.desk.times.feed.caught_up()  # else it is measured by what is promised then
    await shop.desk.arrangement.put_queue(
        shop.staff("boss", Role.owner), msgspec.structs.replace(queue, targets=Targets(resolution_s=60))
    )
    await shop.desk.times.rebuild()
    assert await passes(shop, 60) == 0
    assert codes(await shop.told(await shop.case(room))) == []


async def test_thousands_of_clocks_that_are_not_due_are_not_looked_at(promising: Shop):
    shop = promising
    dues = [
        Due(
            case_id=f"k_{n}",
            conversation_id="s_none",
            target=Target.wait,
            level=AlarmLevel.breached,
            from_at=1,
            due_at=shop.now + 1_000_000 + n,
            limit_s=60,
        )
        for n in range(5_000)
    ]
    await shop.db.write(lambda con: store.add(con, dues))
    if shop.db.dialect == "sqlite":
        plan = await shop.db.read(
            lambda con: con.execute(
                text("EXPLAIN QUERY PLAN SELECT * FROM case_dues WHERE due_at <= 5 ORDER BY due_at LIMIT 1")
            ).fetchall()
        )
        assert "case_dues_by_time" in plan[0][-1]
        assert "SCAN" not in plan[0][-1]
    assert await shop.db.read(lambda con: store.next_ones(con, shop.now, 10)) == []


async def test_a_queue_cannot_move_to_what_is_not_there_or_be_removed_under_another(promising: Shop):
    shop, boss = promising, promising.staff("boss", Role.owner)
    with pytest.raises(AppError) as refused:
        await shop.queue(targets=Targets(move_to="q_none"))
    assert refused.value.code is ErrorCode.not_found
    urgent = await shop.queue("urgent")
    await shop.queue("plain", targets=Targets(move_to=urgent.id))
    with pytest.raises(AppError) as refused:
        await shop.desk.arrangement.remove_queue(boss, SHOP, urgent.id)
    assert refused.value.data["reason"] == "in_use"
