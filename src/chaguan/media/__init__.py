"""Pictures, voice, videos and files: taken in, made safe, stored sealed, handed out by signed links.

The names below are loaded when first asked for: the decoder process imports this package too, and must stay small.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chaguan.media.checking import CheckedMedia, check_media
    from chaguan.media.content import MediaContent
    from chaguan.media.decoding import Decoders, spool
    from chaguan.media.rules import Kind, largest_limit, parse_kind
    from chaguan.media.service import ORIGINAL, THUMB, Delivery, Media, list_blobs

__all__ = [
    "ORIGINAL",
    "THUMB",
    "CheckedMedia",
    "Decoders",
    "Delivery",
    "Kind",
    "Media",
    "MediaContent",
    "check_media",
    "largest_limit",
    "list_blobs",
    "parse_kind",
    "spool",
]

_HOMES = {
    "CheckedMedia": "checking",
    "check_media": "checking",
    "Decoders": "decoding",
    "spool": "decoding",
    "Kind": "rules",
    "largest_limit": "rules",
    "parse_kind": "rules",
    "MediaContent": "content",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'service')}"), name)
