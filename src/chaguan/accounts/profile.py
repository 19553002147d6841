"""How names and pictures of people are kept, whoever sends them."""

import re

from chaguan.core.errors import AppError, ErrorCode

MAX_NAME = 100
MAX_AVATAR = 2_000

# Controls, and the marks that turn or hide text: a name must not be able to dress up as another.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)
_LINK = re.compile(r"^(https?://|/(?!/))[^\s\"'<>\\]+$")


def clean_name(text: str) -> str:
    return " ".join(_INVISIBLE.sub(" ", text[: MAX_NAME * 4]).split())[:MAX_NAME].rstrip()


def clean_avatar(text: str) -> str:
    """A link to a picture, or empty: anything else (`javascript:`, `data:`) is no picture of a person."""
    return text if len(text) <= MAX_AVATAR and _LINK.match(text) else ""


def check_name(text: str) -> str:
    """A name that somebody typed: refused rather than mended when nothing of it remains."""
    name = clean_name(text)
    if not name or len(text.strip()) > MAX_NAME:
        raise AppError(ErrorCode.bad_request, f"a name has 1 to {MAX_NAME} characters", field="name")
    return name


def check_avatar(text: str) -> str:
    if text and not clean_avatar(text):
        raise AppError(ErrorCode.bad_request, "avatar is a link to a picture", field="avatar")
    return text
