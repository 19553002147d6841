"""The ends of logs, for the processes that push them: what others appended, and what was not pushed yet."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from chaguan.infra.database import Database
from chaguan.infra.database.gathered import GatheredReads
from chaguan.messaging import render
from chaguan.messaging.model import Membership, Stored
from chaguan.messaging.ports import Links
from chaguan.messaging.recent import Recent
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import heads as store
from chaguan.messaging.store import log
from chaguan.protocol.conversations import MemberRole
from chaguan.protocol.entries import Entry

LastSaid = log.LastSaid
_EVERYTHING = Membership(MemberRole.agent, [(1, 0)], looks_only=True)
CHUNK = 500
MAX_TOPICS = 2_000
"""Conversations that a session follows by itself."""


def last_said(connection: Connection, conversation_id: str) -> LastSaid | None:
    """The last message of somebody, as it is in this transaction. Inside one that appends, nobody's comes between."""
    return log.last_said(connection, conversation_id)


class Tail:
    """Not access-checked: who listens to a topic was decided when they subscribed to it."""

    def __init__(self, db: Database, rooms: Rooms, recent: Recent, link: Links) -> None:
        self._db = db
        self._rooms = rooms
        self._recent = recent
        self._link = link
        self._joined = GatheredReads(db, lambda con, ids: store.joined(con, ids, MAX_TOPICS))

    def heard(
        self, conversation_id: str, seq: int, ordinal: int, created_at: int, text_entry: bytes | None
    ) -> None:
        """Another process appended this. What is no plain message may have changed anything: it is read anew."""
        room = self._rooms.peek(conversation_id)
        if text_entry is None or room is None:
            self._rooms.forget(conversation_id)
            self._recent.forget(conversation_id)
        elif seq > room.head_seq:
            room.head_seq, room.head_ordinal = seq, max(ordinal, room.head_ordinal)
            room.last_at = max(room.last_at, created_at)
            self._recent.add(conversation_id, seq, text_entry)

    def forget(self, conversation_id: str) -> None:
        self._rooms.forget(conversation_id)
        self._recent.forget(conversation_id)

    async def heads(self, conversation_ids: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for start in range(0, len(conversation_ids), CHUNK):
            some = conversation_ids[start : start + CHUNK]
            heads = await self._db.read(lambda con, some=some: log.heads(con, some))  # type: ignore[misc]  # a default
            found.update((id, head.head_seq) for id, head in heads.items())
        return found

    async def joined(self, user_id: str) -> dict[str, int]:
        """At most MAX_TOPICS conversations that the user follows, each with the first seq that is theirs to see."""
        return await self._joined.find(user_id) or {}

    async def since(self, conversation_id: str, seq: int, limit: int) -> tuple[list[Entry], int]:
        """Entries above `seq` as they are pushed, and the head. None of them when more than `limit` lack."""
        room = await self._rooms.room(conversation_id)

        def read(con: Connection) -> tuple[list[Stored], int]:
            head = log.heads(con, [conversation_id])[conversation_id].head_seq
            return log.after(con, conversation_id, seq, limit) if head - seq <= limit else [], head

        rows, head = await self._db.read(read)
        rows = [row for row in rows if row.seq <= head]
        return render.visible(rows, _EVERYTHING, room.floor_seq, room.key, self._link), head

    async def moves(self, gaps: Mapping[str, tuple[int, int]]) -> list[store.Move]:
        """Who joined or left by the entries above the first seq and up to the second, of each conversation."""
        return await self._db.read(
            lambda con: [move for id, gap in gaps.items() for move in store.moves(con, id, *gap)]
        )

    async def end(self) -> int:
        """A number that grows with the whole log, to ask `moved` with."""
        return (await self._db.read(log.end))[0]

    async def moved(self, above: int, up_to: int) -> list[store.Moved]:
        return await self._db.read(lambda con: store.moved(con, above, up_to))
