"""In the console: a shop's robots are arranged and tried, and a device is turned on where the browser lets it."""

import os
import uuid

from playwright.async_api import Page, expect

from tests.e2e.console.office import Office, visit

SHOTS = os.environ.get("SHOTS", "")
REFUSED = "status of 400"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/"


async def shown(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


async def test_a_robot_is_added_changed_and_removed_and_its_address_never_shown_again(office: Office) -> None:
    key = uuid.uuid4().hex
    office.faults.allowed.append(REFUSED)
    page = await office.owner()
    await visit(page, "/admin/notify")
    panel = page.locator("section.panel").first
    await expect(panel.get_by_text("还没有机器人")).to_be_visible()
    await panel.get_by_role("button", name="添加机器人").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("名称").fill("值班群")
    await dialog.get_by_label("Webhook 地址").fill("http://127.0.0.1/hook")
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("这不是企业微信、飞书或钉钉机器人的地址")).to_be_visible()
    await dialog.get_by_label("Webhook 地址").fill(FEISHU + key)
    await dialog.get_by_label("签名密钥").fill("SECabcdef")
    await shown(page, "robot-dialog-zh")
    await dialog.get_by_role("button", name="保存").click()
    row = panel.get_by_role("listitem").filter(has_text="值班群")
    await expect(row).to_contain_text("飞书")
    await expect(row).to_contain_text("尚未提醒")
    await shown(page, "notify-zh")
    assert key not in await page.content()
    await row.get_by_role("button", name="编辑").click()
    await expect(dialog.get_by_label("Webhook 地址")).to_have_value("")
    await dialog.get_by_label("名称").fill("夜班群")
    await dialog.get_by_role("button", name="保存").click()
    row = panel.get_by_role("listitem").filter(has_text="夜班群")
    await expect(row).to_be_visible()
    await row.get_by_role("button", name="移除").click()
    await page.get_by_role("dialog").get_by_role("button", name="移除").click()
    await expect(panel.get_by_text("还没有机器人")).to_be_visible()


async def test_when_to_tell_is_kept_and_reads_well_in_english(office: Office) -> None:
    page = await office.owner(locale="en")
    await visit(page, "/admin/notify")
    panel = page.locator("section.panel").first
    after = panel.get_by_role("spinbutton", name="Tell after a customer has waited for")
    await expect(after).to_have_value("60")
    await after.fill("90")
    await after.press("Tab")
    await panel.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved")).to_be_visible()
    await page.reload()
    await expect(after).to_have_value("90")
    await shown(page, "notify-en")


async def test_a_device_that_the_browser_blocks_says_so_and_asks_for_nothing(office: Office) -> None:
    page = await office.seat("梅", locale="zh-CN")
    await page.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    await page.reload()
    await expect(page.get_by_role("tablist").first).to_be_visible()
    await visit(page, "/me")
    panel = page.locator("section.panel").filter(has=page.get_by_role("heading", name="本机提醒"))
    await expect(panel.get_by_role("status")).to_contain_text("浏览器禁止了本站的通知")
    await shown(page, "me-zh")


async def test_a_browser_without_push_says_so(office: Office) -> None:
    page = await office.seat("Lin", locale="en")
    await page.add_init_script("delete window.PushManager")
    await page.reload()
    await expect(page.get_by_role("tablist").first).to_be_visible()
    await visit(page, "/me")
    panel = page.locator("section.panel").filter(
        has=page.get_by_role("heading", name="Alerts on this device")
    )
    await expect(panel.get_by_role("status")).to_contain_text("This browser has no push")
    await shown(page, "me-en")


async def test_a_shop_server_that_can_not_be_asked_is_told_in_one_line_and_the_chat_goes_on(
    office: Office,
) -> None:
    shop = (await office.served.ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
    inside = {"context_url": "http://127.0.0.1:9/context", "context_secret": "a secret to sign with"}
    await office.served.ask("PATCH", f"/v1/admin/shops/{shop}", inside)
    customer, room = await office.customer("no context")
    await customer.say(room, "我的订单呢")
    for locale, told in (("zh-CN", "未获允许"), ("en", "is not allowed")):
        page = await office.seat("Mei", locale=locale, viewport={"width": 1440, "height": 860})
        await visit(page, f"/desk/{room}")
        line = page.locator(".customer .age")
        await expect(line).to_contain_text(told)
        await expect(line.get_by_role("button")).to_be_enabled()
        await expect(page.locator("article.message").filter(has_text="我的订单呢")).to_be_visible()
        await shown(page, f"panel-{locale}")
    await office.served.ask("PATCH", f"/v1/admin/shops/{shop}", {"context_url": ""})
