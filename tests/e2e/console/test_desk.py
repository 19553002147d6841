"""Agents at the desk: keys, what is told aloud, looking over a shoulder, cards, the desks of two shops."""

import re

from playwright.async_api import Page, expect

from chaguan.accounts.user_tokens import AppSecret, sign_user_token
from chaguan.core.clock import now_ms
from tests.e2e.console.office import Office, message, say, visit
from tests.e2e.console.wire import Wire
from tests.e2e.server import Client


def row(page: Page, text: str):
    return page.locator("#queue-rows li").filter(has_text=text)


async def take(page: Page, text: str) -> None:
    await visit(page, "/desk")
    await page.get_by_role("tab", name="等待中").click()
    await row(page, text).click()
    await expect(message(page, text)).to_have_count(1)
    await page.locator(".bar.amber button").click()
    await expect(page.get_by_role("button", name="结束咨询")).to_be_visible()


async def test_who_looks_into_a_colleagues_case_sees_what_is_said_live_and_nothing_after_leaving(
    office: Office,
) -> None:
    customer, room = await office.customer("looked-at")
    await customer.say(room, "有人在吗")
    mei, lin, wire = await office.seat("小梅接"), await office.seat("阿林看"), Wire()
    await take(mei, "有人在吗")
    await wire.tap(lin)
    await visit(lin, "/desk")
    await lin.get_by_role("tab", name="全部").click()
    await row(lin, "小梅接 接待中").click()
    await expect(lin.get_by_text("转给你后才能回复")).to_be_visible()

    await customer.say(room, "我想买白茶")
    await expect(message(lin, "我想买白茶")).to_have_count(1)
    await say(mei, "寿眉还有")
    await expect(message(lin, "寿眉还有")).to_have_count(1)
    assert wire.pushed("我想买白茶")

    await visit(lin, "/messages")
    await wire.until_answered("close_conversation")
    await customer.say(room, "多少钱")
    await expect(message(mei, "多少钱")).to_have_count(1)
    # A session hears in order: what comes later is here, so what came before would be too.
    await visit(lin, f"/desk/{room}")
    await expect(message(lin, "多少钱")).to_have_count(1)
    assert not wire.pushed("多少钱")
    await customer.say(room, "两饼")
    await expect(message(lin, "两饼")).to_have_count(1)


async def test_what_is_typed_while_a_case_is_being_taken_is_kept_and_can_then_be_sent(office: Office) -> None:
    customer, room = await office.customer("in a hurry")
    await customer.say(room, "快一点")
    page, wire = await office.seat("手快"), Wire()
    await wire.tap(page)
    wire.hold("take_case")
    await row(page, "快一点").click()
    await expect(message(page, "快一点")).to_have_count(1)
    await page.keyboard.press("t")
    await wire.until_sent("take_case")
    box = page.locator("[data-composer]")
    await expect(box).to_be_focused()
    # Each of these letters would be a key of the desk: r resolves, j and k go elsewhere.
    await page.keyboard.type("roger, just kidding")
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("roger, just kidding")
    wire.release()
    await expect(page.get_by_role("button", name="结束咨询")).to_be_visible()
    await expect(box).to_have_value("roger, just kidding")
    await expect(page.get_by_role("button", name="发送", exact=True)).to_be_enabled()
    await box.press("Enter")
    await expect(message(page, "roger, just kidding")).to_have_count(1)
    await customer.until("message_sent", conversation_id=room)


async def test_of_two_shops_one_switches_to_the_other_and_sees_who_waits_there(office: Office) -> None:
    served = office.served
    here, room = await office.customer("of the first shop")
    await here.say(room, "总店有人吗")
    shop = await served.ask("POST", "/v1/admin/shops", {"name": "湖边分店"})
    app = await served.ask(
        "POST", "/v1/admin/apps", {"shop_id": shop["id"], "kind": "web", "name": "分店网站"}
    )
    page = await office.seat("两头跑")
    switcher = page.get_by_role("button", name="换一家店")
    await expect(row(page, "总店有人吗")).to_have_count(1)

    there = await Client.connect(served.url)
    office.customers.append(there)
    await there.hello(sign_user_token(AppSecret(app["secret"]), app["id"], "lake", now_ms()), "d_lake")
    second = (await there.ask("open_service"))["view"]["conversation"]["id"]
    await there.say(second, "分店有人吗")
    await expect(switcher.locator(".badge")).to_have_text("1")
    await expect(row(page, "分店有人吗")).to_have_count(0)
    await switcher.click()
    await page.get_by_role("menuitem", name="湖边分店").click()
    await expect(row(page, "分店有人吗")).to_have_count(1)
    await expect(row(page, "总店有人吗")).to_have_count(0)
    await take(page, "分店有人吗")
    await say(page, "湖边欢迎你")

    await page.reload()  # the shop is remembered on this device
    await page.get_by_role("tab", name="我接待的").click()
    await expect(row(page, "湖边欢迎你")).to_have_count(1)


