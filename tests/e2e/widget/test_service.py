"""The customer's side of the desk in the widget, against a real server."""

import os
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.demo.stage import PASSWORD
from tests.e2e.widget.street import Street

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_after_the_end_the_visitor_rates_by_keyboard_and_asks_again(street: Street) -> None:
    visitor, desk = await street.conversing("something to rate")
    panel, keyboard = visitor.panel, visitor.page.keyboard
    await expect(panel.locator(".under")).to_have_text("小梅 正在为您服务")
    await desk.resolve()
    rate = panel.get_by_role("button", name="评价", exact=True)
    await rate.focus()
    await keyboard.press("Enter")
    sheet = panel.get_by_role("dialog", name="这次服务怎么样？")
    await expect(sheet.get_by_role("radio", name="1 星，很不满意")).to_be_focused()
    await keyboard.press("ArrowRight")
    await expect(sheet.get_by_role("radio", name="2 星，不满意")).to_be_checked()
    await sheet.get_by_role("button", name="回复太慢").click()
    await sheet.get_by_role("textbox").fill("等了一会儿")
    if "CHAGUAN_SHOTS" in os.environ:
        await visitor.page.screenshot(path=Path(os.environ["CHAGUAN_SHOTS"]) / "widget-rating.png")
    await sheet.get_by_role("button", name="提交").click()
    await expect(panel.get_by_text("谢谢您的评价").first).to_be_visible()
    await panel.get_by_role("button", name="关闭").last.click()
    await expect(panel.locator(".under")).to_have_text("谢谢您的评价")
    await panel.get_by_role("button", name="修改评价", exact=True).click()
    await expect(sheet.get_by_role("radio", name="2 星，不满意")).to_be_checked()
    await expect(sheet.get_by_role("textbox")).to_have_value("等了一会儿")
    await sheet.get_by_role("button", name="没解决", exact=True).click()
    await expect(panel.get_by_role("button", name="选项", exact=True)).to_be_visible()
    if "CHAGUAN_SHOTS" in os.environ:
        await visitor.page.screenshot(path=Path(os.environ["CHAGUAN_SHOTS"]) / "widget-waiting.png")
    await panel.get_by_role("button", name="选项", exact=True).click()
    left = panel.get_by_role("dialog", name="给我们留言")
    await left.get_by_role("textbox", name="请写下您的问题").fill("请回电")
    await left.get_by_role("textbox", name="联系电话（选填）").fill("138 0013 8000")
    await left.get_by_role("checkbox").check()
    if "CHAGUAN_SHOTS" in os.environ:
        await visitor.page.screenshot(path=Path(os.environ["CHAGUAN_SHOTS"]) / "widget-message.png")
    await left.get_by_role("button", name="留言", exact=True).click()
    await expect(left.get_by_role("status")).to_have_text("已收到留言，我们会尽快回复")
    assert await visitor.refused() == []


async def test_an_answer_comes_up_while_one_types_and_moves_nothing(street: Street) -> None:
    async with httpx.AsyncClient(trust_env=False, base_url=street.url) as http:
        asked = {"email": "lin@tea.example", "password": PASSWORD, "device_id": "street-faq"}
        token = (await http.post("/v1/auth/staff", json=asked)).raise_for_status().json()["access_token"]
        http.headers.update({"authorization": f"Bearer {token}", "x-device-id": "street-faq"})
        (shop,) = (await http.get("/v1/admin/shops")).raise_for_status().json()["shops"]
        list_ = f"/v1/admin/shops/{shop['id']}/faq"
        texts = {"zh-CN": {"question": "退款多久到账？", "answer": "三天内原路退回。"}}
        entry = (await http.post(list_, json={"texts": texts})).raise_for_status().json()
        try:
            await types_and_is_answered(street)
        finally:
            await http.delete(f"{list_}/{entry['id']}")


async def types_and_is_answered(street: Street) -> None:
    visitor = await (await (await street.visitor()).arrive()).open()
    panel, keyboard = visitor.panel, visitor.page.keyboard
    await visitor.say("something else first")
    await visitor.box.press_sequentially("退款多久")
    row = panel.get_by_role("button", name="退款多久到账？")
    await expect(row).to_be_visible()
    if "CHAGUAN_SHOTS" in os.environ:
        await visitor.page.screenshot(path=Path(os.environ["CHAGUAN_SHOTS"]) / "widget-answers.png")
    assert await visitor.shifts() == []
    await keyboard.press("Tab")
    await expect(row).to_be_focused()
    await keyboard.press("Enter")
    sheet = panel.get_by_role("dialog", name="退款多久到账？")
    await expect(sheet.get_by_text("三天内原路退回。")).to_be_visible()
    if "CHAGUAN_SHOTS" in os.environ:
        await visitor.page.screenshot(path=Path(os.environ["CHAGUAN_SHOTS"]) / "widget-answer.png")
    await keyboard.press("Enter")
    await expect(visitor.box).to_be_focused()
    await expect(visitor.box).to_have_value("")
    await expect(visitor.bubble("退款多久")).to_have_count(0)
    await visitor.box.press_sequentially("退款多久")
    await row.click()
    await sheet.get_by_role("button", name="问人工客服").click()
    await expect(visitor.bubble("退款多久")).to_have_count(1)
    await expect(row).to_be_hidden()
    assert await visitor.refused() == []
