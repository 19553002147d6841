"""Conversations and memberships as this process knows them, and the door to them: `access_conversation`."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Generic, TypeVar

from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault
from chaguan.messaging.model import Membership, Room
from chaguan.messaging.ports import Access
from chaguan.messaging.store import conversations as store
from chaguan.protocol.conversations import ConversationKind, MemberRole

K = TypeVar("K")
V = TypeVar("V")


class _Cache(Generic[K, V]):
    """A bounded cache whose loads are shared: callers who wait for the same value wake in order of arrival."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[K, V] = OrderedDict()
        self._loads: dict[K, asyncio.Task[V]] = {}

    def peek(self, key: K) -> V | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        running = self._loads.get(key)
        if running is None:
            running = self._loads[key] = asyncio.ensure_future(self._load(key, load))
        return await asyncio.shield(running)

    async def _load(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        try:
            value = await load()
            if self._loads.get(key) is asyncio.current_task():
                self.put(key, value)
            return value
        finally:
            if self._loads.get(key) is asyncio.current_task():
                del self._loads[key]

    def put(self, key: K, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)

    def drop(self, key: K) -> None:
        """Forget the value, and let a load that is under way not put a stale one in its place."""
        self._values.pop(key, None)
        self._loads.pop(key, None)


class Rooms:
    """With other processes beside this one, what is remembered holds only while they are heard (`is_current`)."""

    def __init__(self, db: Database, vault: Vault, access: Access, limit: int = 50_000) -> None:
        self._db = db
        self._vault = vault
        self._access = access
        self._rooms: _Cache[str, Room] = _Cache(limit)
        self._members: _Cache[tuple[str, int, str], Membership] = _Cache(limit * 4)
        self._versions = count(1)
        self.is_current: Callable[[Room], bool] | None = None
        self.tell: Callable[[str], None] = lambda _conversation_id: None
        """Called with the conversation of which others must not trust their memory."""

    async def access_conversation(self, caller: Caller, conversation_id: str) -> tuple[Room, Membership]:
        """The conversation and what the caller may see of it; `not_found` for who may see nothing."""
        remembered = self.access_remembered(caller, conversation_id)
        if remembered is not None:
            return remembered
        room = await self.room(conversation_id)
        return self._granted(caller, room, await self._member(room, caller.user_id))

    def access_remembered(self, caller: Caller, conversation_id: str) -> tuple[Room, Membership] | None:
        """The same where nothing has to be read for it; None where it has to be."""
        room = self._rooms.peek(conversation_id)
        if room is None or (self.is_current is not None and not self.is_current(room)):
            return None
        member = self._remembered(room, caller.user_id)
        return None if member is None else self._granted(caller, room, member)

    def _remembered(self, room: Room, user_id: str) -> Membership | None:
        """Beside other processes nobody is turned away from memory: they may be back, and it was not heard here."""
        member = self._members.peek((room.id, room.version, user_id))
        return member if member is not None and (member.is_current or self.is_current is None) else None

    def _granted(self, caller: Caller, room: Room, member: Membership) -> tuple[Room, Membership]:
        if not member.is_current:
            granted = self._access.grant(caller, room)
            if granted is not None:
                return room, granted
        if not member.intervals:
            raise AppError(ErrorCode.not_found, "no such conversation")
        return room, member

    def access_now(self, connection: Connection, room: Room, member: Membership, user_id: str) -> Membership:
        """What the user may see of what is read with it, in one transaction: `member` was read before that, and they
        may have been removed since, a moment ago or at a process that was not heard."""
        if member.looks_only:
            return member
        held = store.membership(connection, room.id, user_id)
        if held is None or not held.intervals:
            raise AppError(ErrorCode.not_found, "no such conversation")
        return held

    async def access_member(self, caller: Caller, conversation_id: str) -> tuple[Room, Membership]:
        """The same for those who belong to it now, and so may change it."""
        room, member = await self.access_conversation(caller, conversation_id)
        if not member.is_current or member.looks_only:
            raise AppError(ErrorCode.forbidden, "not a member")
        return room, member

    async def room(self, conversation_id: str) -> Room:
        held = self._rooms.peek(conversation_id)
        if held is not None:
            if self.is_current is None or self.is_current(held):
                return held
            self._rooms.drop(conversation_id)
        return await self._rooms.get(conversation_id, lambda: self._load_room(conversation_id))

    def peek(self, conversation_id: str) -> Room | None:
        return self._rooms.peek(conversation_id)

    def forget_member(self, conversation_id: str, user_id: str) -> None:
        room = self._rooms.peek(conversation_id)
        if room is not None:
            self._members.drop((conversation_id, room.version, user_id))

    def forget(self, conversation_id: str) -> None:
        self._rooms.drop(conversation_id)

    def forget_everywhere(self, conversation_id: str) -> None:
        """After a change that is no entry of its log."""
        self.forget(conversation_id)
        self.tell(conversation_id)

    def recheck(self, room: Room, user_id: str) -> Callable[[Connection], None]:
        """Decides again, inside the append's transaction, whether the user still belongs to the conversation."""

        def check(connection: Connection) -> None:
            member = store.membership(connection, room.id, user_id)
            if member is None or not member.is_current:
                raise AppError(ErrorCode.forbidden, "not a member any more")
            if room.pair is not None and store.blocked_by(connection, room.pair):
                raise AppError(ErrorCode.forbidden, "blocked")

        return check

    async def _member(self, room: Room, user_id: str) -> Membership:
        key = (room.id, room.version, user_id)

        async def load() -> Membership:
            found = await self._db.read(lambda c: store.membership(c, room.id, user_id))
            return found or Membership(MemberRole.member, [])

        return self._remembered(room, user_id) or await self._members.get(key, load)

    async def _load_room(self, conversation_id: str) -> Room:
        def read(connection: Connection) -> tuple[store.Row, frozenset[str]] | None:
            row = store.find(connection, conversation_id)
            if row is None:
                return None
            pair = (row.peer_a, row.peer_b)
            return row, store.blocked_by(connection, pair) if row.peer_a else frozenset()

        before = time.monotonic()
        found = await self._db.read(read)
        if found is None:
            raise AppError(ErrorCode.not_found, "no such conversation")
        room = self._make(*found)
        room.loaded_at, room.version = before, next(self._versions)
        return room

    def _make(self, row: store.Row, blocked_by: frozenset[str]) -> Room:
        key = self._vault.unwrap(row.id, row.data_key) if row.data_key is not None else None
        room = Room(row.id, ConversationKind(row.kind), key)
        room.name, room.avatar = row.name, row.avatar
        room.shop_id, room.customer_id = row.shop_id, row.customer_id
        room.pair = (row.peer_a, row.peer_b) if row.peer_a else None
        room.blocked_by = blocked_by
        room.join_history = bool(row.join_history)
        room.created_at, room.last_at = row.created_at, row.last_at
        room.head_seq, room.head_ordinal, room.floor_seq = row.head_seq, row.head_ordinal, row.floor_seq
        room.member_version, room.member_count = row.member_version, row.member_count
        return room
