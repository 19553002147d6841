"""From a decided entry to the log and on to everybody who is connected."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from chaguan.core import trace
from chaguan.core.clock import Clock, now_ms
from chaguan.core.ids import uuid7
from chaguan.core.trace import Trace
from chaguan.messaging import rules
from chaguan.messaging.append import Append, Appended, Effect, Settle
from chaguan.messaging.marks import Marks
from chaguan.messaging.model import (
    EDIT,
    JOINED,
    LEFT,
    MESSAGE,
    Membership,
    Room,
    State,
    binding,
    pack_state,
    uuid_text,
)
from chaguan.messaging.ports import Links, OnCommitted, Publisher
from chaguan.messaging.recent import Recent
from chaguan.messaging.render import fact, present
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.writer import LogWriter
from chaguan.protocol import entries as wire
from chaguan.protocol.content import Content, Text
from chaguan.protocol.conversations import ConversationKind

encode = msgspec.json.Encoder().encode


class Draft(Struct, kw_only=True):
    """An entry that was decided on and has no place yet."""

    room: Room
    member: Membership
    actor_id: str
    kind: int = MESSAGE
    client_msg_id: bytes = b""
    content: Content | None = None
    state: State = msgspec.field(default_factory=State)
    countable: bool = False
    target_seq: int = 0
    body: bytes | None = None
    effect: Effect | None = None
    on_appended: Callable[[Appended, Any], None] | None = None
    """Called with the effect's value after the entry was published and before any later one is."""
    asked: bytes = b""
    """What the client asked, by which a key used twice is told from a retry."""
    trace: Trace | None = None


class Log:
    def __init__(
        self,
        writer: LogWriter,
        rooms: Rooms,
        marks: Marks,
        publisher: Publisher,
        link: Links,
        clock: Clock = now_ms,
    ) -> None:
        self._writer = writer
        self._rooms = rooms
        self._marks = marks
        self._publisher = publisher
        self._link = link
        self._clock = clock
        self.recent = Recent()
        self.listeners: list[OnCommitted] = []

    async def append(self, draft: Draft) -> Appended:
        draft.trace = trace.current()
        return await self._writer.append(self._append(draft))

    def put(self, draft: Draft, settle: Settle) -> None:
        """The same for who can be told (`LogWriter.put`)."""
        self._writer.put(self._append(draft), settle)

    def _append(self, draft: Draft) -> Append:
        room = draft.room
        if not draft.client_msg_id:
            draft.client_msg_id = uuid7()
        if draft.content is not None and draft.body is None:
            draft.body = seal(room, draft.client_msg_id, draft.actor_id, encode(draft.content))
        return Append(
            conversation_id=room.id,
            kind=draft.kind,
            actor_id=draft.actor_id,
            client_msg_id=draft.client_msg_id,
            fingerprint=fingerprint(draft.kind, draft.asked),
            created_at=self._clock(),
            member_version=room.member_version,
            recheck=None if draft.member.looks_only else self._rooms.recheck(room, draft.actor_id),
            countable=draft.countable,
            target_seq=draft.target_seq,
            state=pack_state(draft.state),
            body=draft.body,
            effect=draft.effect,
            trace=draft.trace,
            on_appended=lambda appended, value: self._appended(draft, appended, value),
        )

    def _appended(self, draft: Draft, appended: Appended, value: Any) -> None:
        room = self._rooms.peek(draft.room.id)
        if room is None:
            self._rooms.forget(draft.room.id)  # a load that is under way may have read the head before
            room = draft.room
        if appended.seq > room.head_seq:
            room.head_seq, room.head_ordinal = appended.seq, appended.ordinal
        if draft.countable:
            room.last_at = max(room.last_at, appended.created_at)
            if not draft.member.looks_only:
                self._marks.sent(room, draft.actor_id, appended.seq, appended.ordinal)
        push = self._push(draft, appended)
        encoded = encode(push)
        if draft.kind == MESSAGE and isinstance(draft.content, Text):
            self.recent.add(room.id, appended.seq, encoded)
        else:
            self.recent.forget(room.id)
        if draft.kind not in (JOINED, LEFT) or room.member_count <= rules.ANNOUNCED_MEMBERS:
            self.publish(room, push, encoded)
        else:
            self._publisher.skip(room.id, push)
        if draft.on_appended is not None:
            draft.on_appended(appended, value)
        for committed in self.listeners:
            committed(room.id)

    def publish(self, room: Room, push: Struct, encoded: bytes | None = None) -> None:
        """To everybody in the conversation: a direct one has no topic of its own."""
        if room.kind is ConversationKind.direct and room.pair is not None:
            for user_id in room.pair:
                self._publisher.publish(user_id, push, encoded)
        else:
            self._publisher.publish(room.id, push, encoded)

    def _push(self, draft: Draft, appended: Appended) -> wire.Entry:
        if draft.kind == MESSAGE:
            return wire.MessageSent(
                conversation_id=draft.room.id,
                seq=appended.seq,
                created_at=appended.created_at,
                sender_id=draft.actor_id,
                client_msg_id=uuid_text(draft.client_msg_id),
                ordinal=appended.ordinal if draft.countable else 0,
                content=present(draft.content, self._link),
                mentions=draft.state.mentions,
                quote=draft.state.quote,
            )
        fields: dict[str, Any] = dict(draft.state.fields)
        if draft.target_seq:
            fields["target_seq"] = draft.target_seq
        if draft.kind == EDIT:
            fields.update(content=present(draft.content, self._link), mentions=draft.state.mentions)
        return fact(draft.kind, draft.room.id, appended.seq, appended.created_at, draft.actor_id, fields)


def seal(room: Room, client_msg_id: bytes, actor_id: str, content: bytes) -> bytes:
    """The encoded content, sealed for its place."""
    return room.open_key().seal(content, binding(room.id, client_msg_id, actor_id))


def fingerprint(kind: int, asked: bytes) -> bytes:
    return hashlib.blake2b(asked, digest_size=8, person=b"%d" % kind).digest()
