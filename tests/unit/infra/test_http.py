import asyncio
import gzip
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
import trustme

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.http import GuardedHttp

Handle = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
LOOPBACK = ["127.0.0.1/32"]


class Greeting(msgspec.Struct):
    hello: str


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"content-length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)


@asynccontextmanager
async def serving(
    handle: Handle, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A raw server: `handle` gets the request's head and writes what it likes."""

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(await reader.readuntil(b"\r\n\r\n"), writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client under test hung up, which some of these tests are about
        finally:
            writer.close()

    server = await asyncio.start_server(on_connection, host, 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def guarded(http: GuardedHttp) -> AsyncIterator[GuardedHttp]:
    try:
        yield http
    finally:
        await http.close()


async def refusal(http: GuardedHttp, url: str, **how: float) -> AppError:
    with pytest.raises(AppError) as caught:
        await http.send("GET", url, **how)  # type: ignore[arg-type]
    return caught.value


def says(text: bytes) -> Handle:
    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(text)

    return handle


async def test_an_allowed_address_is_asked_and_its_json_decoded() -> None:
    heads: list[bytes] = []

    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(answer(b'{"hello": "tea"}'))

    async with serving(handle) as port, guarded(GuardedHttp(allow=LOOPBACK)) as http:
        url = f"http://127.0.0.1:{port}/a?b=1"
        assert await http.send_json("POST", url, Greeting, params={"c": "茶"}, body={"x": 1}) == Greeting(
            "tea"
        )
        assert (await http.send("GET", url)).body == b'{"hello": "tea"}'
    assert heads[0].startswith(b"POST /a?b=1&c=%E8%8C%B6 HTTP/1.1\r\n")
    assert b"content-type: application/json" in heads[0].lower()
    assert heads[1].startswith(b"GET /a?b=1 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_loopback_is_refused_by_default_however_it_is_written(host: str) -> None:
    reached = False

    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal reached
        reached = True

    async with serving(handle) as port, guarded(GuardedHttp()) as http:
        error = await refusal(http, f"http://{host}:{port}/")
    assert error.code is ErrorCode.forbidden
    assert error.data["reason"] == "address_not_allowed"
    assert not reached


async def test_a_name_that_turns_private_after_the_check_is_not_followed() -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    async with serving(says(answer(b"outside"))) as port:
        http = GuardedHttp(allow=LOOPBACK, resolve=rebinding)
        async with guarded(http):
            url = f"http://rebind.example:{port}/"
            assert (await http.send("GET", url, headers={"connection": "close"})).body == b"outside"
            assert asked == ["rebind.example"], "looked up once: the connection goes to what was checked"
            assert (await refusal(http, url)).code is ErrorCode.forbidden


async def test_of_several_addresses_only_the_permitted_ones_are_tried() -> None:
    async def mixed(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    http = GuardedHttp(allow=LOOPBACK, resolve=mixed)
    async with serving(says(answer(b"right"))) as port, guarded(http):
        assert (await http.send("GET", f"http://mixed.example:{port}/")).body == b"right"


async def test_an_address_that_does_not_answer_gives_way_to_the_next() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.3", "127.0.0.1"]

    http = GuardedHttp(allow=["127.0.0.0/8"], resolve=two)
    async with serving(says(answer(b"second"))) as port, guarded(http):
        assert (await http.send("GET", f"http://two.example:{port}/")).body == b"second"


async def test_a_redirect_to_a_private_address_is_returned_and_not_followed() -> None:
    reached = False

    async def inner(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal reached
        reached = True

    async with serving(inner) as private:
        location = b"location: http://127.0.0.1:%d/" % private
        redirecting = says(answer(b"", location, status=b"302 Found"))
        async with serving(redirecting) as port, guarded(GuardedHttp(allow=LOOPBACK)) as http:
            got = await http.send("GET", f"http://127.0.0.1:{port}/")
            with pytest.raises(AppError) as caught:
                await http.send_json("GET", f"http://127.0.0.1:{port}/", Greeting)
    assert got.status == 302 and not reached
    assert caught.value.code is ErrorCode.unavailable
    assert caught.value.data["status"] == 302


async def test_a_body_announced_as_50_mb_is_refused_before_it_is_read() -> None:
    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n")

    async with serving(handle) as port, guarded(GuardedHttp(allow=LOOPBACK)) as http:
        error = await refusal(http, f"http://127.0.0.1:{port}/")
    assert error.code is ErrorCode.unavailable
    assert error.data == {
        "reason": "answer_too_large",
        "host": "127.0.0.1",
        "limit": 1024 * 1024,
        "retry_after_ms": 5000,
    }


async def test_a_50_mb_body_without_a_length_is_cut_off_at_the_limit() -> None:
    sent = 0

    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while sent < 50 * 1024 * 1024:
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()

    async with serving(handle) as port, guarded(GuardedHttp(allow=LOOPBACK, max_bytes=100_000)) as http:
        error = await refusal(http, f"http://127.0.0.1:{port}/")
    assert error.data["reason"] == "answer_too_large"
    assert sent < 50 * 1024 * 1024


async def test_a_compressed_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    packed = says(answer(bomb, b"content-encoding: gzip"))
    async with serving(packed) as port, guarded(GuardedHttp(allow=LOOPBACK)) as http:
        error = await refusal(http, f"http://127.0.0.1:{port}/")
    assert error.data["reason"] == "answer_is_compressed"


async def test_a_slow_drip_ends_at_the_deadline() -> None:
    released = asyncio.Event()

    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)  # each byte arrives well inside any single read's patience
        released.set()

    async with serving(handle) as port, guarded(GuardedHttp(allow=LOOPBACK)) as http:
        error = await refusal(http, f"http://127.0.0.1:{port}/", timeout_s=0.2)
    assert error.code is ErrorCode.timeout
    assert error.data["retry_after_ms"] == 5000
    assert not released.is_set()


async def test_a_name_server_that_never_answers_counts_against_the_deadline() -> None:
    async def stuck(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with guarded(GuardedHttp(resolve=stuck)) as http:
        error = await refusal(http, "http://slow-dns.example/", timeout_s=0.05)
    assert error.code is ErrorCode.timeout


async def test_a_name_without_an_address_is_unavailable() -> None:
    async def nothing(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    async with guarded(GuardedHttp(resolve=nothing)) as http:
        error = await refusal(http, "http://gone.example/")
    assert (error.code, error.data["reason"]) == (ErrorCode.unavailable, "name_not_found")


@pytest.mark.parametrize("text", [b"", b"HTTP/1.1 2\x00", b"SSH-2.0-OpenSSH_9.6\r\n"])
async def test_a_server_that_does_not_speak_http_is_unavailable(text: bytes) -> None:
    async with serving(says(text)) as port, guarded(GuardedHttp(allow=LOOPBACK)) as http:
        error = await refusal(http, f"http://127.0.0.1:{port}/")
    assert (error.code, error.data["reason"]) == (ErrorCode.unavailable, "connection_failed")


async def test_a_closed_port_is_unavailable() -> None:
    async with serving(says(b"")) as port:
        pass
    async with guarded(GuardedHttp(allow=LOOPBACK)) as http:
        assert (await refusal(http, f"http://127.0.0.1:{port}/")).code is ErrorCode.unavailable


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"hello": 1}', b""])
async def test_json_of_another_shape_is_unavailable_and_is_not_quoted(body: bytes) -> None:
    async with serving(says(answer(body))) as port, guarded(GuardedHttp(allow=LOOPBACK)) as http:
        with pytest.raises(AppError) as caught:
            await http.send_json("GET", f"http://127.0.0.1:{port}/", Greeting)
    assert caught.value.data["reason"] == "unexpected_answer"
    assert "html" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x.example/",
        "//x.example",
        "http://",
        "http://u:p@x.example/",
        "http://[::1/",
    ],
)
async def test_anything_but_a_plain_web_address_is_a_bad_request(url: str) -> None:
    async with guarded(GuardedHttp()) as http:
        assert (await refusal(http, url)).code is ErrorCode.bad_request


async def test_a_certificate_for_another_name_is_refused() -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("right.example").configure_cert(server_side)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with serving(says(answer(b"secret")), tls=server_side) as port:
        http = GuardedHttp(allow=LOOPBACK, resolve=resolve, ssl_context=client_side)
        async with guarded(http):
            assert (await http.send("GET", f"https://right.example:{port}/")).body == b"secret"
            error = await refusal(http, f"https://wrong.example:{port}/")
    assert (error.code, error.data["reason"]) == (ErrorCode.unavailable, "tls_failed")


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with serving(says(answer(b"direct"))) as port, guarded(GuardedHttp(allow=LOOPBACK)) as http:
        assert (await http.send("GET", f"http://127.0.0.1:{port}/")).body == b"direct"


async def test_secrets_in_the_query_enter_neither_log_nor_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(says(answer(b"x"))) as port, guarded(GuardedHttp(allow=LOOPBACK)) as http:
        await http.send("GET", f"http://127.0.0.1:{port}/", params={"secret": "s3cr3t"})
        with pytest.raises(AppError) as caught:
            await http.send_json("GET", f"http://127.0.0.1:{port}/?secret=s3cr3t", Greeting)
    assert "s3cr3t" not in caplog.text
    assert "s3cr3t" not in f"{caught.value} {caught.value.data}"


async def test_a_host_is_allowed_by_name_and_port_as_the_settings_write_it() -> None:
    async with serving(says(answer(b"x"))) as port, guarded(GuardedHttp(allow=[f"localhost:{port}"])) as http:
        assert (await http.send("GET", f"http://localhost:{port}/")).body == b"x"
        assert (await refusal(http, f"http://127.0.0.1:{port}/")).code is ErrorCode.forbidden


async def test_failed_exchanges_give_their_connection_back() -> None:
    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/stall" in head:
            await asyncio.wait_for(stalled.wait(), 10)
        elif b"/large" in head:
            writer.write(answer(b"x" * 5000))
        else:
            writer.write(answer(b"ok"))

    stalled = asyncio.Event()
    http = GuardedHttp(allow=LOOPBACK, max_bytes=1000, max_connections=1)
    async with serving(handle) as port, guarded(http):
        url = f"http://127.0.0.1:{port}"
        assert (await refusal(http, url + "/stall", timeout_s=0.05)).code is ErrorCode.timeout
        assert (await refusal(http, url + "/large")).data["reason"] == "answer_too_large"
        assert (await http.send("GET", url + "/")).body == b"ok"
        stalled.set()


async def test_a_host_that_hangs_takes_its_own_share_and_leaves_the_others_theirs() -> None:
    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/stall" in head:
            arrived.release()
            await asyncio.wait_for(stalled.wait(), 10)
        writer.write(answer(b"ok"))

    arrived, stalled = asyncio.Semaphore(0), asyncio.Event()
    http = GuardedHttp(allow=["localhost", *LOOPBACK], max_connections=4, per_host=2)
    async with serving(handle) as port, guarded(http):
        url = f"http://127.0.0.1:{port}"
        hanging = [asyncio.create_task(http.send("GET", url + "/stall")) for _ in range(2)]
        for _ in hanging:
            await asyncio.wait_for(arrived.acquire(), 5)
        assert (await refusal(http, url + "/", timeout_s=0.05)).code is ErrorCode.timeout
        waiting = asyncio.create_task(http.send("GET", url + "/"))
        assert (await http.send("GET", f"http://localhost:{port}/")).body == b"ok"
        stalled.set()
        assert [each.body for each in await asyncio.gather(*hanging, waiting)] == [b"ok"] * 3
        assert (await http.send("GET", url + "/")).body == b"ok"
