"""The people of the play before their screens: staff at the console, customers on a phone, on a web site, in WeChat."""

import asyncio
from typing import Any
from urllib.parse import quote

from playwright.async_api import Locator, Page, expect

from tests.e2e.console.office import visit
from tests.e2e.demo.stage import Desk, Phone
from tests.e2e.desk.words import Tongue
from tests.e2e.process import Served
from tests.e2e.widget.street import Visitor


class Colleague(Desk):
    """Somebody at the console: an agent, or who looks after agents."""

    def __init__(self, page: Page, name: str, tongue: Tongue) -> None:
        super().__init__(page, page, tongue.said.desk)
        self.name, self.tongue = name, tongue

    async def go_online(self) -> None:
        await visit(self.page, "/desk")
        await self.page.locator(".rail .mine").click()
        await self.page.get_by_role("menuitem", name=self.tongue.online_choice).click()
        await expect(self.page.locator(".rail .mine")).to_contain_text(self.tongue.online)

    async def look_up(self) -> None:
        """Away from the list, which keeps still under a pointer."""
        await self.page.mouse.move(720, 5)

    async def sees_in_line(self, text: str, place: int) -> None:
        await self.look_up()
        await self.queue(self.words.waiting)
        await expect(self.row(text)).to_contain_text(self.tongue.place.format(n=place))

    async def take(self, text: str) -> None:
        """Who is first in the line, and has said this."""
        await self.look_up()
        await self.queue(self.words.waiting)
        await self.row(self.tongue.place.format(n=1)).click()
        await expect(self.message(text)).to_have_count(1)
        await self.page.locator(".bar.amber button").click()
        await expect(self.ends).to_be_visible()

    async def open(self, of: str, text: str) -> None:
        """Of one's own cases the one in whose row `of` stands, and in which this was said."""
        await self.look_up()
        await self.queue(self.words.mine)
        await self.row(of).click()
        await expect(self.message(text)).to_have_count(1)

    async def look_over(self, name: str) -> None:
        """Into the case that a colleague has."""
        await visit(self.page, "/desk")
        await self.queue(self.tongue.all)
        await self.row(self.tongue.serving.format(name=name)).click()
        await expect(self.page.locator("[data-note-composer]")).to_be_visible()

    async def say(self, text: str) -> None:
        await self.page.locator(".modes label:not(.note)").click()
        await self.box.fill(text)
        # One may write before one belongs to the conversation, and send once one does.
        await expect(self.page.locator(".composer .el-button--primary")).to_be_enabled()
        await self.box.press("Enter")
        await expect(self.message(text)).to_have_count(1)

    def noted(self, text: str) -> Locator:
        return self.page.locator("article.note").filter(has_text=text)

    async def note(self, text: str) -> None:
        await self.page.locator(".modes label.note").click()
        box = self.page.locator("[data-note-composer]")
        await box.fill(text)
        await box.press("Enter")
        await expect(self.noted(text)).to_have_count(1)

    async def whisper(self, to: str, text: str) -> None:
        await self.page.get_by_text(self.tongue.only_to.format(name=to), exact=True).click()
        await expect(self.page.locator(".note-composer .banner")).to_contain_text(to)
        await self.note(text)

    async def begin_to_pass_on(self, name: str, note: str) -> Locator:
        """Answers with the dialog, filled in."""
        await self.page.get_by_role("button", name=self.tongue.pass_on, exact=True).first.click()
        dialog = self.page.get_by_role("dialog", name=self.tongue.pass_on)
        await dialog.get_by_label(self.tongue.find).fill(name)
        await expect(dialog.locator(".aim")).to_have_count(1)
        await dialog.locator(".aim").click()
        await dialog.get_by_label(self.tongue.pass_note).fill(note)
        return dialog

    async def pass_on(self, dialog: Locator, name: str) -> None:
        await dialog.get_by_role("button", name=self.tongue.pass_to.format(name=name)).click()
        await expect(dialog).to_be_hidden()

    async def history(self) -> Locator:
        """What happened to the open case."""
        await self.page.get_by_role("tab", name=self.tongue.history, exact=True).click()
        return self.page.get_by_role("region", name=self.tongue.history)

    async def profile(self) -> Locator:
        """What is known of the customer, and what they said last."""
        await self.page.get_by_role("tab", name=self.tongue.customer, exact=True).click()
        return self.page.get_by_role("tabpanel", name=self.tongue.customer, exact=True)

    @property
    def ends(self) -> Locator:
        """What only who may end the open case has: by their word alone, earlier cases would be found, too."""
        return self.page.locator(".ends")

    async def resolve(self) -> None:
        await self.ends.get_by_role("button", name=self.words.resolve).click()
        await expect(self.ends).to_have_count(0)


