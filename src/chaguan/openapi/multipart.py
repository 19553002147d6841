"""A multipart upload read as it comes: one file, spooled to an unnamed temporary file, and a few short fields."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import BinaryIO, NamedTuple

from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media import spool

MAX_FIELD_BYTES = 1_024
MAX_PARTS = 8
TIME_LIMIT_S = 600

_WRITE_BYTES = 256 * 1024


class Form(NamedTuple):
    fields: dict[str, str]
    file_name: str
    file: BinaryIO


@asynccontextmanager
async def receive(
    body: AsyncGenerator[bytes, None], content_type: str, max_file_bytes: int
) -> AsyncIterator[Form]:
    """Raises `too_large` as soon as the file is, `bad_request` for what is no such form, `timeout` after 10 minutes.
    The file is gone when the block is left, however it is left."""
    reader = _Reader(_boundary(content_type), max_file_bytes)
    try:
        try:
            async with asyncio.timeout(TIME_LIMIT_S):
                yield await reader.read(body)
        except MultipartError as error:
            code = ErrorCode.too_large if isinstance(error, ParserLimitReached) else ErrorCode.bad_request
            raise AppError(code, f"malformed multipart body: {error}") from error
        except TimeoutError:
            raise AppError(ErrorCode.timeout, "the upload took too long", retry_after_ms=1_000) from None
    finally:
        reader.close()


class _Reader:
    def __init__(self, boundary: str, max_file_bytes: int) -> None:
        self._parser = PushMultipartParser(boundary, max_segment_count=MAX_PARTS)
        self._limit = max_file_bytes
        self._fields: dict[str, str] = {}
        self._name = ""
        self._file: BinaryIO | None = None
        self._size = 0
        self._segment: MultipartSegment | None = None
        self._pending = bytearray()

    async def read(self, body: AsyncGenerator[bytes, None]) -> Form:
        with self._parser:
            async with aclosing(body) as chunks:
                async for chunk in chunks:
                    if chunk:
                        await self._take(chunk)
                    if self._parser.closed:
                        break
        if self._file is None:
            raise AppError(ErrorCode.bad_request, "the form holds no file", reason="no_file")
        return Form(self._fields, self._name, self._file)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    async def _take(self, chunk: bytes) -> None:
        for event in self._parser.parse(chunk):
            if isinstance(event, MultipartSegment):
                self._begin(event)
            elif event:
                await self._part(event)
            else:
                await self._end()

    def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        self._pending.clear()
        if not segment.filename:
            return
        if self._file is not None:
            raise AppError(ErrorCode.bad_request, "one file at a time", reason="two_files")
        self._name = segment.filename
        self._file = spool()

    async def _part(self, part: bytearray) -> None:
        self._pending += part
        if self._is_file():
            self._size += len(part)
            if self._size > self._limit:
                raise AppError(ErrorCode.too_large, f"at most {self._limit} bytes", limit=self._limit)
            if len(self._pending) >= _WRITE_BYTES:
                await self._write()
        elif len(self._pending) > MAX_FIELD_BYTES:
            raise AppError(ErrorCode.too_large, "a form field is too long", limit=MAX_FIELD_BYTES)

    async def _end(self) -> None:
        if self._is_file():
            await self._write()
        elif self._segment is not None:
            self._fields[self._segment.name] = self._pending.decode("utf-8", "replace")
        self._segment = None

    def _is_file(self) -> bool:
        return self._segment is not None and bool(self._segment.filename)

    async def _write(self) -> None:
        if self._file is None or not self._pending:
            return
        data, self._pending = self._pending, bytearray()
        try:
            await asyncio.to_thread(self._file.write, data)
        except OSError as error:
            detail = f"the upload could not be kept: {error.strerror}"
            raise AppError(ErrorCode.unavailable, detail, retry_after_ms=10_000) from error


def _boundary(content_type: str) -> str:
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary or len(boundary) > 200 or "\n" in boundary:
        raise AppError(ErrorCode.bad_request, "uploads are multipart/form-data with a boundary")
    return str(boundary)
