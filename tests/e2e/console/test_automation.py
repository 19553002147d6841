"""An administrator lets the desk answer by itself: the list, a file with broken rows, the bot, silent cases."""

import os

import pytest
from playwright.async_api import expect

from chaguan.protocol.automation import BotSettings
from tests.e2e.console.office import Office

PICTURES = os.environ.get("PICTURES", "")
WORDS = {
    "zh-CN": {
        "create": "新建问答",
        "save": "保存",
        "ask": "提问",
        "answer": "有把握，直接回答",
        "import": "导入",
        "bad": "什么也没有导入：1 行有问题。",
        "line": "缺少问题",
        "good": "只导入正确的行",
        "done": "新增 1 条",
        "close": "关闭",
        "keyword": "添加关键词",
        "on": "机器人先接待",
        "silent": "自动结束没人说话的会话",
        "saved": "已保存",
    },
    "en-GB": {
        "create": "New question",
        "save": "Save",
        "ask": "Ask",
        "answer": "Sure enough: answers",
        "import": "Import",
        "bad": "Nothing was imported: 1 bad rows.",
        "line": "no question",
        "good": "Import the good rows only",
        "done": "1 added",
        "close": "Close",
        "keyword": "Add keyword",
        "on": "The bot answers first",
        "silent": "End silent cases",
        "saved": "Saved",
    },
}


async def picture(page, name: str, locale: str) -> None:
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}-{locale}.png", full_page=True)


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
async def test_an_owner_writes_imports_and_tries_answers_and_switches_the_bot_on(office: Office, locale: str):
    words, served = WORDS[locale], office.served
    shop = (await served.ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
    for entry in (await served.ask("GET", f"/v1/admin/shops/{shop}/faq"))["entries"]:
        await served.http("DELETE", f"/v1/admin/shops/{shop}/faq/{entry['id']}", None, served.owner_token)
    await served.ask("PUT", f"/v1/admin/shops/{shop}/bot", {})
    page = await office.owner(locale=locale)
    await page.goto(f"{served.base}/console/#/admin/faq")
    await page.get_by_role("button", name=words["create"]).click()
    dialog = page.get_by_role("dialog")
    fields = dialog.locator("fieldset").nth(0 if locale == "zh-CN" else 1)
    question, answer = (
        ("退款多久到账？", "三天内原路退回。")
        if locale == "zh-CN"
        else ("How long does a refund take?", "Within three days.")
    )
    await fields.locator("input").fill(question)
    await dialog.get_by_role("button", name=words["save"]).click()
    await expect(dialog.get_by_role("alert")).to_be_visible()
    await picture(page, "faq-dialog", locale)
    await fields.locator("textarea").nth(1).fill(answer)
    await dialog.get_by_role("button", name=words["save"]).click()
    await expect(dialog).to_be_hidden()
    row = page.locator("tbody tr").first
    await expect(row).to_contain_text(answer)

    await page.locator(".ask input").fill(question)
    await page.get_by_role("button", name=words["ask"], exact=True).click()
    await expect(page.locator(".found")).to_contain_text(words["answer"])

    await page.get_by_role("button", name=words["import"], exact=True).click()
    file = "question,answer\n包邮吗？,满 99 包邮。\n,没有问题的答案\n"
    upload = {"name": "faq.csv", "mimeType": "text/csv", "buffer": file.encode()}
    await dialog.locator("input[type=file]").set_input_files(upload)
    await dialog.get_by_role("button", name=words["import"], exact=True).click()
    report = dialog.locator(".report")
    await expect(report).to_contain_text(words["bad"])
    await expect(report.locator("li")).to_contain_text(words["line"])
    await picture(page, "faq-import", locale)
    await dialog.get_by_role("button", name=words["good"]).click()
    await expect(report).to_contain_text(words["done"])
    await dialog.get_by_role("button", name=words["close"], exact=True).last.click()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await picture(page, "faq", locale)

    await page.goto(f"{served.base}/console/#/admin/bot")
    await page.get_by_text(words["on"], exact=True).click()
    await page.get_by_role("button", name=words["keyword"]).click()
    part = page.locator(".part")
    await part.locator("input").first.fill("优惠券, coupon")
    await part.locator("textarea").first.fill("首页可领。")
    await picture(page, "bot", locale)
    await page.get_by_role("button", name=words["save"]).click()
    await expect(page.get_by_text(words["saved"])).to_be_visible()
    bot = BotSettings(**await served.ask("GET", f"/v1/admin/shops/{shop}/bot"))
    assert bot.enabled and bot.keywords[0]["words"] == ["优惠券", "coupon"]  # type: ignore[index]

    await page.goto(f"{served.base}/console/#/admin/closing")
    await page.get_by_text(words["silent"], exact=True).click()
    await picture(page, "closing", locale)
    async with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        await page.get_by_role("button", name=words["save"]).click()
    closing = await served.ask("GET", f"/v1/admin/shops/{shop}/closing")
    assert closing["default"] == {"warn_after_s": 900, "close_after_s": 300}
    await served.ask("PUT", f"/v1/admin/shops/{shop}/closing", {})
    await served.ask("PUT", f"/v1/admin/shops/{shop}/bot", {})
