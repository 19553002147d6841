"""WeChat's own chat in the console: connected in administration, and what it still takes in the desk's head."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.e2e.console.office import SHOTS, Office, say, visit
from tests.e2e.process import Served

APPID = "wx0123456789abcdef"
TOKEN, AES_KEY = "Token123", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
WECHAT_APP = {"kind": "wechat", "name": "小程序", "wechat_appid": APPID, "wechat_secret": "of-their-own"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("contact")
    config = folder / "chaguan.toml"
    config.write_text("sandbox = true\n")
    started = Served(folder / "data", "--config", str(config))

    async def start() -> Served:
        served = await (await started.start()).set_up()
        shop = (await served.ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
        await served.ask("POST", "/v1/admin/apps", {"shop_id": shop, **WECHAT_APP})
        return served

    try:
        yield asyncio.run(start())
    finally:
        started.stop()


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("zh-CN", ("微信客服", "保存", "微信客服：已接入", "还可发 {} 条", "已不能再发")),
        ("en", ("WeChat chat", "Save", "WeChat chat: on", "{} left until", "none left")),
    ],
)
async def test_a_shop_connects_wechats_chat_and_the_agent_sees_what_it_takes(
    office: Office, served: Served, locale: str, words: tuple[str, ...]
):
    open_dialog, save, is_on, left, nothing = words
    owner = await office.owner(locale=locale)
    await visit(owner, "/admin/shops")
    row = owner.locator("li", has_text="小程序")
    await row.get_by_role("button", name=open_dialog).click()
    dialog = owner.get_by_role("dialog")
    await expect(dialog.locator(".copy input")).to_have_value(
        f"{served.base}/v1/platforms/wechat/{(await row.locator('.id').first.inner_text()).strip()}/push"
    )
    await dialog.get_by_label("Token", exact=True).fill(TOKEN)
    await dialog.get_by_label("EncodingAESKey").fill(AES_KEY)
    await _shot(owner, f"push-{locale}")
    await dialog.get_by_role("button", name=save, exact=True).click()
    await expect(row.get_by_role("button", name=is_on)).to_be_visible()

    phone = {"appid": APPID, "phone_id": f"mei-{locale}"}
    await served.http("POST", "/sandbox/wechat/phone/contact/say", {**phone, "text": "在吗？"})
    agent = await office.seat("小梅", locale=locale)
    await visit(agent, "/desk")
    await agent.locator("#queue-rows li").first.click()
    budget = agent.locator(".wechat")
    await expect(budget).to_contain_text(left.format(5))
    await agent.keyboard.press("t")
    for nth in range(6):
        await say(agent, f"第{nth}条")
    await expect(budget).to_contain_text(nothing)
    await expect(budget).to_contain_text("1")
    await _shot(agent, f"budget-{locale}")


async def _shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png")
