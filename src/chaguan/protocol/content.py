"""What a message can say. Each type has its own Struct and its own limits.

A client that meets an unknown `type` shows `fallback` if there is one, else its own "unsupported message".
Lengths are in Unicode code points unless a docstring says bytes.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from chaguan.protocol.conversations import ConversationKind
from chaguan.protocol.depth import check_depth
from chaguan.protocol.money import Money

MAX_TEXT = 5_000
MAX_CUSTOM_BYTES = 16 * 1024
MAX_MERGED_ITEMS = 100
MAX_MERGED_BYTES = 64 * 1024
MAX_MERGED_DEPTH = 3
BRIEF_ITEMS = 4
BRIEF_TEXT = 80

Id = Annotated[str, Meta(min_length=1, max_length=64)]
ShortText = Annotated[str, Meta(max_length=200)]
Fallback = Annotated[str, Meta(max_length=500)]
Url = Annotated[str, Meta(max_length=2_000)]
Waveform = Annotated[list[Annotated[int, Meta(ge=0, le=100)]], Meta(max_length=64)]


class Text(Struct, tag="text", tag_field="type", omit_defaults=True):
    """Plain text, shown as written; clients make links of URLs themselves. 1 to 5,000 characters."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]


class Image(Struct, tag="image", tag_field="type", omit_defaults=True):
    """A picture. The sender gives only `media_id` (from `POST /v1/media`); the server fills in the rest.

    `width` and `height` are pixels as displayed, `size` bytes. `url` and `thumb_url` are signed links that
    expire (within 48 h); a client whose link has expired asks `get_messages` for fresh ones.
    """

    media_id: Id
    mime: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    url: str = ""
    thumb_url: str = ""


class File(Struct, tag="file", tag_field="type", omit_defaults=True):
    """Any file, always delivered as a download. `name` is shown; the server strips paths and control characters."""

    media_id: Id
    name: ShortText = ""
    mime: str = ""
    size: int = 0
    url: str = ""


class Voice(Struct, tag="voice", tag_field="type", omit_defaults=True):
    """A voice note, stored as mp3, which every host plays. `waveform` is up to 64 peaks from 0 to 100."""

    media_id: Id
    mime: str = ""
    size: int = 0
    duration_ms: int = 0
    waveform: Waveform = []
    url: str = ""


class Video(Struct, tag="video", tag_field="type", omit_defaults=True):
    """A video (mp4, mov, webm) with a poster frame in `thumb_url`."""

    media_id: Id
    mime: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    url: str = ""
    thumb_url: str = ""


class Location(Struct, tag="location", tag_field="type", omit_defaults=True):
    """A point on the map in GCJ-02, the coordinates that `wx.chooseLocation` gives and `wx.openLocation` takes."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    name: ShortText = ""
    address: ShortText = ""


class CardLine(Struct, omit_defaults=True):
    """A line of a card: a label and its value, for instance 数量 and ×2."""

    label: Annotated[str, Meta(max_length=40)] = ""
    value: ShortText = ""


class CardAction(Struct, omit_defaults=True):
    """A button of a card. `page` is a path in the mini program, `url` an https link for the web; one of them."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    label: Annotated[str, Meta(min_length=1, max_length=20)]
    page: Url = ""
    url: Url = ""


class CardOffer(Struct, omit_defaults=True):
    """Something the customer can ask for on a card that the server draws: `act_on_card` with its `intent`. `action` is a
    code (`buy`, `pay`, `change_address`, `confirm_receipt`, `ask_refund`, `use_coupon`, `cancel`) for which clients have
    words; `label` is for those they don't know. Good once, for this customer, and for a card that stands as it is."""

    action: Annotated[str, Meta(min_length=1, max_length=40)]
    label: Annotated[str, Meta(max_length=20)] = ""
    intent: Annotated[str, Meta(max_length=300)] = ""


