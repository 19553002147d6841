"""Staff before the console: each in a browser context of their own, against a deployment that really runs."""

import base64
import os
import uuid
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from chaguan.accounts.totp import STEP_MS, totp_code
from chaguan.core.clock import now_ms
from tests.e2e.demo.stage import Faults
from tests.e2e.process import OWNER_PASSWORD, Served
from tests.e2e.server import Client

SHOTS = os.environ.get("SHOTS", "")
PASSWORD = "leaves-and-water-90"
OWNER = "admin@localhost"


class Office:
    def __init__(self, served: Served, browser: Browser) -> None:
        self.served = served
        self._browser = browser
        self.faults = Faults()
        self._contexts: list[BrowserContext] = []
        self.customers: list[Client] = []

    async def customer(self, name: str) -> tuple[Client, str]:
        """A connected customer and their service conversation, until the test's end."""
        client, room = await self.served.customer(name)
        self.customers.append(client)
        return client, room

    async def page(self, path: str = "", locale: str = "zh-CN", **options: Any) -> Page:
        options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **options}
        context = await self._browser.new_context(locale=locale, **options)
        context.set_default_timeout(15_000)
        context.on("page", self.faults.watch)
        self._contexts.append(context)
        page = await context.new_page()
        await page.goto(path if path.startswith("http") else f"{self.served.base}/console/{path}")
        return page

    async def hire(self, name: str, role: str = "agent") -> str:
        """Somebody who followed their invitation; answers with their e-mail address."""
        # Browsers take no Chinese before the @.
        email = f"{uuid.uuid4().hex[:8]}@shop.example"
        link = await self.served.ask("POST", "/v1/admin/staff", {"email": email, "name": name, "role": role})
        body = {"token": link["token"], "name": name, "password": PASSWORD, "device_id": f"first {email}"}
        await self.served.ask("POST", "/v1/auth/invite", body)
        return email

    async def seat(self, name: str, role: str = "agent", locale: str = "zh-CN", **options: Any) -> Page:
        """Hires somebody and signs them in at a computer of their own."""
        email = await self.hire(name, role)
        return await self.sign_in(await self.page(locale=locale, **options), email)

    async def owner(self, locale: str = "zh-CN", **options: Any) -> Page:
        return await self.sign_in(await self.page(locale=locale, **options), OWNER, OWNER_PASSWORD)

    async def sign_in(self, page: Page, email: str, password: str = PASSWORD) -> Page:
        await knock(page, email, password)
        await expect(page.locator(".rail")).to_be_visible()
        return page

    async def close(self) -> None:
        for index, context in enumerate(self._contexts):
            for number, page in enumerate(context.pages if SHOTS else []):
                await page.screenshot(path=f"{SHOTS}/console-{index}-{number}.png")
            await context.close()
        for customer in self.customers:
            await customer.close()


async def knock(page: Page, email: str, password: str) -> None:
    await page.locator("input[name=email]").fill(email)
    await page.locator("input[name=password]").fill(password)
    await page.locator("button[type=submit]").click()


async def visit(page: Page, path: str) -> None:
    await page.evaluate("path => { location.hash = path }", path)


async def say(page: Page, text: str) -> None:
    box = page.locator("[data-composer]")
    await box.fill(text)
    # One may write before one belongs to the conversation, and send once one does.
    await expect(page.locator(".composer .el-button--primary")).to_be_enabled()
    await box.press("Enter")
    await expect(message(page, text)).to_have_count(1)


def message(page: Page, text: str) -> Locator:
    return page.locator("article.message").filter(has_text=text)


def notice(page: Page, text: str) -> Locator:
    return page.locator(".pane .notice").filter(has_text=text)


async def write_to(page: Page, name: str) -> None:
    """Opens the direct conversation with a colleague."""
    await visit(page, "/messages")
    await page.get_by_role("button", name="发起会话").click()
    await page.get_by_role("menuitem", name="发起单聊").click()
    await page.get_by_role("dialog").get_by_role("button", name=name).click()
    await expect(page.locator("[data-composer]")).to_be_visible()


async def make_group(page: Page, group: str, *names: str) -> None:
    await visit(page, "/messages")
    await page.get_by_role("button", name="发起会话").click()
    await page.get_by_role("menuitem", name="新建群聊").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("群名").fill(group)
    for name in names:
        await dialog.get_by_role("button", name=name).click()
    await dialog.get_by_role("button", name="建群").click()
    await expect(page.locator("[data-composer]")).to_be_visible()


async def choose(page: Page, button: str, files: list[tuple[str, str, bytes]]) -> None:
    """Attaches files by a button of the composer and sends them."""
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name=button, exact=True).click()
    given: Any = [{"name": name, "mimeType": mime, "buffer": data} for name, mime, data in files]
    await (await chooser.value).set_files(given)
    await expect(page.locator(".tray")).to_be_visible()
    await page.locator("[data-composer]").press("Enter")


def code_of(secret: str, later: int = 0) -> str:
    """What an authenticator shows, `later` steps from now."""
    raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return totp_code(raw, now_ms() // STEP_MS + later)
