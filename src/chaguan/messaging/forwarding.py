"""Forwarding: messages of one conversation said again in another, copied here so that nobody can change a word."""

import hashlib
from collections.abc import Mapping

from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database
from chaguan.messaging import rules
from chaguan.messaging.log import Draft, Log, encode, fingerprint
from chaguan.messaging.merged import Said, bundle, is_forwardable
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
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import log as store
from chaguan.protocol import commands as c
from chaguan.protocol.content import Content
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
        said = await self._said(caller, command.conversation_id, [s for s in order.seqs if s not in sent])
        left_out = [seq for seq in order.seqs if seq not in sent and seq not in said]
        if not said and not sent:
            raise AppError(ErrorCode.not_found, "nothing of this can be forwarded", seqs=left_out)
        if command.merged:
            content = await self._bundle(command.conversation_id, said)
            sent[_BUNDLE] = await self._append(order.draft(_BUNDLE, content, sent))
        else:
            # In turn: what is refused here must not have a later one before it when it is asked for again.
            for seq, each in said.items():
                sent[seq] = await self._append(order.draft(seq, each.content, sent))
        return _answer(sent, left_out)

    async def _said(self, caller: Caller, conversation_id: str, seqs: list[int]) -> dict[int, Said]:
        """By seq, what of this the caller sees now."""
        source, reader = await self._rooms.access_conversation(caller, conversation_id)

        def read(connection: Connection) -> tuple[Membership, list[Stored]]:
            now = self._rooms.access_now(connection, source, reader, caller.user_id)
            return now, store.by_seqs(connection, source.id, seqs)

        seen, rows = await self._db.read(read)
        said: dict[int, Said] = {}
        for row in rows:
            content = _content(row, source, seen)
            if content is not None and is_forwardable(content):
                said[row.seq] = Said(row.seq, row.actor_id, row.created_at, content)
        return said

    async def _bundle(self, conversation_id: str, said: Mapping[int, Said]) -> Content:
        source = await self._rooms.room(conversation_id)
        users = await self._directory.users(list({each.sender_id: None for each in said.values()}))
        return bundle(source.kind, list(said.values()), {user.id: user for user in users})

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


def _content(row: Stored, source: Room, seen: Membership) -> Content | None:
    """What of a row can be forwarded by somebody who sees this much."""
    if row.kind != MESSAGE or row.seq < source.floor_seq or not seen.sees(row.seq):
        return None
    state = unpack_state(row.state)
    return None if state.recalled_by else open_content(row, source.open_key(), state)


def _answer(sent: Mapping[int, Sent], left_out: list[int]) -> Forwarded:
    return Forwarded(sorted(sent.values(), key=lambda each: each.seq), left_out)
