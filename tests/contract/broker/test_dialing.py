"""The ways to a Redis: with a password, over TLS, and the ones that end in a sentence."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme

from chaguan.core.settings import Settings
from chaguan.doctor import examine
from chaguan.infra.broker import LinkLost, RedisBroker, parse_redis_url, probe
from tests.contract.broker.stages import Heard
from tools.servers.valkey import PASSWORD, Single, free_port


@pytest.fixture(scope="module")
def valkey() -> Iterator[Single]:
    with Single() as single:
        yield single


@contextlib.asynccontextmanager
async def over_tls(authority: trustme.CA, port: int) -> AsyncIterator[int]:
    """TLS in front of a server that has none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            while data := await reader.read(65_536):
                writer.write(data)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, ahead), pass_on(behind, writer), return_exceptions=True)

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_over_tls_with_an_authority_of_ones_own(valkey: Single, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with over_tls(authority, valkey.server.port) as port:
        url = f"rediss://:{PASSWORD}@localhost:{port}/0"
        with pytest.raises(LinkLost, match="certificate"):
            await probe(parse_redis_url(url))
        place = parse_redis_url(f"{url}?ca={tmp_path / 'ca.pem'}")
        here, there = Heard(RedisBroker(place, "test")), Heard(RedisBroker(place, "test"))
        for heard in (here, there):
            await heard.broker.start()
        await there.follow("g_1")
        here.broker.publish("g_1", b"sealed on its way")
        assert await there.until_heard(1) == [("g_1", b"sealed on its way")]
        for heard in (here, there):
            await heard.broker.stop()


async def test_a_wrong_password_is_told_as_such(valkey: Single) -> None:
    url = valkey.url.replace(PASSWORD, "wrong")
    with pytest.raises(LinkLost, match="WRONGPASS"):
        await probe(parse_redis_url(url))


async def test_deployments_that_share_a_redis_do_not_hear_each_other(valkey: Single) -> None:
    place = parse_redis_url(valkey.url)
    here, there = Heard(RedisBroker(place, "one")), Heard(RedisBroker(place, "another"))
    for heard in (here, there):
        await heard.broker.start()
    await there.follow("g_1", "g_2")
    here.broker.publish("g_1", b"not for you")
    third = Heard(RedisBroker(place, "another"))
    await third.broker.start()
    third.broker.publish("g_2", b"for you")
    assert await there.until_heard(1) == [("g_2", b"for you")]
    for heard in (here, there, third):
        await heard.broker.stop()


async def test_a_frozen_redis_counts_as_gone_after_seconds(valkey: Single) -> None:
    here = Heard(RedisBroker(parse_redis_url(valkey.url), "test"))
    await here.broker.start()
    valkey.server.freeze()
    try:
        async with asyncio.timeout(10):
            here.broker.subscribe("g_1")
            assert not await here.broker.confirmed(["g_1"])
    finally:
        valkey.server.thaw()
    async with asyncio.timeout(5):
        while not await here.broker.confirmed(["g_1"]):
            await asyncio.sleep(0.01)
    await here.broker.stop()


def test_the_doctor_says_whether_redis_answers(valkey: Single, tmp_path: Path) -> None:
    def said(url: str) -> list[str]:
        found: list[str] = []

        def look() -> None:
            found.extend(finding.text for finding in examine(Settings(data_dir=str(tmp_path), redis_url=url)))

        thread = threading.Thread(target=look)
        thread.start()
        thread.join(30)
        return [text for text in found if "edis" in text]

    assert said(valkey.url) == ["✓ Redis answers at 127.0.0.1."]
    assert said("") == []
    (gone,) = said(f"redis://127.0.0.1:{free_port()}")
    assert gone.startswith("✗ Redis can't be reached") and "mend redis_url" in gone
    (public,) = said("redis://8.8.8.8")
    assert "without a password" in public


async def test_what_is_published_to_nobody_is_counted(valkey: Single) -> None:
    place = parse_redis_url(valkey.url)
    here, there = Heard(RedisBroker(place, "test")), Heard(RedisBroker(place, "test"))
    for heard in (here, there):
        await heard.broker.start()
    await there.follow("g_1")
    for topic in ("g_1", "g_2", "g_1", "g_3"):
        here.broker.publish(topic, b"x")
    assert len(await there.until_heard(2)) == 2
    async with asyncio.timeout(5):
        while here.broker.figures["unheard"] < 2:
            await asyncio.sleep(0.01)
    assert (here.broker.figures["published"], here.broker.figures["unheard"]) == (4, 2)
    for heard in (here, there):
        await heard.broker.stop()
