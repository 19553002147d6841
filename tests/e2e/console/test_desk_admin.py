"""A desk is arranged in the console: queues in their order, what agents can, hours; refusals stand at their field."""

import uuid

from playwright.async_api import Page, expect

from tests.e2e.console.office import Office, visit


async def shop_of(office: Office) -> str:
    shop: str = (await office.served.ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
    return shop


async def a_shop(office: Office, name: str) -> str:
    """One of its own, so that no rule of this test meets customers of another."""
    made: str = (await office.served.ask("POST", "/v1/admin/shops", {"name": name}))["id"]
    return made


async def choose_shop(page: Page, name: str) -> None:
    await page.locator(".page-head .el-select").click()
    await page.get_by_role("option", name=name).click()


async def pick(page: Page, label: str, option: str) -> None:
    """In a select of the dialog that is open."""
    # What is chosen lies over the field itself.
    field = page.get_by_label(label, exact=True)
    await page.get_by_role("dialog").locator(".el-select").filter(has=field).click()
    await page.get_by_role("option", name=option, exact=True).click()


async def test_queues_are_made_ordered_and_told_in_words(office: Office) -> None:
    name = f"店 {uuid.uuid4().hex[:4]}"
    shop = await a_shop(office, name)
    page = await office.owner()
    await visit(page, "/admin/queues")
    await choose_shop(page, name)
    for queue in ("售后", "其他"):
        await page.get_by_role("button", name="新队列").click()
        dialog = page.get_by_role("dialog", name="新队列")
        await dialog.get_by_label("名称").fill(queue)
        if queue == "售后":
            await dialog.get_by_label("进入的页面，以此开头").press_sequentially("/pages/order")
            await expect(page.get_by_role("option", name="/pages/order")).to_be_visible()
            await page.keyboard.press("Enter")
            await expect(dialog.locator(".el-tag").filter(has_text="/pages/order")).to_be_visible()
        await dialog.get_by_role("button", name="保存").click()
        await expect(dialog).to_be_hidden()
    rows = page.locator(".queues > li")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("/pages/order")
    await expect(rows.nth(1)).to_contain_text("所有咨询")
    await page.get_by_role("button", name="下移「售后」").click()
    await expect(rows.nth(0)).to_contain_text("其他")
    told = (await office.served.ask("GET", f"/v1/admin/shops/{shop}/queues"))["queues"]
    assert [each["name"] for each in sorted(told, key=lambda each: each.get("position", 0))] == [
        "其他",
        "售后",
    ]


async def test_a_circle_of_queues_is_refused_at_the_field_that_closes_it(office: Office) -> None:
    office.faults.allowed.append("409")
    name = f"店 {uuid.uuid4().hex[:4]}"
    shop = await a_shop(office, name)
    path = f"/v1/admin/shops/{shop}/queues"
    first = await office.served.ask("POST", path, {"name": "甲", "position": 1})
    over = {"name": "乙", "position": 2, "overflow_to": first["id"], "overflow_after_s": 60}
    await office.served.ask("POST", path, over)
    page = await office.owner()
    await visit(page, "/admin/queues")
    await choose_shop(page, name)
    await page.get_by_role("button", name="编辑队列: 甲").click()
    await pick(page, "转入", "乙")
    dialog = page.get_by_role("dialog", name="编辑队列")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog.locator(".el-form-item__error")).to_contain_text("这样会一直转下去")
    await expect(dialog).to_be_visible()
    # One that another overflows into is not deleted, and says which.
    await dialog.get_by_role("button", name="取消").click()
    await page.get_by_role("button", name="删除: 甲").or_(page.get_by_role("button", name="移除: 甲")).click()
    await page.locator(".el-message-box .el-button--primary").click()
    await expect(page.get_by_text("「乙」会溢出到这个队列")).to_be_visible()


