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
    more: str
    quote: str
    recall: str
    recalled: str
    rewrite: str
    emoji: str
    play: str
    stop: str
    again_send: str
    serving: str
    record: str
    send_voice: str
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
    more="更多操作",
    quote="引用",
    recall="撤回",
    recalled="你撤回了一条消息",
    rewrite="重新编辑",
    emoji="表情",
    play="播放语音",
    stop="停止播放",
    again_send="重新发送",
    serving="小梅 正在为您服务",
    record="录语音",
    send_voice="发送语音",
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
    more="More",
    quote="Quote",
    recall="Take back",
    recalled="You took back a message",
    rewrite="Edit again",
    emoji="Emoji",
    play="Play voice message",
    stop="Stop voice message",
    again_send="Send again",
    serving="小梅 is here for you",
    record="Record a voice message",
    send_voice="Send voice message",
    desk=EN,
)


class Office(Stage):
    """The agent's page, in each language, from one test to the next: opening the console costs seconds."""

    def __init__(self, browser: Browser, process: DemoProcess) -> None:
        super().__init__(browser, process.url)
        self._desks: dict[str, Desk] = {}

    async def desk(self, words: Words) -> Desk:
        if words.locale not in self._desks:
            self._desks[words.locale] = await self._enter(words)
        return self._desks[words.locale]

    async def _enter(self, words: Words) -> Desk:
        """Signed in already, as the demo page does it."""
        email = "mei@tea.example"
        device = f"street-{words.locale}"
        asked = {"email": email, "password": PASSWORD, "device_id": device, "device_name": "Test"}
        async with httpx.AsyncClient(trust_env=False) as http:
            session = (await http.post(f"{self.url}/v1/auth/staff", json=asked)).raise_for_status().text
        context = await self.context(words, viewport=DESKTOP)
        kept = {"chaguan.session": session, "chaguan.device": device}
        await context.add_init_script(
            f"if (location.protocol !== 'about:') Object.assign(localStorage, {json.dumps(kept)})"
        )
        page = await context.new_page()
        await page.goto(f"{self.url}/console/#/desk")
        return Desk(page, page, words)


class Street(Stage):
    def __init__(self, browser: Browser, process: DemoProcess, office: Office) -> None:
        super().__init__(browser, process.url)
        self.process = process
        self._office = office

    async def visitor(self, said: Said = SAID_ZH, **options: Any) -> "Visitor":
        context = await self.context(said.desk, **{"viewport": DESKTOP, **options})
        await context.add_init_script(WATCH)
        return Visitor(await context.new_page(), f"http://127.0.0.1:{self.process.port + 1}/site/", said)

    async def agent(self, words: Words = ZH) -> Desk:
        return await self._office.desk(words)

    async def conversing(self, text: str, said: Said = SAID_ZH, **options: Any) -> "tuple[Visitor, Desk]":
        """A visitor who said this, and the agent who took it."""
        visitor = await (await (await self.visitor(said, **options)).arrive()).open()
        await visitor.say(text)
        desk = await self.agent(said.desk)
        await desk.take(text)
        return visitor, desk


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

    def line(self, text: str) -> Locator:
        return self.log.get_by_role("article").filter(has_text=text)

    async def choose(self, text: str, choice: str) -> None:
        """Of what can be done with a message, by mouse."""
        line = self.line(text)
        await line.hover()
        await line.get_by_role("button", name=self.said.more).click()
        await self.panel.get_by_role("menuitem", name=choice, exact=True).click()

    async def give(self, event: str, name: str, mime: str, content: bytes) -> None:
        """Drops a file on the window, or pastes it into the input."""
        target = self.box if event == "paste" else self.panel
        await target.evaluate(
            """(target, [event, name, type, bytes]) => {
              const files = new DataTransfer()
              files.items.add(new File([new Uint8Array(bytes)], name, { type }))
              const how = { bubbles: true, cancelable: true, composed: true }
              if (event === 'paste') return target.dispatchEvent(new ClipboardEvent(event, { ...how, clipboardData: files }))
              for (const one of ['dragover', 'drop']) target.dispatchEvent(new DragEvent(one, { ...how, dataTransfer: files }))
            }""",
            [event, name, mime, list(content)],
        )

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
