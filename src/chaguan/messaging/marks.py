"""Read marks: the furthest is kept in memory, and written a second later with others in one transaction.

A crash may lose that second of marks, never a message. A mark that sending moved is in the log too and is found again
there, so it is written only after a few seconds: who writes several messages has one mark to write.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import islice

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
SENT_FLUSHES = 5
"""How many flushes a mark that sending moved waits for, where no other node would show it late."""
CHUNK = 50
"""Marks of one transaction: about 2 ms, which is what a message that comes meanwhile waits. Of many in one, other nodes
would always have moved some, and it would be refused for ever."""
POSITION = "own marks"
"""Up to where the senders' marks are safe, by node: where several share the log, each has a row of its own, named
`own marks …`, since none of them knows what waits in the others' memory."""
NOTED_AFTER = 11
"""Flushes on a shared log: a transaction of another node may take ten seconds to commit an id that it has already."""
FOUND_AT_ONCE = 5_000
"""Marks that are found again are gathered so far: of one who wrote much, the furthest is enough."""
ADOPT_FLUSHES = 10
"""So often a node looks for others that are gone."""
SOON = 2
"""The first time after so many: who is gone had no time to note anything since this one began."""
_SHOWN = (ConversationKind.direct, ConversationKind.service)


class Mark(Struct, gc=False):
    seq: int
    ordinal: int
    shown: bool
    """Others see it, so it is kept on the conversation's side too."""
    turn: int = 0
    """Which flush came before it was moved first."""


Key = tuple[str, str]
"""(user_id, conversation_id)"""
Waiting = dict[Key, Mark]
Moved = list[tuple[str, int, list[inboxes.InboxRow]]]
"""(user_id, user_version, rows that changed in it)"""


