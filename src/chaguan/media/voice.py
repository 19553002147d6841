"""Voice notes of any host turned into the one form that every host plays: mp3, mono, 16 kHz, 40 kbit/s.

Runs in the decoder process only. The demuxer is named from the sniffed bytes and the input is a file object, so no
playlist or reference inside a hostile file makes FFmpeg open anything else.
"""

from array import array
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media.damage import require_codec, undecodable

RATE = 16_000
BIT_RATE = 40_000
PEAKS = 48

_BLOCK = RATE // 50
_MIN_RATE, _MAX_RATE = 4_000, 192_000
_SLACK_MS = 500  # a recorder that stops at the limit stops a frame after it, and encoders pad
_DEMUXERS = {
    "mp3": "mp3",
    "aac": "aac",
    "mp4": "mov,mp4,m4a,3gp,3g2,mj2",
    "webm": "matroska,webm",
    "ogg": "ogg",
    "amr": "amr",
    "wav": "wav",
    "flac": "flac",
}


class Clip(NamedTuple):
    duration_ms: int
    waveform: list[int]


def demuxer(sniffed_format: str) -> str | None:
    return _DEMUXERS.get(sniffed_format)


def transcode(source: BinaryIO, sniffed_format: str, target: BinaryIO, max_ms: int) -> Clip:
    """Writes mp3 to `target`. Raises `bad_request` for what holds no sound, `too_large` for what lasts too long."""
    with undecodable("recording"):
        return _transcode(source, sniffed_format, target, max_ms)


def _transcode(source: BinaryIO, sniffed_format: str, target: BinaryIO, max_ms: int) -> Clip:
    peaks: list[int] = []
    samples = 0
    with (
        av.open(source, "r", format=_DEMUXERS[sniffed_format], metadata_errors="replace") as reader,
        av.open(target, "w", format="mp3", options={"id3v2_version": "0"}) as writer,
    ):
        out = writer.add_stream("libmp3lame", rate=RATE, layout="mono")
        out.bit_rate = BIT_RATE
        for frame in _resampled(reader, max_ms):
            samples += frame.samples
            peaks += _loudness(frame)
            writer.mux(out.encode(frame))
        if not samples:
            raise AppError(ErrorCode.bad_request, "this recording is empty", reason="undecodable")
        writer.mux(out.encode(None))
    return Clip(samples * 1000 // RATE, waveform(peaks))


def _resampled(reader: av.container.InputContainer, max_ms: int) -> Iterator[AudioFrame]:
    if not reader.streams.audio:
        raise AppError(ErrorCode.bad_request, "this file holds no sound", reason="undecodable")
    stream = reader.streams.audio[0]
    require_codec(stream)
    resampler = AudioResampler(format="s16p", layout="mono", rate=RATE)
    length = 0.0
    for decoded in _decoded(reader, stream):
        # Some header may claim one sample a second, and a frame of it would become a hundred million of ours.
        if not _MIN_RATE <= decoded.sample_rate <= _MAX_RATE:
            raise AppError(ErrorCode.bad_request, "this sample rate is none of speech", reason="undecodable")
        # Counted while decoding: what a header says about the length is not believed.
        length += decoded.samples * 1000 / decoded.sample_rate
        if length > max_ms + _SLACK_MS:
            raise AppError(ErrorCode.too_large, "this recording is too long", limit_ms=max_ms)
        decoded.pts = None
        yield from resampler.resample(decoded)
    yield from resampler.resample(None)


def _decoded(reader: av.container.InputContainer, stream: av.AudioStream) -> Iterator[AudioFrame]:
    """A recording that was cut short, or has a bad packet, keeps what can be heard of it."""
    heard = False
    for packet in reader.demux(stream):
        try:
            for frame in packet.decode():
                heard = True
                yield frame
        except av.InvalidDataError:
            if not heard:
                raise


def _loudness(frame: AudioFrame) -> list[int]:
    values = array("h", bytes(frame.planes[0])[: frame.samples * 2])
    blocks = (values[at : at + _BLOCK] for at in range(0, len(values), _BLOCK))
    return [max(max(block), -min(block)) for block in blocks]


def waveform(peaks: list[int]) -> list[int]:
    """At most 48 values from 0 to 100, the loudest being 100: quiet recordings are seen too."""
    top = max(peaks, default=0)
    if top < 64:  # silence, or the noise of a converter
        return [0] * min(len(peaks), PEAKS)
    count = min(len(peaks), PEAKS)
    edges = [index * len(peaks) // count for index in range(count + 1)]
    return [max(peaks[edges[i] : edges[i + 1]]) * 100 // top for i in range(count)]
