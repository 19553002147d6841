"""Stored blobs as streams: read, hashed, written; as sealed as they lie there, in bounded memory."""

import hashlib
from collections.abc import Iterable, Iterator

import obstore
from obstore.store import ObjectStore

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.blob_stores import translated

_STEP = 1024 * 1024
_PART = 5 * 1024 * 1024  # the smallest part S3 accepts; below it a blob is written in one request


class Streamed:
    """A stored blob to be iterated over, or read like a file."""

    def __init__(self, store: ObjectStore, name: str) -> None:
        with translated("read"):
            found = obstore.get(store, name)
            self.size = int(found.meta["size"])
            self._parts = iter(found.stream(min_chunk_size=_STEP))
        self._pending = b""

    def __iter__(self) -> Iterator[bytes]:
        while part := self.read(_STEP):
            yield part

    def read(self, size: int) -> bytes:
        with translated("read"):
            while len(self._pending) < size and (part := next(self._parts, None)) is not None:
                self._pending += bytes(part)
        taken, self._pending = self._pending[:size], self._pending[size:]
        return taken


class Hashed:
    """Passes parts on and knows, once they have passed, how many bytes they were and their checksum."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._sha256 = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self._sha256.update(part)
            self.size += len(part)
            yield part

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


def checksum(store: ObjectStore, name: str) -> tuple[int, str]:
    hashed = Hashed(Streamed(store, name))
    for _ in hashed:
        pass
    return hashed.size, hashed.sha256


def has(store: ObjectStore, name: str) -> bool:
    try:
        with translated("read"):
            obstore.head(store, name)
    except AppError as error:
        if error.code is ErrorCode.not_found:
            return False
        raise
    return True


def put(store: ObjectStore, name: str, parts: Iterable[bytes]) -> None:
    """All or nothing, also when `parts` raises; `conflict` if there is a blob of that name."""
    iterator = iter(parts)
    head = b""
    for part in iterator:
        head += part
        if len(head) >= _PART:
            break
    else:
        with translated("written"):
            obstore.put(store, name, head, mode="create", use_multipart=False)
        return
    if has(store, name):
        raise AppError(ErrorCode.conflict, f"blob {name} exists")
    with translated("written"), obstore.open_writer(store, name, buffer_size=_PART) as writer:
        writer.write(head)
        for part in iterator:
            writer.write(part)
