"""The process in which strangers' files are decoded: `python -m chaguan.media.decoder <socket>`.

A decoder is the likeliest place for a hostile file to win or to eat the machine. Here it finds no key in memory or
environment, no database handle, a bound on its memory, and a parent that kills it when it takes too long; it works at
a lower priority, so that a big picture does not delay messages. (It still runs as the same user: what the file
permissions of that user allow, it could read.) Files travel as descriptors of unnamed temporary files.
"""

import gc
import os
import resource
import socket
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media import images, video, voice
from chaguan.media.anonymize import blank_metadata
from chaguan.media.damage import disk_trouble
from chaguan.media.jobs import READY, Answer, Failure, Job, Outcome

MEMORY_BYTES = 1024 * 1024 * 1024
_OUTPUT_BYTES = 256 * 1024 * 1024
_MESSAGE_BYTES = 16_384


def perform(job: Job, source: BinaryIO, target: BinaryIO, thumb: BinaryIO) -> Outcome:
    if job.kind == "image":
        picture = images.clean(source.read(), job.format)
        target.write(picture.data)
        thumb.write(picture.thumb)
        return Outcome(picture.mime, picture.thumb_mime, picture.width, picture.height)
    if job.kind == "voice":
        clip = voice.transcode(source, job.format, target, job.max_ms)
        return Outcome("audio/mpeg", duration_ms=clip.duration_ms, waveform=clip.waveform)
    film = video.inspect(source, job.format)
    blank_metadata(source, job.format)
    thumb.write(film.poster)
    return Outcome("", "image/jpeg", film.width, film.height, film.duration_ms)


def answer(job: Job, files: list[BinaryIO]) -> Answer:
    """The edge of this process: whatever a file provokes is an answer about that file."""
    try:
        outcome = perform(job, *files)
        for file in files:
            file.flush()
        return Answer(outcome)
    except AppError as error:
        return Answer(failure=Failure(error.code, error.detail, error.data))
    except OSError as error:
        trouble = disk_trouble(error)
        return Answer(failure=Failure(trouble.code, trouble.detail, trouble.data))
    except MemoryError:
        return Answer(failure=Failure(ErrorCode.too_large, "decoding this takes too much memory"))
    except Exception as error:  # noqa: BLE001
        defect = f"{type(error).__name__}: {error}"[:500]
        data = {"reason": "undecodable"}
        return Answer(failure=Failure(ErrorCode.bad_request, "this file cannot be decoded", data, defect))


def bound() -> None:
    """Limits of this process, counted from what it needs before any file comes."""
    os.nice(5)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_FSIZE: _OUTPUT_BYTES,
        resource.RLIMIT_AS: _mapped_bytes() + MEMORY_BYTES,
    }
    for limit, value in limits.items():
        _, hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (value, hard if hard != resource.RLIM_INFINITY and hard < value else value))


def serve(link: socket.socket) -> None:
    while True:
        message, descriptors, _, _ = socket.recv_fds(link, _MESSAGE_BYTES, 3)
        if not message:
            return
        files: list[BinaryIO] = [os.fdopen(descriptor, "r+b") for descriptor in descriptors]
        try:
            reply = answer(msgspec.json.decode(message, type=Job), files)
        finally:
            for file in files:
                file.close()
        link.sendall(msgspec.json.encode(reply) + b"\n")
        gc.collect()


def _mapped_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except FileNotFoundError:  # not Linux: address space is not bounded there anyway
        return 0


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as parent:
        bound()
        parent.sendall(READY)
        serve(parent)
