"""The tea shop for a play: one real server with WeChat's stand-in and the shop's own server beside it, everybody in a
browser of their own."""

import asyncio
import contextlib
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.console.office import SHOTS, Office
from tests.e2e.demo.stage import PASSWORD
from tests.e2e.desk.people import Colleague, Guest, Handset, WeChatCustomer
from tests.e2e.desk.words import EN, FAQ, Cast, Tongue
from tests.e2e.process import START_S, Served
from tests.e2e.widget.street import DESKTOP

TOKEN, AES_KEY = "Token123", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
AGENT_SCREEN: Any = {"width": 1440, "height": 900}
WALL_SCREEN: Any = {"width": 1920, "height": 1080}
PHONE_SCREEN: Any = {"width": 390, "height": 844}


async def open_tea_shop(folder: Path) -> Served:
    """Serving, and its owner signed in."""
    served = _with_a_free_neighbour(folder)
    try:
        await (await served.start()).set_up()
        await _until_up(f"http://127.0.0.1:{served.port + 1}/api/products")
    except BaseException:
        served.stop()
        raise
    return served


def _with_a_free_neighbour(folder: Path) -> Served:
    """The tea shop's own server takes the port after Chaguan's."""
    for _ in range(50):
        served = Served(folder, "--demo")
        with socket.socket() as neighbour, contextlib.suppress(OSError, OverflowError):
            neighbour.bind(("127.0.0.1", served.port + 1))
            return served
    raise OSError("no two free ports next to each other")


async def _until_up(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(START_S):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(url)).is_success:
                    return
            await asyncio.sleep(0.05)


class Stage:
    def __init__(self, served: Served, browser: Browser, cast: Cast) -> None:
        self.served, self.cast = served, cast
        self.office = Office(served, browser)
        self.demo: dict[str, Any] = {}
        self.shop_id = ""

    async def arrange(self) -> None:
        """What the owner settles beforehand: a queue from which agents pick, answers for the bot, WeChat's own chat."""
        ask = self.served.ask
        _, self.demo = await self.served.http("GET", "/demo/config.json")
        self.shop_id = (await ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
        queue = {"name": self.cast.mei.queue, "strategy": "manual", "target_wait_s": 120}
        await ask("POST", f"/v1/admin/shops/{self.shop_id}/queues", queue)
        for entry in FAQ:
            texts = {language: {"question": q, "answer": a} for language, (q, a) in entry.items()}
            await ask("POST", f"/v1/admin/shops/{self.shop_id}/faq", {"texts": texts})
        push = {"wechat_push_token": TOKEN, "wechat_push_aes_key": AES_KEY}
        await ask("PATCH", f"/v1/admin/apps/{self.demo['app_id']}", push)

    async def colleague(self, email: str, name: str, tongue: Tongue, password: str = PASSWORD) -> Colleague:
        page = await self.office.page(locale=tongue.said.locale, viewport=AGENT_SCREEN)
        return Colleague(await self.office.sign_in(page, email, password), name, tongue)

    async def new_agent(self, name: str, tongue: Tongue) -> Colleague:
        page = await self.office.seat(name, locale=tongue.said.locale, viewport=AGENT_SCREEN)
        return Colleague(page, name, tongue)

    async def wall(self, tongue: Tongue) -> Page:
        page = await self.office.owner(locale=tongue.said.locale, viewport=WALL_SCREEN)
        await page.evaluate("location.hash = '/wall'")
        await expect(page.locator(".wall.live")).to_be_visible()
        return page

    async def handset(self, tongue: Tongue) -> Handset:
        config = {
            "appId": self.demo["appid"],
            "language": "en" if tongue is EN else "zh_CN",
            "loginUrl": "/demo/wechat-code?phone=zhixia",
            "ext": {
                "endpoint": self.served.base,
                "appId": self.demo["app_id"],
                "shopApi": f"http://127.0.0.1:{self.demo['shop_port']}/api",
                "customer": {"name": tongue.zhixia, "avatar": f"{self.served.base}/demo/faces/0.svg"},
            },
        }
        address = f"{self.served.base}/phone/index.html?{urlencode({'config': json.dumps(config)})}"
        page = await self.office.page(
            address, tongue.said.locale, viewport=PHONE_SCREEN, device_scale_factor=2
        )
        return Handset(page, tongue)

    async def guest(self, tongue: Tongue) -> Guest:
        page = await self.office.page(self.demo["site"], tongue.said.locale, viewport=DESKTOP)
        guest = Guest(page, tongue)
        await expect(guest.launcher).to_be_visible()
        return guest

    def wechat_customer(self) -> WeChatCustomer:
        return WeChatCustomer(self.served, self.demo["appid"], "gu")

    async def picture(self, name: str, what: Page | Locator) -> None:
        if SHOTS:
            await what.screenshot(path=f"{SHOTS}/day-{name}-{self.cast.name}.png")

    async def close(self) -> None:
        await self.office.close()
