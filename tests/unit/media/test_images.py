import io
import zipfile

import pytest
from PIL import Image, ImageCms

from chaguan.core.errors import AppError, ErrorCode
from chaguan.media import gif, images
from tests.unit.media import samples

RED, BLUE, GREEN = (200, 20, 20), (20, 20, 200), (20, 200, 20)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def is_near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(int(a) - b) < 40 for a, b in zip(pixel, colour, strict=False))


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF"])
def test_every_accepted_format_becomes_one_that_every_host_shows(image_format: str) -> None:
    picture = images.clean(samples.encoded(samples.picture(), image_format), image_format)
    assert picture.mime in ("image/jpeg", "image/png", "image/gif")
    assert (picture.width, picture.height) == opened(picture.data).size == (640, 400)
    assert opened(picture.thumb).size == (480, 300)
    assert picture.thumb_mime == "image/jpeg"
    assert is_near(opened(picture.data).convert("RGB").getpixel((300, 300)), RED)
    assert is_near(opened(picture.thumb).convert("RGB").getpixel((400, 200)), BLUE)


def test_nothing_that_a_phone_wrote_about_place_or_maker_is_left() -> None:
    photo = samples.photo_with_place()
    assert samples.GPS_MARK in photo
    picture = images.clean(photo, "JPEG")
    for data in (picture.data, picture.thumb):
        for trace in (
            samples.GPS_MARK,
            b"MakerOfPhones",
            b"GPSLatitude",
            b"taken at home",
            b"Exif",
            b"xmpmeta",
        ):
            assert trace not in data
        assert not opened(data).getexif()


@pytest.mark.parametrize(
    ("orientation", "size", "green_at"),
    [
        (1, (640, 400), (20, 20)),
        (2, (640, 400), (620, 20)),
        (3, (640, 400), (620, 380)),
        (4, (640, 400), (20, 380)),
        (5, (400, 640), (20, 20)),
        (6, (400, 640), (380, 20)),
        (7, (400, 640), (380, 620)),
        (8, (400, 640), (20, 620)),
    ],
)
def test_a_photo_is_turned_upright(
    orientation: int, size: tuple[int, int], green_at: tuple[int, int]
) -> None:
    picture = images.clean(samples.photo_with_place(orientation), "JPEG")
    assert (picture.width, picture.height) == opened(picture.data).size == size
    assert is_near(opened(picture.data).getpixel(green_at), GREEN)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    source = (
        samples.picture((40, 30), "RGB").convert("L").convert("I;16")
        if mode == "I;16"
        else samples.picture((40, 30), mode)
    )
    picture = images.clean(samples.encoded(source, "PNG"), "PNG")
    assert opened(picture.data).mode == {"1": "L", "LA": "RGBA", "P": "RGB", "I;16": "L"}.get(mode, mode)


def test_transparency_is_kept() -> None:
    image = samples.picture((40, 30), "RGBA")
    image.putalpha(100)
    for image_format in ("PNG", "WEBP"):
        picture = images.clean(samples.encoded(image, image_format, lossless=True), image_format)
        assert (picture.mime, picture.thumb_mime) == ("image/png", "image/png")
        assert opened(picture.data).getpixel((5, 5))[3] == 100  # type: ignore[index]


def test_a_cmyk_photo_becomes_one_that_browsers_show() -> None:
    picture = images.clean(samples.encoded(samples.picture((40, 30), "CMYK"), "JPEG"), "JPEG")
    assert opened(picture.data).mode == "RGB"


def test_a_colour_profile_is_kept_unless_it_is_big() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for given, kept in ((profile, profile), (profile + bytes(20_000), None)):
        picture = images.clean(samples.encoded(samples.picture(), "JPEG", icc_profile=given), "JPEG")
        assert opened(picture.data).info.get("icc_profile") == kept


def test_a_photo_does_not_grow_much() -> None:
    for quality in (30, 60, 95):
        photo = samples.encoded(Image.effect_noise((400, 300), 60).convert("RGB"), "JPEG", quality=quality)
        assert len(images.clean(photo, "JPEG").data) < 1.1 * len(photo)


def test_a_file_hidden_behind_a_picture_does_not_pass() -> None:
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr("payload.html", "<script>alert(1)</script>")
    for image_format in ("JPEG", "PNG", "GIF", "WEBP", "BMP"):
        data = samples.encoded(samples.picture(), image_format) + hidden.getvalue()
        picture = images.clean(data, image_format)
        assert b"payload.html" not in picture.data


@pytest.mark.parametrize("size", [(20_000, 20_000), (7_200, 7_200), (2**31 - 1, 2**31 - 1), (40_000, 10)])
def test_a_picture_with_too_many_pixels_is_refused_undecoded(size: tuple[int, int]) -> None:
    with pytest.raises(AppError) as caught:
        images.clean(samples.png_bomb(*size), "PNG")
    assert caught.value.code in (ErrorCode.too_large, ErrorCode.bad_request)


def test_a_text_bomb_in_a_png_is_refused() -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("bomb", "A" * 60_000_000, zip=True)
    try:
        picture = images.clean(samples.encoded(samples.picture(), "PNG", pnginfo=info), "PNG")
    except AppError as error:
        assert error.code is ErrorCode.bad_request
    else:
        assert len(picture.data) < 100_000


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP"])
def test_a_truncated_picture_is_refused_or_shown_as_far_as_it_goes(image_format: str) -> None:
    data = samples.encoded(samples.picture(), image_format)
    for part in (1, 10, 30, 60, 95):
        try:
            picture = images.clean(data[: len(data) * part // 100], image_format)
        except AppError as error:
            assert error.code is ErrorCode.bad_request
        else:
            assert image_format == "GIF"
            opened(picture.data).load()


def test_the_wrong_decoder_is_not_tried() -> None:
    with pytest.raises(AppError, match="damaged"):
        images.clean(samples.encoded(samples.picture(), "PNG"), "JPEG")


def test_an_animation_stays_one() -> None:
    for image_format in ("GIF", "WEBP"):
        data = samples.animated(5, image_format=image_format)
        picture = images.clean(data, image_format)
        assert picture.mime == "image/gif"
        assert getattr(opened(picture.data), "n_frames", 0) == 5
        assert opened(picture.thumb).size == (60, 40)


def test_a_gif_keeps_its_pictures_and_loses_its_comments_and_foreign_blocks() -> None:
    data = samples.animated(4)
    trailer = data.rindex(b";")
    comment = b"\x21\xfe\x0ataken here\x00" + b"\x21\xff\x0bXMP DataXMP\x04gps!\x00"
    stripped = gif.strip(data[:trailer] + comment + b";" + b"PK\x03\x04 hidden")
    assert stripped.data == gif.strip(data).data
    assert stripped.frames == 4
    assert b"NETSCAPE2.0" in stripped.data
    assert opened(stripped.data).info["duration"] == 80


def test_an_animation_with_too_many_frames_or_pixels_is_refused() -> None:
    one = samples.animated(1, (1_400, 1_300))
    first = 13 + (3 << (one[10] & 7) + 1)
    for data in (samples.animated(images.MAX_FRAMES + 1), one[:first] + one[first:-1] * 60 + b";"):
        with pytest.raises(AppError) as caught:
            images.clean(data, "GIF")
        assert caught.value.code is ErrorCode.too_large


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"GIF89a" + bytes(7), b"GIF89a" + bytes(7) + b";", b"GIF89a" + b"\xff" * 40]
)
def test_a_gif_without_a_frame_is_refused(data: bytes) -> None:
    with pytest.raises(AppError):
        gif.strip(data)
