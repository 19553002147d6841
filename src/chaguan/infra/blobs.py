"""Sealed blobs in a local folder or any S3-compatible service. Written once, never changed, read from any byte on.

A blob is a header, then chunks of 64 KiB, each sealed on its own (the STREAM construction): big files pass in bounded
memory and a Range request opens only the chunks it needs. The header holds the blob's own random key, sealed with the
owner's data key and bound to the blob's name; so a chunk's nonce is just its number and whether it is the last one,
and chunks can be neither reordered, exchanged between blobs, nor cut off unnoticed.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import obstore
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from obstore.exceptions import AlreadyExistsError
from obstore.store import ObjectStore

from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra.blob_stores import (
    Bucket,
    bucket_of,
    bucket_store,
    folder_store,
    is_settled,
    sweep_folder,
    sync_to_disk,
    translated,
    unavailable,
)
from chaguan.infra.keyring import KEY_BYTES
from chaguan.infra.sealing import OVERHEAD, TAG_BYTES, DamagedError, DataKey

CHUNK = 64 * 1024

_VERSION = b"\x01"
_HEADER = len(_VERSION) + KEY_BYTES + OVERHEAD
_SEALED_CHUNK = CHUNK + TAG_BYTES
_PART = 5 * 1024 * 1024  # the smallest part S3 accepts; below it a blob is written in one request
_FLUSH = 4 * _SEALED_CHUNK
_LEFTOVER_AGE_S = 24 * 3600
OWNER = "owner"
"""The object of a bucket that says whose files lie there."""
_SHORT_S = 15  # for what is small; a stream may take as long as its reader needs


class _Span(NamedTuple):
    """The chunks that hold the plain bytes [start, end), and how many of the first chunk's bytes to skip."""

    first: int
    last: int
    skip: int
    length: int


