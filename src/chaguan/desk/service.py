"""The desk: customers who wait, agents who take their cases, answer and resolve them.

It sees messages by reading the log; a customer's first message opens a case.
"""

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.desk import rules, store
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.feed import Feed
from chaguan.messaging.log import Draft
from chaguan.messaging.model import CASE, MESSAGE, Membership, Room, State, Stored
from chaguan.messaging.ports import Directory, Publisher
from chaguan.protocol import commands as c
from chaguan.protocol.content import SystemNotice
from chaguan.protocol.conversations import Case, CaseStatus, ConversationKind, MemberRole
from chaguan.protocol.pushes import DeskChanged
from chaguan.protocol.replies import CaseReply, ConversationView, Desk, Opened, Sent

MAX_CASES = 500
MAX_CONTEXT = 2_048
_EVERYTHING = Membership(MemberRole.agent, [(1, 0)], looks_only=True)
Change = Callable[[Case, int], Case]


def topic_of(shop_id: str) -> str:
    return f"desk:{shop_id}"


class Customer(NamedTuple):
    """`app_id` and `context` tell where they came from; `head_seq` is where their conversation stands."""

    user_id: str
    app_id: str
    context: dict[str, Any]
    head_seq: int


class AgentAccess:
    """Agents may look into the shop's conversations before they take them."""

    def grant(self, caller: Caller, room: Room) -> Membership | None:
        is_let_in = rules.is_agent(caller) or rules.is_server(caller)
        if room.kind is ConversationKind.service and is_let_in:
            return _EVERYTHING
        return None


