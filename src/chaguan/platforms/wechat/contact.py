"""What can be said in the customer-service chat of a mini program, in the shapes of `message/custom/send`."""

import msgspec


class _Text(msgspec.Struct):
    content: str


class _Image(msgspec.Struct):
    media_id: str


class _Link(msgspec.Struct):
    title: str
    description: str
    url: str
    thumb_url: str


class _Page(msgspec.Struct):
    title: str
    pagepath: str
    thumb_media_id: str


class TextMessage(msgspec.Struct, tag="text", tag_field="msgtype"):
    text: _Text


class ImageMessage(msgspec.Struct, tag="image", tag_field="msgtype"):
    image: _Image


class LinkMessage(msgspec.Struct, tag="link", tag_field="msgtype"):
    link: _Link


class PageMessage(msgspec.Struct, tag="miniprogrampage", tag_field="msgtype"):
    miniprogrampage: _Page


ContactMessage = TextMessage | ImageMessage | LinkMessage | PageMessage


def text(content: str) -> TextMessage:
    return TextMessage(_Text(content))


def image(media_id: str) -> ImageMessage:
    """`media_id` as `upload_image` gave it."""
    return ImageMessage(_Image(media_id))


def link(title: str, description: str, url: str, thumb_url: str = "") -> LinkMessage:
    return LinkMessage(_Link(title, description, url, thumb_url))


def page(title: str, pagepath: str, thumb_media_id: str) -> PageMessage:
    """A page of the mini program itself."""
    return PageMessage(_Page(title, pagepath, thumb_media_id))
