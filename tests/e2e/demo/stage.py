"""The people of the demo, as they sit before a real browser: a customer with a phone, an agent at the desk."""

import io
import os
import re
from typing import Any

from PIL import Image
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FrameLocator,
    Locator,
    Page,
    expect,
)

from tests.e2e.demo.words import ZH, Words

SHOTS = os.environ.get("SHOTS", "")
"""A folder for a picture of every page at the end of a test: what a failure looked like."""
PASSWORD = "tea-and-talk-2026"
# What Chromium itself writes when a server does not answer or refuses; no script can keep it from doing so.
SERVER_GONE = r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to"

expect.set_options(timeout=10_000)


class Faults:
    """Collects what must not happen in a page; `allowed` are the exceptions of one test, each with its reason."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.allowed: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def left(self) -> list[str]:
        return [fault for fault in self.found if not any(re.search(one, fault) for one in self.allowed)]


class Stage:
    """One browser with any number of people before it."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self.url = url
        self.faults = Faults()
        self._contexts: list[BrowserContext] = []

    async def context(self, words: Words = ZH, **options: Any) -> BrowserContext:
        options = {"viewport": {"width": 1680, "height": 1000}, "reduced_motion": "reduce", **options}
        made = await self._browser.new_context(locale=words.locale, **options)
        made.set_default_timeout(15_000)
        made.on("page", self.faults.watch)
        self._contexts.append(made)
        return made

    async def demo(self, words: Words = ZH, **options: Any) -> "Demo":
        context = await self.context(words, **options)
        return await Demo(await context.new_page(), self.url, words).open()

    async def console(self, path: str = "", words: Words = ZH) -> Page:
        page = await (await self.context(words, viewport={"width": 1280, "height": 800})).new_page()
        await page.goto(f"{self.url}/console/{path}")
        return page

    async def close(self) -> None:
        for index, context in enumerate(self._contexts):
            for number, page in enumerate(context.pages if SHOTS else []):
                await page.screenshot(path=f"{SHOTS}/{index}-{number}.png")
            await context.close()


class Demo:
    """The demo page: a phone on the left, the desk on the right."""

    def __init__(self, page: Page, url: str, words: Words) -> None:
        self.page, self._url = page, url
        self.phone = Phone(page, words)
        self.desk = Desk(page, page.frame_locator("#desk"), words)

    async def open(self, phone: str = "") -> "Demo":
        await self.page.goto(f"{self._url}/demo/{f'?phone={phone}' if phone else ''}")
        await self.ready()
        return self

    async def ready(self) -> None:
        await expect(self.phone.frame.get_by_text(self.phone.words.tea).first).to_be_visible()
        await expect(self.desk.frame.get_by_role("tab").first).to_be_visible()


class Phone:
    def __init__(self, page: Page, words: Words) -> None:
        self.page, self.words = page, words
        self.frame: FrameLocator = page.frame_locator("#phone")

    async def contact(self) -> None:
        """From the first page to the chat, by way of a product."""
        await self.frame.get_by_text(self.words.tea).first.click()
        await self.frame.get_by_text(self.words.contact, exact=True).last.click()
        await expect(self.box).to_be_visible()

    @property
    def box(self) -> Locator:
        return self.frame.locator("textarea").last

    @property
    def bubbles(self) -> Locator:
        return self.frame.get_by_role("article")

    def bubble(self, text: str) -> Locator:
        return self.bubbles.filter(has_text=text)

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.frame.get_by_role("button", name=self.words.send, exact=True).last.click()
        await expect(self.bubble(text)).to_have_count(1)

    async def send_picture(self, picture: bytes) -> None:
        await self.frame.get_by_role("button", name=self.words.more, exact=True).last.click()
        async with self.page.expect_file_chooser() as chooser:
            await self.frame.get_by_text(self.words.album, exact=True).last.click()
        file: Any = {"name": "tea.png", "mimeType": "image/png", "buffer": picture}
        await (await chooser.value).set_files(file)

    async def talk(self, milliseconds: int = 1300) -> None:
        """Holds the button down as long as a voice note must at least last."""
        await self.frame.get_by_role("button", name=self.words.voice_mode).last.click()
        await hold(self.page, self.frame.get_by_role("button", name=self.words.hold).last, milliseconds)

    async def back(self) -> None:
        await self.frame.locator(".mp-nav-back").last.click()

    @property
    def badge(self) -> Locator:
        """The unread count on the second tab; away when nothing is unread."""
        return self.frame.locator(".mp-tab-badge")