class Card(Struct, tag="card", tag_field="type", omit_defaults=True):
    """Something of the business: a product, an order, a coupon.

    `object_type` and `object_id` name the business's object (`product`, `order` …). `picture` is an https
    link, a path served by the mini program (`/images/…`), or empty. `fallback` is what a client shows that
    can't draw cards.

    An `object_type` of `choices` asks something, and its actions have neither `page` nor `url`: a tap says, as a text of
    the customer, the `value` of the line whose `label` is the action's `id`, or without such a line the action's
    `label`. What is typed instead is understood as well, so a client that knows nothing of it loses only the tap.

    In a service conversation a card of `product`, `order` or `coupon` whose object the shop keeps here lives: `card_id` is set,
    and the server draws all of it but these two names, whoever sends it. When the object changes, the card is edited
    (`message_edited`); clients can't edit it. `revision` counts the changes, `state` is a code (a product: `on_sale`,
    `sold_out`, `off_sale`; an order: `proposed`, `unpaid`, `paid`, `shipped`, `received`, `refunded`, `cancelled`; a coupon:
    `open`, `used`, `ended`), `price` what a product or an order costs and what a coupon takes off. Only an order or a coupon
    of the conversation's own customer is drawn. What clients send in these fields is thrown away.
    """

    title: Annotated[str, Meta(min_length=1, max_length=100)]
    object_type: Annotated[str, Meta(max_length=40)] = ""
    object_id: Annotated[str, Meta(max_length=128)] = ""
    picture: Url = ""
    lines: Annotated[list[CardLine], Meta(max_length=8)] = []
    actions: Annotated[list[CardAction], Meta(max_length=4)] = []
    page: Url = ""
    fallback: Fallback = ""
    card_id: Annotated[str, Meta(max_length=64)] = ""
    revision: int = 0
    state: Annotated[str, Meta(max_length=40)] = ""
    price: Money | None = None
    offers: Annotated[list[CardOffer], Meta(max_length=4)] = []


class SystemNotice(Struct, tag="system", tag_field="type", omit_defaults=True):
    """Said by the deployment, not by a person. Clients render `name` with `params` in their own language and
    fall back to `fallback`. Only the server can send it."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    params: dict[str, str] = {}
    fallback: Fallback = ""


class Custom(Struct, tag="custom", tag_field="type", omit_defaults=True):
    """The business's own JSON: at most 16 KiB encoded and 32 levels deep, shown by the business's own component, else
    `fallback`."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    data: dict[str, Any]
    fallback: Annotated[str, Meta(min_length=1, max_length=500)]

    def __post_init__(self) -> None:
        check_depth(self.data)


class MergedSender(Struct, omit_defaults=True):
    """Who said something in a bundle, as they were called and looked when it was made. Without an id: readers of the
    bundle need not be people who may know it."""

    name: ShortText = ""
    avatar: Url = ""


class MergedItem(Struct, omit_defaults=True, kw_only=True):
    """One message of a bundle. Of the message only this is copied: no mentions, quote or reactions."""

    sender: Annotated[int, Meta(ge=0, lt=MAX_MERGED_ITEMS)] = 0
    """The place of its sender in `senders`, from 0."""
    created_at: int
    content: "Content"
    """As it was when the bundle was made; a bundle again up to the third level, never `system`."""


class Merged(Struct, tag="merged", tag_field="type", omit_defaults=True, kw_only=True):
    """Messages of another conversation, forwarded as one. Only the server makes it (`forward_messages`), so nobody can
    put words into another's mouth; sent or edited by a client it is refused.

    `count` (1 to 100) messages, in order; at most 64 KiB encoded and 3 levels deep. Clients make the title: of a
    `from_kind` of `group` that it is a group's, else from the first two `senders`, who stand in the order in which
    they first speak.

    Pushes, pages, search and lists give it in brief: the first 4 senders and items, texts cut to 80 characters, media
    without links, a bundle in it without items. Only `get_messages` for its one seq gives the whole, with fresh links:
    ask it when the bundle is opened. `fallback` (up to 200 characters) is what a client shows that can't draw bundles: the first
    lines in plain text.
    """

    from_kind: ConversationKind
    count: int
    senders: Annotated[list[MergedSender], Meta(max_length=MAX_MERGED_ITEMS)]
    items: Annotated[list[MergedItem], Meta(max_length=MAX_MERGED_ITEMS)]
    fallback: Fallback = ""

    def __post_init__(self) -> None:
        if merged_depth(self) > MAX_MERGED_DEPTH:
            raise ValueError(f"bundles are nested at most {MAX_MERGED_DEPTH} deep")


class Encrypted(Struct, tag="encrypted", tag_field="type", omit_defaults=True):
    """Reserved for end-to-end encryption: a body that the server can't read. Refused for now."""

    body: str


class Unsupported(Struct, tag="unsupported", tag_field="type", omit_defaults=True):
    """Stands for content that this node can't open (a newer type, or a key that was destroyed)."""

    fallback: Fallback = ""


Content = (
    Text
    | Image
    | File
    | Voice
    | Video
    | Location
    | Card
    | SystemNotice
    | Custom
    | Merged
    | Encrypted
    | Unsupported
)


def merged_depth(content: Content) -> int:
    """0: no bundle; 1: a bundle of messages; 2: of which one is a bundle …"""
    if not isinstance(content, Merged):
        return 0
    return 1 + max((merged_depth(item.content) for item in content.items), default=0)


CONTENT_DECODER: msgspec.json.Decoder[Content] = msgspec.json.Decoder(Content)
