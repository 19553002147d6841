"""What a blob store promises, on whichever store the blobs are."""

import asyncio
import os
from collections.abc import AsyncIterator

import obstore
import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.blobs import CHUNK, Blobs
from chaguan.infra.sealing import DamagedError, DataKey
from tests.contract.blobs.conftest import names

KEY = DataKey(b"k" * 32)
NAME = "media/ab/m_one.original"
LARGE = 12_000_000


async def parts(data: bytes, step: int = 100_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), step):
        yield data[at : at + step]


async def read(blobs: Blobs, name: str = NAME, start: int = 0, end: int | None = None) -> bytes:
    opened = await blobs.open(name, KEY)
    return b"".join([part async for part in opened.read(start, end)])


@pytest.mark.parametrize("size", [0, 1, CHUNK, 3 * CHUNK + 7, LARGE])
async def test_what_is_put_is_read_and_measured(blobs: Blobs, size: int) -> None:
    data = os.urandom(size)
    assert await blobs.put(NAME, KEY, parts(data)) == size
    assert await blobs.size(NAME) == size
    assert (await blobs.open(NAME, KEY)).size == size
    assert await read(blobs) == data


async def test_any_range_is_the_slice_of_the_whole(blobs: Blobs) -> None:
    data = os.urandom(4 * CHUNK + 5)
    await blobs.put(NAME, KEY, parts(data))
    for start, end in [
        (0, 1),
        (CHUNK - 1, CHUNK + 1),
        (2 * CHUNK, 3 * CHUNK),
        (4 * CHUNK, 9 * CHUNK),
        (7, 7),
    ]:
        assert await read(blobs, start=start, end=end) == data[start:end]


async def test_a_name_is_written_once_whatever_the_sizes(blobs: Blobs) -> None:
    for size in (10, LARGE):
        first, name = os.urandom(size), f"of/{size}"
        await blobs.put(name, KEY, parts(first))
        for other in (20, LARGE):
            with pytest.raises(AppError) as caught:
                await blobs.put(name, KEY, parts(os.urandom(other)))
            assert caught.value.code is ErrorCode.conflict
        assert await read(blobs, name) == first


async def test_of_two_who_write_one_name_at_once_one_is_told(blobs: Blobs) -> None:
    outcomes = await asyncio.gather(
        *(blobs.put(NAME, KEY, parts(bytes([n]) * 1_000)) for n in range(6)), return_exceptions=True
    )
    refused = [each for each in outcomes if isinstance(each, AppError)]
    assert len(refused) == 5 and {each.code for each in refused} == {ErrorCode.conflict}
    assert len(set(await read(blobs))) == 1


async def test_what_is_not_there_is_not_found(blobs: Blobs) -> None:
    for asked in (blobs.open(NAME, KEY), blobs.size(NAME)):
        with pytest.raises(AppError) as caught:
            await asked
        assert caught.value.code is ErrorCode.not_found


async def test_deleting_may_be_repeated(blobs: Blobs) -> None:
    await blobs.put(NAME, KEY, parts(b"text"))
    await blobs.delete(NAME)
    await blobs.delete(NAME)
    assert names(blobs) == []


@pytest.mark.parametrize("size", [100, LARGE])
async def test_an_upload_that_breaks_off_leaves_nothing(blobs: Blobs, size: int) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for part in parts(os.urandom(size)):
            yield part
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put(NAME, KEY, broken())
    assert names(blobs) == []
    assert await blobs.sweep_leftovers(now_s=1e11) == 0


async def test_a_blob_stored_under_another_name_does_not_open(blobs: Blobs) -> None:
    await blobs.put(NAME, KEY, parts(b"text"))
    await obstore.rename_async(blobs.store, NAME, "other")
    with pytest.raises(DamagedError):
        await blobs.open("other", KEY)


async def test_a_blob_cut_short_is_noticed(blobs: Blobs) -> None:
    await blobs.put(NAME, KEY, parts(os.urandom(3 * CHUNK)))
    stored = bytes(await (await obstore.get_async(blobs.store, NAME)).bytes_async())
    await obstore.put_async(blobs.store, "cut", stored[: -CHUNK - 16])
    await obstore.delete_async(blobs.store, NAME)
    await obstore.rename_async(blobs.store, "cut", NAME)
    with pytest.raises(DamagedError):
        await read(blobs)


async def test_nothing_of_the_content_can_be_read_from_the_store(blobs: Blobs) -> None:
    await blobs.put(NAME, KEY, parts(b"a secret order" * 9_000))
    stored = bytes(await (await obstore.get_async(blobs.store, NAME)).bytes_async())
    assert b"secret" not in stored


async def test_a_look_at_a_store_that_works_finds_no_trouble_and_leaves_nothing(blobs: Blobs) -> None:
    assert await blobs.look() == ""
    await blobs.check_start()
    assert names(blobs) == []
