"""A bucket that refuses, is not there, goes away and comes back."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest

from chaguan.app import open_deployment
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import S3, ConfigError, Settings
from chaguan.doctor import examine
from chaguan.infra.blob_stores import _ANSWER_S, Bucket, bucket_store
from chaguan.infra.blobs import Blobs
from tests.contract.blobs.conftest import bucket_for, names
from tests.contract.blobs.test_blob_stores import KEY, LARGE, NAME, parts, read
from tools.servers.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[S3Server]:
    """A server that a test may kill."""
    server = S3Server(tmp_path / "mortal")
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"secret_access_key": "guessed"}, "the service refused the keys"),
        ({"access_key_id": "stranger"}, "the service refused the keys"),
        ({"name": "absent"}, "the bucket does not exist"),
    ],
)
async def test_wrong_keys_and_a_missing_bucket_end_the_start_with_a_sentence(
    s3: S3Server, wrong: dict[str, str], why: str
) -> None:
    blobs = Blobs.in_bucket(bucket_for(s3, "p", **wrong))
    with pytest.raises(ConfigError, match=why):
        await blobs.check_start()
    with pytest.raises(AppError, match=why) as caught:
        await blobs.put(NAME, KEY, parts(b"text"))
    assert caught.value.code is ErrorCode.unavailable
    with pytest.raises(AppError) as caught:
        await blobs.open(NAME, KEY)
    assert caught.value.code is ErrorCode.unavailable
    assert s3.endpoint not in caught.value.detail


async def test_a_server_that_is_killed_refuses_softly_and_serves_again_when_it_is_back(
    mortal: S3Server,
) -> None:
    blobs = Blobs.in_bucket(bucket_for(mortal, "p"))
    await blobs.put(NAME, KEY, parts(b"before"))
    opened = await blobs.open(NAME, KEY)
    mortal.kill()
    for size in (10, LARGE):
        with pytest.raises(AppError, match="it does not answer") as caught:
            await blobs.put("of/10", KEY, parts(b"x" * size))
        assert caught.value.code is ErrorCode.unavailable and caught.value.data["retry_after_ms"] > 0
    with pytest.raises(AppError, match="it does not answer"):
        _ = [part async for part in opened.read()]
    await blobs.check_start()  # a start does not wait for it
    assert "it does not answer" in await blobs.look()
    mortal.start()
    assert await blobs.look() == ""
    assert await read(blobs) == b"before"
    await blobs.put("of/10", KEY, parts(b"after"))


async def test_a_server_that_stops_answering_is_given_up_in_time(
    mortal: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaguan.infra.blobs._SHORT_S", 1)
    blobs = Blobs.in_bucket(bucket_for(mortal, "p"))
    await blobs.put(NAME, KEY, parts(b"text"))
    mortal.pause()
    began = time.monotonic()
    with pytest.raises(AppError, match="it does not answer") as caught:
        await blobs.open(NAME, KEY)
    assert caught.value.code is ErrorCode.unavailable and time.monotonic() - began < _ANSWER_S
    mortal.go_on()
    assert await read(blobs) == b"text"


async def test_parts_that_a_crash_left_behind_are_swept_a_day_later(bucket: Bucket) -> None:
    blobs = Blobs.in_bucket(bucket)
    await blobs.put("kept", KEY, parts(b"x" * LARGE))
    writer = obstore.open_writer(blobs.store, "crashed 一", buffer_size=5 * 1024 * 1024)
    writer.write(b"a" * LARGE)
    writer.flush()
    assert await blobs.sweep_leftovers() == 0
    assert await blobs.sweep_leftovers(time.time() + 25 * 3600) == 1
    assert await blobs.sweep_leftovers(time.time() + 25 * 3600) == 0
    assert names(blobs) == ["kept"]


async def test_variables_meant_for_other_programs_redirect_nothing(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another's")
    await Blobs(bucket_store(bucket)).check()


async def test_doctor_says_beforehand_what_is_wrong_with_a_bucket(s3: S3Server, tmp_path: Path) -> None:
    def told(secret: str, name: str = BUCKET, endpoint: str = s3.endpoint) -> tuple[str, str]:
        access = S3(endpoint, REGION, ACCESS_KEY, secret)
        settings = Settings(data_dir=str(tmp_path), blobs_url=f"s3://{name}", s3=access)
        (found,) = [each for each in examine(settings) if "bucket" in each.fact]
        return found.level, found.fact

    assert (await asyncio.to_thread(told, SECRET_KEY))[0] == "ok"
    level, fact = await asyncio.to_thread(told, "guessed")
    assert level == "fault" and "refused the keys" in fact
    level, fact = await asyncio.to_thread(told, SECRET_KEY, "absent")
    assert level == "fault" and "does not exist" in fact
    level, fact = await asyncio.to_thread(told, SECRET_KEY, BUCKET, "http://127.0.0.1:1")
    assert level == "warn" and "does not answer" in fact


async def test_a_bucket_of_another_deployment_is_refused_and_doctor_says_so_beforehand(
    s3: S3Server, tmp_path: Path
) -> None:
    access = S3(s3.endpoint, REGION, ACCESS_KEY, SECRET_KEY)

    def settings(folder: str, prefix: str) -> Settings:
        return Settings(data_dir=str(tmp_path / folder), blobs_url=f"s3://{BUCKET}/{prefix}", s3=access)

    async def start(folder: str, prefix: str) -> None:
        deployment = await open_deployment(settings(folder, prefix))
        try:
            await deployment.start()
        except BaseException:
            await deployment.http.close()
            await deployment.db.close()
            raise
        await deployment.stop()

    def said(folder: str, prefix: str) -> list[str]:
        return [each.level for each in examine(settings(folder, prefix)) if "The bucket" in each.fact]

    await start("first", "teas")
    await start("first", "teas")
    with pytest.raises(ConfigError, match="another deployment; give each a bucket or a prefix of its own"):
        await start("second", "teas")
    assert await asyncio.to_thread(said, "second", "teas") == ["fault"]
    assert await asyncio.to_thread(said, "first", "teas") == ["ok"]
    await start("second", "coffees")
    assert await asyncio.to_thread(said, "second", "coffees") == ["ok"]
