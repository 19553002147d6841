"""The play's own network: what it holds back, loses and resets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chaos.proxy import Proxy

BIG = 4_000_000


@asynccontextmanager
async def echo(name: bytes) -> AsyncIterator[int]:
    """A server that says its name and then everything that it hears."""
    open_writers = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.append(writer)
        writer.write(name)
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for writer in open_writers:
            writer.transport.abort()
        server.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with echo(b"one") as port:
        proxy = await Proxy(port).start()
        try:
            yield proxy
        finally:
            await proxy.stop()


async def client(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await asyncio.wait_for(reader.readexactly(3), 5) == b"one"
    return reader, writer


async def is_silent(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(1), 0.2)
    except TimeoutError:
        return True
    return False


async def test_much_passes_whole_whoever_is_slow(proxy):
    reader, writer = await client(proxy)
    said = bytes(range(256)) * (BIG // 256)
    writer.write(said)
    assert await asyncio.wait_for(reader.readexactly(len(said)), 20) == said
    writer.close()


async def test_a_parted_network_holds_back_and_says_nothing_of_it(proxy):
    reader, writer = await client(proxy)
    proxy.part()
    writer.write(b"anybody?")
    assert await is_silent(reader)
    proxy.heal()
    assert await asyncio.wait_for(reader.readexactly(8), 5) == b"anybody?"
    writer.close()


async def test_lost_replies_end_with_a_reset(proxy):
    reader, writer = await client(proxy)
    proxy.deafen()
    writer.write(b"heard")
    assert await is_silent(reader)
    proxy.heal()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), 5)
    writer.close()


async def test_a_slow_network_keeps_the_order(proxy):
    reader, writer = await client(proxy)
    proxy.delay_s = 0.05
    for number in range(20):
        writer.write(b"%02d" % number)
        await asyncio.sleep(0)
    expected = b"".join(b"%02d" % number for number in range(20))
    assert await asyncio.wait_for(reader.readexactly(40), 5) == expected
    writer.close()


async def test_who_is_led_elsewhere_reaches_the_old_place_no_more(proxy):
    reader, writer = await client(proxy)
    async with echo(b"two") as port:
        proxy.lead_to(port)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 5)
        writer.close()
        again, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await asyncio.wait_for(again.readexactly(3), 5) == b"two"
        writer.close()


async def test_who_finds_nobody_behind_it_is_turned_away():
    async with echo(b"one") as port:
        pass
    proxy = await Proxy(port).start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 5)
        writer.close()
    finally:
        await proxy.stop()
