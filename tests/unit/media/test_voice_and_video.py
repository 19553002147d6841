import io

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media import video, voice
from chaguan.media.anonymize import blank_metadata
from chaguan.media.sniff import sniff
from tests.unit.media import samples


def transcoded(data: bytes, sniffed_format: str, max_ms: int = 60_000) -> tuple[bytes, voice.Clip]:
    target = io.BytesIO()
    clip = voice.transcode(io.BytesIO(data), sniffed_format, target, max_ms)
    return target.getvalue(), clip


@pytest.mark.parametrize("name", samples.SOUNDS)
def test_a_recording_of_any_host_becomes_mp3(name: str) -> None:
    data = samples.sound(name)
    stored, clip = transcoded(data, sniff(data).format)
    assert abs(clip.duration_ms - 1_500) < 120
    assert len(clip.waveform) == voice.PEAKS
    assert max(clip.waveform) == 100 > 10 > clip.waveform[0]
    assert clip.waveform[8] < clip.waveform[24] < clip.waveform[40]
    with av.open(io.BytesIO(stored), "r", format="mp3") as reader:
        stream = reader.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("mp3float", 16_000, 1)
        assert abs(sum(frame.samples for frame in reader.decode(stream)) - clip.duration_ms * 16) < 16 * 150
    assert 30_000 < len(stored) * 8_000 / clip.duration_ms < 60_000


def test_a_recording_that_is_too_long_is_refused() -> None:
    for name in samples.SOUNDS:
        data = samples.sound(name, 3)
        with pytest.raises(AppError) as caught:
            transcoded(data, sniff(data).format, 1_000)
        assert (caught.value.code, caught.value.data["limit_ms"]) == (ErrorCode.too_large, 1_000)


def test_a_header_that_lies_about_the_length_does_not_help() -> None:
    data = bytearray(samples.sound("mp3", 3))
    at = data.index(b"Info")
    data[at + 8 : at + 12] = (2).to_bytes(4, "big")  # claims two frames
    try:
        _, clip = transcoded(bytes(data), "mp3", 1_000)
    except AppError as error:
        assert error.code is ErrorCode.too_large
    else:
        assert clip.duration_ms <= 1_000


@pytest.mark.parametrize("rate", [0, 1, 3_999, 192_001, 2**31 - 1])
def test_a_sample_rate_that_would_blow_up_is_refused_at_once(rate: int) -> None:
    data = bytearray(samples.sound("wav", 0.5))
    data[24:28] = rate.to_bytes(4, "little")
    with pytest.raises(AppError):
        transcoded(bytes(data), "wav")


def test_an_unknown_codec_is_refused() -> None:
    data = samples.film("webm").replace(b"V_VP8", b"V_ZZ8")
    with pytest.raises(AppError, match="unknown codec"):
        video.inspect(io.BytesIO(data), "webm")


def test_a_recording_cut_short_keeps_what_can_be_heard() -> None:
    for name in ("mp3", "aac", "ogg", "amr", "webm"):
        data = samples.sound(name, 2)
        _, clip = transcoded(data[: len(data) // 2], sniff(data).format)
        assert 500 < clip.duration_ms < 1_600, name


@pytest.mark.parametrize("sniffed_format", ["mp3", "aac", "mp4", "webm", "ogg", "amr", "wav", "flac"])
def test_what_holds_no_sound_is_refused(sniffed_format: str) -> None:
    for data in (b"", b"\x00" * 5_000, b"#EXTM3U\nfile:///etc/passwd\n" * 50, samples.sound("wav", 0.1)[:44]):
        with pytest.raises(AppError) as caught:
            transcoded(data, sniffed_format)
        assert caught.value.code is ErrorCode.bad_request


def test_a_film_without_sound_is_no_voice_note() -> None:
    with pytest.raises(AppError, match="no sound"):
        transcoded(samples.film("mp4"), "mp4")


def test_a_waveform_shows_quiet_recordings_and_silence() -> None:
    assert voice.waveform([]) == []
    assert voice.waveform([0, 3, 5] * 40) == [0] * voice.PEAKS
    assert voice.waveform([100, 50, 200]) == [50, 25, 100]
    assert len(voice.waveform(list(range(1_000)))) == voice.PEAKS


@pytest.mark.parametrize("container", ["mp4", "mov", "webm"])
def test_a_film_is_measured_and_gets_a_poster(container: str) -> None:
    data = samples.film(container, 1.5, (320, 180))
    found = video.inspect(io.BytesIO(data), sniff(data).format)
    assert (found.width, found.height, found.duration_ms) == (320, 180, 1_500)
    assert found.poster.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("container", ["mp4", "mov", "webm"])
def test_a_film_loses_the_place_it_was_taken_at_and_nothing_else(container: str) -> None:
    data = samples.film(container)
    assert samples.GPS_MARK in data
    file = io.BytesIO(data)
    assert blank_metadata(file, sniff(data).format) >= 1
    blanked = file.getvalue()
    assert samples.GPS_MARK not in blanked
    assert len(blanked) == len(data)
    assert _packets(blanked) == _packets(data)
    assert blank_metadata(file, sniff(data).format) == 0


@pytest.mark.parametrize("sniffed_format", ["mp4", "webm"])
@pytest.mark.parametrize(
    "junk", [b"", b"\x00" * 64, b"\xff" * 64, b"\x00\x00\x00\x01moov" + b"\xff" * 20, b"\x12\x54\xc3\x67\x8f"]
)
def test_parts_that_lie_about_their_length_are_left_alone(junk: bytes, sniffed_format: str) -> None:
    file = io.BytesIO(junk)
    assert blank_metadata(file, sniffed_format) == 0
    assert file.getvalue() == junk


@given(data=st.binary(max_size=200), sniffed_format=st.sampled_from(["mp4", "webm"]))
def test_blanking_never_changes_the_length(data: bytes, sniffed_format: str) -> None:
    for begin in (
        b"",
        b"\x00\x00\x00\x80moov",
        b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\x12\x54\xc3\x67",
    ):
        file = io.BytesIO(begin + data)
        blank_metadata(file, sniffed_format)
        assert len(file.getvalue()) == len(begin + data)


def test_what_shows_nothing_is_no_film() -> None:
    for data in (b"", bytes(5_000), samples.sound("m4a"), samples.film()[:300]):
        with pytest.raises(AppError) as caught:
            video.inspect(io.BytesIO(data), "mp4")
        assert caught.value.code is ErrorCode.bad_request


def _packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data), "r") as reader:
        return [bytes(packet) for packet in reader.demux(video=0)]
