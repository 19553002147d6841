import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.media.sniff import MARKUP, OTHER, TEXT, sniff
from tests.unit.media import samples


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP"])
def test_pictures_are_told_by_their_bytes(image_format: str) -> None:
    found = sniff(samples.encoded(samples.picture(), image_format))
    assert (found.family, found.format) == ("image", image_format)


@pytest.mark.parametrize("name", samples.SOUNDS)
def test_sounds_are_told_by_their_bytes(name: str) -> None:
    found = sniff(samples.sound(name, 0.2))
    assert found.family in ("audio", "av")
    assert found.format == {"m4a": "mp4"}.get(name, name)


@pytest.mark.parametrize(
    ("container", "mime"), [("mp4", "video/mp4"), ("mov", "video/quicktime"), ("webm", "video/webm")]
)
def test_films_are_told_by_their_bytes(container: str, mime: str) -> None:
    assert sniff(samples.film(container, 0.2)).mime == mime


@pytest.mark.parametrize(
    "head",
    [
        b"<!DOCTYPE html><html>",
        b"  \n<html>",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">',
        b"<?xml version='1.0'?><svg/>",
        b"hello <script>alert(1)</script>",
        "<html>".encode("utf-16"),
        b"\xef\xbb\xbf<body onload=x>",
        b"BM<script>alert(1)</script>",
        b"\x00\x00<iframe src=x>",
    ],
)
def test_markup_is_never_a_picture_and_never_served_as_markup(head: bytes) -> None:
    found = sniff(head)
    assert found == MARKUP
    assert found.mime == "application/octet-stream"


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"", OTHER.mime),
        (b"\x00\x01\x02", OTHER.mime),
        ("茶馆 opens at nine".encode(), TEXT.mime),
        ("茶馆".encode()[:-1], TEXT.mime),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"MZ\x90\x00", OTHER.mime),
        (b"BM is a text about BMP", TEXT.mime),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "image/avif"),
        (b"\x02#!SILK_V3", "audio/silk"),
        (b"\xff\xff\xff\xff", OTHER.mime),
    ],
)
def test_other_files(head: bytes, mime: str) -> None:
    assert sniff(head).mime == mime


def test_a_zip_with_a_picture_in_front_is_a_picture_and_one_without_is_a_zip() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.html", "<script>")
    assert sniff(out.getvalue()).format == "zip"
    assert sniff(samples.encoded(samples.picture(), "JPEG") + out.getvalue()).format == "JPEG"


@given(st.binary(max_size=200))
def test_no_bytes_confuse_it(head: bytes) -> None:
    assert sniff(head).mime


@given(
    st.sampled_from([b"RIFF", b"\x1a\x45\xdf\xa3", b"\0\0\0\x20ftyp", b"\xff\xfb", b"\xff\xfe", b"BM"]),
    st.binary(max_size=60),
)
def test_no_bytes_after_a_known_beginning_confuse_it(begin: bytes, rest: bytes) -> None:
    assert sniff(begin + rest).mime
