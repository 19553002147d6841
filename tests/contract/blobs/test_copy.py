"""`chaguan blobs copy`, folder to bucket and back; and a backup restored into a bucket."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import obstore
import pytest

from chaguan.app import open_deployment
from chaguan.backup import copying
from chaguan.backup.copying import Copied, copy_blobs, place_of
from chaguan.backup.making import back_up
from chaguan.backup.restoring import restore
from chaguan.core.settings import S3, ConfigError, Settings
from chaguan.infra.blobs import Blobs
from tests.contract.blobs.conftest import names
from tests.contract.blobs.test_blob_stores import KEY, LARGE, parts, read
from tests.domain.backup.conftest import House
from tools.servers.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server


@pytest.fixture
def settings(s3: S3Server, tmp_path: Path) -> Settings:
    """A deployment whose blobs are in its folder, and that knows the service."""
    access = S3(s3.endpoint, REGION, ACCESS_KEY, SECRET_KEY)
    return Settings(data_dir=str(tmp_path / "data"), s3=access)


@pytest.fixture
def url() -> str:
    return f"s3://{BUCKET}/t{os.urandom(6).hex()}"


async def filled(settings: Settings) -> dict[str, bytes]:
    blobs = Blobs.of(settings)
    contents = {f"media/a{n}/m_{n}.original": os.urandom(1_000 * n + 1) for n in range(8)}
    contents["media/zz/m_large.original"] = os.urandom(LARGE)
    for name, data in contents.items():
        await blobs.put(name, KEY, parts(data))
    return contents


async def copied(settings: Settings, target: str, source: str = "") -> Copied:
    return await asyncio.to_thread(
        lambda: copy_blobs(settings, place_of(settings, source), place_of(settings, target), str)
    )


def at(settings: Settings, url: str) -> Settings:
    return msgspec.structs.replace(settings, blobs_url=url)


async def test_all_blobs_go_to_the_bucket_and_back(settings: Settings, url: str, tmp_path: Path) -> None:
    contents = await filled(settings)
    there = await copied(settings, url)
    assert (there.blobs, there.passes) == (9, 2)
    blobs = Blobs.of(at(settings, url))
    for name, data in contents.items():
        assert await read(blobs, name) == data
    assert (await copied(at(settings, url), str(tmp_path / "back"))).blobs == 9
    back = Blobs.in_folder(tmp_path / "back")
    assert [await read(back, name) for name in contents] == list(contents.values())


async def test_an_interrupted_copy_goes_on_where_it_was(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(settings)
    put, calls = copying.put, 0

    def dying(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls > 4:
            raise KeyboardInterrupt
        put(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(copying, "put", dying)
        with pytest.raises(KeyboardInterrupt):
            copy_blobs(settings, place_of(settings), place_of(settings, url), str)
    before = len(names(Blobs.of(at(settings, url))))
    assert 0 < before < 9
    read_again: list[str] = []
    monkeypatch.setattr(
        copying,
        "put",
        lambda store, name, data: (read_again.append(name), put(store, name, data))[1],
    )
    await copied(settings, url)
    assert len(read_again) == 9 - before
    assert (await copied(settings, url)).blobs == 0


async def test_what_comes_and_goes_during_a_copy_is_right_in_the_end(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = await filled(settings)
    blobs, loop, put = Blobs.of(settings), asyncio.get_running_loop(), copying.put
    gone, *_ = contents
    waiting = [True]

    def meanwhile(store: object, name: str, data: object) -> None:
        put(store, name, data)  # type: ignore[arg-type]
        if name == "media/zz/m_large.original" and waiting:
            waiting.clear()
            asyncio.run_coroutine_threadsafe(blobs.put("media/new", KEY, parts(b"new")), loop).result(10)
            asyncio.run_coroutine_threadsafe(blobs.delete(gone), loop).result(10)

    monkeypatch.setattr(copying, "put", meanwhile)
    done = await copied(settings, url)
    assert done.removed == 1
    assert names(Blobs.of(at(settings, url))) == sorted({*contents, "media/new"} - {gone})


async def test_another_blob_of_the_same_name_is_noticed_and_left_alone(settings: Settings, url: str) -> None:
    contents = await filled(settings)
    first, *_ = contents
    there = Blobs.of(at(settings, url)).store
    size = obstore.head(Blobs.of(settings).store, first)["size"]
    obstore.put(there, first, b"x" * size)
    with pytest.raises(ConfigError, match="differs in s3://"):
        await copied(settings, url)
    assert bytes(obstore.get(there, first).bytes()) == b"x" * size


async def test_a_place_is_not_copied_onto_itself(settings: Settings, url: str) -> None:
    with pytest.raises(ConfigError, match="name another one"):
        await copied(settings, str(settings.data / "blobs"))
    with pytest.raises(ConfigError, match="name another one"):
        await copied(at(settings, url), url)


@pytest.fixture
async def house(settings: Settings, url: str) -> AsyncIterator[House]:
    settings = at(settings, url)
    house = House(settings, await open_deployment(settings))
    yield house
    await house.close()


async def test_a_deployment_with_a_bucket_is_backed_up_and_restored_into_another(
    house: House, url: str, tmp_path: Path
) -> None:
    for n in range(3):
        await house.store(b"%PDF bill " + os.urandom(3_000_000 * n))
    target = tmp_path / "backup.tar"
    done = await asyncio.to_thread(back_up, house.settings, target, with_key=True, say=str)
    assert done.manifest.blobs == 3
    into = msgspec.structs.replace(house.settings, data_dir=str(tmp_path / "new"), blobs_url=f"{url}-new")
    for _ in range(2):  # the second time the bucket has them already
        await asyncio.to_thread(restore, into, target, replace=True, key_file=None, say=str)
    here, there = Blobs.of(house.settings), Blobs.of(into)
    assert names(here) == names(there) and len(names(there)) == 3
    for name in names(here):
        stored = [bytes(obstore.get(blobs.store, name).bytes()) for blobs in (here, there)]
        assert stored[0] == stored[1]
