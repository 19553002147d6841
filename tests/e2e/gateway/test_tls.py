"""TLS on memory buffers: what a client of any kind sees of it, and what one that misbehaves gets."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from websockets.asyncio.client import connect

from chaguan.gateway import tls as tls_module
from chaguan.gateway.edge import EdgeSettings
from chaguan.gateway.heads import BoundedHttp
from chaguan.gateway.lifetime import State
from chaguan.gateway.tls import server_context
from chaguan.gateway.websocket import text_frame
from tests.edge_server import plain_app, serving, until


@dataclass
class Contexts:
    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture
def contexts(tmp_path: Path) -> Contexts:
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    client = ssl.create_default_context()
    authority.configure_trust(client)
    client.set_alpn_protocols(["h2", "http/1.1"])
    return Contexts(server_context(tmp_path / "both.pem", tmp_path / "both.pem"), client)


def talk(
    port: int,
    context: ssl.SSLContext,
    session: ssl.SSLSession | None = None,
    target: str = "/",
    may_read: threading.Event | None = None,
) -> tuple[ssl.SSLSocket, bytes]:
    """One blocking HTTP exchange to the very end; a missing close_notify would raise."""
    raw = socket.socket()
    if may_read is not None:  # else the kernel may take the whole body for one who does not read
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    raw.settimeout(5)
    raw.connect(("127.0.0.1", port))
    sock = context.wrap_socket(raw, server_hostname="127.0.0.1", session=session, suppress_ragged_eofs=False)
    sock.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    if may_read is not None:
        may_read.wait(5)
    answer = b""
    while piece := sock.recv(4096):
        answer += piece
    return sock, answer


async def test_https_speaks_http11_over_tls_1_3_and_ends_with_close_notify(contexts: Contexts) -> None:
    async with serving(tls=contexts.server) as server:
        sock, answer = await asyncio.to_thread(talk, server.port, contexts.client)
        assert answer.endswith(b"0 https\r\n0\r\n\r\n")
        assert (sock.version(), sock.selected_alpn_protocol()) == ("TLSv1.3", "http/1.1")
        sock.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_returning_client_resumes_its_tls_session(
    contexts: Contexts, version: ssl.TLSVersion
) -> None:
    contexts.client.maximum_version = contexts.client.minimum_version = version
    async with serving(tls=contexts.server) as server:
        first, _ = await asyncio.to_thread(talk, server.port, contexts.client)
        second, _ = await asyncio.to_thread(talk, server.port, contexts.client, first.session)
        assert (first.session_reused, second.session_reused) == (False, True)
        first.close()
        second.close()


async def test_large_bodies_stream_both_ways(contexts: Contexts) -> None:
    async with serving(tls=contexts.server) as server, aiohttp.ClientSession() as http:
        url = f"https://127.0.0.1:{server.port}"
        async with http.post(f"{url}/", data=BytesIO(b"z" * 5_000_000), ssl=contexts.client) as answer:
            assert await answer.text() == "5000000 https"
        async with http.get(f"{url}/large", ssl=contexts.client) as answer:
            body = await answer.read()
        assert len(body) == 64 * 65_536 + len("0 https") and body.startswith(b"yyy")


async def test_a_download_that_is_not_read_waits_and_does_not_pile_up(contexts: Contexts) -> None:
    may_read = threading.Event()
    async with serving(tls=contexts.server) as server:
        download = asyncio.create_task(
            asyncio.to_thread(talk, server.port, contexts.client, target="/large", may_read=may_read)
        )
        connections = server.server.server_state.connections
        await until(lambda: any(isinstance(each, BoundedHttp) for each in connections))
        (inner,) = connections
        await until(lambda: inner.flow.write_paused)
        for _ in range(100):
            await asyncio.sleep(0.001)
            assert inner.transport.get_write_buffer_size() < 65_536 * 4
        may_read.set()
        sock, answer = await download
        assert len(answer) > 64 * 65_536 and answer.endswith(b"0 https\r\n0\r\n\r\n")
        sock.close()


async def test_an_upload_that_the_application_does_not_take_stops_at_the_socket(contexts: Contexts) -> None:
    taken = asyncio.Event()

    async def reluctant(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await plain_app(scope, receive, send)
            return
        await taken.wait()
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % size})

    async with serving(tls=contexts.server, app=reluctant) as server, aiohttp.ClientSession() as http:
        url = f"https://127.0.0.1:{server.port}/"
        posting = asyncio.create_task(http.post(url, data=BytesIO(b"z" * 30_000_000), ssl=contexts.client))
        connections = server.server.server_state.connections
        await until(lambda: any(isinstance(each, BoundedHttp) for each in connections))
        (inner,) = connections
        await until(lambda: inner.flow.read_paused)
        assert len(inner.cycle.body) < 300_000
        assert len(inner.transport._held) < 300_000
        taken.set()
        async with await posting as answer:
            assert await answer.text() == "30000000"


async def test_a_websocket_over_tls_lags_and_recovers_like_any_other(contexts: Contexts) -> None:
    settings = EdgeSettings(outgoing_limit=50_000)
    async with serving(settings, contexts.server) as server:
        url = server.url.replace("ws:", "wss:")
        async with connect(url, ssl=contexts.client, compression=None, max_queue=4) as client:
            await client.send(
                json.dumps({"type": "hello", "id": 1, "protocol": 1, "token": "u_1", "device_id": "d"})
            )
            await client.recv()
            session = server.session("u_1")
            count = 0
            while session.state is State.ready:
                server.edge.hub.publish("room", text_frame(b'{"n":%d,"pad":"%b"}' % (count, b"x" * 2000)))
                count += 1
                await asyncio.sleep(0)
                assert count < 20_000
            heard: list[Any] = []
            async with asyncio.timeout(10):
                while not heard or heard[-1].get("type") != "resume_needed":
                    heard.append(json.loads(await client.recv()))
            assert [each["n"] for each in heard[:-1]] == list(range(len(heard) - 1))
            assert session.state is State.ready


async def test_a_handshake_that_does_not_end_is_cut_off(
    contexts: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_module, "_HANDSHAKE_S", 0.3)
    async with serving(tls=contexts.server) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"\x16\x03\x01\x02\x00")
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()


async def test_plain_http_is_told_to_use_https(contexts: Contexts) -> None:
    async with serving(tls=contexts.server) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(5):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400 ") and b"https://" in answer
        writer.close()


@pytest.mark.parametrize("nonsense", [b"\x00" * 100, b"\x16\x03\x01\x00\x05hello"])
async def test_what_is_not_tls_is_refused_at_once(contexts: Contexts, nonsense: bytes) -> None:
    async with serving(tls=contexts.server) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(nonsense)
        async with asyncio.timeout(5):
            answer = await reader.read()
        assert not answer.startswith(b"HTTP")
        writer.close()


async def test_an_old_protocol_is_refused(contexts: Contexts) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(tls=contexts.server) as server:
        with pytest.raises(ssl.SSLError):
            await asyncio.to_thread(talk, server.port, old)


async def test_a_connection_that_is_cut_without_goodbye_is_forgotten(contexts: Contexts) -> None:
    async with serving(tls=contexts.server) as server:
        url = server.url.replace("ws:", "wss:")
        async with connect(url, ssl=contexts.client) as client:
            await until(lambda: server.edge.hub.sessions)
            client.transport.abort()
            await until(lambda: not server.edge.hub.sessions)
