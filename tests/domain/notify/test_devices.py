"""Devices of agents: who is called through web push, when, and when no more."""

import json

import pytest

from chaguan.core.caller import Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.http import Answer
from chaguan.notify.devices import MAX_DEVICES, PushWish
from tests.domain.notify.conftest import PUSH, Calling


def notes(browser) -> list[dict[str, str]]:
    return [json.loads(note.data) for note in browser.received]


async def state(shop: Calling, agent):
    return await shop.notify.devices.state(agent)


async def test_an_agents_device_hears_of_a_waiting_customer_without_their_words(shop: Calling):
    mei = shop.on(shop.staff("mei"))
    await shop.is_(mei)
    browser = await shop.device(mei, language="en")
    room = await shop.asks(shop.customer("wang"), "我的订单号是 123456")
    await shop.pass_by(60)
    assert notes(browser) == [
        {"title": "A customer is waiting", "text": "茶铺 · for 1 min", "path": f"/console/#/desk/{room}"}
    ]
    (note,) = browser.received
    assert (note.ttl, note.urgency, note.topic) == (300, "high", "waiting")


async def test_an_excerpt_goes_along_where_the_shop_wants_it(shop: Calling):
    mei = shop.on(shop.staff("mei"))
    await shop.is_(mei)
    browser = await shop.device(mei)
    await shop.settle_calls(excerpt=True)
    await shop.asks(shop.customer("wang"), "红茶\n还有吗")
    await shop.pass_by(60)
    assert notes(browser)[0]["text"].endswith("wang：红茶 还有吗")


async def test_who_set_themselves_offline_is_left_alone_unless_they_want_it_always(shop: Calling):
    mei, lin = shop.on(shop.staff("mei")), shop.on(shop.staff("lin"), "phone")
    for agent in (mei, lin):
        await shop.is_(agent)
        await shop.is_(agent, "offline")
    off, always = await shop.device(mei), await shop.device(lin, always=True)
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(10)
    assert (len(notes(off)), len(notes(always))) == (0, 1)


async def test_who_closed_the_page_without_a_word_is_called(shop: Calling):
    mei = shop.on(shop.staff("mei"))
    await shop.is_(mei)
    browser = await shop.device(mei)
    shop.desk.agents.is_here = lambda _user_id: False
    shop.now += 120_000
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(10)
    assert len(notes(browser)) == 1


async def test_only_those_are_called_who_serve_the_queue(shop: Calling):
    mei, lin = shop.on(shop.staff("mei")), shop.on(shop.staff("lin"), "phone")
    await shop.can(mei, capacity=1, skills=["tea"])
    await shop.is_(mei, "busy")
    await shop.is_(lin, "busy")
    knows, does_not = await shop.device(mei), await shop.device(lin)
    await shop.queue("tea", skills=["tea"])
    await shop.asks(shop.customer("wang"))
    await shop.settle()
    await shop.pass_by(10)
    assert (len(notes(knows)), len(notes(does_not))) == (1, 0)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_the_service_does_not_know_any_more_is_dropped(shop: Calling, status: int):
    mei = shop.on(shop.staff("mei"))
    await shop.is_(mei)
    await shop.device(mei)
    shop.wire.faults = [Answer(status, {}, b"")]
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(60)
    assert not (await state(shop, mei)).subscribed
    await shop.pass_by(600)
    assert shop.wire.requests == 1


async def test_who_signed_out_is_called_no_more(shop: Calling):
    mei = shop.on(shop.staff("mei"))
    await shop.is_(mei)
    browser = await shop.device(mei)
    shop.notify.signed_out(mei.user_id, mei.device_id)
    await shop.notify.stop()
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(60)
    assert notes(browser) == []
    assert not (await state(shop, mei)).subscribed


async def test_nor_are_they_when_the_news_of_it_was_lost(shop: Calling):
    mei = shop.on(shop.staff("mei"))
    await shop.is_(mei)
    browser = await shop.device(mei)
    shop.welcome.gone.add((mei.user_id, mei.device_id))
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(60)
    assert notes(browser) == []
    assert not (await state(shop, mei)).subscribed


