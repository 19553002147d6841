"""What rules want told and what targets are near or missed, in groups and on devices: once, together, and never round."""

import json

import pytest
from sqlalchemy import text as sql

from chaguan.core.caller import Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.http import Answer
from chaguan.notify import alerting, store
from chaguan.protocol.automation import RuleEvent, RuleIf, RuleList, RuleSpec, RuleThen
from chaguan.protocol.desk import Targets
from tests.domain.desk.conftest import SHOP
from tests.domain.notify.conftest import Calling

DOWN = AppError(ErrorCode.unavailable, "down", reason="connection_failed")
LINK = "https://im.shop.example/console/#/desk"


def rule(when: str, then: RuleThen, *, name: str = "看一眼", minutes: int = 0, **wanted) -> RuleSpec:
    return RuleSpec(name=name, when=RuleEvent(when), then=then, if_=RuleIf(**wanted), minutes=minutes)


async def settle_rules(shop: Calling, *rules: RuleSpec) -> None:
    await shop.desk.automation.put_rules(shop.boss, SHOP, RuleList(list(rules)))


async def heard(shop: Calling) -> None:
    """What follows from what was said is done and told."""
    await shop.settle()
    await shop.settle()
    await shop.look()


def received(browser) -> list[str]:
    return [json.loads(note.data)["title"] for note in browser.received]


@pytest.fixture
async def quiet(shop: Calling):
    """Nobody is told of who waits: what is heard is what was wanted besides."""
    await shop.settle_calls(after_s=0)
    return shop


async def test_a_group_hears_of_a_rule_by_its_name_and_of_nothing_that_was_said(quiet: Calling):
    shop = quiet
    _, key = await shop.robot()
    await settle_rules(shop, rule("said", RuleThen(notify=["robots"]), words=["投诉"], name="有人投诉"))
    room = await shop.asks(shop.customer("wang"), "我要投诉，电话 13800138000")
    await heard(shop)
    assert shop.said(key) == [f"规则「有人投诉」\n茶铺\n{LINK}/{room}"]
    (robot,) = await shop.notify.robots.list_robots(shop.boss, SHOP)
    assert robot.last.state == "sent"


async def test_of_another_queues_case_a_group_hears_nothing(quiet: Calling):
    shop = quiet
    tea = await shop.queue("tea", position=1, skills=["none"])
    other = await shop.queue("other", position=2, skills=["none"])
    _, hears = await shop.robot(queues=[tea.id])
    _, deaf = await shop.robot(queues=[other.id])
    _, agents_only = await shop.robot()
    await settle_rules(
        shop,
        rule("opened", RuleThen(notify=["robots"]), name="新客"),
        rule("opened", RuleThen(notify=["agents"]), name="给客服"),
    )
    await shop.asks(shop.customer("wang"))
    await heard(shop)
    assert [len(shop.said(key)) for key in (hears, deaf, agents_only)] == [1, 0, 1]
    assert "给客服" not in shop.said(agents_only)[0]


async def test_a_devices_agent_hears_of_their_own_case_and_while_nobody_has_it_who_may_take_it(
    quiet: Calling,
):
    shop = quiet
    mei, lin = shop.on(shop.staff("mei")), shop.on(shop.staff("lin"), "phone")
    await shop.queue(agents=[mei.user_id])
    await shop.is_(mei, "busy")
    await shop.is_(lin, "busy")
    may, may_not = await shop.device(mei, language="en"), await shop.device(lin)
    wang = shop.customer("wang")
    await settle_rules(
        shop,
        rule("opened", RuleThen(notify=["agents"]), name="New"),
        rule("said", RuleThen(notify=["agents"]), words=["急"], name="Urgent"),
    )
    room = await shop.asks(wang)
    await heard(shop)
    assert (received(may), received(may_not)) == (["Rule “New”"], [])
    await shop.take(lin, await shop.case(room), force=True)
    await shop.settle()
    await shop.say(wang, room, "很急！")
    await shop.settle()
    await shop.pass_by(10)
    assert received(may) == ["Rule “New”"] and received(may_not) == ["规则「Urgent」"]


async def test_a_machine_that_makes_a_rule_go_round_calls_nobody_more_often_than_every_ten_seconds(
    quiet: Calling,
):
    shop = quiet
    _, key = await shop.robot()
    reply = RuleThen(notify=["robots"], reply={"zh-CN": "您好"})
    await settle_rules(shop, rule("said", reply, words=["您好"]))
    machine = shop.customer("machine")
    room = await shop.asks(machine, "喂")
    for _ in range(40):
        await shop.say(machine, room, "您好")
        await shop.settle()
        await shop.pass_by(1)
    await shop.pass_by(10)
    assert 1 <= len(shop.said(key)) <= 5
    told = "".join(shop.said(key))
    assert "×10" in told or "×9" in told


async def test_reading_the_log_again_tells_nothing_twice(quiet: Calling):
    shop = quiet
    _, key = await shop.robot()
    await settle_rules(shop, rule("opened", RuleThen(notify=["robots"])))
    await shop.asks(shop.customer("wang"))
    await heard(shop)
    assert len(shop.said(key)) == 1
    await shop.db.write(
        lambda con: con.execute(sql("UPDATE consumers SET position = 0 WHERE name = 'desk'")).close()
    )
    await shop.restart()
    await shop.settle()
    await shop.pass_by(60)
    assert len(shop.said(key)) == 1


