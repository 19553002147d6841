"""The desk: customers who wait, agents who take their cases, answer and resolve them.

It sees messages by reading the log; a customer's first message opens a case.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import rules
from chaguan.desk.agents import TOPIC, Agents, shown_all
from chaguan.desk.arrangement import Arrangement, of_shop
from chaguan.desk.automation import Automation
from chaguan.desk.callbacks import CallbackList
from chaguan.desk.cases import Cases
from chaguan.desk.changes import EVERYTHING, Changes
from chaguan.desk.dispatch import Dispatcher
from chaguan.desk.follow import Following
from chaguan.desk.lines import Lines, lines_of
from chaguan.desk.model import Event
from chaguan.desk.note_search import NoteSearch
from chaguan.desk.notes import NoteBook
from chaguan.desk.openings import Attributes, Openings
from chaguan.desk.own_cases import OwnCases
from chaguan.desk.store import cases as store
from chaguan.desk.store import tags as tag_store
from chaguan.desk.store.ratings import between as rated_between
from chaguan.desk.store.times import unanswered
from chaguan.desk.tags import SUGGESTED, Tags
from chaguan.desk.times.alarms import Alarms
from chaguan.desk.times.consumer import ServiceTimes
from chaguan.desk.times.reports import Reports
from chaguan.desk.times.unanswered import UnansweredTeller
from chaguan.desk.times.wall import TOPIC as WALL
from chaguan.desk.times.wall import Walls
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.feed import Feed
from chaguan.messaging.model import CASE, MESSAGE, Membership, Room, Stored
from chaguan.messaging.ports import Directory, Publisher
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import Case, ConversationKind
from chaguan.protocol.desk import Queue
from chaguan.protocol.pushes import DeskChanged
from chaguan.protocol.replies import CaseReply, ConversationView, Desk, Opened, Sent

MAX_CASES = 500
MAX_CONTEXT = 2_048


def topic_of(shop_id: str) -> str:
    return f"{TOPIC}{shop_id}"


def wall_of(shop_id: str) -> str:
    return f"{WALL}{shop_id}"


async def _nothing_told(_user_id: str) -> dict[str, Any]:
    return {}


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
            return EVERYTHING
        return None


class DeskService:
    def __init__(
        self,
        db: Database,
        messaging: Messaging,
        publisher: Publisher,
        directory: Directory,
        attributes: Attributes = _nothing_told,
        clock: Clock = now_ms,
    ) -> None:
        self._db = db
        self._messaging = messaging
        self._publisher = publisher
        self._directory = directory
        self._clock = clock
        self._is_shared = db.dialect != "sqlite"
        self.feed = Feed(db, "desk", self._read_log, prefix="s_")
        changes = Changes(db, messaging, clock)
        changes.tell = self._tell
        self.times = ServiceTimes(db, messaging, clock)
        self.alarms = Alarms(db, messaging, changes, self.times, clock)
        self._openings = Openings(db, messaging, changes, attributes, clock)
        following = Following(db, messaging, directory)
        self.cases = Cases(db, messaging, changes, self._openings, following, directory, clock)
        self.own_cases = OwnCases(db, messaging, changes, self._openings, directory, clock)
        self.callbacks = CallbackList(db, messaging, changes, self._openings, following, directory, clock)
        self.dispatcher = Dispatcher(
            db, messaging, changes, self._openings, lambda: self.feed.is_owned, clock
        )
        self.tags = Tags(db, self.cases, changes, clock)
        self.walls = Walls(db, publisher, directory, self.times, clock)
        self.reports = Reports(db, directory, self.times)
        self._unanswered = UnansweredTeller(publisher, topic_of)
        self.times.told.append(self._unanswered.take)
        self.walls.ratings = self.reports.ratings = rated_between
        self.agents = Agents(db, publisher, directory, clock, self.dispatcher.wake)
        self.arrangement = Arrangement(db, clock, self._arranged)
        self.arrangement.tell = self._tell_queues
        self.lines = Lines(db, messaging, publisher, topic_of, clock)
        self.notes = NoteBook(db, messaging, publisher, directory, clock)
        self.notes.wrote = self.agents.did_something
        self.note_search = NoteSearch(db, messaging, directory, self.notes)
        self.automation = Automation(db, messaging, self.cases, changes, self.dispatcher.wake, clock)
        self._openings.bot_of = self.automation.bot.of
        self._openings.redirected = self.automation.ruling.redirected
        self.dispatcher.looked += [self.agents.tell, self.lines.tell, self.automation.looked]
        messaging.log.listeners.append(self.feed.wake)
        messaging.views.cases = store.shown_of

    async def start(self, *, consumers: bool = True) -> None:
        """`consumers`: whether this process follows the log and gives out cases, or leaves that to another. Who is
        connected to it, each process notes itself."""
        await self.agents.start()
        if consumers:
            await self.feed.start()
            await self.dispatcher.start()
            await self.times.start()
            await self.alarms.start()
            await self.walls.start()

    async def stop(self) -> None:
        await self.walls.stop()
        await self.alarms.stop()
        await self.times.stop()
        self._unanswered.stop()
        await self.dispatcher.stop()
        await self.feed.stop()
        self.automation.stop()
        await self.agents.stop()

    async def caught_up(self) -> None:
        await self.feed.caught_up()

    def access_desk(self, caller: Caller) -> None:
        if not rules.is_agent(caller):
            raise AppError(ErrorCode.forbidden, "only agents")

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

    async def reopen(self, caller: Caller, command: c.ReopenCase) -> CaseReply:
        """To an agent a case that they take up, to its customer one that waits again."""
        side = self.cases if caller.is_staff else self.own_cases
        return await side.reopen(caller, command)

    async def watch(self, caller: Caller, command: c.WatchDesk, shop_id: str) -> Desk:
        self.access_desk(caller)
        await self.agents.came(caller)
        now = self._clock()

        def read(con: Connection) -> Desk:
            version = store.version(con, shop_id)
            queues = of_shop(con, shop_id)
            desk = Desk(shop_id, version, [], agents=shown_all(con, now), queues=queues)
            desk.lines = lines_of(con, queues, now)
            desk.tags = tag_store.lately(con, shop_id, SUGGESTED)
            desk.unanswered = unanswered(con, shop_id, MAX_CASES)
            desk.cases = _known_since(con, shop_id, command.version, version)
            return desk

        desk = await self._db.read(read)
        desk.views = await self._views(desk.cases)
        users = await self._messaging.views.users_in(desk.views)
        named = {case.agent_id for case in desk.cases if case.agent_id}
        named |= {agent.user_id for agent in desk.agents}
        desk.users = [*users, *await self._directory.users(sorted(named))]
        return desk

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
            if row.kind == CASE or (row.kind == MESSAGE and row.countable):
                said.setdefault(row.conversation_id, []).append(row)
        if not said:
            return
        seen = await self._db.read(partial(_seen, said=said))
        busy = [mine for mine in said.values() if not self._is_talk(mine, seen)]
        # Side by side, so that what they read and write shares transactions. All end before one's failure is told:
        # the feed then hands out all of them again.
        reading = (self._read_room(mine, seen) for mine in busy)
        outcomes = await asyncio.gather(*reading, return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
        if self._is_shared and any(row.kind == CASE for row in rows):
            self.dispatcher.wake()  # by another process: a change of this one wakes it at once

    def _is_talk(self, rows: list[Stored], seen: "Seen") -> bool:
        """Whether it is talk between a customer and who has the case, of which nothing follows. That is most of all
        that is said: it costs no task and no look at the database of its own."""
        room = self._messaging.rooms.peek(rows[0].conversation_id)
        if room is None or any(row.kind == CASE for row in rows):
            return False
        alive = seen.alive.get(room.id)
        if not alive or any(each.waits or each.bot_id for each in alive):
            return False
        if self.automation.ruling.may_listen(room.shop_id):
            return False
        self.agents.did_something([row.actor_id for row in rows if row.actor_id != room.customer_id])
        return True

    async def _read_room(self, rows: list[Stored], seen: "Seen") -> None:
        """What one customer's conversation was given."""
        room = await self._messaging.rooms.room(rows[0].conversation_id)
        alive: Sequence[store.Standing] | None = seen.alive.get(room.id, ())
        adds = False
        for row in rows:
            if row.kind == CASE:
                await self._follow(room, seen.events.get((room.id, row.seq)))
                alive = None
                continue
            if alive is None:
                alive = (await self._db.read(lambda con: store.standing(con, [room.id]))).get(room.id, ())
            adds = adds or any(each.waits for each in alive)
            if await self._hear(room, row, alive):
                alive = None
        if adds:
            await self._tell_more(room)  # once, however much it was: who floods makes no more of it

    async def _follow(self, room: Room, event: Event | None) -> None:
        if event is not None:  # nodes of before wrote none
            await self.cases.follow(room, event)
            await self.automation.follow(room, event)

    async def _hear(self, room: Room, row: Stored, alive: Sequence[store.Standing]) -> bool:
        """Whether the cases may have changed by it."""
        if row.actor_id != room.customer_id:
            self.agents.did_something([row.actor_id])
            return False
        if not alive:
            await self._openings.by_message(room, row.seq, row.ordinal)
        await self.automation.heard(room, row, alive)
        return True

    async def _tell_more(self, room: Room) -> None:
        """What a waiting customer adds. Agents are no members before they take the case: no entry reaches them."""
        if not self._publisher.is_followed(topic_of(room.shop_id)):
            return
        version = await self._db.read(lambda con: store.version(con, room.shop_id))
        view = await self._messaging.views.shown(room.id)
        push = DeskChanged(shop_id=room.shop_id, previous=version, version=version, views=[view])
        self._publisher.publish(topic_of(room.shop_id), push)

    def _arranged(self) -> None:
        self.dispatcher.wake()
        self.alarms.wake()

    def _tell(self, case: Case) -> None:
        self.dispatcher.wake()
        if self._publisher.is_followed(topic_of(case.shop_id)):
            asyncio.get_running_loop().create_task(self._push(case))

    def _tell_queues(self, shop_id: str, version: int, queues: list[Queue]) -> None:
        if self._publisher.is_followed(topic_of(shop_id)):
            push = DeskChanged(shop_id=shop_id, previous=version - 1, version=version, queues=queues)
            self._publisher.publish(topic_of(shop_id), push)

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

    async def _views(self, cases: list[Case]) -> list[ConversationView]:
        rooms = dict.fromkeys(case.conversation_id for case in cases)
        return [await self._messaging.views.shown(id) for id in rooms]


class Seen(NamedTuple):
    """What a chunk of the log is about, read at once for all of it: the cases that go on in each conversation, and what
    the history says at each entry of a case."""

    alive: dict[str, list[store.Standing]]
    events: dict[tuple[str, int], Event]


def _seen(con: Connection, said: dict[str, list[Stored]]) -> Seen:
    changes = [(id, row.seq) for id, rows in said.items() for row in rows if row.kind == CASE]
    found = ((place, store.event_at(con, *place)) for place in changes)
    return Seen(store.standing(con, said), {place: event for place, event in found if event is not None})


def _known_since(con: Connection, shop_id: str, known: int, version: int) -> list[Case]:
    if known and known <= version:
        changed = store.changed_since(con, shop_id, known, MAX_CASES + 1)
        if len(changed) <= MAX_CASES:
            return changed
    return store.active(con, shop_id, MAX_CASES)
