"""A deployment with the sandbox's WeChat in front of it: a phone with WeChat's own chat, an agent at the desk."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx

from chaguan.accounts.apps import AppKind, NewApp
from chaguan.accounts.sessions import Visitor
from chaguan.app import Deployment, open_deployment
from chaguan.core.caller import Caller, Role
from chaguan.core.settings import Settings
from chaguan.gateway.server import EdgeServer, listen
from chaguan.platforms.sandbox import SandboxWeChat
from chaguan.serving import http_app, with_sandbox
from tests.e2e.server import Client, Running

APPID, SECRET = "wx0123456789abcdef", "secret-of-wechat"
TOKEN, AES_KEY = "Token123", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PASSWORD = "first-steep-then-pour"
OWNER = Caller("staff", "test", role=Role.owner)


class Stage:
    """`phone_…`: what the customer does in WeChat. `agent`: a connected agent who watches the desk."""

    def __init__(self, running: Running, http: httpx.AsyncClient, app_id: str, agent: Client) -> None:
        self.running = running
        self.deployment: Deployment = running.deployment
        self.http = http
        self.app_id = app_id
        self.agent = agent
        self.clients = [agent]

    async def post(self, path: str, body: object) -> Any:
        answer = await self.http.post(f"/sandbox/wechat{path}", content=json.dumps(body))
        return answer.json()

    async def enter(self, phone: str = "mei", session_from: str = "") -> None:
        body = {"appid": APPID, "phone_id": phone, "session_from": session_from}
        assert "MsgType" in await self.post("/phone/contact/enter", body)

    async def say(self, text: str, phone: str = "mei", **more: str) -> Any:
        return await self.post(
            "/phone/contact/say", {"appid": APPID, "phone_id": phone, "text": text, **more}
        )

    async def send_picture(self, data: bytes, phone: str = "mei") -> Any:
        query = {"appid": APPID, "phone_id": phone}
        headers = {"content-type": "image/jpeg"}
        path = "/sandbox/wechat/phone/contact/picture"
        return (await self.http.post(path, params=query, content=data, headers=headers)).json()

    async def chat(self, phone: str = "mei") -> Any:
        query = {"appid": APPID, "phone_id": phone}
        return (await self.http.get("/sandbox/wechat/phone/contact/chat", params=query)).json()

    async def shown(self, count: int, phone: str = "mei") -> list[Any]:
        """What the customer sees, once it is so many lines."""
        async with asyncio.timeout(10):
            while len(lines := (await self.chat(phone))["shown"]) < count:
                await asyncio.sleep(0.02)
        return [line.get("message") or line["notice"] for line in lines]

    async def pushes(self) -> list[Any]:
        return (await self.http.get("/sandbox/wechat/pushes")).json()["pushes"]

    async def fault(self, endpoint: str, **what: int) -> None:
        assert (await self.post("/faults", {"endpoint": endpoint, **what}))["endpoint"] == endpoint

    async def case(self) -> Any:
        """The first case that waits or is open at the desk."""
        async with asyncio.timeout(10):
            while not (cases := (await self.agent.ask("watch_desk"))["cases"]):
                await asyncio.sleep(0.02)
        return cases[0]

    async def take(self) -> str:
        """Take the first case; gives its conversation."""
        case = await self.case()
        await self.agent.ask("take_case", case_id=case["id"])
        return str(case["conversation_id"])

    async def messages(self, conversation_id: str, count: int = 0) -> list[Any]:
        async with asyncio.timeout(10):
            while True:
                page = await self.agent.ask("get_history", conversation_id=conversation_id, limit=100)
                found = [each for each in page["messages"] if each["content"]["type"] != "system"]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.02)

    async def contact(self, conversation_id: str, **wanted: Any) -> Any:
        """What the agent sees of the budget, once it is as wanted."""
        async with asyncio.timeout(10):
            while True:
                found = await self.agent.ask("get_wechat_contact", conversation_id=conversation_id)
                if all(found.get(name, 0) == value for name, value in wanted.items()):
                    return found
                await asyncio.sleep(0.02)

    async def delivery(self, conversation_id: str, seq: int, state: str) -> Any:
        async with asyncio.timeout(10):
            while True:
                found = await self.agent.ask("get_wechat_contact", conversation_id=conversation_id)
                for each in found.get("deliveries", []):
                    if each["seq"] == seq and each["state"] == state:
                        return each
                await asyncio.sleep(0.02)

    async def next_second(self) -> None:
        """WeChat tells times in whole seconds: what happens in the same one can't be told apart."""
        begun = int(time.time())
        async with asyncio.timeout(3):
            while int(time.time()) == begun:
                await asyncio.sleep(0.02)

    async def in_mini_program(self, phone: str = "mei") -> Client:
        """The same person signs in inside the mini program."""
        login = await self.post("/phone/login", {"appid": APPID, "phone_id": phone})
        body = {"app_id": self.app_id, "code": login["code"], "device_id": f"d_{phone}"}
        signed_in = (await self.http.post("/v1/auth/wechat", json=body)).json()
        client = await Client.connect(self.running.url)
        await client.hello(signed_in["access_token"], f"d_{phone}")
        self.clients.append(client)
        return client

    async def close(self) -> None:
        for client in self.clients:
            await client.close()
        await self.http.aclose()
        await self.running.stop()


async def open_stage(folder: Path, *, aes_key: str = AES_KEY, **settings: Any) -> Stage:
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    address = f"127.0.0.1:{port}"
    asked = Settings(data_dir=str(folder), public_url=f"http://{address}", sandbox=True, **settings)
    deployment = await open_deployment(with_sandbox(asked, address), allow=[address])
    await deployment.accounts.first_start("茶铺")
    await deployment.start()
    app = http_app(deployment, SandboxWeChat({}), {})
    server = EdgeServer(app, deployment.edge)
    server.config.lifespan = "off"
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.01)
    running = Running(deployment, server, task, port)
    accounts = deployment.accounts
    shop = await accounts.shops.only()
    assert shop is not None
    made = await accounts.apps.create(
        OWNER,
        NewApp(
            shop_id=shop.id,
            kind=AppKind.wechat,
            name="小程序",
            wechat_appid=APPID,
            wechat_secret=SECRET,
            wechat_push_token=TOKEN,
            wechat_push_aes_key=aes_key,
        ),
    )
    link = await accounts.staff.invite(OWNER, "lin@tea.example", "林", Role.agent)
    signed_in = await accounts.invitations.accept(Visitor("127.0.0.1", "d_lin"), link.token, "林", PASSWORD)
    agent = await Client.connect(running.url)
    await agent.hello(signed_in.access_token, "d_lin")
    http = httpx.AsyncClient(base_url=f"http://{address}", trust_env=False, timeout=20)
    return Stage(running, http, made.id, agent)