async def test_what_an_agent_can_is_settled_and_tells_which_queues_they_serve(office: Office) -> None:
    email = await office.hire("会退货的")
    shop = await shop_of(office)
    spec = {"name": "退货组", "strategy": "manual", "skills": ["退货"], "match": {"pages": ["/never"]}}
    await office.served.ask("POST", f"/v1/admin/shops/{shop}/queues", spec)
    page = await office.owner()
    await visit(page, "/admin/agents")
    await page.get_by_role("button", name="添加客服").click()
    dialog = page.get_by_role("dialog", name="让谁来接待")
    await pick(page, "同事", "会退货的")
    await dialog.get_by_label("同时最多接").fill("8")
    await dialog.get_by_label("技能").fill("退货")
    await page.keyboard.press("Enter")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog).to_be_hidden()
    one = page.locator("tbody tr").filter(has_text="会退货的")
    await expect(one).to_contain_text("0 / 8")
    await expect(one).to_contain_text("退货组")
    await expect(one).to_contain_text("离线")
    # State and load are live.
    agent = await office.sign_in(await office.page(), email)
    await agent.locator(".rail .mine").click()
    await agent.get_by_role("menuitem", name="会分到新咨询").click()
    await expect(one).to_contain_text("在线")


async def test_hours_of_several_intervals_and_a_holiday_are_kept_and_overlaps_are_not_sent(
    office: Office,
) -> None:
    name = f"店 {uuid.uuid4().hex[:4]}"
    shop = await a_shop(office, name)
    page = await office.owner()
    await visit(page, "/admin/hours")
    await choose_shop(page, name)
    save = page.get_by_role("button", name="保存")
    await expect(save).to_be_disabled()
    await page.get_by_text("按每周时间").click()
    monday = page.get_by_role("group", name="周一")
    await monday.get_by_label("周一 到").fill("12:00")
    await monday.get_by_label("周一 加一段").click()
    await monday.get_by_label("周一 从").nth(1).fill("11:00")
    await monday.get_by_label("周一 从").nth(1).blur()
    await expect(monday.get_by_role("alert")).to_contain_text("不能重叠")
    await expect(save).to_be_disabled()
    await monday.get_by_label("周一 从").nth(1).fill("13:30")
    await monday.get_by_label("周一 到").nth(1).fill("00:00")
    await monday.get_by_label("周一 到").nth(1).blur()
    await page.get_by_role("button", name="加一天").click()
    await page.get_by_label("日期").first.fill("2027-02-06")
    await page.get_by_label("名称，例如春节").fill("春节")
    await page.get_by_label("中文").fill("我们明早回来")
    await page.get_by_label("英文").fill("Back tomorrow")
    await save.click()
    await expect(page.get_by_text("已保存")).to_be_visible()
    told = await office.served.ask("GET", f"/v1/admin/shops/{shop}/desk")
    assert told["hours"]["week"][0] == [[540, 720], [810, 1440]]
    assert told["hours"]["holidays"] == [{"date": "2027-02-06", "name": "春节"}]
    assert told["out_of_hours"] == {"zh-CN": "我们明早回来", "en": "Back tomorrow"}
    await page.reload()
    await expect(page.locator("form .panel").first).to_be_visible()


async def test_what_cannot_be_read_says_so_and_is_read_again(office: Office) -> None:
    office.faults.allowed.append("503")
    page = await office.owner()
    unavailable = '{"error": {"code": "unavailable"}}'

    async def refuse(route) -> None:
        await route.fulfill(status=503, content_type="application/json", body=unavailable)

    await page.route("**/v1/admin/agents", refuse)
    await visit(page, "/admin/agents")
    await expect(page.get_by_role("alert")).to_contain_text("暂时")
    await page.unroute("**/v1/admin/agents")
    await page.get_by_role("button", name="重试").click()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_what_a_colleague_changes_at_the_queues_is_seen_at_once(office: Office) -> None:
    shop = (await office.served.ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
    page = await office.owner()
    await visit(page, "/admin/queues")
    await expect(page.get_by_role("button", name="新队列")).to_be_enabled()
    made = await office.served.ask("POST", f"/v1/admin/shops/{shop}/queues", {"name": "同事建的"})
    row = page.locator(".queues li").filter(has_text="同事建的")
    await expect(row).to_be_visible()
    await office.served.ask("PUT", f"/v1/admin/shops/{shop}/queues/{made['id']}", {"name": "同事改的"})
    await expect(page.locator(".queues li").filter(has_text="同事改的")).to_be_visible()
    path = f"/v1/admin/shops/{shop}/queues/{made['id']}"
    assert (await office.served.http("DELETE", path, None, office.served.owner_token))[0] == 204
    await expect(page.locator(".queues li").filter(has_text="同事改的")).to_have_count(0)
