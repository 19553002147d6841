"""Files for the tests, made on the spot: pictures with Pillow, sounds and films with PyAV."""

import io
import math
import zlib
from array import array
from typing import Any

import av
from PIL import Image, TiffImagePlugin

GPS_MARK = b"Shop at the lake"


def picture(size: tuple[int, int] = (640, 400), mode: str = "RGB") -> Image.Image:
    """Left half red, right half blue, a green corner at the top left: turning it shows."""
    image = Image.new("RGB", size, (200, 20, 20))
    image.paste((20, 20, 200), (size[0] // 2, 0, size[0], size[1]))
    image.paste((20, 200, 20), (0, 0, size[0] // 8, size[1] // 8))
    return image.convert(mode)


def encoded(image: Image.Image, image_format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def photo_with_place(orientation: int = 1) -> bytes:
    """A JPEG as phones make them: orientation, place and maker's notes in EXIF, XMP and a comment."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "MakerOfPhones"
    exif[0x8825] = {
        1: "N",
        2: (TiffImagePlugin.IFDRational(30), TiffImagePlugin.IFDRational(15), TiffImagePlugin.IFDRational(0)),
        27: GPS_MARK,
    }
    return encoded(
        picture(),
        "JPEG",
        exif=exif,
        xmp=b"<x:xmpmeta>GPSLatitude</x:xmpmeta>",
        comment=b"taken at home",
        quality=90,
    )


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims, and holds, very many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    rows = zlib.compress(bytes(min(1 + width // 8, 3_000) * min(height, 2_000)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def animated(frames: int = 3, size: tuple[int, int] = (60, 40), image_format: str = "GIF") -> bytes:
    pictures = [Image.new("RGB", size, (40 * (i % 6), 10, 10 + i % 200)) for i in range(frames)]
    return encoded(pictures[0], image_format, save_all=True, append_images=pictures[1:], duration=80, loop=0)


SOUNDS = {
    "mp3": ("mp3", "libmp3lame", 44_100, "mono"),
    "m4a": ("ipod", "aac", 44_100, "stereo"),
    "aac": ("adts", "aac", 16_000, "mono"),
    "webm": ("webm", "libopus", 48_000, "mono"),
    "ogg": ("ogg", "libopus", 48_000, "stereo"),
    "amr": ("amr", "libopencore_amrnb", 8_000, "mono"),
    "wav": ("wav", "pcm_s16le", 16_000, "mono"),
    "flac": ("flac", "flac", 22_050, "mono"),
}


def sound(name: str, seconds: float = 1.5) -> bytes:
    """A 440 Hz tone that grows from silent to loud."""
    container, codec, rate, layout = SOUNDS[name]
    out = io.BytesIO()
    with av.open(out, "w", format=container) as writer:
        stream = writer.add_stream(codec, rate=rate, layout=layout)
        if codec == "libopencore_amrnb":
            stream.bit_rate = 12_200
        resampler = av.AudioResampler(
            format=stream.format, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size or 1024
        )
        for frame in resampler.resample(_tone(seconds, rate)) + resampler.resample(None):
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return out.getvalue()


def _tone(seconds: float, rate: int) -> av.AudioFrame:
    count = int(seconds * rate)
    values = array("h", (int(30_000 * i / count * math.sin(i * 2764.6 / rate)) for i in range(count)))
    frame = av.AudioFrame(format="s16", layout="mono", samples=count)
    frame.planes[0].update(values.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate = rate
    return frame


def film(container: str = "mp4", seconds: float = 1.0, size: tuple[int, int] = (320, 180)) -> bytes:
    codec = "libvpx" if container == "webm" else "mpeg4"
    out = io.BytesIO()
    with av.open(out, "w", format=container) as writer:
        writer.metadata["location"] = "+30.2500+120.1500/"
        writer.metadata["comment"] = GPS_MARK.decode()
        stream = writer.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for _ in range(int(seconds * 10)):
            writer.mux(stream.encode(av.VideoFrame.from_image(picture(size)).reformat(format="yuv420p")))
        writer.mux(stream.encode(None))
    return out.getvalue()