async def test_a_case_is_taken_answered_and_resolved_by_keys_alone(office: Office) -> None:
    customer, room = await office.customer("served by keys")
    await customer.say(room, "按键能接吗")
    page = await office.seat("快手")
    await visit(page, f"/desk/{room}")
    await expect(message(page, "按键能接吗")).to_have_count(1)
    await expect(page.locator(".bar.amber button")).to_be_visible()
    await page.keyboard.press("t")
    box = page.locator("[data-composer]")
    await expect(box).to_be_focused()
    await page.keyboard.type("能")
    await expect(page.get_by_role("button", name="发送", exact=True)).to_be_enabled()
    await page.keyboard.press("Enter")
    await expect(message(page, "能")).to_have_count(2)
    await page.keyboard.press("Escape")
    await page.keyboard.press("r")
    await expect(page.get_by_text("这次咨询已结束")).to_be_visible()
    assert "能" in [one["content"].get("text") for one in await customer.messages(room)]


async def test_only_looking_does_not_mark_read_what_a_waiting_customer_wrote(office: Office) -> None:
    customer, room = await office.customer("looked at only")
    await customer.say(room, "先看看")
    page, wire = await office.seat("只看"), Wire()
    await wire.tap(page)
    await visit(page, f"/desk/{room}")
    await expect(message(page, "先看看")).to_have_count(1)
    await expect(page.locator(".bar.amber")).to_be_visible()
    # Marks go out at most every two seconds; leaving sends what is due.
    await visit(page, "/messages")
    await wire.until_answered("close_conversation")
    assert not any(command["type"] == "mark_read" for command in wire.sent)


async def test_who_begins_to_wait_is_shown_at_once_read_aloud_and_counted_in_the_title(
    office: Office,
) -> None:
    page = await office.seat("听着")
    await visit(page, "/desk")
    await expect(page.get_by_role("tab", name="等待中")).to_be_visible()
    customer, room = await office.customer("comes later")
    await customer.say(room, "刚进店")
    await expect(row(page, "刚进店")).to_have_count(1)
    await expect(row(page, "刚进店")).to_contain_text("客人")
    await expect(page.locator(".shell > [aria-live=polite]")).to_contain_text("新客人在等待: 客人")
    await expect(page).to_have_title(re.compile(r"^\(\d+\)"))


async def test_a_card_is_written_at_the_desk_and_reaches_the_customer(office: Office) -> None:
    customer, room = await office.customer("wants a card")
    await customer.say(room, "有礼盒吗")
    page = await office.seat("发卡")
    await take(page, "有礼盒吗")
    await page.get_by_role("button", name="发送卡片").click()
    dialog = page.get_by_role("dialog", name="发送卡片")
    await dialog.get_by_label("标题").fill("寿眉礼盒")
    await dialog.get_by_role("button", name="发送卡片").click()
    await expect(page.locator("article.message .card").filter(has_text="寿眉礼盒")).to_be_visible()
    card = await customer.until("message_sent", conversation_id=room, ordinal=2)
    assert card["content"]["title"] == "寿眉礼盒"


async def test_a_business_that_did_not_answer_can_be_asked_again(office: Office) -> None:
    customer, room = await office.customer("well known")
    await customer.say(room, "我的订单呢")
    page, wire = await office.seat("再问"), Wire()
    await wire.tap(page)
    wire.refuse("get_customer_context", "unavailable")
    await visit(page, f"/desk/{room}")
    failed = page.get_by_text("没能取到商家资料")
    await expect(failed).to_be_visible()
    wire.accept("get_customer_context")
    await page.locator(".soft").get_by_role("button", name="重试").click()
    await expect(failed).to_have_count(0)
    await expect(page.get_by_text("well known")).to_be_visible()
