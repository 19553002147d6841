"""An agent's day: filters that are kept, a list that keeps still, passing on, topics, the end and what came before."""

import uuid
from typing import Any

from playwright.async_api import Locator, Page, expect

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.e2e.console.office import Office, message, say, visit
from tests.e2e.console.test_desk import row, take
from tests.e2e.console.wire import Wire


async def queue(office: Office, name: str, **more: Any) -> dict[str, Any]:
    """A queue of the first shop that no case enters by itself: its rule asks for a page that nobody comes by."""
    shop = (await office.served.ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
    match = {"pages": [f"/{uuid.uuid4().hex}"]}
    spec = {"name": name, "strategy": "manual", "match": match, "position": 100, **more}
    made: dict[str, Any] = await office.served.ask("POST", f"/v1/admin/shops/{shop}/queues", spec)
    return made


async def go_online(page: Page) -> None:
    await page.locator(".rail .mine").click()
    await page.get_by_role("menuitem", name="会分到新咨询").click()
    await expect(page.locator(".rail .mine")).to_contain_text("在线")


async def blank(page: Page) -> None:
    """No field has the keys."""
    await page.locator("h1").first.click()


def bar(page: Page) -> Locator:
    return page.locator(".pane .bar")


async def test_ones_state_is_chosen_by_keys_said_aloud_and_shown_to_a_colleague_who_passes_on(
    office: Office,
) -> None:
    queued = await queue(office, "售后")
    customer, room = await office.customer("to be passed on")
    await customer.say(room, "我要退货")
    mei, lin = await office.seat("小梅转"), await office.seat("阿林收")
    await blank(lin)
    await lin.keyboard.press("s")
    await lin.get_by_role("menuitem", name="会分到新咨询").press("Enter")
    await expect(lin.locator(".rail .mine")).to_have_accessible_name("我的状态：在线，手上 0，上限 5")
    await expect(lin.locator(".shell > [aria-live=polite]")).to_contain_text("你的状态是在线")

    await take(mei, "我要退货")
    await mei.keyboard.press("Escape")
    await blank(mei)
    await mei.keyboard.press("p")
    dialog = mei.get_by_role("dialog", name="转接")
    await expect(dialog.get_by_text(queued["name"])).to_be_visible()
    await dialog.get_by_label("找同事或队列").fill("阿林收")
    await expect(dialog.locator(".aim")).to_have_count(1)
    await expect(dialog.locator(".aim")).to_contain_text("在线")
    await dialog.get_by_label("找同事或队列").press("ArrowDown")
    await dialog.get_by_label("给同事的备注").fill("客人很急，先退款")
    await dialog.get_by_role("button", name="转给 阿林收").click()
    await expect(dialog).to_be_hidden()
    await expect(bar(mei)).to_contain_text("阿林收")

    await lin.get_by_role("tab", name="我接待的").click()
    await lin.locator("#queue-rows li").first.click()
    await expect(message(lin, "我要退货")).to_have_count(1)
    await lin.keyboard.press("Escape")
    await blank(lin)
    await lin.keyboard.press("h")
    history = lin.get_by_role("region", name="经过")
    await expect(history).to_contain_text("小梅转 转给 阿林收")
    await expect(history).to_contain_text("客人很急，先退款")
    assert "客人很急" not in str(await customer.messages(room))


async def test_nothing_is_passed_on_to_a_colleague_who_is_not_there(office: Office) -> None:
    customer, room = await office.customer("nobody there")
    await customer.say(room, "有人收吗")
    await go_online(await office.seat("走开的"))
    gone = await office.seat("忙完走的")
    await go_online(gone)
    await gone.locator(".rail .mine").click()
    await gone.get_by_role("menuitem", name="离线").click()
    page = await office.seat("转不出")
    await take(page, "有人收吗")
    await page.keyboard.press("Escape")
    await blank(page)
    await page.keyboard.press("p")
    dialog = page.get_by_role("dialog", name="转接")
    await expect(dialog.locator(".aim").filter(has_text="忙完走的")).to_contain_text("离线")
    await expect(dialog.locator(".aim").filter(has_text="忙完走的").locator("input")).to_be_disabled()


async def test_of_two_who_take_a_case_at_once_the_slower_is_told_who_has_it(office: Office) -> None:
    customer, room = await office.customer("wanted by two")
    await customer.say(room, "谁先来")
    mei, lin, wire = await office.seat("小梅抢"), await office.seat("阿林慢"), Wire()
    await wire.tap(lin)
    for page in (mei, lin):
        await visit(page, f"/desk/{room}")
        await expect(page.locator(".bar.amber button")).to_be_visible()
    wire.hold("take_case")
    await lin.keyboard.press("t")
    await wire.until_held()
    await mei.keyboard.press("t")
    await expect(mei.get_by_role("button", name="结束咨询")).to_be_visible()
    wire.release()
    await expect(lin.locator(".el-message")).to_contain_text("小梅抢")
    await expect(lin.locator(".el-message--error")).to_have_count(0)
    await expect(bar(lin)).to_contain_text("小梅抢")
    await expect(lin.locator("[data-composer]")).to_have_count(0)


async def test_a_resolved_case_is_taken_up_again_from_its_history(office: Office) -> None:
    customer, room = await office.customer("comes back")
    await customer.say(room, "第一件事")
    page = await office.seat("接着来")
    await take(page, "第一件事")
    await page.get_by_role("button", name="其他结束方式").click()
    dialog = page.get_by_role("dialog", name="怎样结束")
    await dialog.get_by_text("客人离开了").click()
    await dialog.get_by_label("给同事的备注").fill("没说完就走了")
    await dialog.get_by_role("button", name="结束咨询").click()
    await expect(bar(page)).to_contain_text("这次咨询已结束")
    await page.get_by_role("tab", name="经过").click()
    await expect(page.get_by_role("region", name="经过")).to_contain_text("接着来 结束了咨询：客人已离开")
    await expect(page.get_by_role("region", name="经过")).to_contain_text("没说完就走了")
    await bar(page).get_by_role("button", name="继续接待").click()
    await expect(page.get_by_role("button", name="结束咨询")).to_be_visible()
    await say(page, "我还在")


async def test_several_topics_of_a_thread_are_tabs_each_with_its_own_end(office: Office) -> None:
    customer, room = await office.customer("of two minds")
    await customer.say(room, "茶饼发货了吗")
    page = await office.seat("两头顾")
    await take(page, "茶饼发货了吗")
    await page.keyboard.press("Escape")
    await blank(page)
    await page.keyboard.press("n")
    dialog = page.get_by_role("dialog", name="另开一个主题")
    await dialog.get_by_label("主题").fill("开发票")
    await dialog.get_by_label("主题").press("Enter")
    topics = page.get_by_role("tablist", name="主题")
    await expect(topics.get_by_role("tab")).to_have_count(2)
    await expect(topics.get_by_role("tab", name="一般咨询")).to_have_attribute("aria-selected", "true")
    await blank(page)
    await page.keyboard.press("]")
    await expect(topics.get_by_role("tab", name="开发票")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("t")
    await expect(page.get_by_role("button", name="结束咨询")).to_be_visible()
    await page.keyboard.press("Escape")
    await blank(page)
    await page.keyboard.press("r")
    await expect(topics.get_by_role("tab", name="开发票")).to_have_count(0)
    # The other goes on, and one may still speak.
    await say(page, "茶饼今天发")


async def test_a_case_is_called_something_by_keys_and_found_by_that(office: Office) -> None:
    customer, room = await office.customer("to be tagged")
    await customer.say(room, "茶杯碎了")
    page = await office.seat("贴标签的")
    await visit(page, f"/desk/{room}")
    await expect(page.locator(".bar.amber")).to_be_visible()
    await page.keyboard.press("l")
    field = page.get_by_label("加标签")
    await expect(field).to_be_focused()
    await page.keyboard.type("破损")
    await page.keyboard.press("Enter")
    await expect(row(page, "茶杯碎了")).to_contain_text("破损")
    await expect(page.get_by_role("region", name="经过")).to_contain_text("加上：破损")
    await page.get_by_role("button", name="去掉标签「破损」").click()
    await expect(row(page, "茶杯碎了")).not_to_contain_text("破损")


async def test_a_filter_is_kept_for_whoever_kept_it_and_used_again_by_one_press(office: Office) -> None:
    queued = await queue(office, "礼盒")
    customer, room = await office.customer("of a queue")
    await customer.say(room, "礼盒多少钱")
    other, elsewhere = await office.customer("of no queue")
    await other.say(elsewhere, "散茶多少钱")
    page = await office.seat("会筛选")
    await visit(page, "/desk")
    await expect(row(page, "礼盒多少钱")).to_have_count(1)
    await visit(page, f"/desk/{room}")
    await blank(page)
    await page.keyboard.press("p")
    dialog = page.get_by_role("dialog", name="转接")
    await dialog.locator(".aim").filter(has_text="礼盒").click()
    await dialog.get_by_role("button", name="转给 礼盒").click()
    await expect(dialog).to_be_hidden()

    await blank(page)
    await page.keyboard.press("f")
    await page.get_by_role("group", name="队列").get_by_role("button", name="礼盒").click()
    await expect(row(page, "散茶多少钱")).to_have_count(0)
    await expect(row(page, "礼盒多少钱")).to_have_count(1)
    await page.get_by_label("给这个筛选起名").fill("只看礼盒")
    await page.get_by_role("button", name="保存", exact=True).click()
    await page.get_by_label("给这个筛选起名").press("Escape")
    await page.get_by_role("button", name="清除 1 项筛选").click()
    await expect(row(page, "散茶多少钱")).to_have_count(1)

    await page.reload()
    await page.get_by_role("button", name="只看礼盒").click()
    await expect(row(page, "礼盒多少钱")).to_have_count(1)
    await expect(row(page, "散茶多少钱")).to_have_count(0)
    path = f"/v1/admin/shops/{queued['shop_id']}/queues/{queued['id']}"
    assert (await office.served.http("DELETE", path, token=office.served.owner_token))[0] == 204


async def test_what_comes_while_the_pointer_rests_on_the_list_waits_outside(office: Office) -> None:
    first, room = await office.customer("came first")
    await first.say(room, "我先到的")
    page = await office.seat("别动我")
    await visit(page, "/desk")
    await page.get_by_role("button", name="等得最久的在前").click()  # now the latest come on top
    await expect(row(page, "我先到的")).to_have_count(1)
    await row(page, "我先到的").hover()
    before = await row(page, "我先到的").bounding_box()
    second, elsewhere = await office.customer("came second")
    await second.say(elsewhere, "我后到的")
    news = page.locator(".news")
    await expect(news).to_contain_text("1 个新咨询")
    await expect(row(page, "我后到的")).to_have_count(0)
    assert await row(page, "我先到的").bounding_box() == before
    await page.mouse.move(900, 300)
    await expect(row(page, "我后到的")).to_have_count(1)
    await expect(news).to_have_count(0)


async def test_the_wait_is_counted_in_words_too_and_gets_warmer(office: Office) -> None:
    customer, room = await office.customer("waits and waits")
    page = await office.page()
    await page.clock.install()
    await office.sign_in(page, await office.hire("看表的"))
    await customer.say(room, "等多久")
    timer = row(page, "等多久").locator(".timer")
    await expect(timer).to_have_class("timer tabular calm")
    width = await timer.locator(".digits").evaluate("one => one.getBoundingClientRect().width")
    await page.clock.run_for(150_000)
    await expect(timer).to_contain_text("尽快")
    await expect(timer.locator(".sr-only")).to_have_text("已等待 2 分钟")
    await page.clock.run_for(180_000)
    await expect(timer).to_contain_text("超时")
    assert await timer.locator(".digits").evaluate("one => one.getBoundingClientRect().width") == width


async def test_who_moves_by_keys_keeps_the_focus_when_the_row_goes(office: Office) -> None:
    rooms = []
    customers = []
    for text in ("一号", "二号", "三号"):
        customer, room = await office.customer(f"row {text}")
        await customer.say(room, f"我是{text}")
        customers.append(customer)
        rooms.append(room)
    mei, lin = await office.seat("按键的"), await office.seat("接走的")
    await visit(mei, "/desk")
    await expect(row(mei, "我是二号")).to_have_count(1)
    await mei.get_by_role("tab", name="等待中").press("Tab")
    if not await mei.evaluate("document.activeElement.dataset.case"):
        await mei.keyboard.press("Tab")  # past the way to go online
    for _ in range(40):  # others wait here too
        if "我是二号" in await mei.evaluate("document.activeElement.textContent"):
            break
        await mei.keyboard.press("ArrowDown")
    await expect(row(mei, "我是二号").locator("a")).to_be_focused()
    await visit(lin, f"/desk/{rooms[1]}")
    await expect(lin.locator(".bar.amber button")).to_be_visible()
    await lin.keyboard.press("t")
    await expect(lin.get_by_role("button", name="结束咨询")).to_be_visible()
    # Its row stays as long as the keys are here, and says that it has gone.
    await expect(row(mei, "我是二号")).to_contain_text("已离开这个列表")
    await mei.keyboard.press("ArrowDown")
    await expect(row(mei, "我是三号").locator("a")).to_be_focused()


async def test_a_topic_that_a_customer_begins_by_themselves_is_a_case_of_its_own(office: Office) -> None:
    customer, room = await office.customer("begins a topic")
    await customer.say(room, "先问一句")
    page = await office.seat("看主题")
    await visit(page, f"/desk/{room}")
    await expect(page.locator(".bar.amber")).to_be_visible()
    await customer.ask("open_case", client_msg_id=uuid_text(uuid7()), conversation_id=room, subject="换货")
    await expect(page.get_by_role("tablist", name="主题").get_by_role("tab")).to_have_count(2)
    await expect(page.locator("#queue-rows li").filter(has_text="换货")).to_have_count(1)
