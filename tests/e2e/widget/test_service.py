"""The customer's side of the desk in the widget, against a real server."""

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

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
