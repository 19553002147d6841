"""Commands about notes, which staff write to one another (`commands` has the rest)."""

from typing import Annotated

from msgspec import Meta, Struct

from chaguan.protocol.content import Id
from chaguan.protocol.envelope import Key, Limit, Number, Seq

NoteText = Annotated[str, Meta(min_length=1, max_length=5_000)]


class _Command(Struct, tag_field="type", kw_only=True, omit_defaults=True):
    id: Number


class WriteNote(_Command, tag="write_note"):
    """Agents: write something for colleagues into a service conversation, without belonging to it. The customer never
    gets it. `mentions` are told, if they may see the conversation. `case_id`: the case it is about; empty: the newest.
    Answered with `Noted`.

    `whisper`: for supervisors (administrators and owners); only the agent who has the case, the author and supervisors
    get it, so it mentions nobody. Errors: `forbidden`, `not_found`, `bad_request` (`data.reason`: `empty`,
    `not_staff` with `user_ids`, `nobody_to_whisper_to`, `whisper_mentions`)."""

    client_msg_id: Key
    conversation_id: Id
    text: NoteText
    case_id: Annotated[str, Meta(max_length=64)] = ""
    mentions: Annotated[list[Id], Meta(max_length=50)] = []
    whisper: bool = False


class EditNote(_Command, tag="edit_note"):
    """Agents: write my note at `seq` anew. Who is mentioned for the first time is told. Answered with `Noted`. Errors:
    `forbidden` (not mine), `not_found`, `conflict` (removed), `bad_request`."""

    client_msg_id: Key
    conversation_id: Id
    seq: Seq
    text: NoteText
    mentions: Annotated[list[Id], Meta(max_length=50)] = []


class RemoveNote(_Command, tag="remove_note"):
    """Agents: take my note back; supervisors: anybody's. Its words are gone, its place stays. Answered with `Noted`."""

    client_msg_id: Key
    conversation_id: Id
    seq: Seq


class ListNotes(_Command, tag="list_notes"):
    """Agents: notes of a service conversation. With `changed_after`: those that changed above that seq, the oldest
    change first; otherwise the latest, or the latest below `before`. Answered with `Notes`."""

    conversation_id: Id
    changed_after: Seq = 0
    before: Seq = 0
    limit: Limit = 100


class WatchNotes(_Command, tag="watch_notes"):
    """Agents: the latest notes, and from now on, until `close_conversation`, who writes one (`note_typing`). That notes
    changed, the conversation's own entries tell: at each `entry_hidden` ask `list_notes` with `changed_after`.
    Answered with `Notes`."""

    conversation_id: Id
    limit: Limit = 100


class TypeNote(_Command, tag="type_note"):
    """Agents: I am writing a note; at most once per 3 s. Only colleagues who watch the notes are told."""

    conversation_id: Id


class ListMentions(_Command, tag="list_mentions"):
    """Agents: notes that name me, the newest first, below the time `before` (0: from now). Answered with `Mentions`."""

    before: Seq = 0
    limit: Limit = 50


class SearchNotes(_Command, tag="search_notes"):
    """Agents: notes that contain every word of `query` (1 to 100 characters), newest first, of those that I may see: in
    one service conversation or, left empty, in all that I belonged to, wrote a note in or was named in. One page looks
    through a bounded number of notes: with a `next_cursor` there are more, also where it found none. Answered with
    `FoundNotes`. Errors: `forbidden`, `not_found`, `bad_request` (the cursor)."""

    query: Annotated[str, Meta(min_length=1, max_length=100)]
    conversation_id: Annotated[str, Meta(max_length=64)] = ""
    limit: Annotated[int, Meta(ge=1, le=50)] = 20
    cursor: Annotated[str, Meta(max_length=200)] = ""


class ReadMentions(_Command, tag="read_mentions"):
    """Agents: I have seen all notes that name me, or those of one conversation. Answered with `Mentions` (the latest)."""

    conversation_id: Annotated[str, Meta(max_length=64)] = ""