async def test_a_process_that_died_while_telling_is_followed_by_another(quiet: Calling):
    shop = quiet
    _, key = await shop.robot()
    await settle_rules(shop, rule("opened", RuleThen(notify=["robots"])))
    await shop.asks(shop.customer("wang"))
    await shop.settle()
    until = shop.now + alerting.LEASE_MS
    assert await shop.db.write(lambda con: store.claim_alerts(con, shop.now, until, 10))
    other = shop.another_notify()
    await other.start(consumers=False)
    shop.now += alerting.LEASE_MS - 1
    await other.alerting.step()
    assert shop.said(key) == []
    shop.now += 1
    await other.alerting.step()
    assert len(shop.said(key)) == 1


async def test_a_group_that_can_not_be_reached_is_tried_again_and_hears_no_old_news(quiet: Calling):
    shop = quiet
    _, key = await shop.robot()
    await settle_rules(shop, rule("opened", RuleThen(notify=["robots"])))
    shop.wire.faults = [DOWN, DOWN]
    await shop.asks(shop.customer("wang"))
    await heard(shop)
    await shop.pass_by(15)
    assert shop.said(key) == []
    await shop.pass_by(30)
    assert len(shop.said(key)) == 1
    shop.wire.faults = [DOWN] * 100
    await shop.asks(shop.customer("li"))
    await shop.settle()
    for _ in range(200):
        await shop.pass_by(10)
    assert shop.wire.requests <= 3 + 6
    shop.wire.faults = []
    await shop.pass_by(60)
    assert len(shop.said(key)) == 1


async def test_what_happened_long_before_it_was_read_is_not_told(quiet: Calling):
    shop = quiet
    _, key = await shop.robot()
    await settle_rules(shop, rule("opened", RuleThen(notify=["robots"])))
    held = shop.notify.alerting.take
    taken: list[str] = []

    async def late(alert):
        shop.now = max(shop.now, alert.at + alerting.STALE_MS + 1)
        taken.append(alert.key)
        await held(alert)

    shop.desk.automation.alerts.tell = late
    await shop.asks(shop.customer("wang"))
    await heard(shop)
    assert len(taken) == 1 and shop.said(key) == []


async def test_a_flood_is_one_text_that_ends(quiet: Calling, monkeypatch):
    shop = quiet
    monkeypatch.setattr(alerting, "MOST", 8)
    _, key = await shop.robot()
    rules = [rule("opened", RuleThen(notify=["robots"]), name=f"r{n}") for n in range(10)]
    await settle_rules(shop, *rules)
    await shop.asks(shop.customer("wang"))
    await heard(shop)
    (text,) = shop.said(key)
    assert text.splitlines()[0] == "8 件事需要留意"
    assert text.splitlines()[6] == "还有 3 件"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("", []),
        ("missed", ["等待已超过 2 分钟"]),
        ("near", ["等待即将超过 2 分钟", "等待已超过 2 分钟"]),
    ],
)
async def test_targets_are_told_of_as_the_shop_wants_it(shop: Calling, wanted: str, said: list[str]):
    await shop.settle_calls(after_s=0, targets=wanted)
    await shop.desk.times.feed.start()
    _, key = await shop.robot()
    await shop.queue(target_wait_s=120, targets=Targets(warn_percent=80))
    await shop.asks(shop.customer("wang"))
    for seconds in (98, 25, 60):
        await shop.later(seconds)
        await shop.desk.times.feed.caught_up()
        await shop.desk.alarms.step()
        await shop.desk.caught_up()
        await heard(shop)
    await shop.desk.times.stop()
    assert [text.splitlines()[0] for text in shop.said(key)] == said


async def test_a_device_that_is_gone_is_forgotten_and_who_signed_out_hears_nothing(quiet: Calling):
    shop = quiet
    mei, lin = shop.on(shop.staff("mei")), shop.on(shop.staff("lin"), "phone")
    for agent in (mei, lin):
        await shop.is_(agent, "busy")
    await shop.device(mei)
    out = await shop.device(lin)
    shop.welcome.gone.add((lin.user_id, lin.device_id))
    await settle_rules(shop, rule("opened", RuleThen(notify=["agents"])))
    shop.wire.faults = [Answer(410, {}, b"")]
    await shop.asks(shop.customer("wang"))
    await heard(shop)
    assert await shop.db.read(store.all_bells) == []
    assert received(out) == []


async def test_what_was_told_is_forgotten_after_a_while(quiet: Calling):
    shop = quiet
    await shop.robot()
    await settle_rules(shop, rule("opened", RuleThen(notify=["robots"])))
    await shop.asks(shop.customer("wang"))
    await heard(shop)

    async def rows() -> int:
        return await shop.db.read(lambda con: con.execute(sql("SELECT COUNT(*) FROM alerts")).scalar() or 0)

    assert await rows() == 1
    await shop.pass_by(alerting.KEPT_MS / 1000 + 1)
    assert await rows() == 0


async def test_only_an_administrator_settles_who_is_told(shop: Calling):
    with pytest.raises(AppError, match="forbidden"):
        await shop.desk.automation.put_rules(
            shop.staff("mei", Role.agent), SHOP, RuleList([rule("opened", RuleThen(notify=["robots"]))])
        )
