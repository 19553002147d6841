"""The verbs on members of a conversation: list, add, remove, leave, change a role."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits
from chaguan.infra.database import Database
from chaguan.messaging import rules
from chaguan.messaging.append import Appended as Placed
from chaguan.messaging.log import Draft, Log
from chaguan.messaging.model import JOINED, LEFT, ROLE, Intervals, Membership, Room, State, uuid_bytes
from chaguan.messaging.ports import Directory, Publisher
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import conversations as store
from chaguan.messaging.store import inboxes
from chaguan.messaging.store import log as log_store
from chaguan.messaging.views import Views
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import ConversationKind, Member, MemberRole
from chaguan.protocol.replies import Appended, MemberPage

_SEARCHED = 500
"""Members whose names are looked at in one turn. Names stand in memory once somebody asked: no statement joins them."""


class Members:
    def __init__(
        self,
        db: Database,
        rooms: Rooms,
        log: Log,
        views: Views,
        publisher: Publisher,
        directory: Directory,
        limits: Limits,
    ) -> None:
        self._db = db
        self._rooms = rooms
        self._log = log
        self._views = views
        self._publisher = publisher
        self._directory = directory
        self._limits = limits

    async def page(self, caller: Caller, command: c.ListMembers) -> MemberPage:
        room, member = await self._rooms.access_conversation(caller, command.conversation_id)
        wanted = command.query.strip().casefold()
        if not wanted:
            return await self._page(caller, room, member, command.cursor, command.limit)
        found = MemberPage([], next_cursor=command.cursor)
        while len(found.members) < command.limit:
            page = await self._page(caller, room, member, found.next_cursor, _SEARCHED)
            found.next_cursor = page.next_cursor
            _take_named(found, page, wanted, command.limit)
            if not page.next_cursor:
                break
        return found

    async def _page(
        self, caller: Caller, room: Room, member: Membership, cursor: str, limit: int
    ) -> MemberPage:
        def read(con: Connection) -> list[tuple[str, MemberRole, Intervals]]:
            # Who is in it now is not a former member's to see.
            if not self._rooms.access_now(con, room, member, caller.user_id).is_current:
                raise AppError(ErrorCode.forbidden, "not a member")
            return store.members(con, room.id, cursor, limit)

        rows = await self._db.read(read)
        members = [Member(id, role, spans[0][0]) for id, role, spans in rows if spans and spans[-1][1] == 0]
        users = await self._directory.users([member.user_id for member in members])
        return MemberPage(members, users, rows[-1][0] if len(rows) == limit else "")

    async def add(self, caller: Caller, command: c.AddMembers) -> Appended:
        room, member = await self._rooms.access_member(caller, command.conversation_id)
        rules.check_runs_group(room, member)
        ids = list(dict.fromkeys(command.user_ids))
        if room.member_count + len(ids) > self._limits.group_members:
            raise AppError(ErrorCode.too_large, "too many members", limit=self._limits.group_members)
        if len(await self._directory.users(ids)) < len(ids):
            raise AppError(ErrorCode.not_found, "no such user")
        key = uuid_bytes(command.client_msg_id)
        last = Placed(0, 0, 0)
        for user_id in ids:
            last = (
                await self.join(room, member, caller.user_id, user_id, MemberRole.member, _key(key, user_id))
                or last
            )
        return Appended(last.seq, last.created_at)

    async def join(
        self, room: Room, member: Membership, actor_id: str, user_id: str, role: MemberRole, key: bytes
    ) -> Placed | None:
        """Let a user into a conversation; None when they are in it already."""
        if (await self._current(room, user_id)) is not None:
            return None

        def effect(connection: Connection, seq: int, at: int) -> int:
            former = store.membership(connection, room.id, user_id)
            if former is not None and former.is_current:
                raise AppError(ErrorCode.conflict, "a member already")
            first = 1 if room.join_history else seq
            intervals: Intervals = [
                *(former.intervals if former and not room.join_history else []),
                (first, 0),
            ]
            store.put_member(connection, room.id, user_id, role, intervals, at)
            store.members_changed(connection, room.id, 1)
            return inboxes.put(
                connection,
                user_id,
                room.id,
                room.kind.value,
                role,
                intervals,
                read_seq=seq,
                # Not the room's: messages of this very batch are not counted there yet.
                read_ordinal=log_store.ordinal_at(connection, room.id, seq),
            )

        def joined(placed: Placed, version: int) -> None:
            self._members_changed(room, user_id, 1)
            self._publisher.follow(user_id, room.id, placed.seq)
            self._views.tell(user_id, version, [room.id])

        fields = {"user_id": user_id, "role": role.value}
        return await self._append(room, member, actor_id, JOINED, key, fields, effect, joined)

    async def remove(self, caller: Caller, command: c.RemoveMember) -> Appended:
        room, member = await self._rooms.access_member(caller, command.conversation_id)
        if room.kind is not ConversationKind.group:
            raise AppError(ErrorCode.bad_request, "only a group can be left")
        target = await self._current(room, command.user_id)
        if target is None:
            raise AppError(ErrorCode.not_found, "not a member")
        if target.role is MemberRole.owner:
            raise AppError(ErrorCode.conflict, "the owner hands the group over first")
        if command.user_id != caller.user_id:
            rules.check_runs_group(room, member)
            if target.role is MemberRole.admin and member.role is not MemberRole.owner:
                raise AppError(ErrorCode.forbidden, "only the owner removes an administrator")
        placed = await self.leave(
            room, member, caller.user_id, command.user_id, uuid_bytes(command.client_msg_id)
        )
        return Appended(placed.seq, placed.created_at)

    async def leave(self, room: Room, member: Membership, actor_id: str, user_id: str, key: bytes) -> Placed:
        """End a membership: the user sees this entry and nothing after it."""

        def effect(connection: Connection, seq: int, at: int) -> int:
            former = store.membership(connection, room.id, user_id)
            if former is None or not former.is_current:
                raise AppError(ErrorCode.not_found, "not a member")
            intervals: Intervals = [*former.intervals[:-1], (former.intervals[-1][0], seq)]
            store.put_member(connection, room.id, user_id, former.role, intervals, at)
            store.members_changed(connection, room.id, -1)
            return inboxes.put(
                connection, user_id, room.id, room.kind.value, former.role, intervals, removed=True
            )

        def left(_placed: Placed, version: int) -> None:
            self._members_changed(room, user_id, -1)
            self._publisher.unfollow(user_id, room.id)
            self._views.tell(user_id, version, [room.id])

        return await self._append(room, member, actor_id, LEFT, key, {"user_id": user_id}, effect, left)

    async def set_role(self, caller: Caller, command: c.SetMemberRole) -> Appended:
        room, member = await self._rooms.access_member(caller, command.conversation_id)
        if room.kind is not ConversationKind.group or command.role not in _GROUP_ROLES:
            raise AppError(ErrorCode.bad_request, "not a role in this conversation")
        if member.role is not MemberRole.owner:
            raise AppError(ErrorCode.forbidden, "only the owner")
        if command.user_id == caller.user_id or await self._current(room, command.user_id) is None:
            raise AppError(ErrorCode.not_found, "not another member")
        key = uuid_bytes(command.client_msg_id)
        placed = await self._give_role(room, member, caller.user_id, command.user_id, command.role, key)
        if command.role is MemberRole.owner:
            own = _key(key, caller.user_id)
            await self._give_role(room, member, caller.user_id, caller.user_id, MemberRole.admin, own)
        return Appended(placed.seq, placed.created_at)

    async def _give_role(
        self, room: Room, member: Membership, actor_id: str, user_id: str, role: MemberRole, key: bytes
    ) -> Placed:
        def effect(connection: Connection, _seq: int, at: int) -> int:
            former = store.membership(connection, room.id, user_id)
            if former is None or not former.is_current:
                raise AppError(ErrorCode.not_found, "not a member")
            store.put_member(connection, room.id, user_id, role, former.intervals, at)
            store.members_changed(connection, room.id, 0)
            return inboxes.put(connection, user_id, room.id, room.kind.value, role, former.intervals)

        def given(_placed: Placed, version: int) -> None:
            self._members_changed(room, user_id, 0)
            self._views.tell(user_id, version, [room.id])

        fields = {"user_id": user_id, "role": role.value}
        return await self._append(room, member, actor_id, ROLE, key, fields, effect, given)

    async def _append(
        self,
        room: Room,
        member: Membership,
        actor_id: str,
        kind: int,
        key: bytes,
        fields: dict[str, Any],
        effect: Any,
        done: Any,
    ) -> Placed:
        asked = repr(sorted(fields.items())).encode()
        return await self._log.append(
            Draft(
                room=room,
                member=member,
                actor_id=actor_id,
                kind=kind,
                client_msg_id=key,
                state=State(fields=fields),
                effect=effect,
                on_appended=done,
                asked=asked,
            )
        )

    def _members_changed(self, room: Room, user_id: str, joined: int) -> None:
        self._rooms.forget_member(room.id, user_id)
        held = self._rooms.peek(room.id) or room
        held.member_version += 1
        held.member_count += joined

    async def _current(self, room: Room, user_id: str) -> Membership | None:
        found = await self._db.read(lambda con: store.membership(con, room.id, user_id))
        return found if found is not None and found.is_current else None


_GROUP_ROLES: Sequence[MemberRole] = (MemberRole.owner, MemberRole.admin, MemberRole.member)


def _key(key: bytes, user_id: str) -> bytes:
    """One asking makes several entries: each has a key of its own that a retry finds again."""
    return key[:6] + hashlib.blake2b(key + user_id.encode(), digest_size=10).digest()


def _take_named(found: MemberPage, page: MemberPage, wanted: str, most: int) -> None:
    """Adds those of a page whose name contains what is wanted; where there are enough, the next page begins there."""
    named = {user.id: user for user in page.users if wanted in user.name.casefold()}
    for member in page.members:
        if member.user_id not in named:
            continue
        found.members.append(member)
        found.users.append(named[member.user_id])
        if len(found.members) == most:
            found.next_cursor = member.user_id
            return
