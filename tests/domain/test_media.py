import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image as Pillow
from sqlalchemy import Connection, func, select

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits
from chaguan.infra import keyring
from chaguan.infra.blobs import Blobs
from chaguan.infra.database import Database
from chaguan.infra.sealing import Keyring, Vault, new_root
from chaguan.media import Decoders, Delivery, Kind, Media, MediaContent, rules, spool, tables
from chaguan.protocol.content import File, Image, Text, Video, Voice
from tests.databases import OpenDatabase
from tests.unit.media import samples

ANNA = Caller("customer", "u_anna")
BEN = Caller("customer", "u_ben")
DAY_MS = 24 * 3600 * 1000


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


class Place(NamedTuple):
    media: Media
    database: Database
    folder: Path
    key_file: Path
    clock: Clock

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]

    async def rows(self) -> int:
        return await self.database.read(_count)


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(tables.media)).scalar_one()


@pytest.fixture
async def place(tmp_path: Path, open_database: OpenDatabase) -> AsyncIterator[Place]:
    key_file, clock = tmp_path / "master.key", Clock()
    keyring.create_key_file(key_file)
    ring = Keyring(keyring.KeyFile(key_file))
    database = open_database()
    decoders = Decoders(processes=1)
    limits = Limits(image=2_000_000, voice=500_000, video=1_000_000, file=1_000_000, voice_ms=2_000)
    blobs = Blobs.in_folder(tmp_path / "blobs")
    media = Media(database, Vault(ring, new_root(ring)), blobs, decoders, limits, clock)
    yield Place(media, database, tmp_path / "blobs", key_file, clock)
    await decoders.close()
    await database.close()


async def upload(
    place: Place, kind: Kind, data: bytes, name: str = "", caller: Caller = ANNA
) -> MediaContent:
    with spool() as source:
        source.write(data)
        return await place.media.upload(caller, kind, name, source)


async def fetch(place: Place, url: str) -> tuple[bytes, Delivery]:
    path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
    media_id = path.removeprefix("/v1/media/")
    delivery = await place.media.open(media_id, query["v"][0], int(query["exp"][0]), query["sig"][0])
    return b"".join([part async for part in delivery.blob.read()]), delivery


async def test_a_picture_comes_back_stripped_with_a_thumbnail(place: Place) -> None:
    content = await upload(place, Kind.image, samples.photo_with_place(6), "IMG_1.HTML")
    assert isinstance(content, Image)
    assert (content.mime, content.width, content.height) == ("image/jpeg", 400, 640)
    data, delivery = await fetch(place, content.url)
    assert (len(data), delivery.mime, delivery.name) == (content.size, "image/jpeg", "")
    assert samples.GPS_MARK not in data
    thumb, _ = await fetch(place, content.thumb_url)
    assert Pillow.open(io.BytesIO(thumb)).size == (300, 480)


async def test_voice_video_and_files_come_back_too(place: Place) -> None:
    voice = await upload(place, Kind.voice, samples.sound("amr"))
    assert isinstance(voice, Voice)
    assert (voice.mime, len(voice.waveform)) == ("audio/mpeg", 48)
    assert (await fetch(place, voice.url))[1].mime == "audio/mpeg"
    video = await upload(place, Kind.video, samples.film("mov"))
    assert isinstance(video, Video)
    assert (video.mime, video.duration_ms) == ("video/quicktime", 1_000)
    assert samples.GPS_MARK not in (await fetch(place, video.url))[0]
    assert (await fetch(place, video.thumb_url))[0].startswith(b"\xff\xd8\xff")
    file = await upload(place, Kind.file, b"%PDF-1.7 bill", "账单.pdf")
    assert isinstance(file, File)
    data, delivery = await fetch(place, file.url)
    assert (data, delivery.mime, delivery.name) == (b"%PDF-1.7 bill", "application/pdf", "账单.pdf")


