"""Conversations as their list shows them to one user, and telling a user's devices that rows changed."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database
from chaguan.infra.sealing import DataKey, Vault
from chaguan.messaging.marks import Marks, Moved
from chaguan.messaging.model import Membership
from chaguan.messaging.ports import Directory, Links, Publisher
from chaguan.messaging.render import message
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import conversations, inboxes, log
from chaguan.protocol.conversations import Case, Conversation, ConversationKind, Inbox, MemberRole, User
from chaguan.protocol.entries import MessageSent
from chaguan.protocol.pushes import UserChanged
from chaguan.protocol.replies import ConversationView

_SHOWN = (ConversationKind.direct, ConversationKind.service)

_EVERYTHING = Membership(MemberRole.agent, [(1, 0)], looks_only=True)


class Views:
    def __init__(
        self,
        db: Database,
        vault: Vault,
        marks: Marks,
        publisher: Publisher,
        link: Links,
        directory: Directory,
        rooms: Rooms,
    ) -> None:
        self._db = db
        self._rooms = rooms
        self._vault = vault
        self._marks = marks
        self._publisher = publisher
        self._link = link
        self._directory = directory
        self._telling: set[asyncio.Task[None]] = set()
        self.cases: Callable[[Connection, Sequence[str]], dict[str, Case]] = lambda _connection, _ids: {}
        """Filled by the desk: the open or last case of each service conversation."""
        marks.on_moved = self._tell_moved

    def build(
        self, connection: Connection, user_id: str, listed: Sequence[inboxes.Listed]
    ) -> list[ConversationView]:
        """Views of inbox rows, in their order. Runs in a unit of work; marks that are not flushed yet are laid over
        by `overlay` afterwards."""
        shown = [item.conversation.id for item in listed if item.conversation.kind in _SHOWN]
        read = conversations.peers_read(connection, shown, user_id) if shown else {}
        views = [self._view(connection, item, read.get(item.conversation.id, 0)) for item in listed]
        blocked = conversations.blocked_peers(connection, user_id) if shown else frozenset()
        for view in views:
            view.inbox.blocked = view.inbox.peer_id in blocked
        self._add_cases(connection, views)
        return views

    def granted(self, connection: Connection, row: conversations.Row) -> ConversationView:
        """A conversation for somebody who may look but does not belong to it."""
        inbox = Inbox(
            conversation_id=row.id,
            version=0,
            role=MemberRole.agent,
            read_seq=row.head_seq,
            read_ordinal=row.head_ordinal,
        )
        view = ConversationView(
            conversation=_wire(row), inbox=inbox, last=self._last(connection, row, _EVERYTHING)
        )
        self._add_cases(connection, [view])
        return view

    async def shown(self, conversation_id: str) -> ConversationView:
        """The same, for all who watch a desk."""

        def read(connection: Connection) -> ConversationView:
            row = conversations.find(connection, conversation_id)
            if row is None:
                raise AppError(ErrorCode.not_found, "no such conversation")
            return self.granted(connection, row)

        return await self._db.read(read)

    def _add_cases(self, connection: Connection, views: Sequence[ConversationView]) -> None:
        ids = [view.conversation.id for view in views if view.conversation.kind is ConversationKind.service]
        found = self.cases(connection, ids) if ids else {}
        for view in views:
            view.case = found.get(view.conversation.id)

    def overlay(self, user_id: str, views: Iterable[ConversationView]) -> None:
        for inbox in (view.inbox for view in views):
            mark = self._marks.pending(user_id, inbox.conversation_id)
            if mark is not None and mark.seq > inbox.read_seq:
                inbox.read_seq, inbox.read_ordinal = mark.seq, mark.ordinal
            peers = self._marks.pending(inbox.peer_id, inbox.conversation_id) if inbox.peer_id else None
            if peers is not None:
                inbox.peer_read_seq = max(inbox.peer_read_seq, peers.seq)

    async def users_in(self, views: Iterable[ConversationView]) -> list[User]:
        """Everyone whose name a list of these conversations shows."""
        ids: dict[str, None] = {}
        for view in views:
            wanted = (
                view.inbox.peer_id,
                view.conversation.customer_id,
                view.last.sender_id if view.last else "",
            )
            ids.update(dict.fromkeys(id for id in wanted if id))
        return await self._directory.users(list(ids))

    async def of(self, user_id: str, conversation_ids: Sequence[str]) -> list[ConversationView]:
        views = await self._db.read(
            lambda c: self.build(c, user_id, inboxes.some(c, user_id, conversation_ids))
        )
        self.overlay(user_id, views)
        return views

    async def current(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> tuple[list[ConversationView], list[User]]:
        """The rows as they are when this returns. A row older than an entry that was pushed meanwhile would hide that
        entry from a client which did not know the conversation yet and so let it pass."""
        while True:
            views = await self.of(user_id, conversation_ids)
            users = await self.users_in(views)
            if not any(self._is_behind(view) for view in views):
                return views, users

    def _is_behind(self, view: ConversationView) -> bool:
        room = self._rooms.peek(view.conversation.id)
        return room is not None and room.head_seq > view.conversation.head_seq

    def tell(self, user_id: str, version: int, conversation_ids: Sequence[str]) -> None:
        """Push changed rows to the user's devices. A push that is lost heals by its version."""
        if self._publisher.is_followed(user_id):
            task = asyncio.create_task(self._tell(user_id, version, conversation_ids))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell(self, user_id: str, version: int, conversation_ids: Sequence[str]) -> None:
        views, users = await self.current(user_id, conversation_ids)
        push = UserChanged(previous=version - 1, version=version, conversations=views, users=users)
        self._publisher.publish(user_id, push)

    def _tell_moved(self, moved: Moved) -> None:
        for user_id, version, rows in moved:
            if self._publisher.is_followed(user_id):
                push = UserChanged(
                    previous=version - 1, version=version, inboxes=[row.wire() for row in rows]
                )
                self._publisher.publish(user_id, push)

    def _view(self, connection: Connection, item: inboxes.Listed, peer_read: int) -> ConversationView:
        inbox = item.inbox.wire()
        inbox.peer_read_seq = peer_read
        if item.inbox.removed:
            return ConversationView(conversation=_wire(item.conversation), inbox=inbox)
        last = self._last(connection, item.conversation, item.inbox.membership())
        return ConversationView(conversation=_wire(item.conversation), inbox=inbox, last=last)

    def _last(self, connection: Connection, row: conversations.Row, member: Membership) -> MessageSent | None:
        until = member.intervals[-1][1] if member.intervals else 0
        head = min(row.head_seq, until) if until else row.head_seq
        found = log.messages_before(connection, row.id, head + 1, 1)
        if not found or not member.sees(found[0].seq) or found[0].seq < row.floor_seq:
            return None
        return message(found[0], self.key(row), self._link)

    def key(self, row: conversations.Row) -> DataKey | None:
        return self._vault.unwrap(row.id, row.data_key) if row.data_key is not None else None


def _wire(row: conversations.Row) -> Conversation:
    return Conversation(
        id=row.id,
        kind=ConversationKind(row.kind),
        head_seq=row.head_seq,
        head_ordinal=row.head_ordinal,
        floor_seq=row.floor_seq,
        created_at=row.created_at,
        last_at=row.last_at,
        name=row.name,
        avatar=row.avatar,
        shop_id=row.shop_id,
        customer_id=row.customer_id,
        member_count=row.member_count,
    )
