"""The verb: what the caller may see and that says what they ask for, newest first."""

import asyncio
import base64
import binascii
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database
from chaguan.infra.sealing import DamagedError, DataKey, Vault
from chaguan.messaging import render
from chaguan.messaging.feed import Feed
from chaguan.messaging.model import EDIT, MESSAGE, Membership, Room, Stored, open_content, unpack_state
from chaguan.messaging.ports import Directory, Links
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.search.index import Indexer
from chaguan.messaging.search.matching import walk
from chaguan.messaging.search.merging import Merger
from chaguan.messaging.search.texts import text_of
from chaguan.messaging.search.tokens import Query, Tokens, fold
from chaguan.messaging.store import inboxes, log
from chaguan.protocol import commands as c
from chaguan.protocol.replies import SearchHit, SearchPage

CHUNK = 8_192
GATHER_S = 1
"""A busy log is indexed in few, large batches."""
BUDGET = 200_000
"""Postings that one page may cost (see `matching`)."""
MAX_OPENED = 500
BATCH = 64
"""Candidates opened in one stretch: under a millisecond of the loop."""
NEWEST = 1 << 62

Scope = dict[str, Membership]


class _Hunt(Struct):
    """One page in the making."""

    query: Query
    scope: Scope
    own: list[int]
    limit: int
    before: int
    cost: int = 0
    opened: int = 0
    ended: bool = False
    hits: list[SearchHit] = []


class Search:
    def __init__(
        self,
        db: Database,
        vault: Vault,
        rooms: Rooms,
        link: Links,
        directory: Directory,
        *,
        enabled: bool = True,
        clock: Clock = now_ms,
    ) -> None:
        self._db = db
        self._rooms = rooms
        self._link = link
        self._directory = directory
        self._enabled = enabled
        self._cursors = DataKey(vault.derive("search cursors"))
        self._tokens = Tokens(vault.derive("search"))
        self._asked = Tokens(vault.derive("search"))  # not the worker's: memos are for one thread
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="search")
        self.indexer = Indexer(db, vault, self._tokens, self._worker)
        self.merger = Merger(db, self._worker)
        self.feed = Feed(db, "search", self.indexer.handle, chunk=CHUNK, gather_s=GATHER_S, clock=clock)
        self.merge_failure: Exception | None = None
        self._merging: asyncio.Task[None] | None = None

    @property
    def lag_ms(self) -> int:
        """How far the index is behind the log."""
        return self.feed.lag_ms if self._enabled else 0

    def wake(self, conversation_id: str) -> None:
        """The log grew."""
        if self._enabled:
            self.feed.wake(conversation_id)

    async def start(self) -> None:
        if self._enabled:
            self.feed.on_owned = self.merger.clean
            await self.feed.start()
            self._merging = asyncio.create_task(self._keep_merging())

    async def stop(self) -> None:
        await self.feed.stop()
        if self._merging is not None:
            self._merging.cancel()
            await asyncio.gather(self._merging, return_exceptions=True)
            self._merging = None
        self._worker.shutdown(wait=True)

    async def caught_up(self) -> None:
        """Wait until everything said before this call can be found."""
        if self._enabled:
            await self.feed.caught_up()

    async def access_scope(self, caller: Caller, conversation_id: str) -> Scope:
        """Where the caller may look, and how much they may see of it."""
        if conversation_id:
            room, member = await self._rooms.access_conversation(caller, conversation_id)
            return {
                conversation_id: await self._db.read(
                    lambda con: self._rooms.access_now(con, room, member, caller.user_id)
                )
            }
        listed = await self._db.read(lambda con: inboxes.all_ids(con, caller.user_id))
        return {id: member for id, member in listed if member.intervals}

    async def search(self, caller: Caller, command: c.SearchMessages) -> SearchPage:
        scope = await self.access_scope(caller, command.conversation_id)
        if not self._enabled:
            raise AppError(ErrorCode.unavailable, "search is switched off", reason="search_off")
        hunt = _Hunt(
            query=self._asked.query(command.query),
            scope=scope,
            own=sorted(self._asked.conversation(id) for id in scope),
            limit=command.limit,
            before=self._open_cursor(caller, command),
        )
        if hunt.query.terms:
            await self._fill(hunt)
        return SearchPage(
            hits=hunt.hits,
            users=await self._directory.users(list(_named(hunt.hits))),
            next_cursor=self._cursor(caller, command, hunt) if hunt.query.terms else "",
            lag_ms=self.lag_ms,
        )

    async def _fill(self, hunt: _Hunt) -> None:
        while not hunt.ended and len(hunt.hits) < hunt.limit:
            wanted = min(BATCH, MAX_OPENED - hunt.opened)
            if wanted <= 0 or hunt.cost >= BUDGET:
                return
            found = await self._db.read(
                lambda con, before=hunt.before, wanted=wanted: walk(  # type: ignore[misc]
                    con, hunt.query.terms, hunt.own, before, wanted, BUDGET - hunt.cost
                )
            )
            hunt.cost += found.cost
            hunt.opened += len(found.ids)
            if await self._verify(hunt, found.ids):
                hunt.before, hunt.ended = found.before, found.ended

    async def _verify(self, hunt: _Hunt, ids: Sequence[int]) -> bool:
        """Takes what is really a hit; false if the page became full, with `before` at the last hit."""
        rows, targets = await self._db.read(lambda con: _candidates(con, ids))
        for row in rows:
            message = row if row.kind == MESSAGE else targets.get((row.conversation_id, row.target_seq))
            member = hunt.scope.get(row.conversation_id)
            if message is None or member is None or not member.sees(row.seq) or not member.sees(message.seq):
                continue
            room = await self._rooms.room(row.conversation_id)
            if message.seq < room.floor_seq or not _says(row, message, room, hunt.query):
                continue
            hunt.hits.append(SearchHit(render.message(message, room.key, self._link), room.wire()))
            if len(hunt.hits) == hunt.limit:
                hunt.before = row.id
                return False
        return True

    async def _keep_merging(self) -> None:
        seen = -1
        while True:
            if self.feed.is_owned and seen != self.feed.position:
                seen = self.feed.position
                try:
                    await self.merger.run()
                except Exception as error:  # noqa: BLE001  merging must outlive what it stumbles over
                    self.merge_failure = error
                    seen = -1
            await asyncio.sleep(GATHER_S)

    def _cursor(self, caller: Caller, command: c.SearchMessages, hunt: _Hunt) -> str:
        if hunt.ended:
            return ""
        # Sealed, because an id of the log tells how much is said in the whole deployment.
        sealed = self._cursors.seal(hunt.before.to_bytes(8, "big"), _purpose(caller, command))
        return base64.urlsafe_b64encode(sealed).decode()

    def _open_cursor(self, caller: Caller, command: c.SearchMessages) -> int:
        if not command.cursor:
            return NEWEST
        try:
            sealed = base64.urlsafe_b64decode(command.cursor)
            return int.from_bytes(self._cursors.unseal(sealed, _purpose(caller, command)), "big")
        except (DamagedError, binascii.Error, ValueError) as error:
            raise AppError(ErrorCode.bad_request, "the cursor belongs to no page of this search") from error


