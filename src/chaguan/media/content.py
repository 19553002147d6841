"""Media as message content: the same Structs that travel, filled with what is known of the stored file."""

from msgspec import structs

from chaguan.media.rules import Kind
from chaguan.media.store import Stored
from chaguan.protocol.content import File, Image, Video, Voice

MediaContent = Image | File | Voice | Video

_KINDS: dict[type[MediaContent], Kind] = {
    Image: Kind.image,
    File: Kind.file,
    Voice: Kind.voice,
    Video: Kind.video,
}


def kind_of(content: MediaContent) -> Kind:
    return _KINDS[type(content)]


def describe(stored: Stored, name: str) -> MediaContent:
    match stored.kind:
        case Kind.image:
            return Image(stored.id, stored.mime, stored.size, stored.width, stored.height)
        case Kind.voice:
            return Voice(stored.id, stored.mime, stored.size, stored.duration_ms, stored.waveform)
        case Kind.video:
            return Video(stored.id, stored.mime, stored.size, stored.width, stored.height, stored.duration_ms)
    return File(stored.id, name, stored.mime, stored.size)


def linked(content: MediaContent, url: str, thumb_url: str) -> MediaContent:
    """A copy: content may be shared by whoever renders it next."""
    if isinstance(content, Image | Video):
        return structs.replace(content, url=url, thumb_url=thumb_url)
    return structs.replace(content, url=url)
