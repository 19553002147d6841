"""Finding notes by what they say. No word of theirs stands in an index, keyed or not: they are opened and read (ADR 20)."""

import asyncio
from collections.abc import Sequence
from functools import partial

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.notes import NoteBook, reader_of, shown
from chaguan.desk.store import notes as store
from chaguan.desk.store.notes import Written
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.ports import Directory
from chaguan.messaging.search.tokens import fold
from chaguan.protocol import commands as c
from chaguan.protocol.notes import FoundNote, FoundNotes

MOST = 2_000
"""Notes that one page looks through."""
PAGE = 250
SLICE = 64
"""Notes opened in one stretch: under a millisecond of the loop."""
SERVICE = "s_"
Place = tuple[int, str, int]
NEWEST: Place = (1 << 62, "", 0)


class NoteSearch:
    def __init__(self, db: Database, messaging: Messaging, directory: Directory, notes: NoteBook) -> None:
        self._db = db
        self._messaging = messaging
        self._directory = directory
        self._notes = notes

    async def access_places(self, caller: Caller, conversation_id: str) -> list[str]:
        """Where the caller may look: one conversation, or all that they have to do with."""
        if conversation_id:
            return [(await self._notes.access_notes(caller, conversation_id)).id]
        self._notes.access_desk(caller)
        own = await self._messaging.search.access_scope(caller, "")
        written = await self._db.read(lambda con: store.places(con, caller.user_id))
        return sorted({id for id in (*own, *written) if id.startswith(SERVICE)})

    async def search(self, caller: Caller, command: c.SearchNotes) -> FoundNotes:
        ids = await self.access_places(caller, command.conversation_id)
        words, last = fold(command.query).split(), _place_of(command.cursor)
        found: list[FoundNote] = []
        looked = 0
        while words and looked < MOST:
            read = partial(store.older, conversation_ids=ids, reader=reader_of(caller), last=last, limit=PAGE)
            rows = await self._db.read(read)
            for row in rows:
                looked, last = looked + 1, (row.created_at, row.conversation_id, row.seq)
                found += await self._said(row, words)
                if len(found) == command.limit:
                    return await self._page(found, last)
                if looked % SLICE == 0:
                    await asyncio.sleep(0)
            if len(rows) < PAGE:
                return await self._page(found, None)
        return await self._page(found, last if words else None)

    async def _said(self, row: Written, words: Sequence[str]) -> list[FoundNote]:
        """The note, if it says all of the words."""
        room = await self._messaging.rooms.room(row.conversation_id)
        note = shown(room, row)
        text = fold(note.text)
        if row.seq < room.floor_seq or not all(word in text for word in words):
            return []
        return [FoundNote(note=note, customer_id=room.customer_id)]

    async def _page(self, found: list[FoundNote], last: Place | None) -> FoundNotes:
        named = {id for each in found for id in (each.note.author_id, each.note.whisper_to, each.customer_id)}
        users = await self._directory.users(sorted(named - {""}))
        return FoundNotes(found, users, _cursor(last) if last else "")


def _cursor(place: Place) -> str:
    at, conversation_id, seq = place
    return f"{at}.{seq}.{conversation_id}"


def _place_of(cursor: str) -> Place:
    if not cursor:
        return NEWEST
    try:
        at, seq, conversation_id = cursor.split(".", 2)
        place = (int(at), conversation_id, int(seq))
    except ValueError as error:
        raise AppError(ErrorCode.bad_request, "no cursor of this search", field="cursor") from error
    if not (0 <= place[0] < NEWEST[0] and 0 <= place[2] < NEWEST[0]):
        raise AppError(ErrorCode.bad_request, "no cursor of this search", field="cursor")
    return place