@pytest.mark.parametrize(
    "data", [b"<html><script>alert(1)</script>", b"<svg onload='x'/>", b"MZ\x90\x00virus"]
)
async def test_markup_and_programs_are_opaque_downloads_whatever_their_name(
    place: Place, data: bytes
) -> None:
    content = await upload(place, Kind.file, data, "holiday.jpg")
    _, delivery = await fetch(place, content.url)
    assert (delivery.mime, delivery.name) == ("application/octet-stream", "holiday.jpg")


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        (Kind.image, b"<html>", ErrorCode.bad_request),
        (Kind.image, b"\xff\xd8\xff" + b"junk" * 50, ErrorCode.bad_request),
        (Kind.image, b"", ErrorCode.bad_request),
        (Kind.image, samples.png_bomb(20_000, 20_000), ErrorCode.too_large),
        (Kind.image, b"\xff\xd8\xff" + bytes(2_000_001), ErrorCode.too_large),
        (Kind.voice, samples.encoded(samples.picture(), "PNG"), ErrorCode.bad_request),
        (Kind.voice, samples.sound("mp3", 3), ErrorCode.too_large),
        (Kind.voice, samples.film("mp4"), ErrorCode.bad_request),
        (Kind.video, samples.sound("m4a"), ErrorCode.bad_request),
        (Kind.video, samples.encoded(samples.picture(), "PNG"), ErrorCode.bad_request),
        (Kind.file, bytes(1_000_001), ErrorCode.too_large),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    place: Place, kind: Kind, data: bytes, code: ErrorCode
) -> None:
    with pytest.raises(AppError) as caught:
        await upload(place, kind, data, "x.jpg")
    assert caught.value.code is code
    assert (place.files(), await place.rows()) == ([], 0)


async def test_what_a_failing_disk_left_is_swept_once_it_works_again(place: Place) -> None:
    place.folder.joinpath("media").touch()
    with pytest.raises(AppError) as caught:
        await upload(place, Kind.file, b"text")
    assert caught.value.code is ErrorCode.unavailable
    place.folder.joinpath("media").unlink()
    assert await place.media.sweep() == 1
    assert (place.files(), await place.rows()) == ([], 0)


async def test_an_upload_whose_caller_leaves_is_cleared_away(place: Place) -> None:
    started = asyncio.Event()

    async def stuck(*_: object) -> int:
        started.set()
        await asyncio.Event().wait()
        return 0

    place.media._blobs.put = stuck  # type: ignore[method-assign]
    task = asyncio.create_task(upload(place, Kind.file, b"text"))
    await started.wait()
    assert await place.rows() == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await place.rows() == 0


async def test_a_key_without_the_scope_uploads_nothing(place: Place) -> None:
    with pytest.raises(AppError) as caught:
        await upload(place, Kind.file, b"text", caller=Caller("server", "k_1"))
    assert caught.value.code is ErrorCode.forbidden
    await upload(
        place, Kind.file, b"text", caller=Caller("server", "k_1", scopes=frozenset({"messages:write"}))
    )


async def test_only_the_uploader_can_put_media_into_a_message(place: Place) -> None:
    sent = await upload(place, Kind.image, samples.photo_with_place())
    facts = await place.media.attach(
        ANNA, Image(sent.media_id, mime="text/html", width=9, url="https://evil")
    )
    assert isinstance(facts, Image)
    assert (facts.mime, facts.width, facts.url, facts.thumb_url) == ("image/jpeg", 640, "", "")
    for caller, content in (
        (BEN, Image(sent.media_id)),
        (ANNA, Image("m_unknown")),
        (ANNA, Voice(sent.media_id)),
        (ANNA, File(sent.media_id)),
    ):
        with pytest.raises(AppError) as caught:
            await place.media.attach(caller, content)
        assert caught.value.code is ErrorCode.bad_request


async def test_content_without_media_passes_unchanged(place: Place) -> None:
    assert await place.media.attach(ANNA, Text("hello")) == Text("hello")


async def test_a_file_keeps_its_name_unless_the_sender_gives_another(place: Place) -> None:
    sent = await upload(place, Kind.file, b"text", "C:\\bills\\may.txt")
    kept = await place.media.attach(ANNA, File(sent.media_id))
    renamed = await place.media.attach(ANNA, File(sent.media_id, name="../../june\u202etxt.exe"))
    assert [content.name for content in (kept, renamed) if isinstance(content, File)] == [
        "may.txt",
        "junetxt.exe",
    ]


async def test_links_are_the_same_within_a_window_and_do_not_change_content(place: Place) -> None:
    sent = await upload(place, Kind.image, samples.photo_with_place())
    stored = await place.media.attach(ANNA, Image(sent.media_id))
    assert isinstance(stored, Image)
    linked = place.media.with_links(stored)
    assert linked == sent
    assert stored.url == ""


