"""Places, devices and people named inside a video, blanked in place and at the same length, so that nothing moves.

An mp4 or mov keeps them in boxes (ISO 14496-12), a webm in Tags elements (RFC 9559); both formats have a kind of
filler, and these parts become that.
"""

import os
from typing import BinaryIO, NamedTuple

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf"}
_METADATA = {b"udta", b"meta", b"uuid"}
_MAX_PARTS = 20_000

_SEGMENT, _TAGS = 0x18538067, 0x1254C367
_VOID = 0xEC
_VOID_HEADER = 9


class _Part(NamedTuple):
    at: int
    header: int
    length: int


def blank_metadata(file: BinaryIO, sniffed_format: str) -> int:
    """Returns how many parts were blanked. A file whose lengths lie is left alone from there on."""
    size = file.seek(0, os.SEEK_END)
    if sniffed_format == "mp4":
        found = _metadata_boxes(file, 0, size, [0])
        for part in found:
            _overwrite(file, part.at + 4, b"free", part.at + part.header, part.at + part.length)
        return len(found)
    found = _tags(file, size)
    for part in found:
        void = bytes([_VOID, 0x01]) + (part.length - _VOID_HEADER).to_bytes(7, "big")
        _overwrite(file, part.at, void, part.at + _VOID_HEADER, part.at + part.length)
    return len(found)


def _metadata_boxes(file: BinaryIO, start: int, end: int, seen: list[int]) -> list[_Part]:
    found: list[_Part] = []
    at = start
    while at + 8 <= end and seen[0] < _MAX_PARTS:
        seen[0] += 1
        file.seek(at)
        head = file.read(16)
        length, header = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        length = length or end - at
        if length < header or at + length > end:
            break
        if head[4:8] in _METADATA:
            found.append(_Part(at, header, length))
        elif head[4:8] in _CONTAINERS:
            found += _metadata_boxes(file, at + header, at + length, seen)
        at += length
    return found


def _tags(file: BinaryIO, size: int) -> list[_Part]:
    found: list[_Part] = []
    at = 0
    for _ in range(_MAX_PARTS):
        file.seek(at)
        element = _element(file.read(12))
        if element is None:
            break
        name, header, length = element
        if name == _SEGMENT:
            at += header  # its children follow, whatever length it claims
            continue
        if length is None or at + header + length > size:
            break  # a cluster of unknown length: recorded live, with its tags before it
        if name == _TAGS and header + length >= _VOID_HEADER:
            found.append(_Part(at, header, header + length))
        at += header + length
    return found


def _element(head: bytes) -> tuple[int, int, int | None] | None:
    """Id, length of the header, length of the content (None: not known) of an EBML element (RFC 8794)."""
    id_bytes = _vint_bytes(head)
    size_bytes = _vint_bytes(head[id_bytes:]) if id_bytes else 0
    if not id_bytes or not size_bytes or id_bytes + size_bytes > len(head):
        return None
    mask = (1 << 7 * size_bytes) - 1
    length = int.from_bytes(head[id_bytes : id_bytes + size_bytes], "big") & mask
    return int.from_bytes(head[:id_bytes], "big"), id_bytes + size_bytes, None if length == mask else length


def _vint_bytes(head: bytes) -> int:
    return 9 - head[0].bit_length() if head and head[0] else 0


def _overwrite(file: BinaryIO, at: int, filler: bytes, zero_from: int, zero_to: int) -> None:
    file.seek(at)
    file.write(filler)
    file.seek(zero_from)
    block = bytes(64 * 1024)
    left = zero_to - zero_from
    while left > 0:
        left -= file.write(block[: min(left, len(block))])
