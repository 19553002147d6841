"""What may be uploaded, how big, and what a name may look like. Pure decisions."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum

from chaguan.accounts import Scope
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits
from chaguan.media.sniff import OTHER, Sniffed

UNUSED_FOR_MS = 24 * 3600 * 1000

_NAME_LENGTH = 200
_SEPARATORS = re.compile(r"[/\\]")
_DECODED: Mapping[str, frozenset[str]] = {
    "image": frozenset({"JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP"}),
    "voice": frozenset({"mp3", "aac", "mp4", "webm", "ogg", "amr", "wav", "flac"}),
    "video": frozenset({"mp4", "webm"}),
}
# Served under their own type, always as a download. Anything else is opaque, markup above all.
_HARMLESS = frozenset({"application/pdf", "application/zip", "text/plain", "application/gzip"})


class Kind(StrEnum):
    image = "image"
    voice = "voice"
    video = "video"
    file = "file"


def access_upload(caller: Caller) -> None:
    if caller.kind == "server" and Scope.messages_write not in caller.scopes:
        raise AppError(ErrorCode.forbidden, f"this key lacks the scope {Scope.messages_write}")


def parse_kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        accepted = ", ".join(Kind)
        raise AppError(ErrorCode.bad_request, f"kind is one of {accepted}") from None


def size_limit(kind: Kind, limits: Limits) -> int:
    return {
        Kind.image: limits.image,
        Kind.voice: limits.voice,
        Kind.video: limits.video,
        Kind.file: limits.file,
    }[kind]


def largest_limit(limits: Limits) -> int:
    return max(size_limit(kind, limits) for kind in Kind)


def unused_limit(limits: Limits) -> int:
    """Bytes that one user may have uploaded and not sent: what a stranger can cost before anyone sees it."""
    return 3 * largest_limit(limits)


def check_size(kind: Kind, size: int, limits: Limits) -> None:
    limit = size_limit(kind, limits)
    if size > limit:
        raise AppError(ErrorCode.too_large, f"a {kind} has at most {limit} bytes", limit=limit)
    if not size:
        raise AppError(ErrorCode.bad_request, "the file is empty", reason="empty")


def check_type(kind: Kind, found: Sniffed) -> None:
    """The content decides; a name or a Content-Type that says otherwise changes nothing."""
    accepted = _DECODED.get(kind)
    if accepted is not None and found.format not in accepted:
        raise AppError(
            ErrorCode.bad_request,
            f"this is no {kind} that can be decoded ({found.mime}); it can be sent as a file",
            reason="wrong_type",
            found=found.mime,
        )


def stored_mime(kind: Kind, found: Sniffed) -> str:
    if (
        kind is Kind.file
        and found.family not in ("image", "audio", "video", "av")
        and found.mime not in _HARMLESS
    ):
        return OTHER.mime
    return found.mime


def clean_name(name: str) -> str:
    """The last part of a path, without what could make it look like something else (controls, text direction)."""
    last = _SEPARATORS.split(unicodedata.normalize("NFC", name))[-1]
    shown = "".join(
        char for char in last if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    )
    stem, dot, extension = shown.strip(" .").rpartition(".")
    if dot and len(extension) <= 16:
        return f"{stem[: _NAME_LENGTH - 1 - len(extension)]}.{extension}"
    return shown.strip(" .")[:_NAME_LENGTH]
