"""Forwarding: messages of one conversation said again in another, copied here so that nobody can change a word."""

import hashlib
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database
from chaguan.infra.sealing import OVERHEAD
from chaguan.messaging import rules
from chaguan.messaging.log import Draft, Log, encode, fingerprint
from chaguan.messaging.merged import Said, bundle, check_bundle_size, is_forwardable
from chaguan.messaging.model import (
    MESSAGE,
    Membership,
    Room,
    Stored,
    open_content,
    unpack_state,
    uuid_bytes,
)
from chaguan.messaging.pace import Pace
from chaguan.messaging.ports import Directory
from chaguan.messaging.revisions import picture_of
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import log as store
from chaguan.protocol import commands as c
from chaguan.protocol.content import Card, Content
from chaguan.protocol.replies import Forwarded, Sent

_BUNDLE = -1
"""The place of what is forwarded as one."""


class Forwarding:
    def __init__(self, db: Database, rooms: Rooms, log: Log, directory: Directory, pace: Pace) -> None:
        self._db = db
        self._rooms = rooms
        self._log = log
        self._directory = directory
        self._pace = pace

    async def forward(self, caller: Caller, command: c.ForwardMessages) -> Forwarded:
        room, member = await self._rooms.access_conversation(caller, command.to_conversation_id)
        rules.check_may_send(room, member, caller.user_id)
        order = _Order(command, caller, room, member)
        # Before the source is looked at: what was done stays done, also if it can't be seen any more.
        sent = await self._db.read(order.answered)
        if len(sent) == len(order.places):
            return _answer(sent, [])
        source, rows = await self._visible(
            caller, command.conversation_id, [seq for seq in order.seqs if seq not in sent]
        )
        if command.merged:
            copied = await self._as_one(order, source, rows, sent)
        else:
            copied = await self._one_by_one(order, source, rows, sent)
        left_out = [seq for seq in order.seqs if seq not in copied]
        if not sent:
            raise AppError(ErrorCode.not_found, "nothing of this can be forwarded", seqs=left_out)
        return _answer(sent, left_out)

    async def _visible(
        self, caller: Caller, conversation_id: str, seqs: list[int]
    ) -> tuple[Room, list[Stored]]:
        """What of this the caller sees now, still sealed."""
        source, reader = await self._rooms.access_conversation(caller, conversation_id)

        def read(connection: Connection) -> list[Stored]:
            seen = self._rooms.access_now(connection, source, reader, caller.user_id)
            rows = store.by_seqs(connection, source.id, seqs)
            return [row for row in rows if _is_seen(row, source, seen)]

        return source, await self._db.read(read)

    async def _one_by_one(
        self, order: "_Order", source: Room, rows: Sequence[Stored], sent: dict[int, Sent]
    ) -> Collection[int]:
        """In turn, each opened when its time comes: what the pace refuses here must not have a later one before it
        when it is asked for again."""
        for row in rows:
            content = _content(row, source)
            if content is not None:
                sent[row.seq] = await self._append(order.draft(row.seq, content, sent))
        return sent

    async def _as_one(
        self, order: "_Order", source: Room, rows: Sequence[Stored], sent: dict[int, Sent]
    ) -> Collection[int]:
        # Before megabytes are opened for nothing.
        check_bundle_size(sum(len(row.body) - OVERHEAD for row in rows if row.body))
        said = [
            Said(row.seq, row.actor_id, row.created_at, content)
            for row in rows
            if (content := _content(row, source)) is not None
        ]
        if said:
            users = await self._directory.users(list({each.sender_id: None for each in said}))
            content = bundle(source.kind, said, {user.id: user for user in users})
            sent[_BUNDLE] = await self._append(order.draft(_BUNDLE, content, sent))
        return {each.seq for each in said}

    async def _append(self, draft: Draft) -> Sent:
        self._pace.count(draft.room)
        appended = await self._log.append(draft)
        return Sent(appended.seq, appended.ordinal, appended.created_at)


class _Order:
    """What was asked, and under which keys its copies are stored.

    The first copy has the key of the command, so that the key can't be used for anything else; the others have keys
    made of it and of the seq that they copy. What a copy was made for is in its fingerprint.
    """

    def __init__(self, command: c.ForwardMessages, caller: Caller, room: Room, member: Membership) -> None:
        self.seqs = sorted(set(command.seqs))
        self.places = [_BUNDLE] if command.merged else self.seqs
        self._key = uuid_bytes(command.client_msg_id)
        self._asked = encode([command.conversation_id, self.seqs, command.merged])
        self._caller = caller
        self._room = room
        self._member = member

    def answered(self, connection: Connection) -> dict[int, Sent]:
        """By place, what is in the log already. `conflict` if the key stands for something else."""
        keys = {self._key: None, **{self._own_key(place): place for place in self.places}}
        wanted = [(key, self._caller.user_id, self._room.id) for key in keys]
        sent: dict[int, Sent] = {}
        for (key, _, _), earlier in store.earlier(connection, wanted).items():
            made_for = [keys[key]] if keys[key] is not None else self.places
            place = next((one for one in made_for if self._print(one) == earlier.fingerprint), None)
            if place is None:
                raise AppError(ErrorCode.conflict, "client_msg_id was used with other content")
            sent[place] = Sent(earlier.seq, earlier.ordinal, earlier.created_at)
        return sent

    def draft(self, place: int, content: Content, sent: Mapping[int, Sent]) -> Draft:
        return Draft(
            room=self._room,
            member=self._member,
            actor_id=self._caller.user_id,
            client_msg_id=self._own_key(place) if sent else self._key,
            content=content,
            countable=True,
            asked=self._asked_for(place),
        )

    def _own_key(self, place: int) -> bytes:
        return hashlib.blake2b(self._key, digest_size=16, person=b"%d" % place).digest()

    def _asked_for(self, place: int) -> bytes:
        return b"%d %b" % (place, self._asked)

    def _print(self, place: int | None) -> bytes:
        return fingerprint(MESSAGE, self._asked_for(place)) if place is not None else b""


def _is_seen(row: Stored, source: Room, seen: Membership) -> bool:
    return row.kind == MESSAGE and row.seq >= source.floor_seq and seen.sees(row.seq)


def _content(row: Stored, source: Room) -> Content | None:
    """What of a row can be forwarded. A card that lives where it was sent is a picture elsewhere."""
    state = unpack_state(row.state)
    content = None if state.recalled_by else open_content(row, source.open_key(), state)
    if isinstance(content, Card):
        return picture_of(content)
    return content if is_forwardable(content) else None


def _answer(sent: Mapping[int, Sent], left_out: list[int]) -> Forwarded:
    return Forwarded(sorted(sent.values(), key=lambda each: each.seq), left_out)
