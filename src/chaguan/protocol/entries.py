"""Entries: everything that happens in a conversation, in order. Also what the server pushes when it happens.

An entry and the push that announces it are the same JSON object. `seq` counts 1, 2, 3 … per conversation
without gaps; a client that holds seq n and receives n+2 pulls what it lacks (`pull_entries`). Apply an entry
once; an entry with `target_seq` changes that message only if its own `seq` is above the message's
`changed_seq`, and then becomes its `changed_seq`.
"""

from msgspec import Struct

from chaguan.protocol.content import Content
from chaguan.protocol.conversations import MemberRole


class Quote(Struct, omit_defaults=True):
    """The message that is answered. Its text is not repeated here, since it may change, be recalled or lie before
    a reader's joining: show it from the window, or ask `get_messages`, which gives it to who may see it."""

    seq: int
    sender_id: str = ""


class Reaction(Struct, array_like=True):
    """`[emoji, [user_id, …]]`, users in the order in which they reacted."""

    emoji: str
    user_ids: list[str]


class _Entry(Struct, tag_field="type", kw_only=True, omit_defaults=True):
    conversation_id: str
    seq: int
    created_at: int
    """UTC milliseconds by the server's clock, never decreasing within a conversation."""


class MessageSent(_Entry, tag="message_sent"):
    """A message. Live it is as sent; pulled later it carries its current state.

    `ordinal` counts countable entries of the conversation; unread = head ordinal − the mark's ordinal. 0 means
    that this message does not count. `content` is null once the message was recalled or erased.
    `changed_seq` is the seq of the last entry that changed it (0: none). `client_msg_id` is the sender's key.
    """

    sender_id: str
    client_msg_id: str
    ordinal: int = 0
    content: Content | None = None
    mentions: list[str] = []
    quote: Quote | None = None
    changed_seq: int = 0
    edited_at: int = 0
    recalled_by: str = ""
    reactions: list[Reaction] = []


class MessageEdited(_Entry, tag="message_edited"):
    """The sender replaced content and mentions of `target_seq`; `created_at` becomes its `edited_at`."""

    actor_id: str
    target_seq: int
    content: Content | None = None
    mentions: list[str] = []


class MessageRecalled(_Entry, tag="message_recalled"):
    """`target_seq` was taken back by its sender, or removed by someone entitled to. Its content is gone,
    and with it mentions, quote, reactions and the mark of an edit."""

    actor_id: str
    target_seq: int


class ReactionSet(_Entry, tag="reaction_set"):
    """`actor_id` put (`on`) or removed a reaction on `target_seq`. Setting what is set already changes nothing."""

    actor_id: str
    target_seq: int
    emoji: str
    on: bool


class MemberJoined(_Entry, tag="member_joined"):
    """`user_id` belongs to the conversation from here on. `actor_id` is who added them (themselves: they joined)."""

    actor_id: str
    user_id: str
    role: MemberRole = MemberRole.member


class MemberLeft(_Entry, tag="member_left"):
    """`user_id` does not belong to it any more, and sees nothing after this entry."""

    actor_id: str
    user_id: str


class MemberChanged(_Entry, tag="member_changed"):
    """`user_id` has another role."""

    actor_id: str
    user_id: str
    role: MemberRole


class ConversationChanged(_Entry, tag="conversation_changed"):
    """Name or picture of the conversation is now this (null: unchanged)."""

    actor_id: str
    name: str | None = None
    avatar: str | None = None


class CaseChanged(_Entry, tag="case_changed"):
    """A consultation in a service conversation was opened, taken, resolved …; `agent_id` is who has it now."""

    actor_id: str
    case_id: str
    status: str
    """`waiting`, `open` or `resolved`. Readers treat an unknown status as `open`."""
    agent_id: str = ""
    quiet: bool = False
    """Nothing to tell people of: its status and agent are as before."""


class MessagesErased(_Entry, tag="messages_erased"):
    """The content of `target_seqs` was erased for good (retention, a person's right)."""

    actor_id: str
    target_seqs: list[int]


class FloorRaised(_Entry, tag="floor_raised"):
    """Everything below `floor_seq` is gone; clients drop it and never treat it as a gap."""

    floor_seq: int


class EntryHidden(_Entry, tag="entry_hidden"):
    """A seq that exists and is not for this reader (an internal note). It fills the hole and shows nothing."""


Entry = (
    MessageSent
    | MessageEdited
    | MessageRecalled
    | ReactionSet
    | MemberJoined
    | MemberLeft
    | MemberChanged
    | ConversationChanged
    | CaseChanged
    | MessagesErased
    | FloorRaised
    | EntryHidden
)
