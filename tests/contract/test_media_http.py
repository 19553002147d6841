import asyncio
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import AsyncTestClient

from chaguan.accounts import Accounts
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError
from chaguan.core.settings import Limits, Settings
from chaguan.infra import keyring
from chaguan.infra.blobs import Blobs
from chaguan.infra.database import SqliteDatabase, metadata
from chaguan.infra.sealing import Keyring, Vault, new_root
from chaguan.media import Decoders, Kind, Media, spool, tables
from chaguan.openapi import multipart
from chaguan.openapi.errors import answer_app_error
from chaguan.openapi.http import create_http
from chaguan.openapi.media import HANDLERS, parse_range
from tests.unit.media import samples

LIMITS = Limits(image=2_000_000, voice=500_000, video=1_000_000, file=3_000_000)
Client = AsyncTestClient[Litestar]


def served(folder: Path) -> tuple[Media, SqliteDatabase, Decoders]:
    keyring.create_key_file(folder / "master.key")
    ring = Keyring(keyring.KeyFile(folder / "master.key"))
    database = SqliteDatabase(folder / "test.db")
    database.run(lambda connection: metadata.create_all(connection, [tables.media, tables.media_keys]))
    decoders = Decoders(processes=1)
    blobs = Blobs.in_folder(folder / "blobs")
    return Media(database, Vault(ring, new_root(ring)), blobs, decoders, LIMITS), database, decoders


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    media, database, decoders = served(tmp_path)
    app = Litestar(
        HANDLERS,
        dependencies={
            "caller": Provide(lambda: Caller("customer", "u_anna"), sync_to_thread=False),
            "media": Provide(lambda: media, sync_to_thread=False),
            "settings": Provide(lambda: Settings(limits=LIMITS), sync_to_thread=False),
        },
        exception_handlers={AppError: answer_app_error},
        logging_config=None,
    )
    async with AsyncTestClient(app) as made:
        yield made
    await decoders.close()
    await database.close()


async def sent(client: Client, kind: str, data: bytes, name: str = "x") -> dict[str, Any]:
    answer = await client.post("/v1/media", data={"kind": kind}, files={"file": (name, data, "text/html")})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_the_answer_is_content_ready_for_a_message(client: Client) -> None:
    body = await sent(client, "image", samples.photo_with_place())
    assert body["type"] == "image"
    assert {"media_id", "mime", "size", "width", "height", "url", "thumb_url"} <= body.keys()


async def test_the_kind_may_come_after_the_file(client: Client) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n'
        b'--B\r\nContent-Disposition: form-data; name="kind"\r\n\r\nfile\r\n--B--\r\n'
    )
    answer = await client.post(
        "/v1/media", content=body, headers={"content-type": "multipart/form-data; boundary=B"}
    )
    assert (answer.status_code, answer.json()["name"]) == (201, "a.txt")


async def test_a_link_answers_with_headers_that_disarm(client: Client) -> None:
    body = await sent(client, "file", b"<script>alert(1)</script>", '账"单.html')
    answer = await client.get(body["url"])
    assert answer.content == b"<script>alert(1)</script>"
    headers = answer.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["content-disposition"] == (
        "attachment; filename=\"___.html\"; filename*=UTF-8''%E8%B4%A6%22%E5%8D%95.html"
    )
    assert headers["cache-control"].startswith("private, max-age=")
    assert int(headers["content-length"]) == 25


async def test_a_picture_is_shown_and_its_thumbnail_too(client: Client) -> None:
    body = await sent(client, "image", samples.photo_with_place())
    for url in (body["url"], body["thumb_url"]):
        answer = await client.get(url)
        assert (answer.headers["content-type"], answer.headers["content-disposition"]) == (
            "image/jpeg",
            "inline",
        )
        assert answer.content.startswith(b"\xff\xd8\xff")


