"""A visitor before the tea shop's web site, whose policy is strict, and an agent behind it."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.demo.process import DemoProcess
from tests.e2e.demo.stage import PASSWORD, Desk, Stage
from tests.e2e.demo.words import EN, ZH, Words

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
# Counted before the page's own first script: what its policy refused, and how far anything moved by itself.
WATCH = """
  window.refused = []
  addEventListener('securitypolicyviolation', (event) => refused.push(`${event.violatedDirective} ${event.blockedURI}`))
  window.shifts = []
  new PerformanceObserver((list) => {
    for (const { value, sources, hadRecentInput } of list.getEntries()) {
      // What a click or a key brings about is not counted, as Chromium's own figure does not.
      if (hadRecentInput) continue
      const moved = sources.map(({ node, previousRect: a, currentRect: b }) => {
        return `${node?.nodeName ?? 'in the widget'} ${[a.x, a.y, a.width, a.height]} → ${[b.x, b.y, b.width, b.height]}`
      })
      shifts.push([value, moved.join('; ')])
    }
  }).observe({ type: 'layout-shift', buffered: true })
"""


@dataclass(frozen=True)
class Said:
    """What the widget says, in one language."""

    locale: str
    open: str
    unread: str
    close: str
    box: str
    send: str
    attach: str
    suggest: str
    again: str
    nobody: str
    failed: str
    offline: str
    empty: str
    divider: str
    read: str
    desk: Words


SAID_ZH = Said(
    locale="zh-CN",
    open="打开客服对话",
    unread="打开客服对话，{n} 条未读",
    close="关闭",
    box="输入消息…",
    send="发送",
    attach="发送图片或文件",
    suggest="发给客服",
    again="重试",
    nobody="请先登录",
    failed="暂时无法打开对话",
    offline="网络不可用，恢复后自动重连",
    empty="有问题随时问我们",
    divider="以下是新消息",
    read="已读",
    desk=ZH,
)
SAID_EN = Said(
    locale="en-GB",
    open="Open the chat",
    unread="Open the chat, {n} unread",
    close="Close",
    box="Message…",
    send="Send",
    attach="Send a picture or file",
    suggest="Send",
    again="Try again",
    nobody="Please sign in",
    failed="The chat cannot be opened right now",
    offline="No network. Reconnecting when it is back",
    empty="Ask us anything",
    divider="New messages",
    read="Read",
    desk=EN,
)


class Street(Stage):
    def __init__(self, browser: Browser, process: DemoProcess) -> None:
        super().__init__(browser, process.url)
        self.process = process

    async def visitor(self, said: Said = SAID_ZH, **options: Any) -> "Visitor":
        context = await self.context(said.desk, viewport=DESKTOP, **options)
        await context.add_init_script(WATCH)
        return Visitor(await context.new_page(), f"http://127.0.0.1:{self.process.port + 1}/site/", said)

    async def agent(self, words: Words = ZH) -> Desk:
        """Signed in already, as the demo page does it."""
        email = "mei@tea.example"
        asked = {"email": email, "password": PASSWORD, "device_id": "street", "device_name": "Test"}
        async with httpx.AsyncClient(trust_env=False) as http:
            session = (await http.post(f"{self.url}/v1/auth/staff", json=asked)).raise_for_status().text
        context = await self.context(words, viewport=DESKTOP)
        kept = {"chaguan.session": session, "chaguan.device": "street"}
        await context.add_init_script(
            f"if (location.protocol !== 'about:') Object.assign(localStorage, {json.dumps(kept)})"
        )
        page = await context.new_page()
        await page.goto(f"{self.url}/console/#/desk")
        return Desk(page, page, words)


class Visitor:
    def __init__(self, page: Page, url: str, said: Said) -> None:
        self.page, self.url, self.said = page, url, said
        self.launcher = page.locator("chaguan-widget .launcher")
        self.panel = page.get_by_role("dialog")
        self.box = self.panel.get_by_role("textbox", name=said.box)
        self.log = self.panel.get_by_role("log")
        self.ask = page.locator("#ask")

    async def arrive(self) -> "Visitor":
        await self.page.goto(self.url)
        await expect(self.launcher).to_be_visible()
        return self

    async def open(self) -> "Visitor":
        await self.launcher.click()
        await expect(self.box).to_be_visible()
        return self

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")
        await expect(self.bubble(text)).to_have_count(1)

    def bubble(self, text: str) -> Locator:
        return self.log.locator(".bubble").filter(has_text=text)

    async def send_file(self, name: str, mime: str, content: bytes) -> None:
        async with self.page.expect_file_chooser() as chooser:
            await self.panel.get_by_role("button", name=self.said.attach).click()
        file: Any = {"name": name, "mimeType": mime, "buffer": content}
        await (await chooser.value).set_files(file)

    async def refused(self) -> list[str]:
        found: list[str] = await self.page.evaluate("refused")
        return found

    async def shifts(self) -> list[list[Any]]:
        found: list[list[Any]] = await self.page.evaluate("shifts")
        return found

    async def focused(self) -> str:
        """Class of the element that has the focus, inside the widget or outside."""
        found: str = await self.page.evaluate(
            "() => (document.activeElement.shadowRoot?.activeElement ?? document.activeElement).className"
        )
        return found
