"""Several agents at one desk: looking over a shoulder, taking while typing, the desks of two shops."""

import asyncio
import json
from typing import Any

from playwright.async_api import Page, WebSocketRoute, expect

from chaguan.accounts.user_tokens import AppSecret, sign_user_token
from chaguan.core.clock import now_ms
from tests.e2e.console.office import Office, message, say, visit
from tests.e2e.server import Client


class Wire:
    """What goes over the page's WebSocket; `hold` keeps commands of one type back until `release`."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self._held: list[tuple[WebSocketRoute, str]] = []
        self._type = ""

    async def tap(self, page: Page) -> None:
        await page.route_web_socket("**/v1/ws", self._connect)
        await page.reload()
        await expect(page.locator(".rail")).to_be_visible()

    def hold(self, type: str) -> None:
        self._type = type

    def release(self) -> None:
        self._type = ""
        for server, frame in self._held:
            server.send(frame)

    async def until_sent(self, type: str) -> None:
        async with asyncio.timeout(10):
            while not any(command["type"] == type for command in self.sent):
                await asyncio.sleep(0.02)

    async def until_answered(self, type: str) -> None:
        async with asyncio.timeout(10):
            while not self._answered(type):
                await asyncio.sleep(0.02)

    def _answered(self, type: str) -> bool:
        asked = {command["id"] for command in self.sent if command["type"] == type}
        return any(each["type"] == "reply" and each["id"] in asked for each in self.heard)

    def pushed(self, text: str) -> bool:
        return any(
            push["type"] == "message_sent" and push.get("content", {}).get("text") == text
            for push in self.heard
        )

    def _connect(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()

        def on_sent(frame: str | bytes) -> None:
            command = json.loads(frame)
            self.sent.append(command)
            if command["type"] == self._type:
                self._held.append((server, str(frame)))
            else:
                server.send(frame)

        def on_heard(frame: str | bytes) -> None:
            heard = json.loads(frame)
            self.heard += heard if isinstance(heard, list) else [heard]
            page.send(frame)

        page.on_message(on_sent)
        server.on_message(on_heard)


def row(page: Page, text: str):
    return page.locator("#queue-rows li").filter(has_text=text)


async def take(page: Page, text: str) -> None:
    await visit(page, "/desk")
    await page.get_by_role("tab", name="等待中").click()
    await row(page, text).click()
    await expect(message(page, text)).to_have_count(1)
    await page.locator(".bar.amber button").click()
    await expect(page.get_by_role("button", name="结束咨询")).to_be_visible()


async def test_who_looks_into_a_colleagues_case_sees_what_is_said_live_and_nothing_after_leaving(
    office: Office,
) -> None:
    customer, room = await office.customer("looked-at")
    await customer.say(room, "有人在吗")
    mei, lin, wire = await office.seat("小梅接"), await office.seat("阿林看"), Wire()
    await take(mei, "有人在吗")
    await wire.tap(lin)
    await visit(lin, "/desk")
    await lin.get_by_role("tab", name="进行中").click()
    await row(lin, "小梅接 接待中").click()
    await expect(lin.get_by_text("转给你后才能回复")).to_be_visible()

    await customer.say(room, "我想买白茶")
    await expect(message(lin, "我想买白茶")).to_have_count(1)
    await say(mei, "寿眉还有")
    await expect(message(lin, "寿眉还有")).to_have_count(1)
    assert wire.pushed("我想买白茶")

    await visit(lin, "/messages")
    await wire.until_answered("close_conversation")
    await customer.say(room, "多少钱")
    await expect(message(mei, "多少钱")).to_have_count(1)
    # A session hears in order: what comes later is here, so what came before would be too.
    await visit(lin, f"/desk/{room}")
    await expect(message(lin, "多少钱")).to_have_count(1)
    assert not wire.pushed("多少钱")
    await customer.say(room, "两饼")
    await expect(message(lin, "两饼")).to_have_count(1)


async def test_what_is_typed_while_a_case_is_being_taken_is_kept_and_can_then_be_sent(office: Office) -> None:
    customer, room = await office.customer("in a hurry")
    await customer.say(room, "快一点")
    page, wire = await office.seat("手快"), Wire()
    await wire.tap(page)
    wire.hold("take_case")
    await row(page, "快一点").click()
    await expect(message(page, "快一点")).to_have_count(1)
    await page.keyboard.press("t")
    await wire.until_sent("take_case")
    box = page.locator("[data-composer]")
    await expect(box).to_be_focused()
    # Each of these letters would be a key of the desk: r resolves, j and k go elsewhere.
    await page.keyboard.type("roger, just kidding")
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("roger, just kidding")
    wire.release()
    await expect(page.get_by_role("button", name="结束咨询")).to_be_visible()
    await expect(box).to_have_value("roger, just kidding")
    await expect(page.get_by_role("button", name="发送", exact=True)).to_be_enabled()
    await box.press("Enter")
    await expect(message(page, "roger, just kidding")).to_have_count(1)
    await customer.until("message_sent", conversation_id=room)


async def test_of_two_shops_one_switches_to_the_other_and_sees_who_waits_there(office: Office) -> None:
    served = office.served
    here, room = await office.customer("of the first shop")
    await here.say(room, "总店有人吗")
    shop = await served.ask("POST", "/v1/admin/shops", {"name": "湖边分店"})
    app = await served.ask(
        "POST", "/v1/admin/apps", {"shop_id": shop["id"], "kind": "web", "name": "分店网站"}
    )
    page = await office.seat("两头跑")
    switcher = page.get_by_role("button", name="换一家店")
    await expect(row(page, "总店有人吗")).to_have_count(1)

    there = await Client.connect(served.url)
    office.customers.append(there)
    await there.hello(sign_user_token(AppSecret(app["secret"]), app["id"], "lake", now_ms()), "d_lake")
    second = (await there.ask("open_service"))["view"]["conversation"]["id"]
    await there.say(second, "分店有人吗")
    await expect(switcher.locator(".badge")).to_have_text("1")
    await expect(row(page, "分店有人吗")).to_have_count(0)
    await switcher.click()
    await page.get_by_role("menuitem", name="湖边分店").click()
    await expect(row(page, "分店有人吗")).to_have_count(1)
    await expect(row(page, "总店有人吗")).to_have_count(0)
    await take(page, "分店有人吗")
    await say(page, "湖边欢迎你")

    await page.reload()  # the shop is remembered on this device
    await page.get_by_role("tab", name="我接待的").click()
    await expect(row(page, "湖边欢迎你")).to_have_count(1)
