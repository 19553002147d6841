"""Catching up: what a device lacks after absence, page by page; and history."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Raw
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database
from chaguan.infra.database.gathered import TOGETHER, GatheredReads
from chaguan.messaging import render
from chaguan.messaging.conversations import next_cursor
from chaguan.messaging.log import encode
from chaguan.messaging.model import Membership, Room, Stored
from chaguan.messaging.ports import Directory, Links
from chaguan.messaging.recent import Recent
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import inboxes
from chaguan.messaging.store import log as store
from chaguan.messaging.tail import MAX_TOPICS
from chaguan.messaging.views import Views
from chaguan.protocol import commands as c
from chaguan.protocol.content import Text
from chaguan.protocol.entries import Entry, MessageSent
from chaguan.protocol.replies import ConversationSync, ConversationView, History

MAX_GAP = 200
RESET_PAGE = 50
MAX_NOTICES = 200
FIRST_PAGE = 50
MAX_ROWS = 200
BUDGET = 256 * 1024
KNOWN_TOGETHER = 4_000
"""Conversations of all who are answered by one reading."""


class CaughtUp(msgspec.Struct, kw_only=True):
    """What a `Welcome` says of conversations."""

    user_version: int
    full: bool
    conversations: list[ConversationView]
    next_cursor: str
    syncs: list[ConversationSync]
    pending: list[str]


class Sync:
    def __init__(
        self,
        db: Database,
        rooms: Rooms,
        views: Views,
        recent: Recent,
        link: Links,
        directory: Directory,
    ) -> None:
        self._db = db
        self._recent = recent
        self._rooms = rooms
        self._views = views
        self._link = link
        self._directory = directory
        self._stood = GatheredReads(db, inboxes.stood, _few)
        self._readings: dict[str, asyncio.Event] = {}
        """Conversations whose end is being read, until it was."""

    async def topics(self, caller: Caller) -> list[str]:
        """The conversations whose topics the caller's sessions follow."""
        return await self._db.read(lambda con: inboxes.live_ids(con, caller.user_id, MAX_TOPICS))

    async def only_looks(self, caller: Caller, conversation_id: str) -> bool:
        """Whether the caller sees the conversation without belonging to it."""
        _, member = await self._rooms.access_conversation(caller, conversation_id)
        return member.looks_only

    async def catch_up(self, caller: Caller, user_version: int, known: Sequence[tuple[str, int]]) -> CaughtUp:
        """The caller's changed rows and what they lack of known conversations, within a byte budget."""

        stood = await self._stood.find((caller.user_id, tuple(known)))
        version, standings = stood or (0, {})
        if user_version == version != 0:
            rows = CaughtUp(
                user_version=version, full=False, conversations=[], next_cursor="", syncs=[], pending=[]
            )
        else:
            rows = await self._rows(caller, user_version if user_version < version else 0)
        # Most of what a returning client knows has not moved.
        moved = [(id, seq) for id, seq in known if standings.get(id, ...) is not None]
        await self._fill(caller, rows, moved, standings)
        return rows

    async def pull(self, caller: Caller, command: c.PullEntries) -> ConversationSync:
        room, member = await self._rooms.access_conversation(caller, command.conversation_id)
        held = self._from_memory(room, member, command.after_seq, command.limit)
        return held or await self._since(caller, room, member, command.after_seq, command.limit)

    async def history(self, caller: Caller, command: c.GetHistory) -> History:
        room, member = await self._rooms.access_conversation(caller, command.conversation_id)

        def read(con: Connection) -> tuple[Membership, _Page, list[Stored]]:
            now = self._rooms.access_now(con, room, member, caller.user_id)
            page = _page(con, room.id, now, command)
            return now, page, store.notices(con, room.id, page.low, page.high, MAX_NOTICES)

        member, page, told = await self._db.read(read)
        messages = render.messages(page.rows, member, room.floor_seq, room.key, self._link)
        notices = render.notices(told, member, room.floor_seq)
        return History(
            messages,
            before=page.low if page.low > max(member.intervals[0][0], room.floor_seq, 1) else 0,
            after=page.high if page.high < page.head else 0,
            head_seq=page.head,
            users=await self._directory.users(render.people(messages, notices)),
            notices=notices,
        )

    async def messages(self, caller: Caller, command: c.GetMessages) -> History:
        room, member = await self._rooms.access_conversation(caller, command.conversation_id)

        def read(con: Connection) -> tuple[Membership, list[Stored]]:
            now = self._rooms.access_now(con, room, member, caller.user_id)
            return now, store.by_seqs(con, room.id, command.seqs)

        member, rows = await self._db.read(read)
        # Who opens a bundle asks for it alone: fifty whole ones would be megabytes, each picture with a link to sign.
        whole = len(command.seqs) == 1
        found = render.messages(rows, member, room.floor_seq, room.key, self._link, whole=whole)
        users = await self._directory.users(list({message.sender_id: None for message in found}))
        return History(found, head_seq=room.head_seq, users=users)

    async def _rows(self, caller: Caller, since: int) -> CaughtUp:
        def read(con: Connection) -> tuple[int, bool, list[ConversationView]]:
            version = inboxes.version(con, caller.user_id)
            changed = inboxes.changed_since(con, caller.user_id, since, MAX_ROWS + 1) if since else None
            if changed is not None and len(changed) <= MAX_ROWS:
                return version, False, self._views.build(con, caller.user_id, changed)
            page = inboxes.page(con, caller.user_id, False, None, FIRST_PAGE)
            return version, True, self._views.build(con, caller.user_id, page)

        version, full, views = await self._db.read(read)
        self._views.overlay(caller.user_id, views)
        return CaughtUp(
            user_version=version,
            full=full,
            conversations=views,
            next_cursor=next_cursor(views, FIRST_PAGE) if full else "",
            syncs=[],
            pending=[],
        )

    async def _fill(
        self, caller: Caller, rows: CaughtUp, moved: Sequence[tuple[str, int]], standings: inboxes.Standings
    ) -> None:
        left = BUDGET - len(encode(rows.conversations))
        for conversation_id, seq in moved:
            if left <= 0:
                rows.pending.append(conversation_id)
                continue
            sync = await self._already_read(conversation_id, seq, standings.get(conversation_id))
            if sync is not None:
                left -= len(bytes(sync.entries[0]))  # type: ignore[call-overload]  # a Raw, see `_from_memory`
            else:
                with self._reading(conversation_id):
                    sync = await self._lacking(caller, conversation_id, seq)
                if sync is None:
                    continue
                left -= len(encode(sync))
            rows.syncs.append(sync)

    async def _already_read(
        self, conversation_id: str, seq: int, standing: inboxes.Standing | None
    ) -> ConversationSync | None:
        """From memory, also if somebody is about to put it there: after a restart all of a group ask at once."""
        sync = self._lately(conversation_id, seq, standing)
        reading = self._readings.get(conversation_id)
        if sync is None and reading is not None:
            await reading.wait()
            sync = self._lately(conversation_id, seq, standing)
        return sync

    def _lately(
        self, conversation_id: str, seq: int, standing: inboxes.Standing | None
    ) -> ConversationSync | None:
        """From memory alone, on the membership as it was read: good only while nothing was appended since."""
        room = self._rooms.peek(conversation_id)
        if standing is None or room is None or room.head_seq != standing.head_seq:
            return None
        return self._from_memory(room, standing.membership, seq, MAX_GAP)

    async def _lacking(self, caller: Caller, conversation_id: str, seq: int) -> ConversationSync | None:
        try:
            room, member = await self._rooms.access_conversation(caller, conversation_id)
            sync = await self._since(caller, room, member, seq, MAX_GAP)
        except AppError as error:
            if error.code is not ErrorCode.not_found:
                raise
            return ConversationSync(conversation_id=conversation_id, head_seq=0, head_ordinal=0, reset=True)
        return None if sync.head_seq == seq else sync

    @contextmanager
    def _reading(self, conversation_id: str) -> Iterator[None]:
        done = asyncio.Event()
        self._readings.setdefault(conversation_id, done)
        try:
            yield
        finally:
            done.set()
            if self._readings.get(conversation_id) is done:
                del self._readings[conversation_id]

    def _from_memory(self, room: Room, member: Membership, seq: int, limit: int) -> ConversationSync | None:
        """What somebody lacks who may see all that was said since; None when it must be read."""
        if room.head_seq - seq > limit or seq < room.floor_seq - 1:
            return None
        first, until = member.intervals[-1] if member.intervals else (0, -1)
        said = self._recent.after(room.id, seq, room.head_seq) if not until and first <= seq + 1 else None
        if said is None:
            return None
        # Already JSON, several entries in one piece: only the encoder ever looks into this list.
        entries: list[Any] = [Raw(said)]
        return ConversationSync(
            conversation_id=room.id,
            head_seq=room.head_seq,
            head_ordinal=room.head_ordinal,
            floor_seq=room.floor_seq,
            entries=entries,
        )

    async def _since(
        self, caller: Caller, room: Room, member: Membership, seq: int, limit: int
    ) -> ConversationSync:
        def read(con: Connection) -> tuple[Membership, store.Head, bool, list[Stored]]:
            now = self._rooms.access_now(con, room, member, caller.user_id)
            head = _head(con, room.id, now)
            reset = seq > head.head_seq or head.head_seq - seq > MAX_GAP or seq < room.floor_seq - 1
            if reset:
                return now, head, True, _latest(con, room.id, head.head_seq)
            rows = [row for row in store.after(con, room.id, seq, limit) if row.seq <= head.head_seq]
            return now, head, False, rows

        member, head, reset, rows = await self._db.read(read)
        entries: list[Entry]
        if reset:
            entries = render.seen(rows, member, room.floor_seq, room.key, self._link)
        else:
            entries = render.visible(rows, member, room.floor_seq, room.key, self._link)
            self._remember(room, entries)
        return ConversationSync(
            conversation_id=room.id,
            head_seq=head.head_seq,
            head_ordinal=head.head_ordinal,
            floor_seq=room.floor_seq,
            entries=entries,
            reset=reset,
            more=not reset and bool(rows) and rows[-1].seq < head.head_seq,
        )

    def _remember(self, room: Room, entries: Sequence[Entry]) -> None:
        """For the others who lack the same. Nothing where the log has grown while it was read: what this process
        heard of it since is newer."""
        if not entries or self._rooms.peek(room.id) is not room or entries[-1].seq != room.head_seq:
            return
        tail = list(takewhile(_is_plain, reversed(entries)))
        self._recent.restore(room.id, room.head_seq, [encode(entry) for entry in reversed(tail)])


