"""The verbs on messages: send, edit, recall, react, and being seen to type."""

from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits
from chaguan.infra.database import Database
from chaguan.messaging import rules
from chaguan.messaging.append import Appended as Place
from chaguan.messaging.append import Effect
from chaguan.messaging.log import Draft, Log, encode, seal
from chaguan.messaging.model import (
    EDIT,
    MESSAGE,
    REACTION,
    RECALL,
    Membership,
    Room,
    State,
    Stored,
    open_content,
    pack_state,
    unpack_state,
    uuid_bytes,
)
from chaguan.messaging.pace import Pace
from chaguan.messaging.ports import Alongside, Asking, BeforeAppend, OnTyping, Publisher
from chaguan.messaging.revisions import check_editable
from chaguan.messaging.rooms import Rooms
from chaguan.messaging.store import log as store
from chaguan.protocol import commands as c
from chaguan.protocol.content import Content, SystemNotice, Text
from chaguan.protocol.entries import Quote
from chaguan.protocol.pushes import Typing
from chaguan.protocol.replies import Appended, Sent


class _Unchanged(AppError):
    """The target is already as wanted: nothing is appended, and that is no failure."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.conflict, "nothing to change")


class Messages:
    def __init__(
        self,
        db: Database,
        rooms: Rooms,
        log: Log,
        publisher: Publisher,
        before_append: BeforeAppend,
        pace: Pace,
        limits: Limits,
        clock: Clock = now_ms,
    ) -> None:
        self._db = db
        self._rooms = rooms
        self._log = log
        self._publisher = publisher
        self._before_append = before_append
        self._pace = pace
        self._limits = limits
        self._clock = clock
        self.typing_listeners: list[OnTyping] = []
        self.alongside: Alongside = lambda _draft: None

    async def send(self, caller: Caller, command: c.SendMessage) -> Sent:
        room, member = await self._rooms.access_conversation(caller, command.conversation_id)
        rules.check_may_send(room, member, caller.user_id)
        return await self.post(caller, room, member, command)

    def begin_send(self, caller: Caller, command: c.SendMessage, asking: Asking) -> bool:
        """`send` without a task, for a text that nothing has to be read for: `asking` is told what became of it. False:
        nothing was done, it takes a `send`."""
        content = command.content
        if type(content) is not Text or command.quote_seq:
            return False
        found = self._rooms.access_remembered(caller, command.conversation_id)
        if found is None:
            return False
        room, member = found
        rules.check_may_send(room, member, caller.user_id)
        rules.check_mentions(caller, room, member, command.mentions)
        self._pace.count(room)
        draft = _message(caller, room, member, command, content, encode(content))
        draft.trace = asking.trace
        self._log.put(draft, lambda outcome: asking.settle(_sent(outcome)))
        return True

    async def post(self, caller: Caller, room: Room, member: Membership, command: c.SendMessage) -> Sent:
        """Append a message of somebody whose right to send was decided above (the desk lets servers speak)."""
        asked = encode(command.content)
        rules.check_content(command.content, len(asked))
        rules.check_mentions(caller, room, member, command.mentions)
        content = command.content
        if type(content) is not Text:
            content = await self._before_append(caller, room, content)
        quote = await self._quote(room, member, command.quote_seq) if command.quote_seq else None
        self._pace.count(room)
        draft = _message(caller, room, member, command, content, asked)
        draft.state.quote = quote
        self.alongside(draft)
        appended = await self._log.append(draft)
        return Sent(appended.seq, appended.ordinal, appended.created_at)

    async def notice(
        self, room: Room, member: Membership, actor_id: str, key: bytes, content: SystemNotice
    ) -> None:
        """A line that the deployment itself says; it does not count as unread."""
        await self._log.append(
            Draft(
                room=room,
                member=member,
                actor_id=actor_id,
                client_msg_id=key,
                content=content,
                asked=encode(content),
            )
        )

    async def edit(self, caller: Caller, command: c.EditMessage) -> Appended:
        room, member = await self._rooms.access_member(caller, command.conversation_id)
        rules.check_may_send(room, member, caller.user_id)
        asked = encode([command.target_seq, command.content])
        rules.check_content(command.content, len(asked))
        rules.check_mentions(caller, room, member, command.mentions)
        content = await self._before_append(caller, room, command.content)
        check_editable(content)
        key = uuid_bytes(command.client_msg_id)
        state = State(mentions=command.mentions)
        body = seal(room, key, caller.user_id, encode(content))
        await self._check_same_type(caller, room, member, command.target_seq, content)
        draft = Draft(
            room=room,
            member=member,
            actor_id=caller.user_id,
            kind=EDIT,
            client_msg_id=key,
            content=content,
            state=state,
            target_seq=command.target_seq,
            body=body,
            effect=self._edit_effect(room, member, command, caller.user_id, key, body),
            asked=asked,
        )
        return await self._change(draft)

    async def recall(self, caller: Caller, command: c.RecallMessage) -> Appended:
        room, member = await self._rooms.access_member(caller, command.conversation_id)
        now = self._clock()

        def effect(connection: Connection, seq: int, _at: int) -> None:
            row, state = _target(connection, room, member, command.target_seq)
            rules.check_may_recall(caller, room, member, row.actor_id, now - row.created_at, self._limits)
            if state.recalled_by:
                raise _Unchanged
            gone = State(recalled_by=caller.user_id, quote=None)
            store.set_state(connection, room.id, row.seq, seq, pack_state(gone), None)
            store.forget_bodies(connection, room.id, state.edits)

        draft = Draft(
            room=room,
            member=member,
            actor_id=caller.user_id,
            kind=RECALL,
            client_msg_id=uuid_bytes(command.client_msg_id),
            target_seq=command.target_seq,
            effect=effect,
            asked=b"%d" % command.target_seq,
        )
        return await self._change(draft)

    async def set_reaction(self, caller: Caller, command: c.SetReaction) -> Appended:
        room, member = await self._rooms.access_member(caller, command.conversation_id)
        rules.check_may_send(room, member, caller.user_id)
        rules.check_emoji(command.emoji)

        def effect(connection: Connection, seq: int, _at: int) -> None:
            row, state = _target(connection, room, member, command.target_seq)
            if state.recalled_by:
                raise AppError(ErrorCode.conflict, "recalled")
            changed = rules.with_reaction(state, caller.user_id, command.emoji, command.on)
            if changed is None:
                raise _Unchanged
            store.set_state(connection, room.id, row.seq, seq, pack_state(changed), row.body)

        fields = {"emoji": command.emoji, "on": command.on}
        draft = Draft(
            room=room,
            member=member,
            actor_id=caller.user_id,
            kind=REACTION,
            client_msg_id=uuid_bytes(command.client_msg_id),
            state=State(fields=fields),
            target_seq=command.target_seq,
            effect=effect,
            asked=encode([command.target_seq, command.emoji, command.on]),
        )
        return await self._change(draft)

    async def set_typing(self, caller: Caller, command: c.SetTyping) -> None:
        room, member = await self._rooms.access_member(caller, command.conversation_id)
        rules.check_may_send(room, member, caller.user_id)
        if room.member_count <= rules.TYPING_MEMBERS:
            self._log.publish(room, Typing(conversation_id=room.id, user_id=caller.user_id))
        for typed in self.typing_listeners:
            typed(room, caller.user_id)

    async def _change(self, draft: Draft) -> Appended:
        try:
            appended = await self._log.append(draft)
        except _Unchanged:
            return Appended(0)
        return Appended(appended.seq, appended.created_at)

    async def _quote(self, room: Room, member: Membership, seq: int) -> Quote:
        rows = await self._db.read(lambda c: store.by_seqs(c, room.id, [seq]))
        if not rows or rows[0].kind != MESSAGE or seq < room.floor_seq or not member.sees(seq):
            raise AppError(ErrorCode.not_found, "no such message to quote")
        return Quote(seq, rows[0].actor_id)

    async def _check_same_type(
        self, caller: Caller, room: Room, member: Membership, seq: int, content: Content
    ) -> None:
        rows = await self._db.read(lambda c: store.by_seqs(c, room.id, [seq]))
        if not rows or rows[0].kind != MESSAGE or not member.sees(seq):
            raise AppError(ErrorCode.not_found, "no such message")
        if rows[0].actor_id != caller.user_id:
            raise AppError(ErrorCode.forbidden, "not your message")
        former = open_content(rows[0], room.open_key(), unpack_state(rows[0].state))
        check_editable(former)
        if former is not None and type(former) is not type(content):
            raise AppError(ErrorCode.bad_request, "an edit keeps the type of content")

    @staticmethod
    def _edit_effect(
        room: Room, member: Membership, command: c.EditMessage, user_id: str, key: bytes, body: bytes
    ) -> Effect:
        def effect(connection: Connection, seq: int, at: int) -> None:
            row, state = _target(connection, room, member, command.target_seq)
            if row.actor_id != user_id:
                raise AppError(ErrorCode.forbidden, "not your message")
            if state.recalled_by:
                raise AppError(ErrorCode.conflict, "recalled")
            if len(state.edits) >= rules.MAX_EDITS:
                raise AppError(ErrorCode.conflict, "edited too often", limit=rules.MAX_EDITS)
            new = State(
                mentions=command.mentions,
                quote=state.quote,
                edited_at=at,
                edited_by=key.hex(),
                edits=[*state.edits, seq],
                reactions=state.reactions,
            )
            store.set_state(connection, room.id, row.seq, seq, pack_state(new), body)

        return effect


def _message(
    caller: Caller, room: Room, member: Membership, command: c.SendMessage, content: Content, asked: bytes
) -> Draft:
    key = uuid_bytes(command.client_msg_id)
    # What nobody has changed is encoded already.
    encoded = asked if content is command.content else encode(content)
    return Draft(
        room=room,
        member=member,
        actor_id=caller.user_id,
        client_msg_id=key,
        content=content,
        state=State(mentions=command.mentions),
        countable=True,
        body=seal(room, key, caller.user_id, encoded),
        asked=asked,
    )


def _sent(outcome: Place | Exception) -> Sent | Exception:
    if isinstance(outcome, Exception):
        return outcome
    return Sent(outcome.seq, outcome.ordinal, outcome.created_at)


def _target(connection: Connection, room: Room, member: Membership, seq: int) -> tuple[Stored, State]:
    """The message that an edit, recall or reaction is about, as it is in this transaction."""
    rows = store.by_seqs(connection, room.id, [seq])
    if not rows or rows[0].kind != MESSAGE or not member.sees(seq) or seq < room.floor_seq:
        raise AppError(ErrorCode.not_found, "no such message")
    return rows[0], unpack_state(rows[0].state)
