"""The verbs on conversations: open, make, list, change what one is to everybody or to me."""

import base64
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from chaguan.accounts import check_name
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import derived_id
from chaguan.core.settings import Limits, Policy
from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault
from chaguan.messaging import rules
from chaguan.messaging.log import Draft, Log, encode
from chaguan.messaging.marks import Marks
from chaguan.messaging.model import CHANGED, Intervals, State, uuid_bytes
from chaguan.messaging.ports import Directory, Publisher
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import conversations as store
from chaguan.messaging.store import inboxes
from chaguan.messaging.views import Views
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import ConversationKind, MemberRole, User
from chaguan.protocol.replies import Appended, ConversationPage, ConversationView, InboxChanged, Opened

Cursor = tuple[int, int, str]
_FROM_START: Intervals = [(1, 0)]
_decode_cursor: msgspec.json.Decoder[Cursor] = msgspec.json.Decoder(Cursor)


class Party(msgspec.Struct):
    """Somebody who belongs to a conversation from its creation."""

    user_id: str
    role: MemberRole
    peer_id: str = ""


class Conversations:
    def __init__(
        self,
        db: Database,
        vault: Vault,
        rooms: Rooms,
        log: Log,
        views: Views,
        marks: Marks,
        publisher: Publisher,
        directory: Directory,
        policy: Policy,
        limits: Limits,
        clock: Clock = now_ms,
    ) -> None:
        self._db = db
        self._vault = vault
        self._rooms = rooms
        self._log = log
        self._views = views
        self._marks = marks
        self._publisher = publisher
        self._directory = directory
        self._policy = policy
        self._limits = limits
        self._clock = clock
        self._id_key = vault.derive("conversation ids")

    async def create_direct(self, caller: Caller, command: c.CreateDirect) -> Opened:
        found = await self.access_users([command.user_id])
        pair = sorted((caller.user_id, command.user_id))
        id = derived_id("d", self._id_key, *pair)
        if not await self._exists(id):
            rules.check_may_write_to(caller, found[0], self._policy)
        parties = [Party(pair[0], MemberRole.member, pair[1]), Party(pair[1], MemberRole.member, pair[0])]
        row = self._row(id, ConversationKind.direct, caller, peer_a=pair[0], peer_b=pair[1])
        return await self._open(caller, row, parties)

    async def create_group(self, caller: Caller, command: c.CreateGroup) -> Opened:
        rules.check_may_make_group(caller, self._policy)
        ids = [id for id in dict.fromkeys(command.member_ids) if id != caller.user_id]
        if len(ids) >= self._limits.group_members:
            raise AppError(ErrorCode.too_large, "too many members", limit=self._limits.group_members)
        name = check_name(command.name)
        await self.access_users(ids)
        # The key makes the id, so asking again finds the group that the first asking made.
        id = derived_id("g", self._id_key, caller.user_id, command.client_msg_id)
        parties = [Party(caller.user_id, MemberRole.owner), *(Party(id, MemberRole.member) for id in ids)]
        row = self._row(id, ConversationKind.group, caller, name=name, join_history=command.join_history)
        return await self._open(caller, row, parties)

    async def open_service(self, caller: Caller, shop_id: str, customer_id: str) -> Opened:
        """The conversation of a customer with a shop. Whether the caller may is the desk's decision."""
        await self.access_users([customer_id])
        id = derived_id("s", self._id_key, shop_id, customer_id)
        row = self._row(id, ConversationKind.service, caller, shop_id=shop_id, customer_id=customer_id)
        return await self._open(caller, row, [Party(customer_id, MemberRole.customer)])

    async def get(self, caller: Caller, command: c.GetConversation) -> Opened:
        room, member = await self._rooms.access_conversation(caller, command.conversation_id)
        if member.looks_only:
            view = await self._db.read(lambda con: self._granted(con, room.id))
            return Opened(view, await self._views.users_in([view]))
        views, users = await self._views.current(caller.user_id, [room.id])
        if not views or views[0].inbox.removed:
            raise AppError(ErrorCode.not_found, "no such conversation")
        return Opened(views[0], users)

    async def page(self, caller: Caller, command: c.ListConversations) -> ConversationPage:
        cursor = _read_cursor(command.cursor)

        def read(connection: Connection) -> list[ConversationView]:
            listed = inboxes.page(connection, caller.user_id, command.archived, cursor, command.limit)
            return self._views.build(connection, caller.user_id, listed)

        views = await self._db.read(read)
        self._views.overlay(caller.user_id, views)
        return ConversationPage(views, await self._views.users_in(views), next_cursor(views, command.limit))

    async def update(self, caller: Caller, command: c.UpdateConversation) -> Appended:
        room, member = await self._rooms.access_member(caller, command.conversation_id)
        rules.check_runs_group(room, member)
        name = command.name if command.name is UNSET else check_name(command.name)
        fields: dict[str, Any] = {
            name: value for name, value in (("name", name), ("avatar", command.avatar)) if value is not UNSET
        }

        def effect(connection: Connection, _seq: int, _at: int) -> None:
            store.rename(connection, room.id, fields.get("name"), fields.get("avatar"))

        def renamed(_appended: Any, _value: Any) -> None:
            room.name = fields.get("name", room.name)
            room.avatar = fields.get("avatar", room.avatar)

        appended = await self._log.append(
            Draft(
                room=room,
                member=member,
                actor_id=caller.user_id,
                kind=CHANGED,
                client_msg_id=uuid_bytes(command.client_msg_id),
                state=State(fields=fields),
                effect=effect,
                on_appended=renamed,
                asked=encode(fields),
            )
        )
        return Appended(appended.seq, appended.created_at)

    async def update_inbox(self, caller: Caller, command: c.UpdateInbox) -> InboxChanged:
        room, _ = await self._rooms.access_member(caller, command.conversation_id)
        values: dict[str, Any] = {
            name: getattr(command, name)
            for name in ("muted", "marked_unread", "archived")
            if getattr(command, name) is not UNSET
        }
        if command.pinned is not UNSET:
            values["pinned_at"] = self._clock() if command.pinned else 0
        await self._marks.settle(caller.user_id, room.id)
        version = await self._db.write(lambda con: inboxes.change(con, caller.user_id, room.id, values))
        self._views.tell(caller.user_id, version, [room.id])
        views = await self._views.of(caller.user_id, [room.id])
        return InboxChanged(views[0].inbox, version)

    async def access_users(self, ids: Sequence[str]) -> list[User]:
        users = await self._directory.users(ids)
        if len(users) < len(set(ids)):
            raise AppError(ErrorCode.not_found, "no such user")
        return users

    async def _exists(self, conversation_id: str) -> bool:
        return await self._db.read(lambda con: store.find(con, conversation_id)) is not None

    def _row(self, id: str, kind: ConversationKind, caller: Caller, **fields: Any) -> store.Row:
        values: dict[str, Any] = {
            "name": "",
            "avatar": "",
            "shop_id": "",
            "customer_id": "",
            "peer_a": "",
            "peer_b": "",
            "join_history": True,
            **fields,
        }
        return store.Row(
            id=id,
            kind=kind.value,
            created_by=caller.user_id,
            created_at=self._clock(),
            data_key=self._vault.wrap(id),
            **values,
        )

    async def _open(self, caller: Caller, row: store.Row, parties: Sequence[Party]) -> Opened:
        def write(connection: Connection) -> list[tuple[str, int]] | None:
            if not store.create(connection, row._replace(member_count=len(parties))):
                return None
            return [(party.user_id, _add_party(connection, row, party)) for party in parties]

        versions = await self._db.write(write)
        for user_id, version in versions or ():
            # What looked for it while it did not exist yet must not remember that.
            self._rooms.forget_member(row.id, user_id)
            if row.kind != ConversationKind.direct:
                self._publisher.follow(user_id, row.id, 0)
            self._views.tell(user_id, version, [row.id])
        opened = await self._opened(caller, row.id)
        opened.created = versions is not None
        return opened

    async def _opened(self, caller: Caller, conversation_id: str) -> Opened:
        views, users = await self._views.current(caller.user_id, [conversation_id])
        if views:
            return Opened(views[0], users)
        view = await self._db.read(lambda con: self._granted(con, conversation_id))
        return Opened(view, await self._views.users_in([view]))

    def _granted(self, connection: Connection, conversation_id: str) -> ConversationView:
        row = store.find(connection, conversation_id)
        if row is None:
            raise AppError(ErrorCode.not_found, "no such conversation")
        return self._views.granted(connection, row)


def _add_party(connection: Connection, row: store.Row, party: Party) -> int:
    store.put_member(connection, row.id, party.user_id, party.role, _FROM_START, row.created_at)
    return inboxes.put(
        connection, party.user_id, row.id, row.kind, party.role, _FROM_START, peer_id=party.peer_id
    )


def next_cursor(views: Sequence[ConversationView], limit: int) -> str:
    if len(views) < limit:
        return ""
    last = views[-1]
    cursor = (last.inbox.pinned_at, last.conversation.last_at, last.conversation.id)
    return base64.urlsafe_b64encode(encode(cursor)).decode()


def _read_cursor(text: str) -> Cursor | None:
    if not text:
        return None
    try:
        return _decode_cursor.decode(base64.urlsafe_b64decode(text))
    except (ValueError, msgspec.DecodeError) as error:
        raise AppError(ErrorCode.bad_request, "not a cursor") from error