class Desk:
    def __init__(self, page: Page, frame: FrameLocator | Page, words: Words) -> None:
        self.page, self.frame, self.words = page, frame, words

    @property
    def messages(self) -> Locator:
        return self.frame.locator("article.message")

    def message(self, text: str) -> Locator:
        return self.messages.filter(has_text=text)

    def row(self, text: str) -> Locator:
        return self.frame.locator("#queue-rows li").filter(has_text=text)

    async def queue(self, name: str) -> None:
        await self.frame.get_by_role("tab", name=name).click()

    async def take(self, text: str) -> None:
        await self.queue(self.words.waiting)
        await self.row(text).click()
        await expect(self.message(text)).to_have_count(1)
        await self.frame.get_by_role("button", name=self.words.take).last.click()
        # The composer opens as soon as the case is known to be theirs; the notice is the last thing that taking does.
        await expect(self.frame.get_by_text(self.words.took).last).to_be_visible()
        await expect(self.box).to_be_visible()

    @property
    def box(self) -> Locator:
        return self.frame.locator("[data-composer]")

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")
        await expect(self.message(text)).to_have_count(1)

    async def send_picture(self, picture: bytes) -> None:
        async with self.page.expect_file_chooser() as chooser:
            await self.frame.get_by_role("button", name=self.words.pictures, exact=True).click()
        file: Any = {"name": "shelf.png", "mimeType": "image/png", "buffer": picture}
        await (await chooser.value).set_files(file)
        await expect(self.frame.locator(".tray img")).to_be_visible()
        await self.box.press("Enter")

    async def talk(self) -> None:
        await self.frame.get_by_role("button", name=self.words.record, exact=True).click()
        await expect(self.frame.get_by_text(self.words.recording.format(n=1))).to_be_visible()
        await self.frame.get_by_role("button", name=self.words.send_voice, exact=True).click()

    async def send_card(self, title: str) -> None:
        await self.frame.get_by_role("button", name=self.words.card, exact=True).click()
        dialog = self.frame.get_by_role("dialog", name=self.words.card)
        await dialog.get_by_label(self.words.card_title, exact=True).fill(title)
        await dialog.get_by_role("button", name=self.words.card_submit, exact=True).click()
        await expect(dialog).to_be_hidden()

    async def resolve(self) -> None:
        await self.frame.get_by_role("button", name=self.words.resolve).click()


async def hold(page: Page, button: Locator, milliseconds: int) -> None:
    await button.hover()
    await page.mouse.down()
    # Nothing on the screen tells that the shortest length is reached, so the page's clock does.
    await page.wait_for_function(
        "([since, wanted]) => performance.now() - since > wanted",
        arg=[await page.evaluate("performance.now()"), milliseconds],
    )
    await page.mouse.up()


async def type_until(box: Locator, seen: Locator) -> None:
    """Types on, as people do: a client says that somebody types at most every three seconds, and a note may be lost."""
    for _ in range(25):
        await box.press_sequentially("hm ", delay=100)
        if await seen.is_visible():
            return
    await expect(seen).to_be_visible()


def picture(colour: str, size: tuple[int, int] = (320, 200)) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, colour).save(drawn, "PNG")
    return drawn.getvalue()


async def audio_length(page: Page, source: str) -> float:
    """How long the browser finds the audio at that address to be; 0 when it cannot play it."""
    return float(
        await page.evaluate(
            """source => new Promise((done) => {
              const audio = new Audio(source)
              audio.onloadedmetadata = () => done(audio.duration)
              audio.onerror = () => done(0)
            })""",
            source,
        )
    )
