"""PostgreSQL's binary COPY format, read: what https://www.postgresql.org/docs/current/sql-copy.html says of it, for the
column types of our tables."""

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Row = tuple[Any, ...]

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_END = -1


class Unreadable(ValueError):
    """Not the format, or a type that none of our tables has."""


def _number(form: str) -> Callable[[bytes], Any]:
    return lambda data: struct.unpack(form, data)[0]


_DECODERS: dict[str, Callable[[bytes], Any]] = {
    "bigint": _number(">q"),
    "integer": _number(">i"),
    "smallint": _number(">h"),
    "double precision": _number(">d"),
    "boolean": _number(">?"),
    "text": lambda data: data.decode(),
    "character varying": lambda data: data.decode(),
    "bytea": bytes,
}


def decode_rows(parts: Iterable[bytes], types: list[str]) -> Iterator[Row]:
    """Rows with a Python value for each column. Raises `Unreadable`, also when the stream ends before its end."""
    try:
        decoders = [_DECODERS[name.partition("(")[0]] for name in types]
    except KeyError as error:
        raise Unreadable(f"a column of type {error.args[0]}") from error
    bytes_of = _Stream(parts)
    if bytes_of.take(len(_SIGNATURE)) != _SIGNATURE:
        raise Unreadable("no signature")
    bytes_of.take(4)  # flags: none that would change how rows look has ever been given out
    bytes_of.take(bytes_of.number(">i", 4))
    while (count := bytes_of.number(">h", 2)) != _END:
        if count != len(decoders):
            raise Unreadable(f"a row of {count} columns")
        try:
            yield tuple(_value(bytes_of, decode) for decode in decoders)
        except (struct.error, UnicodeDecodeError) as error:
            raise Unreadable(str(error)) from error


def _value(stream: "_Stream", decode: Callable[[bytes], Any]) -> Any:
    size = stream.number(">i", 4)
    return None if size == -1 else decode(stream.take(size))


class _Stream:
    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._data = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        if size < 0:
            raise Unreadable("a negative length")
        while len(self._data) - self._at < size:
            part = next(self._parts, None)
            if part is None:
                raise Unreadable("it ends too early")
            self._data = self._data[self._at :] + part
            self._at = 0
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, form: str, size: int) -> int:
        return int(struct.unpack(form, self.take(size))[0])
