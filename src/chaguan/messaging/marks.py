"""Read marks: the furthest is kept in memory and flushed each second in one transaction.

A crash may lose that second of marks, never a message; senders' own marks are found again from the log's tail.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError
from chaguan.infra.database import Database
from chaguan.messaging.model import MESSAGE, Room
from chaguan.messaging.ports import Publisher
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import conversations, inboxes, log
from chaguan.protocol.commands import MarkRead
from chaguan.protocol.conversations import ConversationKind
from chaguan.protocol.pushes import MarkMoved

FLUSH_MS = 1_000
CHUNK = 50
"""Marks of one transaction: about 2 ms, which is what a message that comes meanwhile waits."""
POSITION = "own marks"
_SHOWN = (ConversationKind.direct, ConversationKind.service)


class Mark(Struct, gc=False):
    seq: int
    ordinal: int
    shown: bool
    """Others see it, so it is kept on the conversation's side too."""


Moved = list[tuple[str, int, list[inboxes.InboxRow]]]
"""(user_id, user_version, rows that changed in it)"""


class Marks:
    def __init__(self, db: Database, rooms: Rooms, publisher: Publisher) -> None:
        self._db = db
        self._rooms = rooms
        self._publisher = publisher
        self._waiting: dict[tuple[str, str], Mark] = {}
        self._flushing: dict[tuple[str, str], Mark] = {}
        self._safe = 0
        self.on_moved: Callable[[Moved], None] = lambda _moved: None

    async def mark_read(self, caller: Caller, command: MarkRead) -> None:
        """Move the caller's mark up to `seq`, and let the others in a direct or service conversation know."""
        room, member = await self._rooms.access_member(caller, command.conversation_id)
        seq = min(command.seq, room.head_seq)
        if seq < 1 or not member.sees(seq) or self._is_behind(caller.user_id, room.id, seq):
            return
        ordinal = room.head_ordinal
        if seq < room.head_seq:
            ordinal = await self._db.read(lambda c: log.ordinal_at(c, room.id, seq))
        self.move(room, caller.user_id, seq, ordinal)
        if room.kind in _SHOWN:
            push = MarkMoved(conversation_id=room.id, user_id=caller.user_id, read_seq=seq)
            for topic in room.pair or (room.id,):
                self._publisher.publish(topic, push)

    def move(self, room: Room, user_id: str, seq: int, ordinal: int) -> None:
        mark = self._waiting.get((user_id, room.id))
        if mark is None:
            self._waiting[(user_id, room.id)] = Mark(seq, ordinal, room.kind in _SHOWN)
        elif seq > mark.seq:
            mark.seq, mark.ordinal = seq, ordinal

    def pending(self, user_id: str, conversation_id: str) -> Mark | None:
        """A mark that is not in the database yet; rows read from there are shown with it."""
        key = (user_id, conversation_id)
        return self._waiting.get(key) or self._flushing.get(key)

    async def flush(self) -> None:
        """Write what waits, in chunks."""
        while self._waiting:
            keys = list(self._waiting)[:CHUNK]
            self._flushing = {key: self._waiting.pop(key) for key in keys}
            taken = dict(self._flushing)
            try:
                moved = await self._db.write(partial(_write, marks=taken))
            except BaseException:
                for key, mark in taken.items():
                    newer = self._waiting.get(key)
                    if newer is None or newer.seq < mark.seq:
                        self._waiting[key] = mark
                raise
            finally:
                self._flushing = {}
            self.on_moved(moved)

    async def recover(self) -> None:
        """After a crash: advance the marks of those who sent what the lost second held."""
        while True:
            rows = await self._db.read(lambda c: log.since(c, log.position(c, POSITION), 2_000))
            if not rows:
                return
            sent: dict[tuple[str, str], Mark] = {}
            for row in rows:
                if row.kind == MESSAGE and row.countable:
                    sent[(row.actor_id, row.conversation_id)] = Mark(row.seq, row.ordinal, True)
            await self._db.write(partial(_write, marks=sent))
            await self._db.write(partial(log.set_position, consumer=POSITION, value=rows[-1].id))

    async def keep_flushing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_MS / 1000)
            try:
                await self.flush_and_note()
            except AppError:
                continue  # a full disk or a locked file: the marks wait in memory, and /health says why

    async def flush_and_note(self) -> None:
        """Flush, and remember up to which entry the senders' marks are safe: the end of the log a flush ago, since
        the newest commits may not have reached `move` yet."""
        safe, (self._safe, _) = self._safe, await self._db.read(log.end)
        if self._waiting:
            await self.flush()
        if safe and safe != self._safe:
            await self._db.write(partial(log.set_position, consumer=POSITION, value=safe))

    def _is_behind(self, user_id: str, conversation_id: str, seq: int) -> bool:
        mark = self.pending(user_id, conversation_id)
        return mark is not None and mark.seq >= seq


def _write(connection: Connection, marks: dict[tuple[str, str], Mark]) -> Moved:
    wanted = [(user_id, id, mark.seq, mark.ordinal) for (user_id, id), mark in marks.items()]
    moved = inboxes.advance_reads(connection, wanted)
    conversations.advance_read(
        connection, [(mark.seq, id, user_id) for (user_id, id), mark in marks.items() if mark.shown]
    )
    return [(user_id, rows[0].version, rows) for user_id, rows in moved.items()]