def _purpose(caller: Caller, command: c.SearchMessages) -> bytes:
    asked = "\0".join([caller.user_id, command.conversation_id, command.query])
    return blake2b(asked.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _candidates(
    connection: Connection, ids: Sequence[int]
) -> tuple[list[Stored], dict[tuple[str, int], Stored]]:
    """The entries, newest first, and the messages that edits among them are about."""
    rows = log.by_ids(connection, ids) if ids else []
    seqs: dict[str, list[int]] = {}
    for row in rows:
        if row.kind == EDIT:
            seqs.setdefault(row.conversation_id, []).append(row.target_seq)
    targets = [message for id, wanted in seqs.items() for message in log.by_seqs(connection, id, wanted)]
    return rows, {(message.conversation_id, message.seq): message for message in targets}


def _says(row: Stored, message: Stored, room: Room, query: Query) -> bool:
    """Whether the message says it now, and `row` is the entry by which it came to say it: so it is found once."""
    if message.kind != MESSAGE or message.body is None or room.key is None:
        return False
    state = unpack_state(message.state)
    written_by = row.client_msg_id.hex() if row.kind == EDIT else ""
    if state.recalled_by or state.edited_by != written_by:
        return False
    text = fold(text_of(open_content(message, room.key, state)))
    return all(word in text for word in query.words)


def _named(hits: Iterable[SearchHit]) -> dict[str, None]:
    """Everyone whose name the page shows."""
    ids: dict[str, None] = {}
    for hit in hits:
        wanted = (hit.message.sender_id, hit.conversation.customer_id)
        ids.update(dict.fromkeys(id for id in wanted if id))
    return ids
