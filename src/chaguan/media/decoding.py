"""The server's side of the decoder processes: started when first needed, replaced when one hangs, dies or is old."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from tempfile import TemporaryFile
from typing import BinaryIO

import msgspec

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media.jobs import READY, Answer, Job, Outcome

_log = logging.getLogger(__name__)

_JOBS_PER_PROCESS = 500
_ANSWER_BYTES = 64 * 1024


class Decoders:
    """At most `processes` at work, at most `waiting` in line; further uploads are told to come back."""

    def __init__(
        self, *, processes: int = 2, waiting: int = 32, time_limit_s: float = 30, idle_s: float = 60
    ) -> None:
        self._free = asyncio.Semaphore(processes)
        self._time_limit_s = time_limit_s
        self._room = processes + waiting
        self._idle_s = idle_s
        self._idle: list[_Process] = []
        self._rest: asyncio.TimerHandle | None = None

    async def perform(self, job: Job, source: BinaryIO, target: BinaryIO, thumb: BinaryIO) -> Outcome:
        """Reads `source` from its start and writes the other two. Raises `bad_request` or `too_large` for what the
        file is guilty of, also when it crashes its decoder or takes too long."""
        if self._room <= 0:
            raise AppError(ErrorCode.unavailable, "too many uploads are being decoded", retry_after_ms=3_000)
        self._room -= 1
        try:
            async with self._free:
                answer = await self._ask(job, [source, target, thumb])
        finally:
            self._room += 1
        return _outcome(answer, job)

    async def close(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        await asyncio.gather(*self._dismiss())

    async def _ask(self, job: Job, files: list[BinaryIO]) -> Answer:
        process = self._idle.pop() if self._idle else _Process()
        answer: Answer | None = None
        try:
            async with asyncio.timeout(self._time_limit_s):
                answer = await process.ask(job, files)
        except TimeoutError:
            raise AppError(
                ErrorCode.bad_request, "decoding this file takes too long", reason="undecodable"
            ) from None
        finally:
            # A process that did not answer (timeout, crash, a caller who left) may hold this file's work: it goes.
            if answer is None or process.jobs >= _JOBS_PER_PROCESS:
                process.kill()
            else:
                self._idle.append(process)
                self._rest_later()
        return answer

    def _rest_later(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(self._idle_s, self._dismiss)

    def _dismiss(self) -> list[asyncio.Future[int]]:
        gone, self._idle = self._idle, []
        return [process.kill() for process in gone]


class _Process:
    def __init__(self) -> None:
        self.jobs = 0
        self._link, theirs = socket.socketpair()
        with theirs:
            self._popen = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "chaguan.media.decoder", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Nothing of our environment: it may hold the master key.
                env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
                cwd="/",
            )
        self._link.setblocking(False)

    async def ask(self, job: Job, files: list[BinaryIO]) -> Answer:
        if not self.jobs and await self._receive() != READY:
            raise AppError(ErrorCode.unavailable, "the decoder process does not start", retry_after_ms=10_000)
        self.jobs += 1
        for file in files:
            file.flush()
            file.seek(0)
        try:
            socket.send_fds(self._link, [msgspec.json.encode(job)], [file.fileno() for file in files])
            message = await self._receive()
        except ConnectionError:
            message = b""
        if not message.endswith(b"\n"):
            raise AppError(ErrorCode.bad_request, "this file cannot be decoded", reason="undecodable")
        for file in files:
            file.seek(0)
        return msgspec.json.decode(message, type=Answer)

    def kill(self) -> asyncio.Future[int]:
        """Takes effect at once; the future is done when the system has cleared up after it, which may take a while
        for a process of some hundred megabytes."""
        self._link.close()
        self._popen.kill()
        return asyncio.get_running_loop().run_in_executor(None, self._popen.wait)

    async def _receive(self) -> bytes:
        loop = asyncio.get_running_loop()
        message = b""
        while not message.endswith(b"\n") and len(message) < _ANSWER_BYTES:
            part = await loop.sock_recv(self._link, _ANSWER_BYTES)
            if not part:
                break
            message += part
        return message


def spool(folder: str | None = None) -> BinaryIO:
    """A temporary file without a name: whatever happens to us, the system leaves nothing of it behind."""
    return TemporaryFile("w+b", buffering=0, dir=folder)


def _outcome(answer: Answer, job: Job) -> Outcome:
    if answer.outcome is not None:
        return answer.outcome
    failure = answer.failure
    if failure is None:
        raise AppError(ErrorCode.internal, "the decoder gave an empty answer")
    if failure.defect:
        _log.warning(
            "a %s file (%s) failed to decode in an unforeseen way: %s", job.kind, job.format, failure.defect
        )
    raise AppError(failure.code, failure.detail, **failure.data)
