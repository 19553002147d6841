"""Group robots: when they speak, what they say, and what becomes of it when their vendor is in trouble."""

import asyncio

import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.http import Answer
from chaguan.notify import RobotSpec, store
from chaguan.notify.rules import ATTEMPTS
from chaguan.platforms.robots import Vendor
from chaguan.protocol.desk import Hours, QueueMatch
from tests.domain.desk.conftest import SHOP
from tests.domain.notify.conftest import Calling, address

DOWN = AppError(ErrorCode.unavailable, "down", reason="connection_failed")


async def last(shop: Calling):
    (robot,) = await shop.notify.robots.list_robots(shop.boss, SHOP)
    return robot.last.state, robot.last.reason


@pytest.mark.parametrize("vendor", list(Vendor))
async def test_a_group_hears_of_a_customer_whom_nobody_takes(shop: Calling, vendor: Vendor):
    _, key = await shop.robot(vendor, signed=vendor is not Vendor.wecom)
    await shop.is_(shop.staff("mei"))
    room = await shop.asks(shop.customer("wang"))
    await shop.pass_by(59)
    assert shop.said(key) == []
    await shop.pass_by(1)
    assert shop.said(key) == [
        f"有顾客在等待\n茶铺 · 已等 1 分钟\nhttps://im.shop.example/console/#/desk/{room}"
    ]
    assert await last(shop) == ("sent", "")


async def test_while_nobody_is_online_the_group_hears_sooner(shop: Calling):
    _, key = await shop.robot()
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(9)
    assert shop.said(key) == []
    await shop.pass_by(1)
    assert "没有客服在线" in shop.said(key)[0]


async def test_five_who_wait_are_one_text_and_who_comes_then_is_told_of_at_once(shop: Calling):
    _, key = await shop.robot()
    await shop.settle_calls(after_s=60, language="en")
    await shop.is_(shop.staff("mei"))
    for name in "abcde":
        await shop.asks(shop.customer(name))
    await shop.pass_by(60)
    assert [text.splitlines()[0] for text in shop.said(key)] == ["5 customers are waiting"]
    shop.now -= 45_000
    await shop.asks(shop.customer("f"))
    shop.now += 45_000
    await shop.pass_by(15)
    assert [text.splitlines()[0] for text in shop.said(key)][1:] == ["6 customers are waiting"]


async def test_the_same_customers_are_told_of_again_only_after_the_pause(shop: Calling):
    _, key = await shop.robot()
    await shop.settle_calls(again_s=300)
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(10)
    for _ in range(29):
        await shop.pass_by(10)
    assert len(shop.said(key)) == 1
    await shop.pass_by(10)
    assert len(shop.said(key)) == 2
    await shop.settle_calls(again_s=0)
    await shop.pass_by(3_600)
    assert len(shop.said(key)) == 2


async def test_nothing_is_said_of_who_was_taken(shop: Calling):
    mei = shop.staff("mei")
    _, key = await shop.robot()
    room = await shop.asks(shop.customer("wang"))
    await shop.is_(mei)
    await shop.take(mei, await shop.case(room))
    await shop.pass_by(600)
    assert shop.said(key) == []


async def test_who_is_taken_between_the_decision_and_the_sending_is_not_told_of(shop: Calling):
    mei = shop.staff("mei")
    _, key = await shop.robot()
    room = await shop.asks(shop.customer("wang"))
    shop.wire.faults = [DOWN]
    await shop.pass_by(10)
    assert await last(shop) == ("waiting", "unreachable")
    await shop.is_(mei)
    await shop.take(mei, await shop.case(room))
    await shop.pass_by(20)
    assert shop.said(key) == []
    assert await last(shop) == ("taken", "")


async def test_two_processes_that_both_think_they_are_the_owner_say_it_once(shop: Calling):
    _, key = await shop.robot()
    other = shop.another_notify()
    await other.start(consumers=False)
    await shop.asks(shop.customer("wang"))
    shop.now += 10_000
    await asyncio.gather(*(each.ringing.step() for each in (shop.notify, other) * 5))
    assert len(shop.said(key)) == 1


