"""What agents write with: notes among staff, whispers, taking over, canned replies; and that the customer gets none of
what is not for them."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.console.office import Office, message, say, visit
from tests.e2e.console.test_desk import row, take
from tests.e2e.demo.test_accessibility import violations
from tests.e2e.server import Client

PICTURES = os.environ.get("SHOTS", "")
SECRET = "她上次骗了退款"
REPLIES = [
    {
        "shortcut": "card",
        "title": "龙井礼盒卡片",
        "texts": {
            "zh-CN": "{{shop.name}}的这一款：",
            "en": "This one of {{shop.name}}:",
        },
        "contents": [
            {"type": "card", "title": "明前龙井礼盒", "lines": [{"label": "价格", "value": "¥268"}]}
        ],
        "folder": "商品",
    },
    {
        "shortcut": "order",
        "title": "订单状态",
        "texts": {"zh-CN": "订单 {{order.number}} 已发货"},
        "folder": "售后",
    },
    {
        "shortcut": "th",
        "title": "退货地址",
        "texts": {"zh-CN": "请寄到杭州市西湖区", "en": "Please send it to Hangzhou"},
    },
]


async def shot(page: Page, name: str) -> None:
    if PICTURES:
        await asyncio.to_thread(Path(PICTURES).mkdir, parents=True, exist_ok=True)
        await page.screenshot(path=f"{PICTURES}/{name}.png")


def note(page: Page, text: str) -> Locator:
    return page.locator("article.note").filter(has_text=text)


async def write_note(page: Page, text: str) -> None:
    box = page.locator("[data-note-composer]")
    if not await box.count():
        await page.locator("label.note").click()
    await box.fill(text)
    await box.press("Enter")
    await expect(note(page, text)).to_have_count(1)


def heard(customer: Client) -> str:
    return json.dumps(customer.pushes, ensure_ascii=False)


async def look_at(page: Page, text: str) -> None:
    await visit(page, "/desk")
    await page.get_by_role("tab", name="全部").click()
    await row(page, text).click()
    await expect(page.locator("[data-note-composer]")).to_be_visible()


async def test_colleagues_talk_beside_a_case_and_its_customer_gets_a_number_at_most(office: Office) -> None:
    customer, room = await office.customer("noted")
    await customer.say(room, "我要退款")
    mei = await office.seat("小梅写")
    await take(mei, "我要退款")
    await say(mei, "请稍等")
    await write_note(mei, SECRET)
    await expect(note(mei, SECRET)).to_contain_text("仅同事可见")
    lin = await office.seat("阿林看")
    await look_at(lin, "小梅写 接待中")
    await expect(note(lin, SECRET)).to_have_count(1)
    await write_note(lin, "给她换一盒吧")
    await expect(note(mei, "给她换一盒吧")).to_have_count(1)
    # Who looks on writes to colleagues alone.
    await expect(lin.locator("[data-composer]")).to_have_count(0)
    await shot(mei, "notes-mei")
    await shot(lin, "notes-lin")

    await mei.locator("label", has_text="回复客户").click()
    await say(mei, "给您换一盒")
    await customer.until("entry_hidden", conversation_id=room)
    held = await customer.ask("pull_entries", conversation_id=room, after_seq=0)
    for told in (
        heard(customer),
        json.dumps(held, ensure_ascii=False),
        json.dumps(await customer.messages(room)),
    ):
        assert SECRET not in told and "换一盒吧" not in told
    assert [entry["seq"] for entry in held["entries"]] == list(range(1, len(held["entries"]) + 1))
    refused = await customer.raw("list_notes", conversation_id=room)
    assert refused["error"]["code"] == "forbidden"


async def test_the_mode_stays_with_its_case_and_each_draft_with_its_mode(office: Office) -> None:
    rooms = []
    for name, asked in (("mode-a", "甲问"), ("mode-b", "乙问")):
        customer, room = await office.customer(name)
        await customer.say(room, asked)
        rooms.append(room)
    mei = await office.seat("换来换去")
    await take(mei, "甲问")
    box, notes = mei.locator("[data-composer]"), mei.locator("[data-note-composer]")
    await box.fill("写给客户的")
    await box.press("Alt+n")
    await expect(notes).to_be_focused()
    await expect(notes).to_have_value("")
    await notes.fill("写给同事的")
    await take(mei, "乙问")
    await expect(box).to_be_visible()
    await expect(notes).to_have_count(0)
    await visit(mei, f"/desk/{rooms[0]}")
    await expect(notes).to_have_value("写给同事的")
    await notes.press("Alt+n")
    await expect(box).to_have_value("写给客户的")


async def test_a_colleague_who_is_mentioned_is_told_and_led_there(office: Office) -> None:
    customer, room = await office.customer("mentions")
    await customer.say(room, "有白茶吗")
    mei, lin = await office.seat("小梅问"), await office.seat("阿林答")
    await visit(lin, "/messages")  # wherever one looks
    await take(mei, "有白茶吗")
    await mei.locator("label.note").click()
    box = mei.locator("[data-note-composer]")
    await box.press_sequentially("@阿林答")
    await mei.get_by_role("option", name="阿林答").click()
    await box.press_sequentially("寿眉还有吗")
    await box.press("Enter")
    await expect(note(mei, "寿眉还有吗").locator(".mention")).to_have_text("@阿林答")
    told = lin.locator(".el-notification")
    await expect(told).to_contain_text("小梅问 在备注里提到了你")
    await shot(lin, "mentioned")
    await told.click()
    await expect(note(lin, "寿眉还有吗")).to_have_count(1)
    await expect(lin.get_by_role("button", name="提到我的", exact=True)).to_be_visible()

    await visit(lin, "/search?what=notes&q=寿眉")
    hit = lin.get_by_role("list", name="搜索结果").get_by_role("link")
    await expect(hit).to_contain_text("寿眉还有吗")
    await shot(lin, "found")
    await hit.click()
    await expect(lin.locator(".row.flash").filter(has_text="寿眉还有吗")).to_be_in_viewport()


async def test_two_agents_see_each_other_write_notes_and_the_customer_sees_nobody_typing(
    office: Office,
) -> None:
    customer, room = await office.customer("typed")
    await customer.say(room, "在吗在吗")
    mei, lin = await office.seat("小梅打字"), await office.seat("阿林等")
    await take(mei, "在吗在吗")
    await look_at(lin, "小梅打字 接待中")
    await mei.locator("label.note").click()
    await mei.locator("[data-note-composer]").press_sequentially("我想想")
    await expect(lin.locator(".typing")).to_contain_text("小梅打字 正在写备注")
    assert not [push for push in customer.pushes if push["type"] in ("typing", "note_typing")]


async def test_a_supervisor_reads_along_whispers_and_takes_over(office: Office) -> None:
    customer, room = await office.customer("supervised")
    await customer.say(room, "太慢了")
    mei, boss = await office.seat("新来的"), await office.owner()
    await take(mei, "太慢了")
    await look_at(boss, "新来的 接待中")
    await boss.get_by_text("只对 新来的 说").click()
    await visit(mei, "/messages")  # wherever one looks
    await expect(boss.locator(".note-composer .banner")).to_contain_text("只有 新来的 和主管能看到")
    await write_note(boss, "先道歉再给券")
    told = mei.locator(".el-notification")
    await expect(told).to_contain_text("悄悄对你说")
    await told.click()
    whisper = note(mei, "先道歉再给券")
    await expect(whisper).to_contain_text("对 新来的 说的悄悄话")
    other = await office.seat("旁人")
    await look_at(other, "新来的 接待中")
    await write_note(other, "我也看到了")
    await expect(note(other, "先道歉再给券")).to_have_count(0)
    await shot(mei, "whispered")

    await boss.locator(".bar button").filter(has_text="转给我").click()
    await boss.locator(".el-message-box").get_by_role("button", name="转给我").click()
    await say(boss, "您好，我是店长")
    await expect(mei.locator("[data-composer]")).to_have_count(0)
    assert "先道歉" not in heard(customer)


async def test_a_note_is_mended_and_taken_back(office: Office) -> None:
    customer, room = await office.customer("mended")
    await customer.say(room, "改备注")
    mei = await office.seat("会写错")
    await take(mei, "改备注")
    await write_note(mei, "写错了")
    await note(mei, "写错了").hover()
    await note(mei, "写错了").get_by_role("button", name="编辑备注").click()
    box = mei.locator("[data-note-composer]")
    await expect(box).to_have_value("写错了")
    await box.fill("写对了")
    await box.press("Enter")
    await expect(note(mei, "写对了")).to_contain_text("已编辑")
    await note(mei, "写对了").hover()
    await note(mei, "写对了").get_by_role("button", name="删除备注").click()
    await mei.locator(".el-message-box").get_by_role("button", name="删除备注").click()
    await expect(mei.get_by_text("你删除了这条备注")).to_be_visible()


@pytest.fixture
async def replies(office: Office) -> None:
    known = await office.served.ask("GET", "/v1/desk/canned-replies")
    if not known["replies"]:
        for spec in REPLIES:
            await office.served.ask("POST", "/v1/desk/canned-replies", {**spec, "is_shared": True})


@pytest.mark.usefixtures("replies")
async def test_a_card_is_answered_in_four_key_strokes(office: Office) -> None:
    customer, room = await office.customer("four keys")
    await customer.say(room, "哪一款")
    mei = await office.seat("手快快")
    await take(mei, "哪一款")
    await expect(mei.locator("[data-composer]")).to_be_focused()
    await mei.keyboard.press("/")
    await expect(mei.get_by_role("option")).to_have_count(3)
    await shot(mei, "palette")
    await mei.keyboard.press("c")
    await mei.keyboard.press("Enter")
    await mei.keyboard.press("Enter")
    await expect(message(mei, "明前龙井礼盒")).to_have_count(1)
    async with asyncio.timeout(5):
        while not (cards := [push for push in customer.pushes if _is_card(push)]):
            await asyncio.sleep(0.01)
    assert [card["content"]["title"] for card in cards] == ["明前龙井礼盒"]


def _is_card(push: dict[str, Any]) -> bool:
    return push["type"] == "message_sent" and push["content"]["type"] == "card"


@pytest.mark.usefixtures("replies")
async def test_a_reply_is_found_by_how_it_sounds_and_no_hole_in_it_is_sent(office: Office) -> None:
    customer, room = await office.customer("holes")
    await customer.say(room, "到哪了")
    mei = await office.seat("会拼音")
    await take(mei, "到哪了")
    box = mei.locator("[data-composer]")
    await box.press_sequentially("/thdz")
    await expect(mei.get_by_role("option")).to_have_text([re.compile("退货地址")])
    await mei.keyboard.press("Escape")
    await box.fill("")
    await box.press_sequentially("/order")
    await mei.keyboard.press("Enter")
    await expect(box).to_have_value("订单 {{order.number}} 已发货")
    await mei.keyboard.press("Enter")
    await expect(mei.get_by_role("alert").filter(has_text="订单号")).to_be_visible()
    await shot(mei, "hole")
    # It is selected: what is typed takes its place.
    await mei.keyboard.type("T260401")
    await mei.keyboard.press("Enter")
    await expect(message(mei, "订单 T260401 已发货")).to_have_count(1)


async def test_replies_are_written_found_imported_and_removed(office: Office, tmp_path: Path) -> None:
    page = await office.owner()
    await visit(page, "/admin/replies")
    await page.get_by_role("button", name="新建快捷回复").click()
    dialog = page.get_by_role("dialog", name="新建快捷回复")
    await dialog.get_by_placeholder("打 / 之后输入的词").fill("gwhl")
    await dialog.locator("input").nth(1).fill("关于换礼")
    await dialog.get_by_role("textbox", name="中文内容").fill("您好 ")
    await dialog.get_by_role("button", name="放入 客户姓名").click()
    await expect(dialog.locator(".bubble").first).to_have_text("您好 〔客户姓名〕")
    await shot(page, "reply-form")
    await dialog.get_by_role("button", name="新建").last.click()
    await expect(page.get_by_text("/gwhl")).to_be_visible()

    file = tmp_path / "more.csv"
    file.write_text(
        "shortcut,title,text_zh-CN\nnew1,新的,你好\nbad one,坏的,x\nvar,变量,{{pin}}\n", encoding="utf-8"
    )
    await page.get_by_role("button", name="导入", exact=True).click()
    box = page.get_by_role("dialog", name="导入快捷回复")
    await box.locator("input[type=file]").set_input_files(file)
    await expect(box.get_by_role("status")).to_contain_text("将新建 1 条")
    await expect(box.get_by_text("第 3 行")).to_be_visible()
    await shot(page, "import")
    await box.get_by_role("button", name="导入这些").click()
    await expect(box.get_by_role("status")).to_contain_text("新建了 1 条")
    await box.get_by_role("button", name="关闭").last.click()

    await page.get_by_role("textbox", name=re.compile("搜索标题")).fill("gyhl")
    await expect(page.locator("main .what")).to_have_count(1)
    await page.get_by_role("button", name="删除: 关于换礼").click()
    await page.locator(".el-message-box").get_by_role("button", name="删除").click()
    await expect(page.get_by_text("没有找到")).to_be_visible()


@pytest.mark.usefixtures("replies")
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_where_agents_write(office: Office, locale: str, scheme: str) -> None:
    customer, room = await office.customer(f"seen-{locale}-{scheme}")
    await customer.say(room, f"看看{locale}{scheme}")
    page = await office.owner(locale=locale, color_scheme=scheme)
    await visit(page, f"/desk/{room}")
    await expect(message(page, f"看看{locale}{scheme}")).to_have_count(1)
    await page.locator(".bar.amber button").click()
    await expect(page.locator("[data-composer]")).to_be_visible()
    found = {}
    await write_note(page, "Only for us. 只给同事看。")
    found["note"] = await violations(page.main_frame)
    await shot(page, f"note-{locale}-{scheme}")
    await page.locator("[data-note-composer]").press("Alt+n")
    await page.locator("[data-composer]").press_sequentially("/")
    await expect(page.get_by_role("option").first).to_be_visible()
    found["palette"] = await violations(page.main_frame)
    await shot(page, f"palette-{locale}-{scheme}")
    await page.keyboard.press("Escape")
    await visit(page, "/admin/replies")
    await expect(page.locator("main .what").first).to_be_visible()
    found["replies"] = await violations(page.main_frame)
    await shot(page, f"replies-{locale}-{scheme}")
    await page.locator("main .tools button").first.click()
    await expect(page.locator(".preview .bubble").first).to_be_visible()
    found["form"] = await violations(page.main_frame)
    await shot(page, f"reply-form-{locale}-{scheme}")
    assert not any(found.values()), found
