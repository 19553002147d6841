"""A desk whose group robots and agents' devices are the sandbox's. It calls when a test says so, not by itself."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from chaguan.core.caller import Caller, Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Settings
from chaguan.infra.http import Answer
from chaguan.notify import NotifyService, NotifySettings, Robot, RobotSpec
from chaguan.notify.devices import PushWish
from chaguan.platforms.robots import Vendor
from chaguan.platforms.sandbox import SandboxPush, SandboxRobots, sites
from chaguan.platforms.sandbox.push_service import Browser, Refused
from chaguan.platforms.sandbox.robots import RobotError
from tests.databases import OpenDatabase
from tests.domain.desk.conftest import SHOP, Shop

BASE = "https://sandbox.example"
PUSH = f"{BASE}/push/"


class Wire:
    """In place of the network: the sandbox's vendors, with what the network does wrong (`faults`, one a request)."""

    def __init__(self, clock: Any) -> None:
        self.robots = SandboxRobots(clock)
        self.push = SandboxPush(clock)
        self.faults: list[AppError | Answer] = []
        self.requests = 0

    async def send(
        self, _method: str, url: str, *, content: bytes, headers: Mapping[str, str], **bounds: Any
    ) -> Answer:
        assert bounds["timeout_s"] <= 5
        assert bounds["max_bytes"] <= 64 * 1024
        self.requests += 1
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, AppError):
                raise fault
            return fault
        if url.startswith(PUSH):
            return self._pushed(url.removeprefix(PUSH), dict(headers), content)
        return self._said(url, content)

    def _pushed(self, id: str, headers: dict[str, str], content: bytes) -> Answer:
        try:
            self.push.take(id, BASE, headers, content)
        except Refused as refusal:
            return Answer(refusal.status, {}, b"")
        return Answer(201, {}, b"")

    def _said(self, url: str, content: bytes) -> Answer:
        parts = urlsplit(url)
        vendor = Vendor(parts.path.split("/")[1].replace("lark", "feishu"))
        given = dict(parse_qsl(parts.query))
        key = given.get("key") or given.get("access_token") or parts.path.rpartition("/")[2]
        code, said = 0, "ok"
        try:
            self.robots.say(vendor, key, given.get("timestamp", ""), given.get("sign", ""), content)
        except RobotError as error:
            code, said = error.errcode, error.said
        names = ("code", "msg") if vendor is Vendor.feishu else ("errcode", "errmsg")
        return Answer(200, {}, msgspec.json.encode(dict(zip(names, (code, said), strict=True))))


class Welcome:
    """Who is signed in, by the database."""

    def __init__(self) -> None:
        self.gone: set[tuple[str, str]] = set()

    async def check_still_welcome(self, caller: Caller) -> None:
        if (caller.user_id, caller.device_id) in self.gone:
            raise AppError(ErrorCode.unauthenticated, "signed out", reason="signed_out")


class Shops:
    async def find(self, shop_id: str) -> Any:
        return SimpleNamespace(id=shop_id, name="茶铺")


class Calling(Shop):
    notify: NotifyService
    wire: Wire

    def build(self) -> None:
        super().build()
        if not hasattr(self, "wire"):
            self.wire = Wire(lambda: self.now)
            self.welcome = Welcome()
        self.notify = self.another_notify()

    def another_notify(self, **settings: Any) -> NotifyService:
        """As a second process has it."""
        from chaguan.infra.sealing import Vault

        accounts: Any = SimpleNamespace(shops=Shops(), authenticator=self.welcome)
        asked = Settings(robots=sites(BASE), public_url="https://im.shop.example", **settings)
        http: Any = self.wire
        vault = Vault(self.keyring, self.root)
        return NotifyService(
            self.db, vault, accounts, self.messaging, self.desk, http, asked, PUSH, lambda: self.now
        )

    async def open(self) -> None:
        await super().open()
        await self.notify.start(consumers=False)

    @property
    def boss(self) -> Caller:
        return self.staff("boss", Role.owner)

    async def settle_calls(self, **more: Any) -> None:
        await self.notify.robots.put_settings(self.boss, SHOP, NotifySettings(**more))

    async def robot(
        self, vendor: Vendor = Vendor.wecom, *, signed: bool = False, keyword: str = "", **more: Any
    ) -> tuple[Robot, str]:
        """The robot, and the key by which the sandbox knows its group."""
        key, group = self.wire.robots.add(vendor, signed, keyword)
        spec = RobotSpec(
            name="值班群", address=address(vendor, key), secret=group.secret, keyword=keyword, **more
        )
        return await self.notify.robots.create(self.boss, SHOP, spec), key

    def said(self, key: str) -> list[str]:
        group = self.wire.robots.find(key)
        assert group is not None
        return [line.text for line in group.said]

    def on(self, agent: Caller, device: str = "laptop") -> Caller:
        return msgspec.structs.replace(agent, device_id=device, session_id=f"x_{device}")

    async def device(self, agent: Caller, **more: Any) -> Browser:
        id, browser = self.wire.push.subscribe(self.notify.devices.key.public)
        wish = PushWish(endpoint=f"{PUSH}{id}", p256dh=browser.p256dh, auth=browser.auth_text, **more)
        await self.notify.devices.subscribe(agent, wish)
        self.last_endpoint_id = id
        return browser

    async def look(self) -> None:
        await self.notify.ringing.step()

    async def pass_by(self, seconds: float) -> None:
        self.now += int(seconds * 1000)
        await self.look()


def address(vendor: Vendor, key: str) -> str:
    where = {
        Vendor.wecom: f"/wecom/cgi-bin/webhook/send?key={key}",
        Vendor.feishu: f"/feishu/open-apis/bot/v2/hook/{key}",
        Vendor.dingtalk: f"/dingtalk/robot/send?access_token={key}",
    }
    return BASE + where[vendor]


@pytest.fixture
async def shop(tmp_path: Any, open_database: OpenDatabase):
    shop = Calling(tmp_path / "chaguan.db", open_database)
    await shop.open()
    yield shop
    await shop.close()
