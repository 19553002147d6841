"""Staff talk to one another in the console: directly and in groups, with text, pictures and files."""

from playwright.async_api import expect

from tests.e2e.console.office import Office, choose, make_group, message, notice, say, visit, write_to
from tests.e2e.demo.stage import picture


async def test_colleagues_converse_directly_with_text_a_picture_and_a_file(office: Office) -> None:
    mei = await office.seat("小梅")
    lin = await office.seat("阿林")
    await write_to(mei, "阿林")
    await say(mei, "明前龙井到了吗")
    await lin.goto(f"{office.served.base}/console/#/messages")
    await lin.locator(".list li").filter(has_text="明前龙井到了吗").click()
    await expect(message(lin, "明前龙井到了吗")).to_have_count(1)
    await say(lin, "今早到的")
    await expect(message(mei, "今早到的")).to_have_count(1)
    await expect(message(mei, "明前龙井到了吗").locator(".state.read")).to_be_visible()

    await choose(mei, "发送图片", [("leaf.png", "image/png", picture("#3c7f60"))])
    shown = lin.locator("article.message img[src*='/v1/media']")
    await expect(shown.first).to_be_visible()
    assert await shown.first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0

    await choose(mei, "发送文件", [("价目表.txt", "text/plain", "铁观音 88".encode())])
    file = message(lin, "价目表.txt")
    await expect(file).to_have_count(1)
    async with lin.expect_download() as download:
        await file.locator("a").first.click()
    path = await (await download.value).path()
    assert path.read_text(encoding="utf-8") == "铁观音 88"


async def test_a_group_tells_who_came_who_left_and_its_new_name(office: Office) -> None:
    mei = await office.seat("组长")
    lin = await office.seat("青山")
    await office.hire("后来")
    await make_group(mei, "春茶", "青山")
    await say(mei, "大家好")
    await visit(lin, "/messages")
    await lin.locator(".list li").filter(has_text="春茶").click()
    await say(lin, "收到")
    await expect(message(mei, "收到")).to_have_count(1)

    await mei.get_by_role("button", name="会话信息").click()
    await mei.get_by_role("button", name="添加成员").click()
    dialog = mei.get_by_role("dialog")
    await dialog.get_by_role("button", name="后来").click()
    await dialog.get_by_role("button", name="添加", exact=True).click()
    for page in (mei, lin):
        await expect(notice(page, "组长 邀请 后来 加入了群聊")).to_have_count(1)

    # Not only who was there when it happened: whoever opens the conversation anew reads it too.
    await lin.reload()
    await expect(notice(lin, "组长 邀请 后来 加入了群聊")).to_have_count(1)
    lines = await lin.locator(".pane .notice, .pane article.message").all_inner_texts()
    assert next(n for n, line in enumerate(lines) if "收到" in line) < next(
        n for n, line in enumerate(lines) if "后来" in line
    )


async def test_what_is_archived_is_found_again_and_taken_out(office: Office) -> None:
    mei = await office.seat("收拾")
    await office.hire("旧友")
    await write_to(mei, "旧友")
    await say(mei, "下次再聊")
    row = mei.locator(".list li").filter(has_text="旧友")
    await row.hover()
    await row.get_by_role("button", name="更多").click()
    await mei.get_by_role("menuitem", name="归档", exact=True).click()
    await expect(row).to_have_count(0)

    await mei.reload()
    await expect(mei.locator(".rail")).to_be_visible()
    await expect(row).to_have_count(0)
    await mei.get_by_role("button", name="已归档的会话").click()
    await expect(mei.get_by_role("heading", name="已归档的会话")).to_be_visible()
    await row.click()
    await expect(message(mei, "下次再聊")).to_have_count(1)
    await row.get_by_role("button", name="更多").click()
    await mei.get_by_role("menuitem", name="移出归档").click()
    await expect(row).to_have_count(0)
    await mei.get_by_role("button", name="回到会话列表").click()
    await expect(row).to_have_count(1)
