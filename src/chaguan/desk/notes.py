"""Notes: what staff write to one another beside a service conversation.

The log gets a place for each (`entry_hidden`), so that everybody's numbers stay without a gap, and nothing of its words:
whoever reads the log, now or in a version to come, can't tell a customer what is not there (ADR 20).
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import rules
from chaguan.desk.changes import EVERYTHING
from chaguan.desk.store import cases
from chaguan.desk.store import notes as store
from chaguan.desk.store.notes import Reader, Written
from chaguan.infra.database import Database
from chaguan.infra.sealing import DamagedError
from chaguan.messaging import Messaging
from chaguan.messaging.log import Draft, encode
from chaguan.messaging.model import HIDDEN, Room, uuid_bytes
from chaguan.messaging.ports import Directory, Publisher
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import Case, CaseStatus, ConversationKind
from chaguan.protocol.notes import Mention, Mentions, Note, Noted, Notes
from chaguan.protocol.pushes import Mentioned, NoteTyping, Whispered

TOPIC = "notes:"
"""Of a conversation: who writes a note there at this moment."""
LATEST_MENTIONS = 50
Effect = Callable[[Connection, int, int], list[str]]
"""Stores a change at its seq and time; gives whom it is news to: who is mentioned by it for the first time, or hears it
as a whisper."""


def topic_of(conversation_id: str) -> str:
    return f"{TOPIC}{conversation_id}"


class DeskStaff(Protocol):
    async def __call__(self, user_ids: Sequence[str], /) -> set[str]:
        """Those of them who may sit at a desk now, and so see its conversations."""


async def _nobody(_user_ids: Sequence[str]) -> set[str]:
    return set()


class NoteBook:
    def __init__(
        self,
        db: Database,
        messaging: Messaging,
        publisher: Publisher,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._db = db
        self._messaging = messaging
        self._publisher = publisher
        self._directory = directory
        self._clock = clock
        self.desk_staff: DeskStaff = _nobody
        self.wrote: Callable[[Sequence[str]], None] = lambda _user_ids: None
        """Told who did something."""

    async def access_notes(self, caller: Caller, conversation_id: str) -> Room:
        """For agents, also those who look on without belonging to the conversation. Never for its customer."""
        if not rules.is_agent(caller):
            raise AppError(ErrorCode.forbidden, "only agents")
        room, _ = await self._messaging.rooms.access_conversation(caller, conversation_id)
        if room.kind is not ConversationKind.service:
            raise AppError(ErrorCode.bad_request, "not a service conversation")
        return room

    async def write(self, caller: Caller, command: c.WriteNote) -> Noted:
        room = await self.access_notes(caller, command.conversation_id)
        text = _said(command.text)
        if command.whisper:
            _check_may_whisper(caller, command)
        mentions = await self._may_be_told(caller, command.mentions)
        case = await self._db.read(lambda con: _case_of(con, room.id, command.case_id))
        whisper_to = _hearer(case) if command.whisper else ""
        key = uuid_bytes(command.client_msg_id)
        body = _seal(room, key, caller.user_id, text)

        def effect(con: Connection, seq: int, at: int) -> list[str]:
            note = Written(
                conversation_id=room.id,
                seq=seq,
                changed_seq=seq,
                created_at=at,
                author_id=caller.user_id,
                case_id=case.id if case else "",
                mentions=mentions,
                whisper_to=whisper_to,
                revision=key,
                body=body,
            )
            store.put(con, note)
            return [whisper_to] if whisper_to else store.set_named(con, note, mentions, [])

        asked = encode([command.case_id, text, mentions, command.whisper])
        return await self._append(caller, room, key, asked, effect, 0)

    async def edit(self, caller: Caller, command: c.EditNote) -> Noted:
        room = await self.access_notes(caller, command.conversation_id)
        text = _said(command.text)
        mentions = await self._may_be_told(caller, command.mentions)
        key = uuid_bytes(command.client_msg_id)
        body = _seal(room, key, caller.user_id, text)

        def effect(con: Connection, seq: int, at: int) -> list[str]:
            note = _changeable(con, room, caller, command.seq)
            if note.author_id != caller.user_id:
                raise AppError(ErrorCode.forbidden, "not your note")
            if note.whisper_to and mentions:
                raise AppError(ErrorCode.bad_request, "a whisper mentions nobody", reason="whisper_mentions")
            change = {"changed_seq": seq, "edited_at": at, "mentions": mentions}
            new = msgspec.structs.replace(note, revision=key, body=body, **change)
            store.put(con, new)
            return store.set_named(con, new, mentions, note.mentions)

        asked = encode([command.seq, text, mentions])
        return await self._append(caller, room, key, asked, effect, command.seq)

    async def remove(self, caller: Caller, command: c.RemoveNote) -> Noted:
        room = await self.access_notes(caller, command.conversation_id)
        key = uuid_bytes(command.client_msg_id)

        def effect(con: Connection, seq: int, _at: int) -> list[str]:
            note = _changeable(con, room, caller, command.seq)
            if note.author_id != caller.user_id and not caller.is_admin:
                raise AppError(ErrorCode.forbidden, "not your note")
            change = {"changed_seq": seq, "removed_by": caller.user_id, "mentions": []}
            new = msgspec.structs.replace(note, revision=key, body=None, **change)
            store.put(con, new)
            return store.set_named(con, new, [], note.mentions)

        return await self._append(caller, room, key, b"%d" % command.seq, effect, command.seq)

    async def page(self, caller: Caller, command: c.ListNotes) -> Notes:
        room = await self.access_notes(caller, command.conversation_id)
        reader, limit = reader_of(caller), command.limit + 1

        def read(con: Connection) -> tuple[int, list[Written]]:
            since = store.last_change(con, room.id)
            if command.changed_after:
                found = store.changed(con, room.id, reader, command.changed_after, room.floor_seq, limit)
                return since, found
            return since, store.latest(con, room.id, reader, command.before, room.floor_seq, limit)

        since, rows = await self._db.read(read)
        is_full = len(rows) == limit
        if is_full:
            rows = rows[:-1] if command.changed_after else rows[1:]
        if is_full and command.changed_after:
            since = rows[-1].changed_seq
        notes = sorted((shown(room, row) for row in rows), key=lambda note: note.seq)
        return Notes(notes, await self._people(notes), more=is_full, changed_seq=since)

    async def watch(self, caller: Caller, command: c.WatchNotes) -> Notes:
        """The latest; who watches is told of typing by the edge's subscription to `topic_of`."""
        await self.access_notes(caller, command.conversation_id)
        latest = c.ListNotes(id=0, conversation_id=command.conversation_id, limit=command.limit)
        return await self.page(caller, latest)

    async def typing(self, caller: Caller, command: c.TypeNote) -> None:
        room = await self.access_notes(caller, command.conversation_id)
        # Not the conversation's own topic: the customer listens there.
        topic = topic_of(room.id)
        if self._publisher.is_followed(topic):
            self._publisher.publish(topic, NoteTyping(conversation_id=room.id, user_id=caller.user_id))

    async def mentions(self, caller: Caller, command: c.ListMentions) -> Mentions:
        self.access_desk(caller)
        return await self._mentions(caller, command.before, command.limit)

    async def read_mentions(self, caller: Caller, command: c.ReadMentions) -> Mentions:
        self.access_desk(caller)
        now = self._clock()
        await self._db.write(lambda con: store.read(con, caller.user_id, command.conversation_id, now))
        return await self._mentions(caller, 0, LATEST_MENTIONS)

    async def _mentions(self, caller: Caller, before: int, limit: int) -> Mentions:
        def read(con: Connection) -> tuple[list[store.Named], list[Written | None], int]:
            named = store.mentions(con, caller.user_id, before, limit)
            found = [store.find(con, each.conversation_id, each.seq) for each in named]
            return named, found, store.unread(con, caller.user_id)

        named, found, unread = await self._db.read(read)
        mentions = []
        for each, row in zip(named, found, strict=True):
            if row is not None:
                room = await self._messaging.rooms.room(each.conversation_id)
                mentions.append(
                    Mention(note=shown(room, row), customer_id=room.customer_id, read_at=each.read_at)
                )
        users = await self._people([each.note for each in mentions], [each.customer_id for each in mentions])
        next_before = named[-1].at if len(named) == limit else 0
        return Mentions(mentions, users, unread, next_before)

    async def _append(
        self, caller: Caller, room: Room, key: bytes, asked: bytes, effect: Effect, seq: int
    ) -> Noted:
        """`seq`: of the note that is changed; 0: the place is the note's own."""
        named: list[str] = []

        def appended(_placed: Any, value: list[str] | None) -> None:
            named.extend(value or [])

        placed = await self._messaging.log.append(
            Draft(
                room=room,
                member=EVERYTHING,
                actor_id=caller.user_id,
                kind=HIDDEN,
                client_msg_id=key,
                effect=effect,
                on_appended=appended,
                asked=asked,
            )
        )
        self.wrote([caller.user_id])
        note = await self._note(room, caller, seq or placed.seq)
        await self._tell(room, note, named)
        return Noted(note)

    async def _note(self, room: Room, caller: Caller, seq: int) -> Note:
        row = await self._db.read(lambda con: store.find(con, room.id, seq))
        if row is None or not _may_see(row, reader_of(caller)):
            raise AppError(ErrorCode.not_found, "no such note")
        return shown(room, row)

    async def _tell(self, room: Room, note: Note, user_ids: Sequence[str]) -> None:
        """Who is mentioned finds it among their mentions, too, if this is lost; a whisper stands among the notes."""
        users = await self._people([note], [room.customer_id]) if user_ids else []
        for user_id in user_ids:
            if user_id == note.author_id or not self._publisher.is_followed(user_id):
                continue
            if note.whisper_to:
                whisper = Whispered(note=note, customer_id=room.customer_id, users=users)
                self._publisher.publish(user_id, whisper)
                continue
            unread = await self._db.read(lambda con, id=user_id: store.unread(con, id))  # type: ignore[misc]  # a default
            mention = Mention(note=note, customer_id=room.customer_id)
            self._publisher.publish(user_id, Mentioned(mention=mention, unread=unread, users=users))

    async def _may_be_told(self, caller: Caller, user_ids: Sequence[str]) -> list[str]:
        wanted = [user_id for user_id in dict.fromkeys(user_ids) if user_id != caller.user_id]
        found = await self.desk_staff(wanted) if wanted else set()
        strangers = [user_id for user_id in wanted if user_id not in found]
        if strangers:
            raise AppError(ErrorCode.bad_request, "not at a desk", reason="not_staff", user_ids=strangers)
        return wanted

    async def _people(self, notes: Sequence[Note], others: Sequence[str] = ()) -> Any:
        named = {id: None for note in notes for id in (note.author_id, note.whisper_to, *note.mentions)}
        return await self._directory.users([id for id in {**named, **dict.fromkeys(others)} if id])

    def access_desk(self, caller: Caller) -> None:
        if not rules.is_agent(caller):
            raise AppError(ErrorCode.forbidden, "only agents")