async def test_ranges_heads_and_revalidation(client: Client) -> None:
    data = bytes(range(256)) * 1_000
    url = (await sent(client, "file", data))["url"]
    whole = await client.get(url)
    etag = whole.headers["etag"]
    part = await client.get(url, headers={"range": "bytes=70000-70009"})
    assert (part.status_code, part.content) == (206, data[70_000:70_010])
    assert part.headers["content-range"] == f"bytes 70000-70009/{len(data)}"
    assert part.headers["content-length"] == "10"
    tail = await client.get(url, headers={"range": "bytes=-5", "if-range": etag})
    assert (tail.status_code, tail.content) == (206, data[-5:])
    other = await client.get(url, headers={"range": "bytes=0-1", "if-range": '"other"'})
    assert (other.status_code, other.content) == (200, data)
    beyond = await client.get(url, headers={"range": "bytes=256000-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(data)}")
    for tags in (etag, f'"x", W/{etag}'):
        assert (await client.get(url, headers={"if-none-match": tags})).status_code == 304
    head = await client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "content-type", "content-disposition", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


@given(
    header=st.one_of(st.text(max_size=30), st.from_regex(r"bytes=\d{0,6}-\d{0,6}", fullmatch=True)),
    size=st.integers(0, 999_999),
)
def test_no_range_header_reaches_outside(header: str, size: int) -> None:
    span = parse_range(header, size)
    if span is not None and span[0] < span[1]:
        assert 0 <= span[0] < span[1] <= size


@pytest.mark.parametrize(
    "change", [("exp=1", "exp=9"), ("v=original", "v=thumb"), ("sig=", "sig=x"), ("v=original", "v=../x")]
)
async def test_an_altered_link_is_forbidden(client: Client, change: tuple[str, str]) -> None:
    url = (await sent(client, "image", samples.photo_with_place()))["url"]
    assert (await client.get(url.replace(*change))).status_code == 403
    assert (await client.head(url.replace(*change))).status_code == 403


async def test_a_link_without_its_parts_is_refused(client: Client) -> None:
    url = (await sent(client, "file", b"text"))["url"]
    for broken in (
        url.partition("?")[0],
        url.replace("exp=", "exp=x"),
        url.replace("exp=", "exp=-"),
        url + "A" * 99,
    ):
        assert (await client.get(broken)).status_code in (400, 403)


PART = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
KIND = b'--B\r\nContent-Disposition: form-data; name="kind"\r\n\r\nfile\r\n'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"junk", 400),
        (KIND + b"--B--\r\n", 400),
        (KIND + PART + b"hello", 400),
        (KIND + PART + b"\r\n--B--\r\n", 400),
        (PART + b"hello\r\n--B--\r\n", 400),
        (KIND + PART + b"one\r\n" + PART + b"two\r\n--B--\r\n", 400),
        (KIND * 20 + b"--B--\r\n", 413),
        (KIND.replace(b"file\r\n", b"x" * 2_000 + b"\r\n") + b"--B--\r\n", 413),
        (b"--B\r\n" + b"X: " + b"y" * 10_000 + b"\r\n\r\n", 413),
        (KIND + PART + b"x" * 3_000_001 + b"\r\n--B--\r\n", 413),
    ],
)
async def test_a_malformed_form_is_refused(client: Client, body: bytes, status: int) -> None:
    answer = await client.post(
        "/v1/media", content=body, headers={"content-type": "multipart/form-data; boundary=B"}
    )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=B",
    ],
)
async def test_another_content_type_is_refused(client: Client, content_type: str) -> None:
    answer = await client.post("/v1/media", content=KIND, headers={"content-type": content_type})
    assert answer.status_code == 400


async def test_an_announced_size_beyond_the_limit_is_refused_unread(client: Client) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was asked for")
        yield b""

    headers = {"content-type": "multipart/form-data; boundary=B", "content-length": "9000000"}
    answer = await client.post("/v1/media", content=unread(), headers=headers)
    assert answer.status_code == 413


async def chunks(*parts: bytes, then: BaseException | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if then is not None:
        raise then


async def test_an_upload_that_breaks_off_leaves_no_file_open() -> None:
    before = _open_files()
    for _ in range(20):
        broken = chunks(
            KIND, PART, b"x" * 300_000, then=AppError(multipart.ErrorCode.bad_request, "broke off")
        )
        with pytest.raises(AppError):
            async with multipart.receive(broken, "multipart/form-data; boundary=B", 3_000_000):  # type: ignore[arg-type]
                raise AssertionError
    assert _open_files() == before


async def test_a_big_upload_stays_out_of_memory() -> None:
    parts = [KIND, PART, *[bytes(64 * 1024)] * 1_600, b"\r\n--B--\r\n"]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with multipart.receive(chunks(*parts), "multipart/form-data; boundary=B", 200_000_000) as form:  # type: ignore[arg-type]
        assert form.file.seek(0, 2) == 1_600 * 64 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


async def test_a_client_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "TIME_LIMIT_S", 0.05)

    async def endless() -> AsyncIterator[bytes]:
        yield KIND
        await asyncio.Event().wait()

    with pytest.raises(AppError) as caught:
        async with multipart.receive(endless(), "multipart/form-data; boundary=B", 1_000):  # type: ignore[arg-type]
            raise AssertionError
    assert caught.value.code == "timeout"


async def test_a_client_that_disconnects_is_a_bad_request_not_a_defect(client: Client) -> None:
    messages = iter(
        [
            {"type": "http.request", "body": KIND + PART + b"half", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    answered: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/media",
        "raw_path": b"/v1/media",
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=B")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("test", 1),
        "root_path": "",
        "app": client.app,
        "state": {},
    }
    await client.app(scope, receive, send)  # type: ignore[arg-type]
    assert answered[0]["status"] == 400


@pytest.mark.filterwarnings("ignore:.*Reserved kwarg 'data'")
async def test_in_the_whole_api_media_keep_their_headers_and_a_stranger_uploads_nothing(
    tmp_path: Path,
) -> None:
    media, database, decoders = served(tmp_path)
    with spool() as source:
        source.write(b"text")
        content = await media.upload(Caller("customer", "u_anna"), Kind.file, "a.txt", source)

    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was asked for")
        yield b""

    accounts = object.__new__(Accounts)  # signing in is never reached
    whole = create_http(accounts, Settings(limits=LIMITS), handlers=HANDLERS, dependencies={"media": media})
    transport = httpx.ASGITransport(cast(Any, whole))  # on this loop, which the database is bound to
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get(content.url)
        assert (answer.status_code, answer.content) == (200, b"text")
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert "immutable" in answer.headers["cache-control"]
        form = {"content-type": "multipart/form-data; boundary=B"}
        refused = await client.post("/v1/media", content=unread(), headers=form)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthenticated")
    await decoders.close()
    await database.close()


def test_the_api_description_tells_the_form() -> None:
    app = Litestar(
        HANDLERS,
        dependencies={
            name: Provide(lambda: None, sync_to_thread=False) for name in ("caller", "media", "settings")
        },
        logging_config=None,
    )
    described = msgspec.to_builtins(app.openapi_schema.to_schema())
    form = described["paths"]["/v1/media"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["kind", "file"]
    assert "get" in described["paths"]["/v1/media/{media_id}"]


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
