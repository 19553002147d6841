"""How names and pictures of people are kept, whoever sends them."""

import re

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
