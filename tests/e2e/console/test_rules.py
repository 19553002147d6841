"""In the console: rules are written as sentences, tried, ordered and switched off; what customers see is settled."""

import os
import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.console.office import Office, visit
from tests.e2e.demo.test_accessibility import violations

SHOTS = os.environ.get("SHOTS", "")
THANKS = {"name": "道谢", "when": "resolved", "then": {"reply": {"zh-CN": "感谢光临", "en": "Thank you"}}}


async def shown(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.fixture
async def shop(office: Office) -> str:
    shops = (await office.served.ask("GET", "/v1/admin/shops"))["shops"]
    return f"/v1/admin/shops/{shops[0]['id']}"


async def test_a_rule_is_written_tried_ordered_by_keyboard_and_by_hand_and_switched_off(
    office: Office, shop: str
) -> None:
    served = office.served
    await served.ask("PUT", f"{shop}/rules", {"rules": [THANKS]})
    customer, room = await office.customer("顾长安")
    await customer.say(room, "在吗")
    page = await office.owner()
    await visit(page, "/admin/rules")
    rows = page.locator(".rules li")
    await expect(rows).to_have_count(1)
    await page.get_by_role("button", name="新规则").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog.get_by_text("给规则起个名字")).to_be_visible()
    await dialog.get_by_label("名称").fill("有人问发票")
    await dialog.get_by_label("当", exact=True).select_option("said")
    words = dialog.get_by_role("combobox", name="消息里有这些词之一")
    await words.fill("发票")
    await expect(page.get_by_role("option", name="发票")).to_be_visible()
    await words.press("Enter")
    await expect(dialog.locator(".el-tag")).to_have_text("发票")
    await dialog.get_by_label("动作", exact=True).select_option("notify")
    await dialog.get_by_label("假设客人说").fill("发票怎么开")
    await dialog.get_by_role("button", name="试一试").click()
    await expect(dialog.get_by_text(re.compile(r"最近 \d+ 个会话里，会触发 [1-9]"))).to_be_visible()
    await shown(page, "rule-dialog-zh")
    assert await violations(page.main_frame) == []
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog).to_be_hidden()
    await expect(rows).to_have_count(2)

    up = page.get_by_role("button", name="上移「有人问发票」")
    await up.focus()
    await page.keyboard.press("Enter")
    await expect(rows.first).to_contain_text("有人问发票")
    await expect(page.get_by_role("button", name="下移「有人问发票」")).to_be_focused()
    await expect(page.get_by_role("status").filter(has_text="第 1 位")).to_be_attached()
    await shown(page, "rules-zh")
    box = await rows.nth(1).bounding_box()
    assert box is not None
    await rows.first.locator(".grip").drag_to(
        rows.nth(1), target_position={"x": box["width"] / 2, "y": box["height"] - 8}
    )
    await expect(rows.nth(1)).to_contain_text("有人问发票")
    async with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        await page.get_by_role("switch", name="启用「有人问发票」").press("Space")
    await expect(rows.nth(1).get_by_text("已停用")).to_be_visible()
    kept = (await served.ask("GET", f"{shop}/rules"))["rules"]
    assert [rule["name"] for rule in kept] == ["道谢", "有人问发票"]
    assert (kept[1]["enabled"], kept[1]["if"], kept[1]["then"]) == (
        False,
        {"words": ["发票"]},
        {"notify": ["robots"]},
    )
    await page.get_by_role("button", name="移除: 有人问发票").click()
    await page.get_by_role("dialog").get_by_role("button", name="移除").click()
    await expect(rows).to_have_count(1)


async def test_in_english_the_sentence_reads_well_and_a_refusal_says_which_rule(
    office: Office, shop: str
) -> None:
    served = office.served
    queue = await served.ask("POST", f"{shop}/queues", {"name": "VIP", "strategy": "manual"})
    then = {"queue_id": queue["id"], "notify": ["robots", "agents"]}
    wanted = {"queues": [queue["id"]], "hours": "open", "languages": ["en"]}
    waits = {"name": "Waits", "when": "waiting", "minutes": 5, "if": wanted, "then": then}
    await served.ask("PUT", f"{shop}/rules", {"rules": [waits, THANKS]})
    page = await office.owner(locale="en")
    await visit(page, "/admin/rules")
    first = page.locator(".rules li").first
    await expect(first).to_contain_text("A customer has waited for 5 minutes")
    await expect(first).to_contain_text("notify group robots and agents’ devices")
    await shown(page, "rules-en")
    await page.get_by_role("button", name="Edit rule: Waits").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Name")).to_have_value("Waits")
    await shown(page, "rule-dialog-en")
    assert await violations(page.main_frame) == []
    await dialog.get_by_role("button", name="Cancel").click()
    await served.http("DELETE", f"{shop}/queues/{queue['id']}", None, served.owner_token)
    office.faults.allowed.append("status of 404")
    await page.get_by_role("button", name="Edit rule: 道谢").click()
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("the rule “Waits” does not hold any more")
    await served.ask("PUT", f"{shop}/rules", {"rules": []})


async def test_what_customers_see_is_settled_and_the_look_is_copied(office: Office, shop: str) -> None:
    served = office.served
    await served.ask("PUT", f"{shop}/desk", {"out_of_hours": {"zh-CN": "九点开门"}, "reopen_s": 3_600})
    page = await office.owner(locale="en")
    await visit(page, "/admin/customers")
    row = page.get_by_role("row").filter(has_text="九点开门")
    await expect(row).to_contain_text("One language only")
    panel = page.locator("section.ratings")
    await panel.get_by_role("button", name="Add reason").click()
    save = panel.get_by_role("button", name="Save")
    await save.click()
    await expect(panel.get_by_role("alert")).to_be_visible()
    await panel.get_by_label("Chinese").fill("茶凉了")
    await panel.get_by_label("Most stars").select_option("3")
    async with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        await save.click()
    kept = await served.ask("GET", f"{shop}/desk")
    assert (kept["out_of_hours"], kept["reopen_s"]) == ({"zh-CN": "九点开门"}, 3_600)
    (reason,) = kept["ratings"]["reasons"]
    assert (reason["texts"], reason["most"]) == ({"zh-CN": "茶凉了"}, 3)
    look = page.locator("section.look")
    theme = look.get_by_role("combobox", name="Theme", exact=True)
    await theme.select_option("clay")
    tag = look.get_by_label("Web: paste into every page")
    await expect(tag).to_have_value(re.compile(r'data-theme="clay"'))
    await shown(page, "customers-en")
    await served.ask("PUT", f"{shop}/desk", {})
