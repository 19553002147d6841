"""`chaguan serve --tls`, as phones and browsers meet it."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme

from tests.e2e.deployed import Town, certificate, chaguan, free_port, settled
from tests.e2e.server import Client


@dataclass
class Site:
    town: Town
    port: int
    tls: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    async def come(self, name: str, device: str) -> Client:
        client = await Client.connect(f"wss://127.0.0.1:{self.port}/v1/ws", ssl=self.tls)
        self.town.clients.append(client)
        await client.hello(self.town.customer_token(name), device)
        return client


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    pem = certificate(authority, folder)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    town, port = settled(folder / "data"), free_port()
    program = chaguan(folder / "data", port, "--tls", str(pem), str(pem))
    yield Site(town, port, client)
    program.stop()


@pytest.fixture(autouse=True)
async def goodbye(site: Site):
    yield
    for client in site.town.clients:
        await client.close()
    site.town.clients.clear()


async def test_pages_come_over_https_with_their_security_headers(site: Site) -> None:
    async with httpx.AsyncClient(verify=site.tls, trust_env=False) as web:
        told = (await web.get(f"{site.url}/v1/public")).json()
        assert told["name"] == "Chaguan"
        page = await web.get(f"{site.url}/v1/docs")
        assert (
            page.headers["content-type"].startswith("text/html") and "content-security-policy" in page.headers
        )


async def test_a_customer_chats_on_two_phones_over_wss(site: Site) -> None:
    first, second = await site.come("li", "d1"), await site.come("li", "d2")
    room = (await first.ask("open_service"))["view"]["conversation"]["id"]
    await first.say(room, "这款茶还有吗？")
    seen = await second.until("message_sent", conversation_id=room)
    assert seen["content"]["text"] == "这款茶还有吗？"


async def test_five_megabytes_are_uploaded_and_come_back_the_same_over_https(site: Site) -> None:
    body = bytes(range(256)) * 20_480
    headers = {"authorization": f"Bearer {site.town.customer_token('li')}", "x-device-id": "d1"}
    async with httpx.AsyncClient(verify=site.tls, trust_env=False, timeout=20) as web:
        answer = await web.post(
            f"{site.url}/v1/media",
            headers=headers,
            data={"kind": "file"},
            files={"file": ("茶单.bin", body, "application/octet-stream")},
        )
        assert answer.status_code == 201, answer.text
        again = await web.get(site.url + answer.json()["url"])
    assert again.content == body


async def test_a_returning_phone_resumes_its_tls_session(site: Site) -> None:
    def talk(session: ssl.SSLSession | None) -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", site.port), timeout=5)
        sock = site.tls.wrap_socket(raw, server_hostname="127.0.0.1", session=session)
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while sock.recv(4096):
            pass
        return sock

    first = await asyncio.to_thread(talk, None)
    second = await asyncio.to_thread(talk, first.session)
    assert (first.session_reused, second.session_reused) == (False, True)
    first.close()
    second.close()


async def test_plain_http_on_the_tls_port_is_told_what_to_use(site: Site) -> None:
    async with httpx.AsyncClient(trust_env=False) as web:
        answer = await web.get(f"http://127.0.0.1:{site.port}/")
    assert answer.status_code == 400
    assert "https://" in answer.text


async def test_a_client_that_does_not_trust_the_certificate_gets_nothing(site: Site) -> None:
    async with httpx.AsyncClient(trust_env=False) as web:
        with pytest.raises(httpx.ConnectError):
            await web.get(f"{site.url}/health")
