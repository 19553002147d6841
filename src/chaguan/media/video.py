"""Videos: measured and given a poster; kept as they are but for what `anonymize` blanks.

Runs in the decoder process only, like `voice`, with the same care about demuxers.
"""

from typing import BinaryIO, NamedTuple

import av
from PIL import Image

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media import images, voice
from chaguan.media.damage import require_codec, undecodable


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
        require_codec(stream)
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
