"""Group robots and web push on a real deployment over HTTP, with the sandbox's vendors, browsers and faults."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaguan.accounts.sessions import Visitor
from chaguan.core.caller import Role
from tests.contact_stage import OWNER, PASSWORD, Stage, open_stage


class Office:
    """An administrator and an agent with their tokens, beside a customer's phone."""

    def __init__(self, stage: Stage, http: httpx.AsyncClient, tokens: dict[str, str], shop_id: str) -> None:
        self.stage, self.http, self.tokens = stage, http, tokens
        self.shop = f"/v1/admin/shops/{shop_id}"

    async def ask(
        self, who: str, method: str, path: str, body: Any = None, status: int = 0
    ) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        answer = await self.http.request(method, path, json=body, headers=headers)
        assert answer.status_code == status or (not status and answer.is_success), answer.text
        return answer.json() if answer.content else {}

    async def sandbox(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = await self.http.request(method, f"/sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    async def group(self, vendor: str, **more: Any) -> dict[str, Any]:
        return await self.sandbox("POST", "/robots/groups", {"vendor": vendor, **more})

    async def robot(self, group: dict[str, Any], **more: Any) -> dict[str, Any]:
        body = {"name": "值班群", "address": group["address"], "secret": group["secret"], **more}
        return await self.ask("admin", "POST", f"{self.shop}/robots", body, 201)

    async def said(self, group: dict[str, Any], count: int) -> list[str]:
        async with asyncio.timeout(15):
            while True:
                lines = (await self.sandbox("GET", f"/robots/groups/{group['key']}"))["said"]
                if len(lines) >= count:
                    return [line["text"] for line in lines]
                await asyncio.sleep(0.05)

    async def settled(self, count: int) -> list[dict[str, Any]]:
        """The robots, once the calls of so many are known to have arrived: a moment after their groups heard them."""
        async with asyncio.timeout(15):
            while True:
                listed = (await self.ask("admin", "GET", f"{self.shop}/robots"))["robots"]
                if [robot["last"].get("state") for robot in listed] == ["sent"] * count:
                    return list(listed)
                await asyncio.sleep(0.05)

    async def subscribe(self) -> dict[str, Any]:
        state = await self.ask("agent", "GET", "/v1/me/push")
        made = await self.sandbox(
            "POST", "/push/subscriptions", {"application_server_key": state["public_key"]}
        )
        wish = {name: made[name] for name in ("endpoint", "p256dh", "auth")}
        assert (await self.ask("agent", "PUT", "/v1/me/push", wish))["subscribed"]
        return made

    async def received(self, made: dict[str, Any], count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(15):
            while True:
                found = (await self.sandbox("GET", f"/push/subscriptions/{made['id']}"))["received"]
                if len(found) >= count:
                    return list(found)
                await asyncio.sleep(0.05)


@pytest.fixture
async def office(tmp_path: Path):
    stage = await open_stage(tmp_path)
    try:
        accounts = stage.deployment.accounts
        tokens = {}
        for name, role in (("admin", Role.admin), ("agent", Role.agent)):
            link = await accounts.staff.invite(OWNER, f"{name}@tea.example", name, role)
            visitor = Visitor("127.0.0.1", f"d_{name}")
            signed = await accounts.invitations.accept(visitor, link.token, name, PASSWORD)
            tokens[name] = signed.access_token
        shop = await accounts.shops.only()
        assert shop is not None
        yield Office(stage, stage.http, tokens, shop.id)
    finally:
        await stage.close()


async def test_a_customer_whom_nobody_takes_is_heard_of_in_three_groups_and_on_a_device(office: Office):
    groups = [
        await office.group("wecom"),
        await office.group("feishu", signed=True),
        await office.group("dingtalk", signed=True, keyword="茶铺"),
    ]
    for group in groups:
        await office.robot(group, keyword="茶铺")
    settings = {"after_s": 1, "unattended_after_s": 1, "again_s": 600, "language": "zh-CN"}
    kept = await office.ask("admin", "PUT", f"{office.shop}/notify", settings)
    assert kept == {**settings, "excerpt": False, "when_closed": False, "targets": "missed"}
    made = await office.subscribe()
    await office.ask("agent", "PUT", "/v1/me/push", {**_keys(made), "always": True})
    await office.stage.say("在吗？我的电话是 13800138000")
    for group in groups:
        (text,) = await office.said(group, 1)
        assert "有顾客在等待" in text
        assert "13800138000" not in text
        assert "/console/#/desk/" in text
    (note,) = await office.received(made, 1)
    assert "有顾客在等待" in note["data"]
    assert "13800138000" not in note["data"]
    listed = await office.settled(3)
    assert not any(group["key"] in str(listed) or (group["secret"] or "-") in str(listed) for group in groups)


async def test_a_rule_that_notifies_is_heard_by_its_name_in_a_group_and_on_a_device(office: Office):
    group = await office.group("wecom")
    await office.robot(group)
    await office.ask("admin", "PUT", f"{office.shop}/notify", {"after_s": 0})
    then = {"notify": ["robots", "agents"]}
    rule = {"name": "有人投诉", "when": "said", "if": {"words": ["投诉"]}, "then": then}
    await office.ask("admin", "PUT", f"{office.shop}/rules", {"rules": [rule]})
    made = await office.subscribe()
    await office.ask("agent", "PUT", "/v1/me/push", {**_keys(made), "always": True})
    await office.stage.say("我要投诉，电话 13800138000")
    (text,) = await office.said(group, 1)
    assert text.startswith("规则「有人投诉」") and "13800138000" not in text
    (note,) = await office.received(made, 1)
    assert "有人投诉" in note["data"] and note["topic"] != "waiting"


async def test_a_robots_test_tells_what_its_vendor_says(office: Office):
    group = await office.group("feishu", signed=True)
    robot = await office.robot({**group, "secret": "another"})
    tried = await office.ask("admin", "POST", f"{office.shop}/robots/{robot['id']}/test")
    assert (tried["state"], tried["reason"], tried["vendor_code"]) == ("not_sent", "bad_signature", 19021)
    await office.ask("admin", "POST", f"{office.shop}/robots/{robot['id']}/test", status=429)
    await office.ask("agent", "POST", f"{office.shop}/robots/{robot['id']}/test", status=403)
    elsewhere = {"name": "x", "address": "http://169.254.169.254/cgi-bin/webhook/send?key=12345678"}
    await office.ask("admin", "POST", f"{office.shop}/robots", elsewhere, 400)


async def test_signing_out_ends_the_calls_of_that_device(office: Office):
    made = await office.subscribe()
    assert (await office.ask("agent", "POST", "/v1/me/push/test"))["state"] == "sent"
    await office.received(made, 1)
    users = await office.ask("admin", "GET", "/v1/admin/staff")
    agent = next(each for each in users["staff"] if each["email"] == "agent@tea.example")
    await office.ask("admin", "DELETE", f"/v1/admin/staff/{agent['user']['id']}/devices/d_agent")
    from chaguan.notify import store

    async with asyncio.timeout(5):
        while await office.stage.deployment.db.read(store.all_bells):
            await asyncio.sleep(0.02)
    await office.ask("agent", "GET", "/v1/me/push", status=401)


async def test_a_push_never_reaches_a_private_address(office: Office):
    """Only https passes the door; what stands behind the name is checked when it is connected to."""
    state = await office.ask("agent", "GET", "/v1/me/push")
    made = await office.sandbox(
        "POST", "/push/subscriptions", {"application_server_key": state["public_key"]}
    )
    for inside in ("http://127.0.0.1:1/x", "http://169.254.169.254/latest"):
        await office.ask("agent", "PUT", "/v1/me/push", {**_keys(made), "endpoint": inside}, 400)
    await office.ask("agent", "PUT", "/v1/me/push", {**_keys(made), "endpoint": "https://127.0.0.1:1/x"})
    tried = await office.ask("agent", "POST", "/v1/me/push/test")
    assert (tried["state"], tried["reason"]) == ("not_sent", "address_not_allowed")


def _keys(made: dict[str, Any]) -> dict[str, Any]:
    return {name: made[name] for name in ("endpoint", "p256dh", "auth")}
