"""Videos: measured, given a poster, and kept as they are but for the places and devices they name.

Runs in the decoder process only, like `voice`, with the same care about demuxers.
"""

import os
from typing import BinaryIO, NamedTuple

import av
from PIL import Image

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media import images, voice
from chaguan.media.damage import undecodable

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf"}
_METADATA = {b"udta", b"meta", b"uuid"}
_MAX_BOXES = 10_000


class Film(NamedTuple):
    width: int
    height: int
    duration_ms: int
    poster: bytes


def inspect(source: BinaryIO, sniffed_format: str) -> Film:
    """Raises `bad_request` for what shows nothing."""
    with undecodable("video"):
        return _inspect(source, sniffed_format)


def _inspect(source: BinaryIO, sniffed_format: str) -> Film:
    with av.open(source, "r", format=voice.demuxer(sniffed_format), metadata_errors="replace") as reader:
        if not reader.streams.video:
            raise AppError(ErrorCode.bad_request, "this file holds no pictures", reason="undecodable")
        stream = reader.streams.video[0]
        stream.codec_context.thread_count = 1
        images.check_size(stream.width, stream.height, 1)
        duration_ms = _duration_ms(reader, stream)
        frame = next(reader.decode(stream), None)
        if frame is None:
            raise AppError(ErrorCode.bad_request, "this video holds no frame", reason="undecodable")
        images.check_size(frame.width, frame.height, 1)
        picture = _small(frame)
        width, height = frame.width, frame.height
        if frame.rotation % 180:
            width, height = height, width
    poster, _ = images.thumbnail(picture)
    return Film(width, height, duration_ms, poster)


def _duration_ms(reader: av.container.InputContainer, stream: av.VideoStream) -> int:
    if reader.duration:
        return max(0, reader.duration // 1000)
    if stream.duration and stream.time_base:
        return max(0, int(stream.duration * stream.time_base * 1000))
    return 0  # recorded in a browser: such a webm does not know its length


def _small(frame: av.VideoFrame) -> Image.Image:
    shrink = min(1.0, images.THUMB_SIDE / max(frame.width, frame.height))
    width, height = max(2, round(frame.width * shrink)), max(2, round(frame.height * shrink))
    small = frame.reformat(width=width, height=height, format="rgb24")
    picture: Image.Image = small.to_image()  # type: ignore[no-untyped-call]
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def blank_metadata(file: BinaryIO) -> int:
    """Turns the boxes of an mp4 or mov that hold metadata (place, device, people) into free space, in place and of the
    same length, so that nothing else moves. Returns how many there were."""
    size = file.seek(0, os.SEEK_END)
    found = _metadata_boxes(file, 0, size, [0])
    for at, header, length in found:
        file.seek(at + 4)
        file.write(b"free")
        file.seek(at + header)
        _zero(file, length - header)
    return len(found)


def _metadata_boxes(file: BinaryIO, start: int, end: int, seen: list[int]) -> list[tuple[int, int, int]]:
    found = []
    at = start
    while at + 8 <= end and seen[0] < _MAX_BOXES:
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
            found.append((at, header, length))
        elif head[4:8] in _CONTAINERS:
            found += _metadata_boxes(file, at + header, at + length, seen)
        at += length
    return found


def _zero(file: BinaryIO, length: int) -> None:
    block = bytes(64 * 1024)
    while length > 0:
        length -= file.write(block[: min(length, len(block))])
