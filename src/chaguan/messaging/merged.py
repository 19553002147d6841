"""Bundles of forwarded messages: how one is made, and how it looks in brief. Pure."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.content import (
    BRIEF_ITEMS,
    BRIEF_TEXT,
    MAX_MERGED_BYTES,
    MAX_MERGED_DEPTH,
    Card,
    Content,
    Custom,
    Encrypted,
    File,
    Image,
    Location,
    Merged,
    MergedItem,
    MergedSender,
    SystemNotice,
    Text,
    Unsupported,
    Video,
    Voice,
    merged_depth,
)
from chaguan.protocol.conversations import ConversationKind, User

_FALLBACK_LENGTH = 200
_LINE_LENGTH = 60
_encode = msgspec.json.Encoder().encode


class Said(Struct):
    """A message that is to be forwarded."""

    seq: int
    sender_id: str
    created_at: int
    content: Content


def is_forwardable(content: Content | None) -> bool:
    """What the deployment said stays where it was said, and nobody passes on what this node can't read. A business's
    own content goes on as it is: it carries a fallback for those who can't draw it."""
    return content is not None and not isinstance(content, (SystemNotice, Encrypted, Unsupported))


def bundle(kind: ConversationKind, said: Sequence[Said], users: Mapping[str, User]) -> Merged:
    """`said` as one content. `too_large` for what would be too deep or too long."""
    if any(merged_depth(each.content) >= MAX_MERGED_DEPTH for each in said):
        raise AppError(ErrorCode.too_large, "bundles in bundles", reason="depth", limit=MAX_MERGED_DEPTH)
    places: dict[str, int] = {}
    items = [
        MergedItem(
            sender=places.setdefault(each.sender_id, len(places)),
            created_at=each.created_at,
            content=each.content,
        )
        for each in said
    ]
    senders = [_sender(users.get(user_id)) for user_id in places]
    made = Merged(
        from_kind=kind, count=len(items), senders=senders, items=items, fallback=_fallback(senders, items)
    )
    check_bundle_size(len(_encode(made)))
    return made


def check_bundle_size(size: int) -> None:
    if size > MAX_MERGED_BYTES:
        raise AppError(
            ErrorCode.too_large, "this bundle is too large", reason="bytes", limit=MAX_MERGED_BYTES
        )


def brief(content: Merged) -> Merged:
    """What is enough to draw its bubble: few bytes, however much is in it."""
    items = [replace(item, content=_brief_content(item.content)) for item in content.items[:BRIEF_ITEMS]]
    return replace(content, senders=content.senders[:BRIEF_ITEMS], items=items)


def _brief_content(content: Content) -> Content:
    match content:
        case Text():
            return Text(content.text[:BRIEF_TEXT])
        case Merged():
            return replace(content, senders=content.senders[:2], items=[], fallback="")
        case Card():
            return Card(content.title)
        case Custom():
            return Custom(content.name, {}, content.fallback[:BRIEF_TEXT])
        case Voice():
            return replace(content, waveform=[])
    return content


def _sender(user: User | None) -> MergedSender:
    return MergedSender(user.name[:_FALLBACK_LENGTH], user.avatar) if user is not None else MergedSender()


def _fallback(senders: Sequence[MergedSender], items: Sequence[MergedItem]) -> str:
    lines = []
    for item in items[:BRIEF_ITEMS]:
        name = senders[item.sender].name
        lines.append(f"{name}: {_line(item.content)}" if name else _line(item.content))
    return "\n".join(lines)[:_FALLBACK_LENGTH]


def _line(content: Content) -> str:
    """In signs that need no language: whoever reads this may have any."""
    match content:
        case Text():
            return _cut(content.text)
        case Image():
            return "🖼"
        case Video():
            return "🎬"
        case Voice():
            return "🎤"
        case File():
            return f"📎 {_cut(content.name)}"
        case Location():
            return f"📍 {_cut(content.name)}"
        case Card():
            return _cut(content.title)
        case Custom():
            return _cut(content.fallback)
        case Merged():
            return "💬"
    return "…"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LINE_LENGTH else f"{line[:_LINE_LENGTH]}…"
