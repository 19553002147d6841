import asyncio
import errno
import os
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.blobs import CHUNK, Blobs
from chaguan.infra.sealing import DamagedError, DataKey

KEY = DataKey(b"k" * 32)
NAME = "media/ab/m_one.orig"
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK + 17]


def content(size: int) -> bytes:
    return (b"0123456789abcdefghijklmnopqrstuvwxyz." * (size // 37 + 1))[:size]


async def parts(data: bytes, step: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), step):
        yield data[at : at + step]


async def read(
    blobs: Blobs, start: int = 0, end: int | None = None, key: DataKey = KEY, name: str = NAME
) -> bytes:
    opened = await blobs.open(name, key)
    return b"".join([part async for part in opened.read(start, end)])


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.in_folder(tmp_path / "blobs")


@pytest.mark.parametrize("size", [*SIZES, 12_000_000])
async def test_what_is_put_is_read_and_measured(blobs: Blobs, size: int) -> None:
    data = content(size)
    assert await blobs.put(NAME, KEY, parts(data, 100_000)) == size
    assert await blobs.size(NAME) == size
    assert (await blobs.open(NAME, KEY)).size == size
    assert await read(blobs) == data


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(size=st.sampled_from(SIZES), ends=st.tuples(st.integers(0, 6 * CHUNK), st.integers(0, 6 * CHUNK)))
async def test_any_range_is_the_slice_of_the_whole(tmp_path: Path, size: int, ends: tuple[int, int]) -> None:
    blobs = Blobs.in_folder(tmp_path / "ranges")
    name, data = f"of/{size}", content(size)
    if not (tmp_path / "ranges" / name).exists():
        await blobs.put(name, KEY, parts(data))
    start, end = sorted(ends)
    assert await read(blobs, start, end, name=name) == data[start:end]


async def test_a_range_reads_only_the_chunks_it_needs(blobs: Blobs, tmp_path: Path) -> None:
    data = content(5 * CHUNK)
    await blobs.put(NAME, KEY, parts(data))
    path = tmp_path / "blobs" / NAME
    stored = bytearray(path.read_bytes())
    stored[200] ^= 1
    path.write_bytes(stored)
    assert await read(blobs, 2 * CHUNK + 5, 4 * CHUNK) == data[2 * CHUNK + 5 : 4 * CHUNK]
    with pytest.raises(DamagedError, match="chunk 0"):
        await read(blobs)


async def test_nothing_of_the_content_can_be_read_from_the_folder(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.put(NAME, KEY, parts(b"a secret order" * 9_000))
    assert b"secret" not in (tmp_path / "blobs" / NAME).read_bytes()


async def test_a_name_is_written_once(blobs: Blobs) -> None:
    for size in (10, 6_000_000):
        name = f"of/{size}"
        await blobs.put(name, KEY, parts(content(size), 100_000))
        for other in (20, 7_000_000):
            with pytest.raises(AppError) as caught:
                await blobs.put(name, KEY, parts(content(other), 100_000))
            assert caught.value.code is ErrorCode.conflict
        assert await read(blobs, name=name) == content(size)


async def test_another_owners_key_opens_nothing(blobs: Blobs) -> None:
    await blobs.put(NAME, KEY, parts(b"text"))
    with pytest.raises(DamagedError):
        await blobs.open(NAME, DataKey(b"o" * 32))


async def test_a_blob_renamed_in_the_folder_does_not_open(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.put(NAME, KEY, parts(b"text"))
    (tmp_path / "blobs" / NAME).rename(tmp_path / "blobs" / "other")
    with pytest.raises(DamagedError):
        await blobs.open("other", KEY)


@pytest.mark.parametrize("cut", [1, 17, CHUNK, CHUNK + 16, 2 * (CHUNK + 16), 3 * CHUNK + 100])
async def test_a_blob_cut_short_is_noticed_before_its_end(blobs: Blobs, tmp_path: Path, cut: int) -> None:
    await blobs.put(NAME, KEY, parts(content(3 * CHUNK)))
    path = tmp_path / "blobs" / NAME
    os.truncate(path, path.stat().st_size - cut)
    with pytest.raises(DamagedError):
        await read(blobs)


async def test_exchanged_chunks_are_noticed(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.put(NAME, KEY, parts(content(3 * CHUNK)))
    path = tmp_path / "blobs" / NAME
    stored = path.read_bytes()
    head, step = len(stored) - 3 * (CHUNK + 16), CHUNK + 16
    first, second = stored[head : head + step], stored[head + step : head + 2 * step]
    path.write_bytes(stored[:head] + second + first + stored[head + 2 * step :])
    with pytest.raises(DamagedError, match="chunk 0"):
        await read(blobs)


@pytest.mark.parametrize("stored", [b"", b"\x01", b"\x01" * 62, b"\x02" * 500])
async def test_a_file_that_is_no_blob_is_noticed(blobs: Blobs, tmp_path: Path, stored: bytes) -> None:
    (tmp_path / "blobs" / "x").write_bytes(stored)
    with pytest.raises(AppError):
        await read(blobs, name="x")


@pytest.mark.parametrize("size", [100, 9_000_000])
async def test_an_upload_that_breaks_off_leaves_nothing(blobs: Blobs, tmp_path: Path, size: int) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for part in parts(content(size), 100_000):
            yield part
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put(NAME, KEY, broken())
    assert files(tmp_path / "blobs") == []


async def test_a_cancelled_upload_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        async for part in parts(content(9_000_000), 100_000):
            yield part
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(blobs.put(NAME, KEY, stalled()))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        while files(tmp_path / "blobs"):
            await asyncio.to_thread(os.sched_yield)


async def test_deleting_may_be_repeated(blobs: Blobs) -> None:
    await blobs.put(NAME, KEY, parts(b"text"))
    await blobs.delete(NAME)
    await blobs.delete(NAME)
    with pytest.raises(AppError) as caught:
        await blobs.open(NAME, KEY)
    assert caught.value.code is ErrorCode.not_found


async def test_a_folder_that_is_a_file_gets_a_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AppError, match="cannot be used: File exists"):
        Blobs.in_folder(tmp_path / "file")


async def test_a_folder_that_stops_being_writable_answers_unavailable(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.check()
    (tmp_path / "blobs" / "media").touch()
    with pytest.raises(AppError, match="could not be written: Not a directory") as caught:
        await blobs.put(NAME, KEY, parts(b"text"))
    assert caught.value.code is ErrorCode.unavailable
    assert str(tmp_path) not in caught.value.detail


@pytest.mark.parametrize("size", [2_000_000, 9_000_000])
async def test_a_disk_that_fills_up_answers_unavailable_and_leaves_nothing(
    blobs: Blobs, tmp_path: Path, size: int
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(AppError, match="could not be written: File too large") as caught:
            await blobs.put(NAME, KEY, parts(content(size), 100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code is ErrorCode.unavailable
    assert files(tmp_path / "blobs") == []


async def test_the_bytes_are_on_the_disk_before_put_returns(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    await blobs.put("a/b", KEY, parts(b"text"))
    root = str(tmp_path / "blobs")
    assert synced == [f"{root}/a/b", f"{root}/a", root]


async def test_a_failing_disk_is_no_success(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(AppError) as caught:
        await blobs.put(NAME, KEY, parts(b"text"))
    assert caught.value.code is ErrorCode.unavailable


async def test_what_a_crash_left_is_swept_later(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.put(NAME, KEY, parts(b"text"))
    left = tmp_path / "blobs" / (NAME + "2#1")
    left.write_bytes(b"half")
    assert await blobs.sweep_leftovers() == 0
    assert await blobs.sweep_leftovers(left.stat().st_mtime + 25 * 3600) == 1
    assert files(tmp_path / "blobs") == [NAME]
