"""A node that is told to stop: nobody loses anything, everybody knows when to come back, and it ends in time."""

import asyncio
import contextlib
import json
import signal
import socket

import pytest

from chaguan.gateway import server
from tests.e2e.process import Served
from tests.e2e.server import Client

DRAINING = 4000
DRAIN_S = server._ANSWER_S + server._STORE_S
"""A process that drains for longer ends itself with exit code 1: the code 0 says that it kept within its window."""


@pytest.fixture
async def served(tmp_path):
    served = await Served(tmp_path / "data").start()
    await served.set_up()
    yield served
    served.kill()


async def ended_with(served: Served) -> int:
    async with asyncio.timeout(DRAIN_S + 20):
        while served.exit_code is None:
            await asyncio.sleep(0.02)
    return served.exit_code


async def test_sends_under_way_are_answered_and_all_come_back_at_their_own_time(served: Served) -> None:
    people = [await served.customer(f"c{n}") for n in range(24)]
    sends = [asyncio.create_task(client.say(room, f"{n}")) for client, room in people for n in range(10)]
    await asyncio.sleep(0)  # they are on their way
    served.send(signal.SIGTERM)
    for client, _ in people:
        await asyncio.wait_for(client.ended(), DRAIN_S)
    assert await ended_with(served) == 0

    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    acknowledged = [outcome for outcome in outcomes if isinstance(outcome, dict)]
    delays = [int(client.close_reason) for client, _ in people]
    assert {client.close_code for client, _ in people} == {DRAINING}
    assert all(0 <= delay <= 2_000 for delay in delays) and len(set(delays)) > 12
    assert "drained" in served.log

    await served.start()
    for n, (_, room) in enumerate(people):
        again, _ = await served.customer(f"c{n}")
        stored = {message["seq"] for message in await again.messages(room)}
        mine = [sent["seq"] for sent in outcomes[10 * n : 10 * n + 10] if isinstance(sent, dict)]
        assert set(mine) <= stored
        await again.close()
    assert acknowledged


async def test_what_waits_in_memory_is_stored_before_the_process_ends(served: Served) -> None:
    """Read marks are flushed each second: a stop that skipped the end would lose them."""
    client, room = await served.customer("reader")
    view = (await client.ask("get_conversation", conversation_id=room))["view"]
    owner = await served.owner()
    opened = await owner.ask("create_direct", user_id=view["conversation"]["customer_id"])
    room = opened["view"]["conversation"]["id"]
    sent = await owner.say(room, "在的")
    await client.ask("mark_read", conversation_id=room, seq=sent["seq"])
    served.send(signal.SIGTERM)
    await asyncio.gather(client.ended(), owner.ended())
    assert await ended_with(served) == 0
    await served.start()
    again, _ = await served.customer("reader")
    found = await again.ask("get_conversation", conversation_id=room)
    await again.close()
    assert found["view"]["inbox"]["read_seq"] == sent["seq"]


async def test_a_waiting_poll_is_answered_instead_of_cut(served: Served) -> None:
    ask = {"type": "poll", "protocol": 1, "token": served.token("poller"), "device_id": "d"}
    _, first = await served.http("POST", "/v1/poll", {**ask, "wait_s": 0})
    known = {"epoch": first["epoch"], "user_version": first["user_version"], "wait_s": 25}
    waiting = asyncio.create_task(served.http("POST", "/v1/poll", {**ask, **known}))
    async with asyncio.timeout(5):
        while (await served.http("GET", "/health"))[1]["sessions"] == 0:
            await asyncio.sleep(0.02)
    served.send(signal.SIGTERM)
    status, answer = await waiting  # one that is cut has no status
    assert (status, answer["epoch"]) == (200, first["epoch"])
    assert await ended_with(served) == 0


async def test_ready_says_no_for_the_notice_while_everything_still_works(tmp_path) -> None:
    config = tmp_path / "chaguan.toml"
    config.write_text("drain_notice_ms = 1500\n")
    served = await Served(tmp_path / "data", "--config", str(config)).start()
    try:
        await served.set_up()
        assert await served.http("GET", "/ready") == (200, {"ready": True, "reasons": []})
        client, room = await served.customer("someone")
        served.send(signal.SIGTERM)
        async with asyncio.timeout(5):
            while (answer := await served.http("GET", "/ready"))[0] == 200:
                await asyncio.sleep(0.01)
        assert answer == (503, {"ready": False, "reasons": ["This node is stopping."]})
        assert (await client.say(room, "还在"))["seq"] >= 1
        await client.ended()
        assert client.close_code == DRAINING
        assert (await served.http("GET", "/ready"))[0] == 0
        assert await ended_with(served) == 0
    finally:
        served.kill()


async def test_nobody_new_is_let_in_once_it_drains(served: Served) -> None:
    with _mute(served) as mute:
        served.send(signal.SIGTERM)
        assert await asyncio.to_thread(_hears_close, mute)
        with pytest.raises(OSError):
            await Client.connect(served.url, open_timeout=2)
    assert await ended_with(served) == 0


async def test_a_client_that_never_says_goodbye_holds_it_up_no_longer_than_its_window(served: Served) -> None:
    with _mute(served):
        served.send(signal.SIGTERM)
        assert await ended_with(served) == 0
    assert "draining took longer" not in served.log


async def test_a_second_signal_ends_it_at_once(served: Served) -> None:
    with _mute(served) as mute:
        served.send(signal.SIGTERM)
        assert await asyncio.to_thread(_hears_close, mute)  # it drains, and waits for this client
        assert served.exit_code is None
        served.send(signal.SIGTERM)
        assert await ended_with(served) == 1
    assert "a second signal" in served.log


@contextlib.contextmanager
def _mute(served: Served):
    """Signed in on a bare socket, and silent from then on: it answers no closing handshake."""
    with socket.create_connection(("127.0.0.1", served.port), 10) as sock:
        key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        head = f"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n"
        sock.sendall(head.encode())
        hello = {"type": "hello", "id": 1, "protocol": 1, "token": served.token("mute"), "device_id": "d"}
        body = json.dumps(hello).encode()
        sock.sendall(b"\x81\xfe" + len(body).to_bytes(2, "big") + bytes(4) + body)
        heard = b""
        while b'"reply"' not in heard:
            part = sock.recv(65_536)
            assert part, f"closed instead of a welcome: {heard!r}"
            heard += part
        yield sock


def _hears_close(sock: socket.socket) -> bool:
    """Whether a close frame comes, with the code for draining."""
    heard = b""
    while part := sock.recv(65_536):
        heard += part
        if DRAINING.to_bytes(2, "big") in heard:
            return True
    return False
