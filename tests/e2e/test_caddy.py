"""The documented Caddyfile in front of `chaguan serve`: what a proxy could cut, change or fake."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme

from tests.e2e.deployed import Program, Town, caddy, certificate, chaguan, free_port, settled
from tests.e2e.server import Client

ELSEWHERE = "127.0.0.2"
"""All of 127/8 is this machine: a second address makes a client that Caddy sees as another."""


@dataclass
class Site:
    town: Town
    data: Path
    config: Path
    port: int
    upstream: int
    tls: ssl.SSLContext
    program: Program

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def headers(self, name: str, device: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.town.customer_token(name)}", "x-device-id": device}

    def web(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(verify=self.tls, local_address=address, trust_env=False)
        return httpx.AsyncClient(transport=transport, base_url=self.url, timeout=40)

    async def come(self, name: str, device: str, options=None, **fields) -> Client:
        client = await Client.connect(f"wss://127.0.0.1:{self.port}/v1/ws", ssl=self.tls, **(options or {}))
        self.town.clients.append(client)
        client.welcome = await client.hello(self.town.customer_token(name), device, **fields)
        return client

    def start(self) -> None:
        self.program = chaguan(self.data, self.upstream, "--config", str(self.config))

    async def address_of(self, name: str, device: str) -> str:
        async with self.web() as web:
            devices = (await web.get("/v1/me/devices", headers=self.headers(name, "looker"))).json()[
                "devices"
            ]
        return next(each["address"] for each in devices if each["id"] == device)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("caddy")
    authority = trustme.CA()
    pem = certificate(authority, folder)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    config = folder / "chaguan.toml"
    config.write_text('trusted_proxies = ["127.0.0.1"]\n')
    town, port, upstream = settled(folder / "data"), free_port(), free_port()
    program = chaguan(folder / "data", upstream, "--config", str(config))
    site = Site(town, folder / "data", config, port, upstream, client, program)
    try:
        with caddy(folder, port, upstream, pem):
            yield site
    finally:
        site.program.stop()


@pytest.fixture(autouse=True)
async def goodbye(site: Site):
    yield
    for client in site.town.clients:
        await client.close()
    site.town.clients.clear()


async def test_a_customer_chats_and_uploads_through_caddy(site: Site) -> None:
    first, second = await site.come("li", "d1"), await site.come("li", "d2")
    room = (await first.ask("open_service"))["view"]["conversation"]["id"]
    await first.say(room, "在吗")
    assert (await second.until("message_sent", conversation_id=room))["content"]["text"] == "在吗"
    body = bytes(range(256)) * 20_480
    async with site.web() as web:
        sent = await web.post(
            "/v1/media",
            headers=site.headers("li", "d1"),
            data={"kind": "file"},
            files={"file": ("menu.bin", body, "application/octet-stream")},
        )
        assert sent.status_code == 201, sent.text
        part = await web.get(sent.json()["url"], headers={"range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, body[1000:2000])


async def test_a_long_poll_is_not_cut_and_waits_its_25_seconds(site: Site) -> None:
    ask = {"type": "poll", "protocol": 1, "token": site.town.customer_token("poller"), "device_id": "d1"}
    async with site.web() as web:
        first = (await web.post("/v1/poll", json={**ask, "wait_s": 0})).json()
        known = {"epoch": first["epoch"], "user_version": first["user_version"]}
        begun = time.monotonic()
        answer = await web.post("/v1/poll", json={**ask, **known, "wait_s": 25})
    assert answer.status_code == 200, answer.text
    assert 24.5 < time.monotonic() - begun < 32


async def test_the_client_is_known_by_its_own_address_on_every_way_in(site: Site) -> None:
    await site.come("wang", "socket", {"local_addr": (ELSEWHERE, 0)})
    async with site.web(ELSEWHERE) as web:
        assert (await web.get("/v1/me", headers=site.headers("wang", "http"))).status_code in (200, 403)
        ask = {"type": "poll", "protocol": 1, "token": site.town.customer_token("wang"), "device_id": "poll"}
        await web.post("/v1/poll", json={**ask, "wait_s": 0})
    for device in ("socket", "http", "poll"):
        assert await site.address_of("wang", device) == ELSEWHERE, device


async def test_an_address_that_a_client_makes_up_is_not_believed(site: Site) -> None:
    forged = {"x-forwarded-for": "6.6.6.6", "forwarded": "for=6.6.6.6", "x-real-ip": "6.6.6.6"}
    async with site.web(ELSEWHERE) as web:
        await web.get("/v1/me", headers={**site.headers("zhao", "through"), **forged})
    # And past Caddy, from an address that is no trusted proxy.
    transport = httpx.AsyncHTTPTransport(local_address=ELSEWHERE, trust_env=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{site.upstream}") as web:
        await web.get("/v1/me", headers={**site.headers("zhao", "past"), **forged})
    await site.come("zhao", "socket", {"local_addr": (ELSEWHERE, 0), "additional_headers": forged})
    for device in ("through", "past", "socket"):
        assert await site.address_of("zhao", device) == ELSEWHERE, device


async def test_when_chaguan_restarts_behind_caddy_clients_come_back_and_miss_nothing(site: Site) -> None:
    client, other = await site.come("sun", "d1"), await site.come("sun", "d2")
    room = (await client.ask("open_service"))["view"]["conversation"]["id"]
    await client.say(room, "一")
    epoch = client.welcome["epoch"]

    stopping = asyncio.create_task(asyncio.to_thread(site.program.stop))
    async with asyncio.timeout(20):
        await client.ended()
        await other.ended()
        await stopping
    assert 4000 <= client.close_code < 4500  # come back, as docs/reference/protocol.md has it

    starting = asyncio.create_task(asyncio.to_thread(site.start))
    # Caddy holds the request back until the server is there: nobody has to see a 502.
    client = await site.come("sun", "d1")
    await client.say(room, "二")
    await starting
    other = await site.come("sun", "d2", epoch=epoch, known=[[room, 1]])
    (sync,) = other.welcome["syncs"]
    said = [entry for entry in sync["entries"] if entry["type"] == "message_sent"]
    assert [entry["content"].get("text") for entry in said if entry["content"]["type"] == "text"] == ["二"]
