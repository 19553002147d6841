"""Pictures made safe: decoded within bounds, turned upright, stripped of metadata, written anew, with a thumbnail.

Everything but a GIF is written from its pixels, so nothing of the file that came in (EXIF, GPS, XMP, a second file
behind the end, a trick for somebody's decoder) reaches a viewer. Results are JPEG, PNG or GIF, because every
mini-program host shows these. Runs in the decoder process only: it blocks, and it is fed by strangers.
"""

import io
import struct
from typing import Any, NamedTuple

from PIL import Image, ImageOps, ImageSequence, JpegImagePlugin

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media import gif
from chaguan.media.damage import undecodable

MAX_PIXELS = 50_000_000
MAX_ANIMATION_PIXELS = 100_000_000
MAX_FRAMES = 300
MAX_SIDE = 30_000
THUMB_SIDE = 480

_MAX_PROFILE = 16 * 1024
_BIG_PNG_PIXELS = 4_000_000
_PILLOW = (SyntaxError, LookupError, TypeError, ArithmeticError, RuntimeError, struct.error)

# The bound is ours and checked before any pixel is decoded; Pillow's only warns at half the size it refuses.
Image.MAX_IMAGE_PIXELS = None


class Picture(NamedTuple):
    data: bytes
    mime: str
    width: int
    height: int
    thumb: bytes
    thumb_mime: str


def clean(data: bytes, image_format: str) -> Picture:
    """`image_format` is what sniffing found; no other decoder is tried. Raises `bad_request` and `too_large`."""
    with undecodable("picture", *_PILLOW):
        if image_format == "GIF":
            return _clean_gif(data)
        with Image.open(io.BytesIO(data), formats=[image_format]) as image:
            check_size(image.width, image.height, 1)
            if image_format == "WEBP" and getattr(image, "is_animated", False):
                return _clean_gif(_as_gif(image))
            return _clean_still(image)


def thumbnail(image: Image.Image) -> tuple[bytes, str]:
    shrink = min(1.0, THUMB_SIDE / max(image.size))
    size = max(1, round(image.width * shrink)), max(1, round(image.height * shrink))
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    small.info = image.info
    return _encoded(small, "PNG" if _has_alpha(small) else "JPEG", {"quality": 80})


def _clean_still(image: Image.Image) -> Picture:
    options = _jpeg_options(image)
    keeps_png = image.format in ("PNG", "BMP")
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    upright = _plain(image)
    to_png = keeps_png or _has_alpha(upright)
    data, mime = _encoded(upright, "PNG" if to_png else "JPEG", options)
    thumb, thumb_mime = thumbnail(upright)
    return Picture(data, mime, upright.width, upright.height, thumb, thumb_mime)


def _clean_gif(data: bytes) -> Picture:
    stripped = gif.strip(data)
    check_size(stripped.width, stripped.height, stripped.frames)
    with Image.open(io.BytesIO(stripped.data), formats=["GIF"]) as image:
        image.load()
        first = _plain(image)
    thumb, thumb_mime = thumbnail(first)
    return Picture(stripped.data, "image/gif", stripped.width, stripped.height, thumb, thumb_mime)


def _as_gif(image: Image.Image) -> bytes:
    count = getattr(image, "n_frames", 1)
    check_size(image.width, image.height, count)
    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        frames.append(frame.convert("RGBA"))
        durations.append(frame.info.get("duration", 100) or 100)
    out = io.BytesIO()
    frames[0].save(
        out, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, disposal=2
    )
    return out.getvalue()


def check_size(width: int, height: int, frames: int) -> None:
    pixels = width * height
    if not pixels:
        raise AppError(ErrorCode.bad_request, "this picture is empty", reason="undecodable")
    if pixels > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise AppError(
            ErrorCode.too_large, "this picture has too many pixels", limit=MAX_PIXELS, pixels=pixels
        )
    if frames > MAX_FRAMES or (frames > 1 and pixels * frames > MAX_ANIMATION_PIXELS):
        raise AppError(
            ErrorCode.too_large, "this animation has too many frames", limit=MAX_FRAMES, frames=frames
        )


def _jpeg_options(image: Image.Image) -> dict[str, Any]:
    """A JPEG keeps its own quantization tables: written with others it would lose more, or grow."""
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.mode in ("L", "RGB"):
        sampling = JpegImagePlugin.get_sampling(image)
        return {"qtables": image.quantization, "subsampling": max(sampling, 0)}
    return {"quality": 88}


def _plain(image: Image.Image) -> Image.Image:
    """One of L, RGB, RGBA, carrying nothing but its colour profile."""
    if image.mode.startswith("I"):
        image = image.convert("I").point([value / 256 for value in range(65_536)], "L")
    has_alpha = _has_alpha(image) or "transparency" in image.info
    wanted = "RGBA" if has_alpha else "L" if image.mode in ("1", "L") else "RGB"
    profile = image.info.get("icc_profile") if image.mode not in ("CMYK", "YCCK") else None
    plain = image if image.mode == wanted else image.convert(wanted)
    plain.info = {"icc_profile": profile} if profile and len(profile) <= _MAX_PROFILE else {}
    return plain


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La")


def _encoded(image: Image.Image, image_format: str, jpeg_options: dict[str, Any]) -> tuple[bytes, str]:
    out = io.BytesIO()
    profile = image.info.get("icc_profile")
    if image_format == "PNG":
        # Photographs saved as PNG take three times as long at level 6, and end up no smaller.
        level = 3 if image.width * image.height > _BIG_PNG_PIXELS else 6
        image.save(out, "PNG", icc_profile=profile, compress_level=level)
        return out.getvalue(), "image/png"
    if image.mode == "L" and len(jpeg_options.get("qtables", [0])) > 1:
        jpeg_options = {"quality": 88}
    image.save(out, "JPEG", icc_profile=profile, progressive=True, **jpeg_options)
    return out.getvalue(), "image/jpeg"
