"""Pure decisions of messaging. They take values and the time, and return a value or raise."""

import re

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits, Policy
from chaguan.messaging.model import Membership, Room, State
from chaguan.protocol.content import (
    MAX_CUSTOM_BYTES,
    Content,
    Custom,
    Encrypted,
    Merged,
    SystemNotice,
    Unsupported,
)
from chaguan.protocol.conversations import ConversationKind, MemberRole, User, UserKind
from chaguan.protocol.entries import Reaction

TYPING_MEMBERS = 100
ANNOUNCED_MEMBERS = 500
"""Larger groups do not push joins and leaves: who notices the hole at the next message pulls them."""
MAX_EDITS = 100
MAX_REACTION_KINDS = 20
MAX_REACTION_USERS = 500
RUNNING_A_GROUP = (MemberRole.owner, MemberRole.admin)
EVERYONE = "all"

# An emoji is one or more pictographs, flags, keycaps or their joiners and variants; never letters or spaces.
_EMOJI = re.compile(
    "^(?:[#*0-9]\ufe0f?\u20e3|[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]"
    "[\ufe0f\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\u2640-\u2642\u2764\U0001f000-\U0001faff]*)$"
)


def check_content(content: Content, encoded_size: int) -> None:
    if isinstance(content, (SystemNotice, Merged, Unsupported, Encrypted)):
        raise AppError(ErrorCode.bad_request, f"{content.__struct_config__.tag} content can't be sent")
    if isinstance(content, Custom) and encoded_size > MAX_CUSTOM_BYTES:
        raise AppError(ErrorCode.too_large, "custom content", limit=MAX_CUSTOM_BYTES)


def check_may_send(room: Room, member: Membership, user_id: str) -> None:
    if not member.is_current or member.looks_only:
        raise AppError(ErrorCode.forbidden, "not a member")
    if room.blocked_by:
        mine = user_id in room.blocked_by
        raise AppError(ErrorCode.forbidden, "blocked", reason="you_blocked" if mine else "blocked")


def count_message(room: Room, second: int, limit: int) -> None:
    """At most `limit` messages a second in one conversation."""
    running, count = room.rate
    if running != second:
        count = 0
    if count >= limit:
        raise too_many_messages()
    room.rate = (second, count + 1)


def too_many_messages() -> AppError:
    return AppError(ErrorCode.rate_limited, "too many messages in this conversation", retry_after_ms=1_000)


def check_may_recall(
    caller: Caller, room: Room, member: Membership, sender_id: str, age_ms: int, limits: Limits
) -> None:
    if room.kind is ConversationKind.group and member.role in RUNNING_A_GROUP:
        return
    if sender_id != caller.user_id:
        raise AppError(ErrorCode.forbidden, "not your message")
    if limits.recall_window_s >= 0 and age_ms > limits.recall_window_s * 1000:
        raise AppError(ErrorCode.forbidden, "too late to recall", window_s=limits.recall_window_s)


def check_mentions(caller: Caller, room: Room, member: Membership, mentions: list[str]) -> None:
    """A call to all of a group rings in everybody's pocket: not a right of every customer in it."""
    if EVERYONE not in mentions or room.kind is not ConversationKind.group:
        return
    if member.role not in RUNNING_A_GROUP and caller.kind == UserKind.customer:
        raise AppError(ErrorCode.forbidden, "only those who run a group may mention all of it")


def check_emoji(emoji: str) -> None:
    if not _EMOJI.match(emoji):
        raise AppError(ErrorCode.bad_request, "not an emoji")


def with_reaction(state: State, user_id: str, emoji: str, on: bool) -> State | None:
    """The state with the reaction set as wanted; None when it is so already."""
    found = {reaction.emoji: reaction.user_ids for reaction in state.reactions}
    users = found.get(emoji, [])
    if (user_id in users) == on:
        return None
    if on and emoji not in found and len(found) >= MAX_REACTION_KINDS:
        raise AppError(ErrorCode.conflict, "too many different reactions", limit=MAX_REACTION_KINDS)
    if on and len(users) >= MAX_REACTION_USERS:
        raise AppError(ErrorCode.conflict, "too many reactions", limit=MAX_REACTION_USERS)
    found[emoji] = [*users, user_id] if on else [id for id in users if id != user_id]
    reactions = [Reaction(emoji, users) for emoji, users in found.items() if users]
    return State(
        mentions=state.mentions,
        quote=state.quote,
        edited_at=state.edited_at,
        edited_by=state.edited_by,
        edits=state.edits,
        recalled_by=state.recalled_by,
        reactions=reactions,
    )


def check_may_write_to(caller: Caller, peer: User, policy: Policy) -> None:
    """Who may open a direct conversation: staff with anyone, customers with nobody unless policy allows it."""
    if caller.user_id == peer.id:
        raise AppError(ErrorCode.bad_request, "that is you")
    if caller.is_staff or caller.kind == "bot":
        return
    if peer.kind is UserKind.customer and policy.customers_write_customers:
        return
    raise AppError(ErrorCode.forbidden, "customers talk to shops and inside groups")


def check_may_make_group(caller: Caller, policy: Policy) -> None:
    if caller.kind == UserKind.customer and not policy.customers_make_groups:
        raise AppError(ErrorCode.forbidden, "customers can't make groups here")


def check_runs_group(room: Room, member: Membership) -> None:
    if room.kind is not ConversationKind.group:
        raise AppError(ErrorCode.bad_request, "only a group has members to manage")
    if member.role not in RUNNING_A_GROUP:
        raise AppError(ErrorCode.forbidden, "only the owner and administrators")
