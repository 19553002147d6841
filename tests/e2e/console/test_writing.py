"""The composer: drafts, edits, quotes, mentions, pasted pictures, voice, and what was refused."""

from playwright.async_api import Page, expect

from tests.e2e.console.office import Office, make_group, message, say, visit, write_to
from tests.e2e.console.wire import Wire

PASTE = """async area => {
  const canvas = new OffscreenCanvas(60, 40)
  canvas.getContext('2d').fillRect(0, 0, 60, 40)
  const data = new DataTransfer()
  data.items.add(new File([await canvas.convertToBlob()], 'shot.png', { type: 'image/png' }))
  area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
}"""


async def alone_with(office: Office, name: str, colleague: str) -> Page:
    """Somebody with an open conversation with a colleague."""
    await office.hire(colleague)
    page = await office.seat(name)
    await write_to(page, colleague)
    return page


async def test_a_draft_waits_the_arrow_edits_the_last_message_and_a_reply_quotes(office: Office) -> None:
    page = await alone_with(office, "起草", "听众甲")
    await say(page, "请你喝茶")
    here = page.url
    box = page.locator("[data-composer]")
    await box.fill("写了一半")
    await visit(page, "/search")
    await expect(page.locator("input[type=search]")).to_be_visible()
    await visit(page, "/messages")
    await expect(page.locator(".list li").filter(has_text="写了一半")).to_be_visible()
    await page.goto(here)
    await expect(box).to_have_value("写了一半")

    await box.fill("")
    await box.press("ArrowUp")
    await expect(box).to_have_value("请你喝茶")
    await box.fill("请你喝凤凰单丛")
    await box.press("Enter")
    edited = message(page, "请你喝凤凰单丛")
    await expect(edited.locator(".edited")).to_be_visible()

    await edited.hover()
    await edited.get_by_role("button", name="回复").click()
    await say(page, "收到")
    await expect(message(page, "收到").locator(".quote")).to_contain_text("请你喝凤凰单丛")


async def test_a_pasted_picture_is_sent_and_opens_large(office: Office) -> None:
    page = await alone_with(office, "贴图", "听众乙")
    box = page.locator("[data-composer]")
    await box.evaluate(PASTE)
    await expect(page.locator(".tray img")).to_be_visible()
    await box.press("Enter")
    await expect(page.locator("article.message img[src*='/v1/media']")).to_be_visible()
    await page.locator("article.message .image").click()
    viewer = page.get_by_role("dialog", name="图片查看")
    await expect(viewer).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def test_a_refused_message_says_so_and_is_sent_once_when_asked_again(office: Office) -> None:
    page, wire = await alone_with(office, "被拒", "听众丙"), Wire()
    await wire.tap(page)
    wire.refuse("send_message", "forbidden")
    await say(page, "这条会被拒绝")
    failed = page.locator(".failed")
    await expect(failed).to_be_visible()
    wire.accept("send_message")
    await failed.locator("button").first.click()
    await expect(failed).to_have_count(0)
    await page.reload()
    await expect(message(page, "这条会被拒绝")).to_have_count(1)


async def test_an_at_sign_offers_colleagues_and_mentions_the_chosen_one(office: Office) -> None:
    await office.hire("苏荔")
    page, wire = await office.seat("点名"), Wire()
    await wire.tap(page)
    await make_group(page, "上新", "苏荔")
    box = page.locator("[data-composer]")
    await box.press_sequentially("@苏")
    await expect(page.get_by_role("option", name="苏荔")).to_be_visible()
    await box.press("Enter")
    await box.press_sequentially("样片过了")
    await box.press("Enter")
    await expect(message(page, "样片过了").locator(".mention")).to_have_text("@苏荔")
    sent = next(command for command in wire.sent if command["type"] == "send_message")
    assert len(sent["mentions"]) == 1


async def test_a_voice_note_is_recorded_in_the_browser_and_sent(office: Office) -> None:
    page = await alone_with(office, "语音", "听众丁")
    await page.get_by_role("button", name="录语音").click()
    await expect(page.get_by_text("正在录音 1 秒")).to_be_visible()
    await page.get_by_role("button", name="发送语音").click()
    await expect(page.locator("article.message .voice")).to_be_visible()
    await expect(page.locator("article.message .state")).to_be_visible()


async def test_a_group_is_renamed_where_its_members_are_shown(office: Office) -> None:
    await office.hire("盘点员")
    page = await office.seat("店长")
    await make_group(page, "盘点", "盘点员")
    await page.get_by_role("button", name="会话信息").click()
    await page.get_by_role("button", name="改群名").click()
    field = page.get_by_role("textbox", name="改群名")
    await field.fill("月末盘点")
    await field.press("Enter")
    await expect(page.get_by_role("heading", name="月末盘点")).to_be_visible()