class Handset(Phone):
    """The tea shop's mini program, on a screen of its own."""

    def __init__(self, page: Page, tongue: Tongue) -> None:
        super().__init__(page, tongue.said.desk)
        self.frame: Any = page  # no frame around it, as the demo page has one
        self.tongue = tongue

    async def reads(self, text: str) -> None:
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).last.click()

    @property
    def sheet(self) -> Locator:
        return self.page.get_by_role("dialog", name=self.tongue.rate_title)

    async def begin_to_rate(self, stars: int) -> None:
        tongue, sheet = self.tongue, self.sheet
        await self.press(tongue.rate)
        await sheet.get_by_role("radio", name=tongue.stars.format(n=stars)).click()
        await sheet.get_by_role("checkbox", name=tongue.quick).click()
        await sheet.locator("textarea").fill(tongue.lines.praise)

    async def rate(self) -> None:
        """Sends what was begun, and puts it away."""
        await self.sheet.get_by_role("button", name=self.tongue.submit, exact=True).click()
        await expect(self.sheet.get_by_text(self.tongue.thanks)).to_be_visible()
        await self.sheet.get_by_role("button", name=self.tongue.said.close, exact=True).last.click()
        await expect(self.sheet).to_have_count(0)
        await self.reads(self.tongue.thanks)

    async def ask_again(self) -> None:
        """By the button that says it is not solved."""
        await self.press(self.tongue.change)
        await self.sheet.get_by_role("button", name=self.tongue.unsolved, exact=True).click()


class Guest(Visitor):
    """On the tea shop's web site."""

    def __init__(self, page: Page, tongue: Tongue) -> None:
        super().__init__(page, page.url, tongue.said)
        self.tongue = tongue
        self.under = self.panel.locator(".under")

    async def reads(self, text: str) -> None:
        await expect(self.under).to_contain_text(text)

    async def rate(self, stars: int) -> None:
        await self.panel.get_by_role("button", name=self.tongue.rate, exact=True).click()
        sheet = self.panel.get_by_role("dialog", name=self.tongue.rate_title)
        await sheet.locator("label.star").nth(stars - 1).click()
        await sheet.get_by_role("button", name=self.tongue.submit, exact=True).click()
        await expect(self.panel.get_by_role("dialog", name=self.tongue.thanks)).to_be_visible()
        await self.panel.get_by_role("button", name=self.said.close, exact=True).last.click()
        await self.reads(self.tongue.thanks)


class WeChatCustomer:
    """In WeChat's own chat with the shop, which the sandbox plays: what is said there goes out as WeChat's push."""

    def __init__(self, served: Served, appid: str, phone_id: str) -> None:
        self._served, self._appid, self._phone_id = served, appid, phone_id

    async def say(self, text: str) -> None:
        body = {"appid": self._appid, "phone_id": self._phone_id, "text": text}
        status, answer = await self._served.http("POST", "/sandbox/wechat/phone/contact/say", body)
        assert status == 200, answer

    async def reads(self, text: str) -> None:
        async with asyncio.timeout(10):
            while text not in await self._shown():
                await asyncio.sleep(0.02)

    async def _shown(self) -> list[str]:
        query = f"appid={quote(self._appid)}&phone_id={quote(self._phone_id)}"
        _, chat = await self._served.http("GET", f"/sandbox/wechat/phone/contact/chat?{query}")
        said = [line.get("message") or {} for line in chat["shown"]]
        return [each["text"]["content"] for each in said if each.get("msgtype") == "text"]