async def test_a_process_that_died_while_sending_is_followed_by_another(shop: Calling):
    _, key = await shop.robot()
    await shop.asks(shop.customer("wang"))
    shop.now += 10_000
    await shop.notify.ringing._decide()
    await shop.db.write(lambda con: store.claim(con, shop.now, shop.now + 60_000, 10))
    await shop.pass_by(59)
    assert shop.said(key) == []
    await shop.pass_by(1)
    assert len(shop.said(key)) == 1


async def test_a_vendor_that_is_down_is_asked_again_for_a_while_and_not_for_ever(shop: Calling):
    _, key = await shop.robot()
    await shop.settle_calls(again_s=0)
    await shop.asks(shop.customer("wang"))
    shop.wire.faults = [DOWN] * 3
    await shop.pass_by(10)
    for _ in range(60):
        await shop.pass_by(5)
    assert len(shop.said(key)) == 1
    assert shop.wire.requests == 4
    await shop.asks(shop.customer("li"))
    shop.wire.faults = [DOWN] * 100
    for _ in range(400):
        await shop.pass_by(5)
    assert shop.wire.requests == 4 + ATTEMPTS
    assert await last(shop) == ("not_sent", "unreachable")


async def test_a_vendor_who_hears_too_much_is_left_alone_for_as_long_as_it_says(shop: Calling):
    _, key = await shop.robot(Vendor.dingtalk)
    shop.wire.faults = [Answer(200, {}, b'{"errcode":130101,"errmsg":"send too fast"}')]
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(10)
    for _ in range(59):
        await shop.pass_by(10)
    assert shop.wire.requests == 1
    await shop.pass_by(11)
    assert len(shop.said(key)) == 1


async def test_a_busy_hour_stays_below_what_the_vendors_bear(shop: Calling):
    """Somebody new every second: each text would be one, twenty a minute are allowed."""
    _, key = await shop.robot(Vendor.dingtalk)
    for n in range(90):
        await shop.asks(shop.customer(f"c{n}"))
        await shop.pass_by(1)
    assert len(shop.said(key)) >= 8
    assert shop.wire.requests == len(shop.said(key)), "none was refused"
    assert "81 位顾客在等待" in shop.said(key)[-1]


async def test_a_robot_of_one_queue_does_not_hear_of_another(shop: Calling):
    tea = await shop.queue("tea", position=1, match=QueueMatch(pages=["/tea"]))
    rest = await shop.queue("rest", position=2)
    _, of_tea = await shop.robot(queues=[tea.id])
    _, of_rest = await shop.robot(queues=[rest.id])
    await shop.asks(shop.customer("wang"), page="/tea/1")
    await shop.settle()
    await shop.pass_by(10)
    assert (len(shop.said(of_tea)), len(shop.said(of_rest))) == (1, 0)


async def test_a_robot_that_is_switched_off_or_removed_says_nothing(shop: Calling):
    off, key = await shop.robot(enabled=False)
    gone, other = await shop.robot()
    await shop.notify.robots.remove(shop.boss, SHOP, gone.id)
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(600)
    assert shop.said(key) == shop.said(other) == []
    assert [robot.id for robot in await shop.notify.robots.list_robots(shop.boss, SHOP)] == [off.id]


async def test_a_customers_words_go_along_only_if_the_shop_wants_it(shop: Calling):
    _, key = await shop.robot(Vendor.feishu)
    await shop.asks(shop.customer("wang"), '<at user_id="all"></at>在吗')
    await shop.pass_by(10)
    assert "在吗" not in shop.said(key)[0]
    await shop.settle_calls(excerpt=True, again_s=60)
    await shop.pass_by(60)
    assert 'wang：＜at user_id="all"＞＜/at＞在吗' in shop.said(key)[1]