def _said(text: str) -> str:
    said = text.strip()
    if not said:
        raise AppError(ErrorCode.bad_request, "a note says something", reason="empty", field="text")
    return said


def _check_may_whisper(caller: Caller, command: c.WriteNote) -> None:
    if not rules.is_supervisor(caller):
        raise AppError(ErrorCode.forbidden, "only supervisors whisper")
    if command.mentions:
        raise AppError(ErrorCode.bad_request, "a whisper mentions nobody", reason="whisper_mentions")


def _case_of(con: Connection, conversation_id: str, case_id: str) -> Case | None:
    """The case that is meant: the named one, or the newest."""
    if not case_id:
        alive = cases.open_ones(con, conversation_id)
        held = alive[-1] if alive else cases.latest(con, conversation_id)
        return held.case if held else None
    held = cases.find(con, case_id)
    if held is None or held.case.conversation_id != conversation_id:
        raise AppError(ErrorCode.not_found, "no such case")
    return held.case


def _hearer(case: Case | None) -> str:
    if case is None or case.status is not CaseStatus.open or not case.agent_id:
        raise AppError(ErrorCode.bad_request, "no agent has the case", reason="nobody_to_whisper_to")
    return case.agent_id


def reader_of(caller: Caller) -> Reader:
    return Reader(caller.user_id, rules.is_supervisor(caller))


