"""The page of the how-to, with its tag, its policy and its script, chats."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.e2e.widget.street import SAID_EN, SAID_ZH, Said, Street

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOW_TO = Path(__file__).parents[3] / "docs" / "how-to"
LOOK = 'data-theme="ink" data-scheme="dark" data-text-size="large"'
PAGES = pytest.mark.parametrize(
    ("name", "said"),
    [("chat-on-your-website.zh-CN.md", SAID_ZH), ("chat-on-your-website.md", SAID_EN)],
)


@PAGES
async def test_the_tag_the_policy_and_the_script_of_the_how_to_are_enough(
    street: Street, name: str, said: Said
) -> None:
    text = (HOW_TO / name).read_text("utf-8").replace("https://im.example.com", street.url)
    text = text.replace("wss://im.example.com", street.url.replace("http", "ws", 1))

    def block(kind: str) -> str:
        (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        return str(found)

    page = f"""<!doctype html><html lang="{said.locale}"><title>shop</title><link rel="icon" href="/images/logo.svg">
      {block("html widget").replace(" async>", f" {LOOK} async>")}<script src="/own.js" defer></script><button id="ask">ask</button>"""
    policy = "default-src 'none'; require-trusted-types-for 'script'; " + block("text csp").replace("\n", " ")

    async def shop(route: Route) -> None:
        headers = {"content-security-policy": policy}
        await route.fulfill(body=page, content_type="text/html; charset=utf-8", headers=headers)

    visitor = await street.visitor(said)
    # A page that no server sent counts as one from outside, which may not ask this machine without leave.
    await visitor.page.context.grant_permissions(["local-network-access"])
    await visitor.arrive()  # the shop's own page gives the cookie
    await visitor.page.route("**/shop", shop)
    await visitor.page.route(
        "**/own.js",
        lambda route: route.fulfill(body=block("js api"), content_type="text/javascript; charset=utf-8"),
    )
    visitor.url = visitor.url.replace("/site/", "/shop")
    await visitor.arrive()
    await expect(visitor.page.locator("chaguan-widget")).to_have_class("cg-root cg-ink cg-dark cg-large")
    await expect(visitor.launcher).to_have_css("background-color", "rgb(181, 211, 245)")
    await visitor.page.evaluate(
        "document.documentElement.style.setProperty('--cg-primary', 'rgb(122, 46, 46)')"
    )
    await expect(visitor.launcher).to_have_css("background-color", "rgb(122, 46, 46)")
    await visitor.ask.click()
    await visitor.panel.get_by_role("button", name=said.suggest, exact=True).first.click()
    await visitor.say(f"from the how-to {said.locale}")
    await visitor.send_file("notes.txt", "text/plain", b"eighty degrees")
    await expect(visitor.bubble("notes.txt").get_by_role("link")).to_have_attribute(
        "href", re.compile(r"/v1/media/")
    )
    assert await visitor.refused() == []
