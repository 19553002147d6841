"""The Autobahn cases 1-7 and 10 against the real protocol under uvicorn, plainly and through TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import kosoku
import pytest
import trustme

from chaguan.gateway.edge import EdgeSettings
from chaguan.gateway.tls import server_context
from chaguan.gateway.websocket import text_frame
from tests.edge_server import EchoSession, serving

CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
SETTINGS = EdgeSettings(path=b"/")


async def run_cases(port: int, cases: list[str]) -> list[Any]:
    async with asyncio.timeout(120):
        return list(await kosoku.run_fuzzingclient(f"ws://127.0.0.1:{port}", cases, concurrency=4))


async def test_all_cases_pass() -> None:
    async with serving(SETTINGS, make_session=EchoSession) as server:
        results = await run_cases(server.port, CASES)
    assert len(results) == 247
    lax = [each.case_id for each in results if each.behavior.value not in ("OK", "INFORMATIONAL")]
    assert lax == []


async def test_all_cases_pass_over_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    leaf.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    leaf.private_key_pem.write_to_path(tmp_path / "key.pem")
    client = ssl.create_default_context()
    authority.configure_trust(client)
    tls = server_context(tmp_path / "cert.pem", tmp_path / "key.pem")
    async with serving(SETTINGS, tls, EchoSession) as server, wrapped_in_tls(server.port, client) as port:
        results = await run_cases(port, CASES)
    assert len(results) == 247


async def test_the_suite_notices_an_echo_that_alters_text() -> None:
    class Altering(EchoSession):
        __slots__ = ()

        def on_text(self, payload: bytes) -> None:
            self.send(text_frame(payload + b"!"))

    async with serving(SETTINGS, make_session=Altering) as server:
        with pytest.raises(kosoku.FailureError):
            await run_cases(server.port, ["1.1.2"])


@asynccontextmanager
async def wrapped_in_tls(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """The suite speaks no TLS: a relay in between does."""
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        pumps = [asyncio.create_task(pump(reader, up_writer)), asyncio.create_task(pump(up_reader, writer))]
        tasks.update(pumps)
        await asyncio.wait(pumps)

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*tasks, return_exceptions=True)