async def test_a_forged_altered_or_expired_link_opens_nothing(place: Place) -> None:
    sent = await upload(place, Kind.image, samples.photo_with_place())
    other = await upload(place, Kind.image, samples.photo_with_place())
    for forged in (
        sent.url.replace("v=original", "v=thumb"),
        sent.url.replace(sent.media_id, other.media_id),
        sent.url.replace("exp=1", "exp=2"),
        sent.url[:-1] + ("A" if sent.url[-1] != "A" else "B"),
    ):
        with pytest.raises(AppError, match="not signed here"):
            await fetch(place, forged)
    place.clock.now += DAY_MS
    with pytest.raises(AppError, match="expired"):
        await fetch(place, sent.url)


async def test_a_link_to_what_was_deleted_is_not_found(place: Place) -> None:
    sent = await upload(place, Kind.image, samples.photo_with_place())
    await place.media.delete([sent.media_id])
    with pytest.raises(AppError) as caught:
        await fetch(place, sent.url)
    assert caught.value.code is ErrorCode.not_found
    assert await place.media.sweep() == 1
    assert (place.files(), await place.rows()) == ([], 0)


async def test_what_is_never_sent_is_swept_after_a_day_and_what_is_sent_stays(place: Place) -> None:
    unused = await upload(place, Kind.image, samples.photo_with_place())
    used = await upload(place, Kind.image, samples.photo_with_place())
    await place.media.attach(ANNA, Image(used.media_id))
    place.clock.now += DAY_MS
    assert await place.media.sweep() == 0
    place.clock.now += 1
    assert await place.media.sweep() == 1
    await fetch(place, place.media.link(used.media_id))
    with pytest.raises(AppError):
        await fetch(place, place.media.link(unused.media_id))
    assert len(place.files()) == 2


async def test_a_sweep_that_broke_off_can_be_repeated(place: Place) -> None:
    sent = await upload(place, Kind.image, samples.photo_with_place())
    await place.media.delete([sent.media_id])
    place.files()[0].unlink()
    assert await place.media.sweep() == 1
    assert place.files() == []


async def test_a_stranger_cannot_fill_the_disk_with_what_is_never_sent(place: Place) -> None:
    limit = rules.unused_limit(Limits(image=2_000_000, voice=0, video=0, file=1_000_000))
    for _ in range(limit // 1_000_000):
        await upload(place, Kind.file, bytes(1_000_000))
    with pytest.raises(AppError) as caught:
        await upload(place, Kind.file, bytes(1_000_000))
    assert caught.value.code is ErrorCode.rate_limited
    await upload(place, Kind.file, bytes(1_000_000), caller=BEN)


async def test_nothing_readable_lies_in_the_folder_or_the_database(place: Place) -> None:
    await upload(place, Kind.file, b"a very secret order" * 100, "secret-list.txt")
    stored = b"".join(path.read_bytes() for path in place.files())
    stored += b"".join(path.read_bytes() for path in place.folder.parent.glob("test.db*"))
    assert b"secret" not in stored


async def test_rotated_keys_are_rewrapped_and_everything_stays_readable(place: Place) -> None:
    sent = [await upload(place, Kind.file, b"text", caller=Caller("customer", f"u_{n}")) for n in range(3)]
    keyring.rotate(place.key_file)
    assert await place.media.rewrap_keys() == 3
    assert await place.media.rewrap_keys() == 0
    keyring.retire_old(place.key_file)
    await upload(place, Kind.file, b"more", caller=Caller("customer", "u_0"))
    for content in sent:
        assert (await fetch(place, content.url))[0] == b"text"


async def test_destroying_an_owners_key_leaves_nothing_to_read(place: Place) -> None:
    mine, theirs = (
        await upload(place, Kind.file, b"mine"),
        await upload(place, Kind.file, b"theirs", caller=BEN),
    )
    await place.media.forget_owner(ANNA.user_id)
    with pytest.raises(AppError) as caught:
        await fetch(place, mine.url)
    assert caught.value.code is ErrorCode.not_found
    assert (await fetch(place, theirs.url))[0] == b"theirs"
    again = await upload(place, Kind.file, b"again")
    assert (await fetch(place, again.url))[0] == b"again"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/etc/passwd", "passwd"),
        ("..\\..\\x.txt", "x.txt"),
        ("a\x00b\nc.txt", "abc.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("...", ""),
        ("", ""),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
        ("no extension", "no extension"),
        (".bashrc", "bashrc"),
        ("x" * 300, "x" * 200),
        ("a." + "x" * 300, "a." + "x" * 198),
    ],
)
def test_names_are_reduced_to_what_can_be_shown(given: str, kept: str) -> None:
    assert rules.clean_name(given) == kept