def _is_plain(entry: Entry) -> bool:
    """A text in its first state: what `Recent` may hold."""
    return isinstance(entry, MessageSent) and not entry.changed_seq and isinstance(entry.content, Text)


def _head(con: Connection, room_id: str, member: Membership) -> store.Head:
    """Where the log ends for a member: a former one learns nothing of what goes on, not even how much."""
    head = store.heads(con, [room_id])[room_id]
    until = member.intervals[-1][1]
    if not until or until >= head.head_seq:
        return head
    return head._replace(head_seq=until, head_ordinal=store.ordinal_at(con, room_id, until))


def _latest(con: Connection, room_id: str, head: int) -> list[Stored]:
    """The end of a log as one reads it: messages, and what is told between them."""
    messages, low = _older(con, room_id, head + 1, RESET_PAGE)
    told = store.notices(con, room_id, low, head, MAX_NOTICES)
    return sorted([*messages, *told], key=lambda row: row.seq)


class _Page(NamedTuple):
    """Where the log ends; messages; the lowest and highest seq that were looked at. A page looks at no more than
    SCAN_LIMIT entries in a direction, so it may be empty and still say where to go on."""

    head: int
    rows: list[Stored]
    low: int
    high: int


def _page(con: Connection, room_id: str, member: Membership, command: c.GetHistory) -> _Page:
    head = _head(con, room_id, member).head_seq
    if command.around:
        half = command.limit // 2 + 1
        older, low = _older(con, room_id, min(command.around, head) + 1, half)
        newer, high = _newer(con, room_id, min(command.around, head), half, head)
        return _Page(head, older + newer, low, high)
    if command.after is not UNSET:
        newer, high = _newer(con, room_id, command.after, command.limit, head)
        return _Page(head, newer, command.after + 1, high)
    before = min(command.before or head + 1, head + 1)
    older, low = _older(con, room_id, before, command.limit)
    return _Page(head, older, low, before - 1)


def _older(con: Connection, room_id: str, before: int, limit: int) -> tuple[list[Stored], int]:
    rows = store.messages_before(con, room_id, before, limit)
    return rows, rows[0].seq if len(rows) == limit else max(1, before - store.SCAN_LIMIT)


def _newer(con: Connection, room_id: str, after: int, limit: int, head: int) -> tuple[list[Stored], int]:
    rows = store.messages_after(con, room_id, after, limit)
    return rows, rows[-1].seq if len(rows) == limit else min(head, after + store.SCAN_LIMIT)


def _few(waiting: Iterable[inboxes.Who]) -> list[inboxes.Who]:
    """So many that no one of them makes the others wait long."""
    batch: list[inboxes.Who] = []
    left = KNOWN_TOGETHER
    for who in waiting:
        left -= len(who[1])
        if batch and (left < 0 or len(batch) == TOGETHER):
            break
        batch.append(who)
    return batch