async def test_the_test_button_says_what_the_vendor_answered(shop: Calling):
    robot, key = await shop.robot(Vendor.dingtalk, keyword="茶馆")
    assert (await shop.notify.robots.test(shop.boss, SHOP, robot.id)).state == "sent"
    assert "测试" in shop.said(key)[0]
    with pytest.raises(AppError, match="rate_limited") as caught:
        await shop.notify.robots.test(shop.boss, SHOP, robot.id)
    assert caught.value.data["retry_after_ms"] == 10_000
    shop.now += 10_000
    shop.wire.robots.remove(key)
    tried = await shop.notify.robots.test(shop.boss, SHOP, robot.id)
    assert (tried.state, tried.reason, tried.vendor_code) == ("not_sent", "robot_gone", 300001)


async def test_what_would_let_others_write_into_the_group_is_never_shown_nor_recorded(shop: Calling):
    robot, key = await shop.robot(Vendor.feishu, signed=True)
    group = shop.wire.robots.find(key)
    assert group is not None
    from sqlalchemy import text

    def everything(con):
        rows = [con.execute(text(f"SELECT * FROM {table}")).fetchall() for table in ("bells", "audit")]
        return repr(rows)

    shown = repr(robot) + await shop.db.read(everything)
    assert key not in shown
    assert group.secret not in shown
    assert robot.has_secret


async def test_an_empty_address_and_secret_stay_and_a_secret_can_be_taken_away(shop: Calling):
    robot, _ = await shop.robot(Vendor.feishu, signed=True)
    await shop.notify.robots.change(shop.boss, SHOP, robot.id, RobotSpec(name="夜班"))
    shop.now += 10_000
    assert (await shop.notify.robots.test(shop.boss, SHOP, robot.id)).state == "sent"
    changed = await shop.notify.robots.change(
        shop.boss, SHOP, robot.id, RobotSpec(name="夜班", remove_secret=True)
    )
    assert (changed.name, changed.has_secret) == ("夜班", False)
    shop.now += 10_000
    tried = await shop.notify.robots.test(shop.boss, SHOP, robot.id)
    assert tried.reason == "bad_signature"


async def test_one_group_is_told_by_one_robot_only(shop: Calling):
    robot, key = await shop.robot()
    with pytest.raises(AppError, match="conflict") as caught:
        await shop.notify.robots.create(
            shop.boss, SHOP, RobotSpec(name="again", address=address(Vendor.wecom, key))
        )
    assert caught.value.data["reason"] == "known"
    with pytest.raises(AppError, match="not_found"):
        await shop.notify.robots.remove(shop.boss, "s_other", robot.id)


async def test_agents_and_customers_neither_see_nor_change_robots(shop: Calling):
    robot, _ = await shop.robot()
    for caller in (shop.staff("mei"), shop.customer("wang")):
        for doing in (
            shop.notify.robots.list_robots(caller, SHOP),
            shop.notify.robots.settings(caller, SHOP),
            shop.notify.robots.test(caller, SHOP, robot.id),
            shop.notify.robots.remove(caller, SHOP, robot.id),
            shop.notify.robots.create(caller, SHOP, RobotSpec(name="x", address="https://x")),
        ):
            with pytest.raises(AppError, match="forbidden"):
                await doing


async def test_outside_of_the_shops_hours_nobody_is_called_unless_the_shop_wants_it(shop: Calling):
    _, key = await shop.robot()
    closed_all_week = Hours(timezone="UTC", week=[[]] * 7)
    await shop.settle_for(hours=closed_all_week)
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(600)
    assert shop.said(key) == []
    await shop.settle_for(hours=Hours())
    await shop.pass_by(2)
    assert len(shop.said(key)) == 1
    await shop.settle_for(hours=closed_all_week)
    await shop.settle_calls(when_closed=True, again_s=60)
    await shop.pass_by(60)
    assert len(shop.said(key)) == 2