class OpenBlob:
    """A blob whose header has been read and found right. `read` may be called several times."""

    def __init__(self, blobs: "Blobs", name: str, stored_size: int, cipher: AESGCM) -> None:
        self.size = plain_size(stored_size)
        self._blobs = blobs
        self._name = name
        self._cipher = cipher
        self._chunks = max(1, -(-self.size // CHUNK))

    async def read(self, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """The plain bytes [start, end), a chunk at a time. Raises `DamagedError` before yielding what is not right."""
        end = self.size if end is None else min(end, self.size)
        start = min(start, end)
        if start == end and self.size:
            return
        span = _Span(start // CHUNK, max(0, end - 1) // CHUNK, start % CHUNK, end - start)
        left, skip = span.length, span.skip
        async with aclosing(self._sealed_chunks(span)) as chunks:
            number = span.first
            async for sealed in chunks:
                plain = self._unseal(number, sealed)[skip : skip + left]
                number, skip, left = number + 1, 0, left - len(plain)
                yield plain
        if left:
            raise DamagedError(f"blob {self._name} ends too early")

    async def _sealed_chunks(self, span: _Span) -> AsyncGenerator[bytes, None]:
        byte_range = (_HEADER + span.first * _SEALED_CHUNK, _HEADER + (span.last + 1) * _SEALED_CHUNK)
        pending = bytearray()
        with translated("read"):
            found = await obstore.get_async(self._blobs.store, self._name, options={"range": byte_range})
            async for part in found.stream(min_chunk_size=_FLUSH):
                pending += part
                while len(pending) >= _SEALED_CHUNK:
                    yield bytes(pending[:_SEALED_CHUNK])
                    del pending[:_SEALED_CHUNK]
        if pending:
            yield bytes(pending)

    def _unseal(self, number: int, sealed: bytes) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(number, number == self._chunks - 1), sealed, None)
        except InvalidTag as error:
            raise DamagedError(f"blob {self._name} is damaged in chunk {number}") from error


class Blobs:
    def __init__(
        self,
        store: ObjectStore,
        after_put: Callable[[str], None] | None = None,
        sweep: Callable[[float], Awaitable[int]] | None = None,
    ) -> None:
        """`after_put` runs in a thread once a blob is in place; the folder uses it to reach the disk. `sweep` deletes
        what was left half-written before the given time."""
        self.store = store
        self.trouble = ""
        """Why the store could not be used when it was last looked at; empty when all was well."""
        self._after_put = after_put
        self._sweep = sweep
        self.owner = b""
        """Whose files are kept here, where the store can be shared by mistake; the first to start writes it there."""

    @classmethod
    def of(cls, settings: Settings) -> "Blobs":
        bucket = bucket_of(settings)
        return cls.in_folder(settings.data / "blobs") if bucket is None else cls.in_bucket(bucket)

    @classmethod
    def in_folder(cls, folder: Path) -> "Blobs":
        return cls(
            folder_store(folder),
            lambda name: sync_to_disk(folder, name),
            lambda before_s: sweep_folder(folder, before_s),
        )

    @classmethod
    def in_bucket(cls, bucket: Bucket) -> "Blobs":
        from chaguan.infra.s3_uploads import sweep_uploads

        return cls(bucket_store(bucket), sweep=lambda before_s: sweep_uploads(bucket, before_s))

    async def put(self, name: str, key: DataKey, content: AsyncIterable[bytes]) -> int:
        """Stores `content` under a name not used before (`conflict` otherwise); returns its size. All or nothing:
        when `content` raises or the caller is cancelled, no blob of that name exists."""
        counted = _Counted(content)
        async with aclosing(_sealed(name, key, counted)) as sealed:
            head = await _take(sealed, _PART)
            with counted.own_failures(), translated("written"):
                if len(head) < _PART:
                    await obstore.put_async(self.store, name, bytes(head), mode="create")
                else:
                    await self._put_in_parts(name, head, sealed)
        if self._after_put is not None:
            with translated("written"):
                await asyncio.to_thread(self._after_put, name)
        return counted.size

    async def open(self, name: str, key: DataKey) -> OpenBlob:
        with translated("read"):
            async with asyncio.timeout(_SHORT_S):
                found = await obstore.get_async(self.store, name, options={"range": (0, _HEADER)})
                header = bytes(await found.bytes_async())
        if header[:1] != _VERSION or len(header) != _HEADER:
            raise DamagedError(f"blob {name} has no proper header")
        blob_key = key.unseal(header[1:], _place(name))
        return OpenBlob(self, name, found.meta["size"], AESGCM(blob_key))

    async def size(self, name: str) -> int:
        with translated("read"):
            async with asyncio.timeout(_SHORT_S):
                found = await obstore.head_async(self.store, name)
        return plain_size(found["size"])

    async def delete(self, name: str) -> None:
        """Deleting what is not there is no error: a sweep may be repeated."""
        try:
            with translated("deleted"):
                async with asyncio.timeout(_SHORT_S):
                    await obstore.delete_async(self.store, name)
        except AppError as error:
            if error.code is not ErrorCode.not_found:
                raise

    async def check(self) -> None:
        """Writes and deletes a probe: tells a full disk, a read-only folder, a bucket that is gone."""
        name = f"probe/{secrets.token_hex(8)}"
        with translated("written"):
            async with asyncio.timeout(_SHORT_S):
                await obstore.put_async(self.store, name, b"probe", mode="create")
                await obstore.delete_async(self.store, name)
        if self.owner:
            await self._claim()

    async def _claim(self) -> None:
        with translated("written"):
            async with asyncio.timeout(_SHORT_S):
                with suppress(AlreadyExistsError):
                    await obstore.put_async(self.store, OWNER, self.owner, mode="create")
        await self.refuse_foreign(self.owner)

    async def refuse_foreign(self, owner: bytes) -> None:
        """Two deployments would sweep each other's uploads, and a backup of one would lack what the other deleted."""
        try:
            with translated("read"):
                async with asyncio.timeout(_SHORT_S):
                    found = bytes(await (await obstore.get_async(self.store, OWNER)).bytes_async())
        except AppError as error:
            if error.code is not ErrorCode.not_found:
                raise
            return
        if found != owner:
            raise unavailable(
                "the blob store belongs to another deployment; give each a bucket or a prefix of its own",
                settled=True,
            )

    async def look(self) -> str:
        """The same, remembered in `trouble` for whoever wants to know how the store is."""
        try:
            await self.check()
        except AppError as error:
            self.trouble = error.detail
        else:
            self.trouble = ""
        return self.trouble

    async def check_start(self) -> None:
        """`ConfigError` for what no waiting mends, such as wrong keys. A store that does not answer now may later:
        chats work without it."""
        try:
            await self.check()
        except AppError as error:
            self.trouble = error.detail
            if is_settled(error):
                raise ConfigError(f"{error.detail}; see blobs_url and [s3] in the configuration.") from error

    async def sweep_leftovers(self, now_s: float | None = None) -> int:
        """Deletes what writes interrupted by a crash left: files in a folder, uploads in parts in a bucket."""
        if self._sweep is None:
            return 0
        return await self._sweep((time.time() if now_s is None else now_s) - _LEFTOVER_AGE_S)

    async def _put_in_parts(self, name: str, head: bytearray, rest: AsyncGenerator[bytes, None]) -> None:
        # Writing in parts has no create mode; names are random, so this look is against mistakes, not against races.
        try:
            await obstore.head_async(self.store, name)
        except FileNotFoundError:
            pass
        else:
            raise AppError(ErrorCode.conflict, f"blob {name} exists")
        # Leaving the block by an exception, a cancellation too, drops the parts written so far.
        async with obstore.open_writer_async(
            self.store, name, buffer_size=_PART, max_concurrency=2
        ) as writer:
            async for part in _chained(head, rest):
                await writer.write(part)


def plain_size(stored: int) -> int:
    body = stored - _HEADER
    chunks = -(-body // _SEALED_CHUNK)
    if body < TAG_BYTES or body - (chunks - 1) * _SEALED_CHUNK < TAG_BYTES:
        raise DamagedError("a blob is cut short")
    return body - chunks * TAG_BYTES


class _Counted:
    def __init__(self, content: AsyncIterable[bytes]) -> None:
        self._content = content
        self._failure: OSError | None = None
        self.size = 0

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        try:
            async for part in self._content:
                self.size += len(part)
                yield part
        except OSError as error:
            self._failure = error
            raise

    @contextmanager
    def own_failures(self) -> Iterator[None]:
        """A connection that breaks while it sends the content must not look like a broken disk."""
        try:
            yield
        except AppError:
            if self._failure is not None:
                raise self._failure from None
            raise


async def _sealed(name: str, key: DataKey, content: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    blob_key = secrets.token_bytes(KEY_BYTES)
    cipher = AESGCM(blob_key)
    yield _VERSION + key.seal(blob_key, _place(name))
    pending = bytearray()
    number = 0
    async for part in content:
        pending += part
        # More than a chunk, not a whole one: the last chunk is sealed differently, so one is kept back.
        while len(pending) > CHUNK:
            yield cipher.encrypt(_nonce(number, False), bytes(pending[:CHUNK]), None)
            del pending[:CHUNK]
            number += 1
    yield cipher.encrypt(_nonce(number, True), bytes(pending), None)


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def _place(name: str) -> bytes:
    return b"blob\x00" + name.encode()


async def _take(parts: AsyncIterator[bytes], size: int) -> bytearray:
    taken = bytearray()
    async for part in parts:
        taken += part
        if len(taken) >= size:
            break
    return taken


async def _chained(head: bytearray, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    # Each part costs a hop between threads: a few chunks travel together.
    pending = head
    async for part in rest:
        pending += part
        if len(pending) >= _FLUSH:
            yield bytes(pending)
            pending.clear()
    if pending:
        yield bytes(pending)
