"""Connections that are slow on purpose, and too many of them, from one who knows nothing but the address."""

import asyncio

import pytest

from chaguan.gateway import heads
from tests.e2e import server

HEAD = b"POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\nContent-Type: application/json\r\n\r\n"
GET = b"GET /v1/public HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
async def running(tmp_path):
    from chaguan.core.settings import Limits

    started = await server.run_whole(tmp_path / "data", limits=Limits(connections_per_address=8))
    yield started
    await started.stop()


async def opened(port: int, data: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def ends(reader: asyncio.StreamReader) -> bytes:
    """What is said until the other side hangs up."""
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def test_a_body_that_drips_is_cut_off(running, monkeypatch):
    monkeypatch.setattr(heads, "BODY_S", 0.5)
    reader, writer = await opened(running.port, HEAD + b'{"type"')
    await writer.drain()
    writer.write(b" ")  # a byte more does not buy more time
    await ends(reader)
    writer.close()


async def test_an_answer_that_nobody_reads_is_cut_off(running, monkeypatch):
    monkeypatch.setattr(heads, "BODY_S", 0.5)
    _, writer = await opened(running.port)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    # Requests for a long page, more than the kernels' buffers take.
    writer.write(b"GET /v1/docs/schema.json HTTP/1.1\r\nHost: x\r\n\r\n" * 400)
    async with asyncio.timeout(20):
        while running.deployment.edge.http_addresses._open:
            await asyncio.sleep(0.02)
    writer.transport.abort()


async def test_one_address_holds_so_many_connections_whether_they_say_something_or_not(running):
    silent = [await opened(running.port) for _ in range(4)]
    begun = [await opened(running.port, HEAD) for _ in range(4)]
    edge = running.deployment.edge
    async with asyncio.timeout(5):
        while edge.http_addresses._open["127.0.0.1"] < 8:
            await asyncio.sleep(0.01)
    reader, writer = await opened(running.port, GET)
    assert b"200 OK" not in await ends(reader)
    writer.close()
    for _, one in (*silent, *begun):
        one.close()
    async with asyncio.timeout(5):
        while edge.http_addresses._open:
            await asyncio.sleep(0.01)
    reader, writer = await opened(running.port, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert b"200 OK" in await ends(reader)
    writer.close()


async def test_a_websocket_is_not_counted_as_http_however_it_began(running):
    edge = running.deployment.edge
    clients = [await server.Client.connect(running.url) for _ in range(6)]
    odd = [
        await server.Client.connect(running.url, additional_headers={"X-Odd": "x" * 9_000}) for _ in range(2)
    ]
    assert edge.http_addresses._open["127.0.0.1"] == 0
    for client in (*clients, *odd):
        await client.close()
