import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media import decoding
from chaguan.media.decoder import answer
from chaguan.media.decoding import Decoders, spool
from chaguan.media.jobs import Answer, Failure, Job
from tests.unit.media import samples


def spooled(data: bytes) -> list[BinaryIO]:
    source = spool()
    source.write(data)
    return [source, spool(), spool()]


def close(files: list[BinaryIO]) -> None:
    for file in files:
        file.close()


@pytest.fixture
async def decoders() -> AsyncIterator[Decoders]:
    made = Decoders(processes=1, waiting=1)
    yield made
    await made.close()


async def test_a_picture_is_decoded_in_another_process(decoders: Decoders) -> None:
    source, target, thumb = files = spooled(samples.photo_with_place(6))
    outcome = await decoders.perform(Job("image", "JPEG"), source, target, thumb)
    assert (outcome.width, outcome.height, outcome.mime, outcome.thumb_mime) == (
        400,
        640,
        "image/jpeg",
        "image/jpeg",
    )
    assert target.read(3) == thumb.read(3) == b"\xff\xd8\xff"
    close(files)


async def test_voice_and_video_too_and_one_process_serves_them_all(decoders: Decoders) -> None:
    for _ in range(3):
        source, target, thumb = files = spooled(samples.sound("webm"))
        outcome = await decoders.perform(Job("voice", "webm", 60_000), source, target, thumb)
        assert (outcome.mime, outcome.duration_ms, len(outcome.waveform)) == ("audio/mpeg", 1_500, 48)
        close(files)
    source, target, thumb = files = spooled(samples.film())
    outcome = await decoders.perform(Job("video", "mp4"), source, target, thumb)
    assert (outcome.mime, outcome.width, outcome.duration_ms) == ("", 320, 1_000)
    assert samples.GPS_MARK not in source.read()
    close(files)
    assert [process.jobs for process in decoders._idle] == [4]


async def test_a_refusal_crosses_the_process_border(decoders: Decoders) -> None:
    for data, code in (
        (b"junk", ErrorCode.bad_request),
        (samples.png_bomb(20_000, 20_000), ErrorCode.too_large),
    ):
        source, target, thumb = files = spooled(data)
        with pytest.raises(AppError) as caught:
            await decoders.perform(Job("image", "PNG"), source, target, thumb)
        assert caught.value.code is code
        close(files)


async def test_a_decoder_that_hangs_is_killed_and_replaced() -> None:
    decoders = Decoders(processes=1, time_limit_s=0.2)
    process = decoding._Process()
    os.kill(process._popen.pid, signal.SIGSTOP)
    decoders._idle.append(process)
    files = spooled(samples.photo_with_place())
    with pytest.raises(AppError, match="too long") as caught:
        await decoders.perform(Job("image", "JPEG"), *files)
    assert caught.value.code is ErrorCode.bad_request
    assert await asyncio.to_thread(process._popen.wait) == -signal.SIGKILL
    decoders._time_limit_s = 30
    assert (await decoders.perform(Job("image", "JPEG"), *files)).width == 640
    close(files)
    await decoders.close()


async def test_a_decoder_that_crashes_refuses_the_file_only(decoders: Decoders) -> None:
    process = decoding._Process()
    decoders._idle.append(process)
    await process._receive()
    process.jobs = 1
    process._popen.kill()
    files = spooled(samples.photo_with_place())
    with pytest.raises(AppError, match="cannot be decoded"):
        await decoders.perform(Job("image", "JPEG"), *files)
    assert (await decoders.perform(Job("image", "JPEG"), *files)).width == 640
    close(files)


async def test_a_caller_who_leaves_frees_the_decoder(decoders: Decoders) -> None:
    files = spooled(samples.photo_with_place())
    task = asyncio.create_task(decoders.perform(Job("image", "JPEG"), *files))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await decoders.perform(Job("image", "JPEG"), *files)).width == 640
    close(files)


async def test_a_long_line_is_told_to_come_back(decoders: Decoders) -> None:
    uploads = [spooled(samples.photo_with_place()) for _ in range(3)]
    results = await asyncio.gather(
        *(decoders.perform(Job("image", "JPEG"), *files) for files in uploads), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, AppError)]
    assert [error.code for error in refused] == [ErrorCode.unavailable]
    assert refused[0].data["retry_after_ms"] > 0
    for files in uploads:
        close(files)


async def test_the_decoder_sees_no_secret_and_has_a_memory_bound(
    decoders: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAGUAN_MASTER_KEY", "secret")
    files = spooled(samples.photo_with_place())
    await decoders.perform(Job("image", "JPEG"), *files)
    close(files)
    pid = decoders._idle[0]._popen.pid
    assert b"secret" not in await asyncio.to_thread(Path(f"/proc/{pid}/environ").read_bytes)
    bound, _ = resource.prlimit(pid, resource.RLIMIT_AS)
    assert 0 < bound < 8 << 30
    assert len(os.listdir(f"/proc/{pid}/fd")) <= 8


async def test_idle_decoders_go_home() -> None:
    decoders = Decoders(processes=1, idle_s=0.01)
    files = spooled(samples.photo_with_place())
    await decoders.perform(Job("image", "JPEG"), *files)
    close(files)
    async with asyncio.timeout(5):
        while decoders._idle:
            await asyncio.to_thread(os.sched_yield)
    await decoders.close()


def test_the_server_itself_loads_no_decoder() -> None:
    code = "import sys, chaguan.openapi.media, chaguan.media.service; print([m for m in ('av', 'PIL') if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert found.stdout.strip() == "[]"


def test_running_out_of_memory_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("chaguan.media.images.clean", hungry)
    files = spooled(b"")
    assert answer(Job("image", "PNG"), files).failure == Failure(
        ErrorCode.too_large, "decoding this takes too much memory"
    )
    close(files)


FORMATS = [
    *(Job("image", name) for name in ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP")),
    *(Job("voice", name, 5_000) for name in ("mp3", "aac", "mp4", "webm", "ogg", "amr", "wav", "flac")),
    *(Job("video", name) for name in ("mp4", "webm")),
]
SEEDS = {
    **{
        name: samples.encoded(samples.picture((40, 30)), name)
        for name in ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP")
    },
    **{name: samples.sound(name, 0.3) for name in ("mp3", "aac", "webm", "ogg", "amr", "wav", "flac")},
    "mp4": samples.film("mp4", 0.3, (64, 48)),
}


@settings(max_examples=250, deadline=None)
@given(job=st.sampled_from(FORMATS), data=st.data())
def test_no_bytes_get_anything_but_a_defined_answer(job: Job, data: st.DataObject) -> None:
    seed = bytearray(SEEDS[job.format])
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(seed) - 1))
        seed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
    assert _is_defined(answered(job, bytes(seed[: data.draw(st.integers(1, len(seed)))])))


@settings(max_examples=100, deadline=None)
@given(job=st.sampled_from(FORMATS), junk=st.binary(max_size=400))
def test_junk_is_refused(job: Job, junk: bytes) -> None:
    assert _is_defined(answered(job, junk))


def answered(job: Job, data: bytes) -> Answer:
    files = spooled(data)
    files[0].seek(0)
    try:
        return answer(job, files)
    finally:
        close(files)


def _is_defined(given_answer: Answer) -> bool:
    failure = given_answer.failure
    if failure is None:
        return given_answer.outcome is not None
    assert failure.defect == ""
    return failure.code in (ErrorCode.bad_request, ErrorCode.too_large)
