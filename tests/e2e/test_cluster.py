"""`make cluster`: a customer and an agent chat on it while each kind of process is killed once."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from chaguan.core.ids import uuid7
from chaguan.demo import AGENTS, APPID, PASSWORD
from chaguan.messaging.model import uuid_text
from tests.e2e.demo.process import _two_free_ports
from tests.e2e.process import ENVIRONMENT
from tests.e2e.server import Client
from tools.servers import children

ROOT = Path(__file__).parents[2]
KINDS = ("node1", "node2", "worker", "valkey", "s3", "caddy", "postgres")
PATIENCE_S = 60
LAST = "都在吗"


class Running:
    """`python -m tools.cluster` in a process of its own, and what it prints."""

    def __init__(self, folder: Path) -> None:
        self.port = _two_free_ports()
        self.base = f"http://127.0.0.1:{self.port}"
        self._log = folder / "cluster.log"
        command = [sys.executable, "-m", "tools.cluster", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self.process = children.start(command, cwd=ROOT, env=ENVIRONMENT, stdout=log, stderr=log)

    @property
    def said(self) -> str:
        return self._log.read_text()

    async def until_said(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while text not in self.said:
                assert self.process.poll() is None, self.said
                await asyncio.sleep(0.05)

    def pid_of(self, name: str) -> int:
        """The last that was printed."""
        lines = [line.split() for line in self.said.splitlines()]
        return [
            int(line[-1]) for line in lines if line[:1] == [name] and "pid" in line and "gone" not in line
        ][-1]

    async def kill(self, name: str) -> None:
        os.kill(self.pid_of(name), signal.SIGKILL)
        await self.until_said(f"{name} (pid {self.pid_of(name)}) is gone")


class Person:
    """Who comes back whenever the connection ends, and tries again what was not acknowledged, as the SDK does."""

    def __init__(self, running: Running, token: str, device: str) -> None:
        self._running = running
        self._url = f"ws://127.0.0.1:{running.port}/v1/ws"
        self._token = token
        self._device = device
        self._client: Client | None = None

    def beside(self) -> "Person":
        """Another tab of the same device."""
        return Person(self._running, self._token, self._device)

    async def ask(self, type: str, **fields: Any) -> Any:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                client = await self.connected()
                reply = await client.raw(type, **fields)
            except (OSError, ConnectionClosed, InvalidHandshake, asyncio.CancelledError) as error:
                # Cancelled is what the client makes of a reply that will never come.
                last: Any = error
                await self.leave()
            else:
                if "error" not in reply:
                    return reply.get("ok")
                last = reply["error"]
                assert last["code"] in ("unavailable", "timeout", "rate_limited", "internal"), last
            await asyncio.sleep(0.2)
        raise AssertionError(f"{type}: {last}")

    async def say(self, room: str, text: str) -> None:
        content = {"type": "text", "text": text}
        key = uuid_text(uuid7())
        await self.ask("send_message", conversation_id=room, client_msg_id=key, content=content)

    async def sees(self, room: str, texts: list[str]) -> None:
        page = await self.ask("get_history", conversation_id=room, limit=200)
        found = [m["content"]["text"] for m in page["messages"] if m["content"]["type"] == "text"]
        assert sorted(found) == sorted(texts), (found, texts)

    async def leave(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def connected(self) -> Client:
        if self._client is None:
            self._client = await Client.connect(self._url, open_timeout=15)
            reply = await self._client.raw("hello", protocol=1, token=self._token, device_id=self._device)
            if "error" in reply:
                raise ConnectionError(str(reply))
        return self._client


async def signed_in(running: Running) -> tuple[Person, Person]:
    """The demo's phone, by WeChat's stand-in, and an agent."""
    async with httpx.AsyncClient(base_url=running.base, timeout=20, trust_env=False) as http:
        config = (await http.get("/demo/config.json")).json()
        code = (await http.get("/demo/wechat-code", params={"phone": "p1"})).json()["code"]
        body = {"app_id": config["app_id"], "code": code, "device_id": "d_phone"}
        phone = (await http.post("/v1/auth/wechat", json=body)).raise_for_status().json()
        body = {"email": AGENTS[0][0], "password": PASSWORD, "device_id": "d_agent"}
        agent = (await http.post("/v1/auth/staff", json=body)).raise_for_status().json()
        assert config["appid"] == APPID
    return (
        Person(running, phone["access_token"], "d_phone"),
        Person(running, agent["access_token"], "d_agent"),
    )


async def test_any_one_process_may_be_killed_and_the_chat_goes_on(tmp_path: Path) -> None:
    running = Running(tmp_path)
    try:
        await running.until_said("serves on")
        phone, agent = await signed_in(running)
        room = (await phone.ask("open_service"))["view"]["conversation"]["id"]
        said = ["在吗"]
        await phone.say(room, "在吗")
        await a_case_of(agent, room)
        for kind in KINDS:
            await running.kill(kind)
            for person, who in ((phone, "phone"), (agent, "agent")):
                said.append(f"{kind} is gone, says the {who}")
                await person.say(room, said[-1])
            await running.until_said(f"{kind} is back")
        await everywhere_heard(running, phone, agent, room)
        for person in (phone, agent):
            await person.sees(room, [*said, LAST])
            await person.leave()
        running.process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(running.process.wait, 60) == 0
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(60)


async def everywhere_heard(running: Running, phone: Person, agent: Person, room: str) -> None:
    """Caddy sends one after the other to each node in turn: what the phone says reaches sessions on both, live."""
    listeners = [agent.beside() for _ in range(4)]
    clients = [await listener.connected() for listener in listeners]
    await phone.say(room, LAST)
    async with asyncio.timeout(PATIENCE_S):
        while not all(any(LAST in str(push) for push in client.pushes) for client in clients):
            await asyncio.sleep(0.05)
    for listener in listeners:
        await listener.leave()


async def a_case_of(agent: Person, room: str) -> None:
    """The worker has read the customer's first message; the agent takes the case."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            desk = await agent.ask("watch_desk")
            for case in desk["cases"]:
                if case["conversation_id"] == room:
                    await agent.ask("take_case", case_id=case["id"])
                    return
            await asyncio.sleep(0.1)