def _may_see(note: Written, reader: Reader) -> bool:
    return reader.is_supervisor or note.whisper_to in ("", reader.user_id) or note.author_id == reader.user_id


def _changeable(con: Connection, room: Room, caller: Caller, seq: int) -> Written:
    note = store.find(con, room.id, seq)
    if note is None or seq < room.floor_seq or not _may_see(note, reader_of(caller)):
        raise AppError(ErrorCode.not_found, "no such note")
    if note.removed_by:
        raise AppError(ErrorCode.conflict, "removed")
    return note


def _binding(room_id: str, revision: bytes, author_id: str) -> bytes:
    """Apart from what binds messages: a note's bytes put in a message's place must not open."""
    return b"note\x00%b\x00%b%b" % (room_id.encode(), revision, author_id.encode())


def _seal(room: Room, revision: bytes, author_id: str, text: str) -> bytes:
    return room.open_key().seal(text.encode(), _binding(room.id, revision, author_id))


def shown(room: Room, row: Written) -> Note:
    return Note(
        conversation_id=row.conversation_id,
        seq=row.seq,
        changed_seq=row.changed_seq,
        created_at=row.created_at,
        author_id=row.author_id,
        case_id=row.case_id,
        text=_open(room, row),
        mentions=row.mentions,
        whisper_to=row.whisper_to,
        edited_at=row.edited_at,
        removed_by=row.removed_by,
    )


def _open(room: Room, row: Written) -> str:
    """Empty where the key was destroyed, or this node can't open it: a page must not fail for one row."""
    if row.body is None or room.key is None:
        return ""
    try:
        return room.key.unseal(row.body, _binding(room.id, row.revision, row.author_id)).decode()
    except DamagedError:
        return ""
