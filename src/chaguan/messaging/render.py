"""From stored rows to the wire: entries in current state, with fresh links, as a given member may see them."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from chaguan.infra.sealing import DataKey
from chaguan.messaging.merged import brief
from chaguan.messaging.model import (
    EDIT,
    KINDS,
    MESSAGE,
    Membership,
    Stored,
    open_content,
    unpack_state,
    uuid_text,
)
from chaguan.messaging.ports import Links
from chaguan.protocol import entries as wire
from chaguan.protocol.content import Content, File, Image, Merged, Video, Voice


def present(content: Content | None, link: Links, *, whole: bool = False) -> Content | None:
    """Content as it leaves: media get links that work for a while; a bundle is whole only for who opens it."""
    if isinstance(content, (Image, Video)):
        return msgspec.structs.replace(
            content, url=link(content.media_id, "original"), thumb_url=link(content.media_id, "thumb")
        )
    if isinstance(content, (File, Voice)):
        return msgspec.structs.replace(content, url=link(content.media_id, "original"))
    if isinstance(content, Merged):
        return _opened(content, link) if whole else brief(content)
    return content


def _opened(content: Merged, link: Links) -> Merged:
    items = [
        msgspec.structs.replace(item, content=present(item.content, link, whole=True))
        for item in content.items
    ]
    return msgspec.structs.replace(content, items=items)


def message(row: Stored, key: DataKey | None, link: Links, *, whole: bool = False) -> wire.MessageSent:
    state = unpack_state(row.state)
    return wire.MessageSent(
        conversation_id=row.conversation_id,
        seq=row.seq,
        created_at=row.created_at,
        sender_id=row.actor_id,
        client_msg_id=uuid_text(row.client_msg_id),
        ordinal=row.ordinal if row.countable else 0,
        content=None if state.recalled_by else present(open_content(row, key, state), link, whole=whole),
        mentions=state.mentions,
        quote=state.quote,
        changed_seq=row.changed_seq,
        edited_at=state.edited_at,
        recalled_by=state.recalled_by,
        reactions=state.reactions,
    )


def entry(row: Stored, key: DataKey | None, link: Links) -> wire.Entry:
    if row.kind == MESSAGE:
        return message(row, key, link)
    state = unpack_state(row.state)
    fields: dict[str, Any] = dict(state.fields)
    if row.kind == EDIT:
        fields.update(content=present(open_content(row, key, state), link), mentions=state.mentions)
    if row.target_seq:
        fields["target_seq"] = row.target_seq
    return fact(row.kind, row.conversation_id, row.seq, row.created_at, row.actor_id, fields)


def fact(
    kind: int, conversation_id: str, seq: int, created_at: int, actor_id: str, fields: dict[str, Any]
) -> wire.Entry:
    """An entry that is not a message, from its parts."""
    struct: type[Struct] = KINDS[kind]
    values = {"conversation_id": conversation_id, "seq": seq, "created_at": created_at, **fields}
    if "actor_id" in struct.__struct_fields__:
        values["actor_id"] = actor_id
    made: wire.Entry = struct(**values)  # type: ignore[assignment]  # KINDS holds the members of Entry
    return made


def visible(
    rows: Iterable[Stored], membership: Membership, floor_seq: int, key: DataKey | None, link: Links
) -> list[wire.Entry]:
    """Entries for a member: what is not theirs to see leaves only its place."""
    return [
        entry(row, key, link)
        if row.seq >= floor_seq
        and membership.sees(row.seq)
        and (not row.target_seq or membership.sees(row.target_seq))
        else wire.EntryHidden(conversation_id=row.conversation_id, seq=row.seq, created_at=row.created_at)
        for row in rows
    ]


def messages(
    rows: Iterable[Stored],
    membership: Membership,
    floor_seq: int,
    key: DataKey | None,
    link: Links,
    *,
    whole: bool = False,
) -> list[wire.MessageSent]:
    return [
        message(row, key, link, whole=whole)
        for row in rows
        if row.kind == MESSAGE and row.seq >= floor_seq and membership.sees(row.seq)
    ]


def notices(rows: Iterable[Stored], membership: Membership, floor_seq: int) -> list[wire.Entry]:
    """Entries that carry no content, for a member."""
    return [
        fact(
            row.kind,
            row.conversation_id,
            row.seq,
            row.created_at,
            row.actor_id,
            unpack_state(row.state).fields,
        )
        for row in rows
        if row.seq >= floor_seq and membership.sees(row.seq)
    ]


def seen(
    rows: Iterable[Stored], membership: Membership, floor_seq: int, key: DataKey | None, link: Links
) -> list[wire.Entry]:
    """Messages and notices for a member: what is not theirs to see is left out."""
    return [entry(row, key, link) for row in rows if row.seq >= floor_seq and membership.sees(row.seq)]


def people(messages: Iterable[wire.MessageSent], notices: Iterable[wire.Entry]) -> list[str]:
    """Whom a page names, each once."""
    named = {message.sender_id: None for message in messages}
    for told in notices:
        named.update(dict.fromkeys((getattr(told, "actor_id", ""), getattr(told, "user_id", ""))))
        named[getattr(told, "agent_id", "")] = None
    return [user_id for user_id in named if user_id]