class DeskService:
    def __init__(
        self,
        db: Database,
        messaging: Messaging,
        publisher: Publisher,
        directory: Directory,
        clock: Clock = now_ms,
    ) -> None:
        self._db = db
        self._messaging = messaging
        self._publisher = publisher
        self._directory = directory
        self._clock = clock
        self.feed = Feed(db, "desk", self._read_log, prefix="s_")
        messaging.log.listeners.append(self.feed.wake)
        messaging.views.cases = store.latest_of

    async def start(self) -> None:
        await self.feed.start()

    async def stop(self) -> None:
        await self.feed.stop()

    async def caught_up(self) -> None:
        await self.feed.caught_up()

    def access_desk(self, caller: Caller) -> None:
        if not rules.is_agent(caller):
            raise AppError(ErrorCode.forbidden, "only agents")

    async def access_case(self, caller: Caller, case_id: str) -> tuple[Case, Room]:
        self.access_desk(caller)
        case = await self._db.read(lambda con: store.find(con, case_id))
        if case is None:
            raise AppError(ErrorCode.not_found, "no such case")
        return case, await self._messaging.rooms.room(case.conversation_id)

    async def open_service(self, caller: Caller, command: c.OpenService, shop_id: str) -> Opened:
        """`shop_id` is the shop that the edge found for the caller's app."""
        customer_id = command.customer_id or caller.user_id
        if customer_id != caller.user_id:
            self.access_desk(caller)
        elif caller.is_staff:
            raise AppError(ErrorCode.bad_request, "staff name the customer")
        if len(msgspec.json.encode(command.context)) > MAX_CONTEXT:
            raise AppError(ErrorCode.too_large, "context", limit=MAX_CONTEXT)
        opened = await self._messaging.conversations.open_service(caller, shop_id, customer_id)
        if not caller.is_staff:
            room_id = opened.view.conversation.id
            await self._db.write(lambda con: store.put_arrival(con, room_id, caller.app_id, command.context))
        return opened

    async def open_for(self, caller: Caller, shop_id: str, customer_id: str) -> Opened:
        """The same, asked by the business's own server with an API key."""
        if caller.kind != "server" or "conversations:write" not in caller.scopes:
            raise AppError(
                ErrorCode.forbidden, "needs the scope conversations:write", scope="conversations:write"
            )
        return await self._messaging.conversations.open_service(caller, shop_id, customer_id)

    async def speak(self, caller: Caller, voice_id: str, command: c.SendMessage) -> Sent:
        """The business's server says something in a service conversation, as the shop's bot `voice_id`."""
        if caller.kind != "server" or "messages:write" not in caller.scopes:
            raise AppError(ErrorCode.forbidden, "needs the scope messages:write", scope="messages:write")
        room, member = await self._messaging.rooms.access_conversation(caller, command.conversation_id)
        speaker = msgspec.structs.replace(caller, user_id=voice_id)
        return await self._messaging.messages.post(speaker, room, member, command)

    async def watch(self, caller: Caller, command: c.WatchDesk, shop_id: str) -> Desk:
        self.access_desk(caller)

        def read(con: Connection) -> tuple[int, list[Case]]:
            version = store.version(con, shop_id)
            if command.version and command.version <= version:
                changed = store.changed_since(con, shop_id, command.version, MAX_CASES + 1)
                if len(changed) <= MAX_CASES:
                    return version, changed
            return version, store.active(con, shop_id, MAX_CASES)

        version, cases = await self._db.read(read)
        views = await self._views(caller, cases)
        users = await self._messaging.views.users_in(views)
        agents = await self._directory.users([case.agent_id for case in cases if case.agent_id])
        return Desk(shop_id, version, cases, views, [*users, *agents])

    async def take(self, caller: Caller, command: c.TakeCase) -> CaseReply:
        case, room = await self.access_case(caller, command.case_id)
        former = case.agent_id
        case = await self._change(
            room, caller, case, lambda now, at: rules.taken(now, caller.user_id, command.force, at)
        )
        if former and former != caller.user_id:
            await self._leave(room, caller, former, case)
        await self._messaging.members.join(
            room,
            _EVERYTHING,
            caller.user_id,
            caller.user_id,
            MemberRole.agent,
            _key(case, "join", str(room.head_seq)),
        )
        await self._say(room, caller, case, "case_taken")
        return await self._reply(caller, case)

    async def resolve(self, caller: Caller, command: c.ResolveCase) -> CaseReply:
        case, room = await self.access_case(caller, command.case_id)
        if case.status is not CaseStatus.resolved:
            case = await self._change(room, caller, case, lambda now, at: rules.resolved(now, caller, at))
            await self._say(room, caller, case, "case_resolved")
        if case.agent_id:
            await self._leave(room, caller, case.agent_id, case)
        return await self._reply(caller, case)

    async def customer_of(self, caller: Caller, conversation_id: str) -> Customer:
        """Who asks in a service conversation."""
        self.access_desk(caller)
        room, _ = await self._messaging.rooms.access_conversation(caller, conversation_id)
        if not room.customer_id:
            raise AppError(ErrorCode.bad_request, "not a service conversation")
        app_id, context = await self._db.read(lambda con: store.arrival(con, room.id))
        return Customer(room.customer_id, app_id, context, room.head_seq)

    async def _read_log(self, rows: list[Stored]) -> None:
        said: dict[str, list[Stored]] = {}
        for row in rows:
            if row.kind == MESSAGE and row.countable:
                said.setdefault(row.conversation_id, []).append(row)
        # Side by side, so that what they read and write shares transactions. All end before one's failure is told:
        # the feed then hands out all of them again.
        outcomes = await asyncio.gather(*map(self._read_room, said.values()), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _read_room(self, rows: list[Stored]) -> None:
        """What one customer's conversation was given."""
        room = await self._messaging.rooms.room(rows[0].conversation_id)
        for row in rows:
            last = await self._db.read(partial(store.latest, conversation_id=room.id))
            if last and last[0].status is CaseStatus.waiting:
                await self._tell_more(room)
            elif row.actor_id == room.customer_id:
                await self._ensure_case(room, row.seq)

    async def _ensure_case(self, room: Room, seq: int) -> None:
        last = await self._db.read(lambda con: store.latest(con, room.id))
        if not rules.opens_case(last and last[0], last[1] if last else 0, seq):
            return
        new = Case(
            id=new_id("k"),
            conversation_id=room.id,
            shop_id=room.shop_id,
            customer_id=room.customer_id,
            status=CaseStatus.waiting,
        )

        def effect(con: Connection, _seq: int, at: int) -> Case:
            again = store.latest(con, room.id)
            if not rules.opens_case(again and again[0], again[1] if again else 0, seq):
                raise AppError(ErrorCode.conflict, "a case is open")
            case = msgspec.structs.replace(
                new,
                opened_at=at,
                version=store.next_version(con, room.shop_id),
                context=store.arrival(con, room.id)[1],
            )
            store.insert(con, case)
            return case

        # The message's seq is in the key: reading the log again after a crash opens no second case.
        try:
            await self._append(room, room.customer_id, new, effect, _key(new, room.id, str(seq), named=False))
        except AppError as error:
            if error.code not in (ErrorCode.conflict, ErrorCode.not_found):
                raise  # busy: the feed tries again

    async def _change(self, room: Room, caller: Caller, case: Case, change: Change) -> Case:
        """Decide in the transaction that stores the decision: of two who take a case, one is faster."""
        decided: list[Case] = []

        def effect(con: Connection, seq: int, at: int) -> Case:
            now = store.find(con, case.id)
            if now is None:
                raise AppError(ErrorCode.not_found, "no such case")
            new = change(now, at)
            if new == now:
                raise _AsWanted(now)
            new = msgspec.structs.replace(new, version=store.next_version(con, case.shop_id))
            store.update(con, new, seq if new.status is CaseStatus.resolved else 0)
            decided[:] = [new]
            return new

        try:
            await self._append(room, caller.user_id, change(case, self._clock()), effect, b"")
        except _AsWanted as as_wanted:
            return as_wanted.case
        return decided[0]

    async def _append(
        self,
        room: Room,
        actor_id: str,
        case: Case,
        effect: Callable[[Connection, int, int], Case],
        key: bytes,
    ) -> None:
        fields: dict[str, Any] = {"case_id": case.id, "status": case.status.value}
        if case.agent_id:
            fields["agent_id"] = case.agent_id
        await self._messaging.log.append(
            Draft(
                room=room,
                member=_EVERYTHING,
                actor_id=actor_id,
                kind=CASE,
                client_msg_id=key,
                state=State(fields=fields),
                effect=effect,
                on_appended=lambda _placed, changed: self._tell(changed),
                asked=case.status.value.encode(),
            )
        )

    async def _tell_more(self, room: Room) -> None:
        """What a waiting customer adds. Agents are no members before they take the case: no entry reaches them."""
        if not self._publisher.is_followed(topic_of(room.shop_id)):
            return
        version = await self._db.read(lambda con: store.version(con, room.shop_id))
        view = await self._messaging.views.shown(room.id)
        push = DeskChanged(shop_id=room.shop_id, previous=version, version=version, views=[view])
        self._publisher.publish(topic_of(room.shop_id), push)

    def _tell(self, case: Case) -> None:
        if self._publisher.is_followed(topic_of(case.shop_id)):
            asyncio.get_running_loop().create_task(self._push(case))

    async def _push(self, case: Case) -> None:
        view = await self._messaging.views.shown(case.conversation_id)
        users = [
            *await self._messaging.views.users_in([view]),
            *await self._directory.users([case.agent_id] if case.agent_id else []),
        ]
        push = DeskChanged(
            shop_id=case.shop_id,
            previous=case.version - 1,
            version=case.version,
            cases=[case],
            views=[view],
            users=users,
        )
        self._publisher.publish(topic_of(case.shop_id), push)

    async def _leave(self, room: Room, caller: Caller, agent_id: str, case: Case) -> None:
        try:
            key = _key(case, "leave", agent_id + str(case.version))
            await self._messaging.members.leave(room, _EVERYTHING, caller.user_id, agent_id, key)
        except AppError as error:
            if error.code is not ErrorCode.not_found:
                raise

    async def _say(self, room: Room, caller: Caller, case: Case, name: str) -> None:
        agent = await self._directory.users([case.agent_id])
        params = {"agent_id": case.agent_id, "agent_name": agent[0].name if agent else ""}
        key = _key(case, name, str(case.version))
        await self._messaging.messages.notice(
            room, _EVERYTHING, caller.user_id, key, SystemNotice(name, params)
        )

    async def _views(self, caller: Caller, cases: list[Case]) -> list[ConversationView]:
        return [await self._messaging.views.shown(case.conversation_id) for case in cases]

    async def _reply(self, caller: Caller, case: Case) -> CaseReply:
        opened = await self._messaging.conversations.get(
            caller, c.GetConversation(id=0, conversation_id=case.conversation_id)
        )
        return CaseReply(case, opened.view, opened.users)


class _AsWanted(AppError):
    def __init__(self, case: Case) -> None:
        super().__init__(ErrorCode.conflict, "as wanted")
        self.case = case


def _key(case: Case, *parts: str, named: bool = True) -> bytes:
    text = "\x00".join((case.id if named else "", *parts))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