async def test_a_service_in_trouble_is_asked_again(shop: Calling):
    mei = shop.on(shop.staff("mei"))
    await shop.is_(mei)
    browser = await shop.device(mei)
    shop.wire.faults = [Answer(503, {}, b""), AppError(ErrorCode.timeout, "slow", reason="too_slow")]
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(60)
    assert (await state(shop, mei)).last.reason == "busy"  # type: ignore[union-attr]
    await shop.pass_by(16)
    await shop.pass_by(31)
    assert len(notes(browser)) == 1


async def test_the_same_browser_is_called_for_who_signed_in_there_last(shop: Calling):
    mei, lin = shop.on(shop.staff("mei")), shop.on(shop.staff("lin"))
    id, browser = shop.wire.push.subscribe(shop.notify.devices.key.public)
    wish = PushWish(endpoint=f"{PUSH}{id}", p256dh=browser.p256dh, auth=browser.auth_text)
    for agent in (mei, mei, lin):
        await shop.is_(agent)
        await shop.notify.devices.subscribe(agent, wish)
    assert not (await state(shop, mei)).subscribed
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(60)
    assert len(notes(browser)) == 1


async def test_a_device_that_comes_again_with_another_address_is_called_there_only(shop: Calling):
    mei = shop.on(shop.staff("mei"))
    await shop.is_(mei)
    former, later = await shop.device(mei), await shop.device(mei)
    await shop.asks(shop.customer("wang"))
    await shop.pass_by(60)
    assert (len(notes(former)), len(notes(later))) == (0, 1)
    assert (await state(shop, mei)).devices == 1


async def test_ten_devices_of_one_agent_and_no_more(shop: Calling):
    mei = shop.staff("mei")
    for n in range(MAX_DEVICES):
        await shop.device(shop.on(mei, f"d{n}"))
    with pytest.raises(AppError, match="conflict"):
        await shop.device(shop.on(mei, "one more"))


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://push.example/x",
        "https://somebody@push.example/x",
        "https:///x",
        "ftp://push.example/x",
        "https://push.example/ x",
        "https://push.example/" + "x" * 1_000,
        "https://[::1",
        "https://sandbox.example.evil.example/push/x#" + PUSH,
    ],
)
async def test_an_endpoint_that_is_no_https_address_is_refused(shop: Calling, endpoint: str):
    _, browser = shop.wire.push.subscribe(shop.notify.devices.key.public)
    wish = PushWish(endpoint=endpoint, p256dh=browser.p256dh, auth=browser.auth_text)
    with pytest.raises(AppError, match="bad_request"):
        await shop.notify.devices.subscribe(shop.on(shop.staff("mei")), wish)


async def test_customers_and_staff_without_a_desk_subscribe_nothing(shop: Calling):
    _, browser = shop.wire.push.subscribe(shop.notify.devices.key.public)
    wish = PushWish(endpoint=f"{PUSH}x", p256dh=browser.p256dh, auth=browser.auth_text)
    for caller in (shop.customer("wang"), shop.staff("cook", Role.member)):
        for doing in (
            shop.notify.devices.subscribe(caller, wish),
            shop.notify.devices.state(caller),
            shop.notify.devices.unsubscribe(caller),
            shop.notify.devices.test(caller),
        ):
            with pytest.raises(AppError, match="forbidden"):
                await doing


async def test_a_test_calls_this_device_now(shop: Calling):
    mei = shop.on(shop.staff("mei"))
    with pytest.raises(AppError, match="not_found"):
        await shop.notify.devices.test(mei)
    browser = await shop.device(mei)
    assert (await shop.notify.devices.test(mei)).state == "sent"
    assert notes(browser)[0]["title"] == "这是一条测试消息"
    with pytest.raises(AppError, match="rate_limited"):
        await shop.notify.devices.test(mei)
    shop.now += 10_000
    shop.wire.push.unsubscribe(shop.last_endpoint_id)
    assert (await shop.notify.devices.test(mei)).reason == "gone"
    assert not (await state(shop, mei)).subscribed


async def test_the_key_is_the_same_for_every_process_and_after_a_restart(shop: Calling):
    other = shop.another_notify()
    await other.start(consumers=False)
    assert other.devices.key.public == shop.notify.devices.key.public
