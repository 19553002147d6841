"""What a file is, told from its first bytes alone: neither its name nor its Content-Type is looked at."""

import codecs
import re
from typing import NamedTuple

HEAD_BYTES = 4096


class Sniffed(NamedTuple):
    """`family` is image, audio, video, av (a container of either), text or other; `format` names the decoder to use."""

    family: str
    format: str
    mime: str


OTHER = Sniffed("other", "", "application/octet-stream")
TEXT = Sniffed("text", "", "text/plain")
MARKUP = Sniffed(
    "text", "markup", "application/octet-stream"
)  # HTML, SVG, XML: never served as what they are

_PREFIXES = [
    (b"\xff\xd8\xff", Sniffed("image", "JPEG", "image/jpeg")),
    (b"\x89PNG\r\n\x1a\n", Sniffed("image", "PNG", "image/png")),
    (b"GIF87a", Sniffed("image", "GIF", "image/gif")),
    (b"GIF89a", Sniffed("image", "GIF", "image/gif")),
    (b"#!AMR-WB\n", Sniffed("audio", "amr", "audio/amr-wb")),
    (b"#!AMR\n", Sniffed("audio", "amr", "audio/amr")),
    (b"\x02#!SILK_V3", Sniffed("audio", "silk", "audio/silk")),
    (b"#!SILK_V3", Sniffed("audio", "silk", "audio/silk")),
    (b"OggS", Sniffed("audio", "ogg", "audio/ogg")),
    (b"ID3", Sniffed("audio", "mp3", "audio/mpeg")),
    (b"fLaC", Sniffed("audio", "flac", "audio/flac")),
    (b"%PDF-", Sniffed("other", "pdf", "application/pdf")),
    (b"PK\x03\x04", Sniffed("other", "zip", "application/zip")),
    (b"PK\x05\x06", Sniffed("other", "zip", "application/zip")),
    (b"\x1f\x8b", Sniffed("other", "gzip", "application/gzip")),
    (b"Rar!\x1a\x07", Sniffed("other", "rar", "application/vnd.rar")),
    (b"7z\xbc\xaf\x27\x1c", Sniffed("other", "7z", "application/x-7z-compressed")),
]
_RIFF = {
    b"WEBP": Sniffed("image", "WEBP", "image/webp"),
    b"WAVE": Sniffed("audio", "wav", "audio/wav"),
}
_BRANDS = {
    b"avif": Sniffed("image", "AVIF", "image/avif"),
    b"avis": Sniffed("image", "AVIF", "image/avif"),
    b"heic": Sniffed("image", "HEIC", "image/heic"),
    b"heix": Sniffed("image", "HEIC", "image/heic"),
    b"mif1": Sniffed("image", "HEIC", "image/heic"),
    b"msf1": Sniffed("image", "HEIC", "image/heic"),
    b"M4A ": Sniffed("audio", "mp4", "audio/mp4"),
    b"M4B ": Sniffed("audio", "mp4", "audio/mp4"),
    b"qt  ": Sniffed("av", "mp4", "video/quicktime"),
}
_MP4 = Sniffed("av", "mp4", "video/mp4")
_QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip")
_UTF8 = codecs.getincrementaldecoder("utf-8")
_MARKUP = re.compile(
    rb"<(?:!doctype|!--|\?xml|html|head|body|script|svg|iframe|meta|style|[a-z][a-z0-9]*[\s>/])", re.I
)


def sniff(head: bytes) -> Sniffed:
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    return _riff(head) or _boxes(head) or _matroska(head) or _bmp(head) or _mpeg_audio(head) or _text(head)


def _riff(head: bytes) -> Sniffed | None:
    return _RIFF.get(head[8:12]) if head.startswith(b"RIFF") else None


def _boxes(head: bytes) -> Sniffed | None:
    if head[4:8] == b"ftyp":
        major = _BRANDS.get(head[8:12], _MP4)
        compatible = head[16 : min(int.from_bytes(head[:4], "big"), 256)]
        # A picture may name mif1 as its major brand and say only further on which kind it is.
        return _BRANDS[b"avif"] if major.format == "HEIC" and b"avif" in compatible else major
    if head[4:8] in _QUICKTIME_BOXES and 8 <= int.from_bytes(head[:4], "big") < 1 << 31:
        return _BRANDS[b"qt  "]
    return None


def _matroska(head: bytes) -> Sniffed | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    return Sniffed("av", "webm", "video/webm") if b"webm" in head[:64] else OTHER


def _bmp(head: bytes) -> Sniffed | None:
    # "BM" alone begins many a text; the header's size field is one of few values.
    if head.startswith(b"BM") and head[14:18] in (b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"):
        return Sniffed("image", "BMP", "image/bmp")
    return None


def _mpeg_audio(head: bytes) -> Sniffed | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    layer, version = head[1] >> 1 & 3, head[1] >> 3 & 3
    if layer == 0:
        is_adts = head[1] & 0xF6 == 0xF0 and head[2] >> 2 & 15 < 13
        return Sniffed("audio", "aac", "audio/aac") if is_adts else None
    is_frame = version != 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3
    return Sniffed("audio", "mp3", "audio/mpeg") if is_frame else None


def _text(head: bytes) -> Sniffed:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode()
    if _MARKUP.search(head):
        return MARKUP
    if not head or b"\x00" in head:
        return OTHER
    try:
        # Not to its end: the last character may have been cut in two.
        _UTF8().decode(head)
    except UnicodeDecodeError:
        return OTHER
    return TEXT