class Marks:
    def __init__(self, db: Database, rooms: Rooms, publisher: Publisher) -> None:
        self._db = db
        self._rooms = rooms
        self._publisher = publisher
        self._waiting: Waiting = {}
        self._sent: Waiting = {}
        """Those that sending moved, oldest first; none of them is in `_waiting`."""
        self._flushing: Waiting = {}
        self._turn = 0
        is_alone = db.dialect == "sqlite"
        self.position = POSITION if is_alone else f"{POSITION} {secrets.token_hex(8)}"
        self.sent_flushes = SENT_FLUSHES if is_alone else 1
        self._ends: deque[int] = deque(maxlen=(self.sent_flushes if is_alone else NOTED_AFTER) + 1)
        """Where the log ended at the latest flushes."""
        self._others: dict[str, int] = {}
        """The other nodes' positions at the latest look at them."""
        self._noted = 0
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
        self.read(room, caller.user_id, seq, ordinal)
        if room.kind in _SHOWN:
            push = MarkMoved(conversation_id=room.id, user_id=caller.user_id, read_seq=seq)
            for topic in room.pair or (room.id,):
                self._publisher.publish(topic, push)

    def read(self, room: Room, user_id: str, seq: int, ordinal: int) -> None:
        key = (user_id, room.id)
        mark = self._sent.pop(key, None)
        if mark is not None:
            self._waiting[key] = mark
        self._move(self._waiting, key, room, seq, ordinal)

    def sent(self, room: Room, user_id: str, seq: int, ordinal: int) -> None:
        key = (user_id, room.id)
        # Who sees the marks of a service conversation is told from the database, so they are not kept from it.
        is_soon = key in self._waiting or room.kind is ConversationKind.service
        self._move(self._waiting if is_soon else self._sent, key, room, seq, ordinal)

    def _move(self, waiting: Waiting, key: Key, room: Room, seq: int, ordinal: int) -> None:
        mark = waiting.get(key)
        if mark is None:
            waiting[key] = Mark(seq, ordinal, room.kind in _SHOWN, self._turn)
        elif seq > mark.seq:
            mark.seq, mark.ordinal = seq, ordinal

    def pending(self, user_id: str, conversation_id: str) -> Mark | None:
        """A mark that is not in the database yet; rows read from there are shown with it."""
        key = (user_id, conversation_id)
        return self._waiting.get(key) or self._sent.get(key) or self._flushing.get(key)

    async def settle(self, user_id: str, conversation_id: str) -> None:
        """Write this one now: what is decided next shall stand after it."""
        key = (user_id, conversation_id)
        mark = self._waiting.pop(key, None) or self._sent.pop(key, None)
        if mark is not None:
            await self._store({key: mark})

    async def flush(self) -> None:
        """Write all that waits."""
        self._let_go(self._turn)
        await self._flush()

    def _let_go(self, turn: int) -> None:
        """Marks that sending moved until then wait no longer than others."""
        while self._sent:
            key = next(iter(self._sent))
            if self._sent[key].turn > turn:
                return
            self._waiting[key] = self._sent.pop(key)

    async def _flush(self) -> None:
        while self._waiting:
            keys = list(islice(self._waiting, CHUNK))
            await self._store({key: self._waiting.pop(key) for key in keys})

    async def _store(self, taken: Waiting) -> None:
        self._flushing |= taken
        try:
            moved = await self._db.write(partial(_write, marks=dict(taken)))
        except BaseException:
            for key, mark in taken.items():
                newer = self._waiting.get(key) or self._sent.get(key)
                if newer is None or newer.seq < mark.seq:
                    self._waiting[key] = mark
            raise
        finally:
            for key in taken:
                self._flushing.pop(key, None)
        self.on_moved(moved)

    async def recover(self) -> None:
        """After a crash: advance the marks of those who sent what the lost seconds held. On a shared log that is done
        while serving (`adopt`): nodes that serve are in the way of who writes many marks, and the log grows meanwhile."""
        end, _ = await self._db.read(log.end)
        if self.position == POSITION:
            await self._find_again(await self._db.read(lambda c: log.position(c, POSITION)), end)
            return
        self._others = await self._db.read(lambda c: log.positions(c, POSITION))
        await self._write_position(end)

    async def _find_again(self, position: int, end: int) -> None:
        """The marks of those who sent what stands between; any node may, and as often as it likes."""
        while position < end:
            sent: dict[Key, Mark] = {}
            while position < end and len(sent) < FOUND_AT_ONCE:
                rows = await self._db.read(partial(log.since, position=position, limit=2_000))
                for row in rows:
                    if row.kind == MESSAGE and row.countable:
                        sent[(row.actor_id, row.conversation_id)] = Mark(row.seq, row.ordinal, True)
                position = rows[-1].id if rows else end
            await self._write_found(sent)
            if self.position == POSITION:
                await self._db.write(partial(log.set_position, consumer=POSITION, value=position))

    async def _write_found(self, sent: dict[Key, Mark]) -> None:
        keys = sorted(sent)
        for start in range(0, len(keys), CHUNK):
            marks = {key: sent[key] for key in keys[start : start + CHUNK]}
            self.on_moved(await self._db.write(partial(_write, marks=marks)))

    async def adopt(self) -> None:
        """Find the marks again that waited in the memory of a node which is gone: its position stays behind while the
        log grows. One that only slept has lost nothing, and notes its position anew."""
        end, _ = await self._db.read(log.end)
        found = await self._db.read(lambda c: log.positions(c, POSITION))
        if self.position not in found:
            await self._write_position(self._noted)
        for name, position in found.items():
            if name != self.position and position < self._noted and self._others.get(name) == position:
                await self._find_again(position, end)
                await self._db.write(partial(log.forget_position, consumer=name, value=position))
        self._others = found

    async def keep_flushing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_MS / 1000)
            try:
                await self.flush_and_note()
                if self.position != POSITION and self._turn % ADOPT_FLUSHES == SOON:
                    await self.adopt()
            except AppError:
                continue  # a full disk or a locked file: the marks wait in memory, and /health says why

    async def flush_and_note(self) -> None:
        """Flush what is due, and remember up to which entry the senders' marks are safe: the end of the log as it was
        so many flushes ago, since the newest commits may not have reached `sent` yet."""
        self._ends.append((await self._db.read(log.end))[0])
        self._turn += 1
        self._let_go(self._turn - self.sent_flushes)
        await self._flush()
        if len(self._ends) == self._ends.maxlen:
            await self._note(self._ends[0])

    async def finish(self) -> None:
        """Write all, when nothing is appended any more: then there is nothing to find again."""
        end, _ = await self._db.read(log.end)
        await self.flush()
        if self.position == POSITION:
            await self._note(end)
        else:
            await self._db.write(partial(log.forget_position, consumer=self.position, value=self._noted))

    async def _note(self, safe: int) -> None:
        if safe != self._noted:
            await self._write_position(safe)

    async def _write_position(self, safe: int) -> None:
        await self._db.write(partial(log.set_position, consumer=self.position, value=safe))
        self._noted = safe

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
