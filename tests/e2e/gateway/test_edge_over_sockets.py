"""The edge under uvicorn on real sockets, with clients that behave and clients that do not."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close

from chaguan.gateway import heads
from chaguan.gateway.crowd import Pacing
from chaguan.gateway.edge import EdgeSettings
from chaguan.gateway.lifetime import State
from chaguan.gateway.session import Session
from chaguan.gateway.websocket import text_frame
from tests.edge_server import Serving, serving, until


async def say(client: ClientConnection, **command: Any) -> None:
    await client.send(json.dumps(command))


async def hear(client: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        return json.loads(await client.recv())


@asynccontextmanager
async def signed_in(server: Serving, user_id: str, **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(server.url, compression=None, ping_interval=None, **options) as client:
        await say(client, type="hello", id=1, protocol=1, token=user_id, device_id=f"d_{user_id}")
        assert await hear(client) == {"type": "reply", "id": 1, "ok": {"user_id": user_id}}
        yield client


async def close_of(client: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as end:
        async with asyncio.timeout(10):
            while True:
                await client.recv()
    close = end.value.rcvd
    assert isinstance(close, Close)
    return close.code, close.reason


class Mute:
    """A client on a bare socket with a small buffer that says hello and never reads again."""

    def __init__(self, server: Serving, user_id: str) -> None:
        self.user_id = user_id
        self.server = server
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.setblocking(False)

    async def __aenter__(self) -> "Mute":
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.sock, ("127.0.0.1", self.server.port))
        await loop.sock_sendall(
            self.sock,
            REQUEST,
        )
        assert (await loop.sock_recv(self.sock, 4096)).startswith(b"HTTP/1.1 101")
        hello = {"type": "hello", "id": 1, "protocol": 1, "token": self.user_id, "device_id": "d"}
        body = json.dumps(hello).encode()
        await loop.sock_sendall(self.sock, bytes((0x81, 0x80 | len(body))) + bytes(4) + body)
        await until(lambda: self.server.edge.hub.is_local(f"user:{self.user_id}"))
        await until(lambda: self.session.state is State.ready)
        return self

    @property
    def session(self) -> Session:
        return self.server.session(self.user_id)

    async def __aexit__(self, *_: object) -> None:
        self.sock.close()


async def test_another_path_or_a_plain_get_is_answered_like_http() -> None:
    async with serving() as server, aiohttp.ClientSession() as http:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{server.port}/elsewhere")
        assert refused.value.response.status_code == 404
        async with http.post(f"http://127.0.0.1:{server.port}/", data=b"x" * 1000) as answer:
            assert await answer.text() == "1000 http"


REQUEST = (
    b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def test_a_hello_in_the_packet_of_the_upgrade_is_not_lost() -> None:
    """Who does not wait for the answer is not said to have said no hello."""
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        body = b'{"type":"hello","id":1,"protocol":1,"token":"early","device_id":"d"}'
        writer.write(REQUEST + bytes((0x81, 0x80 | len(body))) + bytes(4) + body)
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
            assert b'"reply"' in await reader.read(200)
        writer.close()


@pytest.mark.parametrize("pieces", [1, 2, 40])
@pytest.mark.parametrize("extra", [b"", b"x-long: " + b"a" * 9_000 + b"\r\n"])
async def test_an_upgrade_succeeds_in_any_pieces_and_through_uvicorn_when_it_is_unusual(
    pieces: int, extra: bytes
) -> None:
    request = REQUEST.replace(b"Host:", extra + b"Host:")
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        size = len(request) // pieces + 1
        for at in range(0, len(request), size):
            writer.write(request[at : at + size])
            await writer.drain()
            await asyncio.sleep(0.001)
        async with asyncio.timeout(5):
            answer = await reader.readuntil(b"\r\n\r\n")
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer
        body = b'{"type":"heartbeat","id":1}'
        writer.write(bytes((0x81, 0x80 | len(body))) + bytes(4) + body)
        async with asyncio.timeout(5):
            assert b'"reply"' in await reader.read(100)
        writer.close()


@pytest.mark.parametrize("said", [b"", b"GET /v1/ws HTTP/1.1\r\nHost: x\r\n", b"POST / HTT"])
async def test_one_who_does_not_finish_a_request_is_cut_off(said: bytes) -> None:
    async with serving(EdgeSettings(hello_s=0.5)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(said)
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        assert not server.server.server_state.connections
        writer.close()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 300_000, b"431"),
        (b"\x00\x01\x02", b"400"),
        (b"NONSENSE\r\n\r\n", b"400"),
    ],
)
async def test_an_endless_or_nonsensical_head_is_refused(said: bytes, status: bytes) -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(said)
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionResetError):
                assert (await reader.read()).startswith(b"HTTP/1.1 " + status)
        await until(lambda: not server.server.server_state.connections)
        writer.close()


async def test_a_second_request_that_never_ends_is_cut_off_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0.3)
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(5):
            await reader.readuntil(b"0\r\n\r\n")
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()


async def test_origins_and_connections_per_address_are_bounded() -> None:
    settings = EdgeSettings(
        is_origin_allowed=lambda origin: origin == "https://shop.example", connections_per_address=2
    )
    async with serving(settings) as server:
        with pytest.raises(InvalidStatus) as foreign:
            await connect(server.url, origin="https://evil.example")
        assert foreign.value.response.status_code == 403
        async with connect(server.url, origin="https://shop.example"), connect(server.url):
            with pytest.raises(InvalidStatus) as third:
                await connect(server.url)
            assert third.value.response.status_code == 429
        await until(lambda: not server.edge.hub.sessions)
        async with connect(server.url):
            pass


async def test_nagle_is_off_and_the_send_buffer_is_bounded() -> None:
    async with serving() as server, signed_in(server, "u_1"):
        sock = server.session("u_1").link._transport.get_extra_info("socket")  # type: ignore[attr-defined]
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 65_536


async def test_pushes_of_one_turn_arrive_in_order_and_in_one_segment() -> None:
    async with serving() as server, signed_in(server, "u_1") as client:
        session = server.session("u_1")
        writes: list[int] = []
        write = session.link.write

        class Counting:
            def write(self, data: bytes) -> bool:
                writes.append(len(data))
                return write(data)

        real, session.link = session.link, Counting()  # type: ignore[assignment]
        for number in range(50):
            server.edge.hub.publish("room" if number % 2 else "user:u_1", text_frame(b"%d" % number))
        assert [await hear(client) for _ in range(50)] == list(range(50))
        assert len(writes) == 1
        session.link = real


async def test_a_thousand_pipelined_commands_are_answered_once_each() -> None:
    settings = EdgeSettings(rate=100_000, burst=100_000, in_flight=8)
    async with serving(settings) as server, signed_in(server, "u_1") as client:
        for number in range(10, 1010):
            await say(client, type="list_conversations", id=number)
        replies = [await hear(client) for _ in range(1000)]
        assert sorted(each["id"] for each in replies) == list(range(10, 1010))
        assert [command.id for command in server.dispatcher.asked] == list(range(10, 1010))


async def test_one_who_never_reads_costs_bounded_memory_and_nobody_else_notices() -> None:
    settings = EdgeSettings(outgoing_limit=100_000)
    frame = text_frame(b'{"type":"m","pad":"' + b"x" * 1000 + b'"}')
    async with (
        serving(settings) as server,
        Mute(server, "u_mute") as mute,
        signed_in(server, "u_1") as client,
    ):
        for _ in range(2000):
            server.edge.hub.publish("room", frame)
            assert (await hear(client))["type"] == "m"
            assert mute.session.waiting() <= 100_000 + 65_536
        assert mute.session.state is State.lagging
        assert server.edge.hub.stats().dropped["lagging"] > 500


@pytest.mark.parametrize("is_swept", [False, True])
async def test_one_who_reads_again_gets_whole_frames_and_then_resume_needed_once(is_swept: bool) -> None:
    settings = EdgeSettings(outgoing_limit=50_000)
    pacing = Pacing(sweep_from=1, tick_s=0, is_merging=False)
    async with serving(settings, pacing=pacing) as server, Mute(server, "u_mute") as mute:
        if is_swept:
            server.edge.hub.merge("room")
        for number in range(3000):
            server.edge.hub.publish("room", text_frame(b'{"n":%d,"pad":"%b"}' % (number, b"x" * 500)))
            await asyncio.sleep(0)
        assert mute.session.state is State.lagging
        reader, writer = await asyncio.open_connection(sock=mute.sock)
        heard: list[Any] = []
        async with asyncio.timeout(10):
            while not heard or heard[-1].get("type") != "resume_needed":
                head = await reader.readexactly(2)
                size = head[1] if head[1] < 126 else int.from_bytes(await reader.readexactly(2), "big")
                heard.append(json.loads(await reader.readexactly(size)))
        sequence = [each["n"] for each in heard if "n" in each]
        assert sequence == list(range(len(sequence)))
        assert 50 < len(sequence) < 3000
        assert mute.session.state is State.ready
        writer.close()


async def test_one_who_lags_too_long_is_closed_with_4002_and_leaves_nothing() -> None:
    settings = EdgeSettings(outgoing_limit=50_000, lag_s=0.5, close_s=0.5)
    async with serving(settings) as server, Mute(server, "u_mute"):
        while server.session("u_mute").state is State.ready:
            server.edge.hub.publish("room", text_frame(b"x" * 1000))
            await asyncio.sleep(0)
        await until(lambda: server.edge.closed[4002] == 1)
        await until(lambda: not server.edge.hub.sessions)
        assert server.edge.hub.local_topics() == []
        assert server.dispatcher.gone == ["u_mute"]


async def test_a_message_too_big_is_closed_with_1009_and_the_close_arrives() -> None:
    async with serving() as server, signed_in(server, "u_1", max_size=None) as client:
        sending = asyncio.create_task(client.send("x" * 3_000_000))
        assert (await close_of(client))[0] == 1009
        await asyncio.gather(sending, return_exceptions=True)


async def test_a_connection_that_says_no_hello_is_closed_with_4004() -> None:
    async with serving(EdgeSettings(hello_s=0.5)) as server, connect(server.url) as client:
        assert (await close_of(client))[0] == 4004


async def test_the_server_that_stops_answers_and_tells_each_when_to_come_back() -> None:
    async with serving() as server, signed_in(server, "u_1") as one, signed_in(server, "u_2") as two:
        server.dispatcher.gates[7] = asyncio.Event()
        await say(one, type="list_conversations", id=7)
        await until(lambda: server.dispatcher.asked)
        server.server.should_exit = True
        code, reason = await close_of(two)
        assert code == 4000 and 0 <= int(reason) < 2000
        server.dispatcher.gates[7].set()
        assert (await hear(one))["id"] == 7
        assert (await close_of(one))[0] == 4000
        async with asyncio.timeout(5):
            await server.task


async def test_a_room_of_hundreds_hears_everything_in_order_while_some_come_and_go() -> None:
    pacing = Pacing(sweep_from=50, tick_s=0.01)
    async with serving(pacing=pacing) as server:
        clients = [await connect(server.url, compression=None, max_queue=None) for _ in range(120)]
        for at, client in enumerate(clients):
            await say(client, type="hello", id=1, protocol=1, token=f"u_{at}", device_id="d")
            await hear(client)
        for number in range(200):
            server.edge.hub.publish("room", text_frame(b"%d" % number))
            if number % 10 == 0:
                await clients[-1 - number // 10].close()
            await asyncio.sleep(0)
        for client in clients[:100]:
            heard: list[int] = []
            while len(heard) < 200:
                frame = await hear(client)
                heard += frame if isinstance(frame, list) else [frame]
            assert heard == list(range(200))
        await asyncio.gather(*(client.close() for client in clients))
