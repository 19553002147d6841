"""Client state = fresh state (DESIGN §10.2): whatever is said, lost, doubled, late or restarted, what a client shows
in the end is what a fresh client would load."""

import asyncio
import random
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits
from chaguan.gateway.routes import Routes
from chaguan.messaging.store import log as log_store
from chaguan.protocol import commands as c
from chaguan.protocol.commands import Command
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import MemberRole, UserKind
from tests.domain.messaging.conftest import Recorder, World, key
from tests.property.reader import Json, Reader

REFUSALS = (ErrorCode.forbidden, ErrorCode.not_found, ErrorCode.conflict, ErrorCode.bad_request)


class Link:
    """A device's connection: what was pushed and has not arrived."""

    def __init__(self, caller: Caller, reader: Reader) -> None:
        self.caller, self.reader = caller, reader
        self.topics: set[str] = set()
        self.waiting: list[Json] = []
        self.is_up = True


class Network(Recorder):
    """Publishes as the hub does, to links that a test may break. `loses` is a planted fault."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self.loses: Any = lambda _push: False

    def skip(self, topic: str, entry: Struct) -> None:
        pass

    def publish(self, topic: str, push: Struct, _encoded: bytes | None = None) -> None:
        encoded = msgspec.json.decode(msgspec.json.encode(push))
        for link in self.links:
            if link.is_up and topic in link.topics and not self.loses(encoded):
                link.waiting.append(encoded)

    def follow(self, user_id: str, topic: str, seq: int) -> None:
        for link in self.links:
            if link.caller.user_id == user_id:
                link.topics.add(topic)

    def unfollow(self, user_id: str, topic: str) -> None:
        for link in self.links:
            if link.caller.user_id == user_id:
                link.topics.discard(topic)


class Play(World):
    """A deployment's messaging, four people with a device each, and three conversations."""

    def __init__(self, path: Path, loses: Any = None) -> None:
        self.network = Network()
        if loses is not None:
            self.network.loses = loses
        super().__init__(path)

    def build(self) -> None:
        super().build()
        # The recorder of the other tests, replaced where messaging keeps it.
        for part in (self.messaging.marks, self.messaging.log, self.messaging.views, self.messaging.messages):
            part._publisher = self.network
        self.messaging.conversations._publisher = self.messaging.members._publisher = self.network
        self.routes = Routes(None, self.messaging.sync, None, self.people, "epoch", Limits())  # type: ignore[arg-type]

    async def prepare(self) -> None:
        people = [self.people.add("a"), self.people.add("b")]
        people += [self.people.add(name, UserKind.customer) for name in ("c", "d")]
        a, b, third, _ = people
        self.callers = people
        self.rooms = [
            await self.direct(a, b),
            await self.group(a, b, third),
            await self.group(a, third, history=True),
        ]
        for caller in people:
            link = Link(caller, self.reader(caller))
            self.network.links.append(link)
            await self.connect(link)

    def reader(self, caller: Caller) -> Reader:
        async def ask(type: str, **fields: Any) -> Json:
            command = msgspec.convert({"type": type, "id": 1, **fields}, Command)
            match command:
                case c.Resume():
                    answer: Any = await self.routes.welcome(caller, command)
                case c.PullEntries():
                    answer = await self.messaging.sync.pull(caller, command)
                case _:
                    answer = await self.messaging.sync.history(caller, command)
            return msgspec.json.decode(msgspec.json.encode(answer))

        return Reader(caller.user_id, ask)

    async def connect(self, link: Link) -> None:
        link.is_up = True
        link.waiting.clear()
        link.topics = {link.caller.user_id, *await self.messaging.sync.topics(link.caller)}
        await link.reader.catch_up()

    async def settle(self) -> None:
        """What the server still does by itself is done."""
        while self.messaging.views._telling:
            await asyncio.gather(*self.messaging.views._telling)

    async def deliver(self, link: Link) -> None:
        while link.waiting:
            await link.reader.receive(link.waiting.pop(0))

    async def act(self, step: tuple[str, int, int, int]) -> None:
        verb, who, where, what = step
        caller, room = self.callers[who], self.rooms[where]
        self.now += 500
        try:
            await getattr(self, "do_" + verb)(caller, room, what, self.network.links[who])
        except AppError as error:
            if error.code not in REFUSALS:
                raise
        await self.settle()

    # What people do

    async def do_say(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        await self.say(caller, room, f"话{what}")

    async def do_say_twice(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        again = key()
        first = await self.say(caller, room, f"两遍{what}", key=again)
        assert await self.say(caller, room, f"两遍{what}", key=again) == first

    async def do_edit(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        command = c.EditMessage(content=Text(f"改{what}"), **self._target(room, what))
        await self.messaging.messages.edit(caller, command)

    async def do_recall(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        await self.messaging.messages.recall(caller, c.RecallMessage(**self._target(room, what)))

    async def do_react(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        command = c.SetReaction(emoji="👍🎉"[what % 2], on=what % 3 > 0, **self._target(room, what))
        await self.messaging.messages.set_reaction(caller, command)

    async def do_read(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        await self.messaging.marks.mark_read(caller, c.MarkRead(id=1, conversation_id=room, seq=what + 1))

    async def do_arrange(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        name = ("pinned", "muted", "marked_unread")[what % 3]
        command = c.UpdateInbox(id=1, conversation_id=room, **{name: what % 2 == 0})
        await self.messaging.conversations.update_inbox(caller, command)

    async def do_add(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        ids = [self.callers[what % 4].user_id]
        command = c.AddMembers(id=1, conversation_id=room, client_msg_id=key(), user_ids=ids)
        await self.messaging.members.add(caller, command)

    async def do_remove(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        user_id = self.callers[what % 4].user_id
        command = c.RemoveMember(id=1, conversation_id=room, client_msg_id=key(), user_id=user_id)
        await self.messaging.members.remove(caller, command)

    async def do_promote(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        role = (MemberRole.admin, MemberRole.member)[what % 2]
        where = {"id": 1, "conversation_id": room, "client_msg_id": key()}
        command = c.SetMemberRole(user_id=self.callers[what % 4].user_id, role=role, **where)
        await self.messaging.members.set_role(caller, command)

    async def do_rename(self, caller: Caller, room: str, what: int, _link: Link) -> None:
        command = c.UpdateConversation(id=1, conversation_id=room, client_msg_id=key(), name=f"群{what}")
        await self.messaging.conversations.update(caller, command)

    def _target(self, room: str, what: int) -> Json:
        return {"id": 1, "conversation_id": room, "client_msg_id": key(), "target_seq": what % 7 + 1}

    # What happens to the wire and the server

    async def do_arrive(self, _caller: Caller, _room: str, _what: int, link: Link) -> None:
        await self.deliver(link)

    async def do_lose(self, _caller: Caller, _room: str, what: int, link: Link) -> None:
        if link.waiting:
            link.waiting.pop(what % len(link.waiting))

    async def do_double(self, _caller: Caller, _room: str, what: int, link: Link) -> None:
        if link.waiting:
            link.waiting.insert(0, link.waiting[what % len(link.waiting)])

    async def do_shuffle(self, _caller: Caller, _room: str, what: int, link: Link) -> None:
        random.Random(what).shuffle(link.waiting)

    async def do_leave(self, _caller: Caller, _room: str, _what: int, link: Link) -> None:
        link.is_up = False
        link.waiting.clear()

    async def do_return(self, _caller: Caller, _room: str, _what: int, link: Link) -> None:
        await self.connect(link)

    async def do_flush(self, _caller: Caller, _room: str, _what: int, _link: Link) -> None:
        await self.messaging.marks.flush_and_note()

    async def do_restart(self, _caller: Caller, _room: str, _what: int, _link: Link) -> None:
        await self.restart()
        for link in self.network.links:
            await self.connect(link)


PEOPLE_DO = ("say", "say", "say", "say_twice", "edit", "recall", "react", "read", "arrange", "add", "remove")
PEOPLE_DO += ("promote", "rename", "flush", "arrive")
WIRES_DO = ("lose", "double", "shuffle", "leave", "return", "restart")


def steps(verbs: tuple[str, ...]) -> st.SearchStrategy[list[tuple[str, int, int, int]]]:
    numbers = (st.integers(0, 3), st.integers(0, 2), st.integers(0, 20))
    return st.lists(st.tuples(st.sampled_from(verbs), *numbers), min_size=5, max_size=40)


async def play(script: list[tuple[str, int, int, int]], resumes: bool, loses: Any = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = Play(Path(folder) / "chaguan.db", loses)
        await world.open()
        try:
            await world.prepare()
            for step in script:
                await world.act(step)
            await world.messaging.marks.flush()
            await world.settle()
            for link in world.network.links:
                await (world.connect(link) if resumes else world.deliver(link))
                fresh = world.reader(link.caller)
                await fresh.catch_up()
                assert link.reader.shown() == fresh.shown()
        finally:
            await world.close()


def run(script: list[tuple[str, int, int, int]], *, resumes: bool, loses: Any = None) -> None:
    asyncio.run(play(script, resumes, loses))


FEW = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(steps(PEOPLE_DO))
def test_a_client_that_misses_nothing_shows_what_a_fresh_one_loads(script):
    run(script, resumes=False)


@FEW
@given(steps(PEOPLE_DO + WIRES_DO))
def test_a_client_shows_what_a_fresh_one_loads_after_any_losses(script):
    run(script, resumes=True)


@pytest.mark.soak
@MANY
@given(steps(PEOPLE_DO))
def test_a_client_that_misses_nothing_shows_it_in_thousands_of_plays(script):
    run(script, resumes=False)


@pytest.mark.soak
@MANY
@given(steps(PEOPLE_DO + WIRES_DO))
def test_a_client_shows_it_in_thousands_of_plays_with_losses(script):
    run(script, resumes=True)


# The property must be able to fail: three faults, and a short play in which each shows.


def test_an_effect_that_forgets_changed_seq_is_caught(monkeypatch):
    real = log_store.set_state

    def forgetful(
        connection: Any, conversation_id: str, seq: int, changed_seq: int, state: str, body: Any
    ) -> None:
        real(connection, conversation_id, seq, 0, state, body)

    monkeypatch.setattr(log_store, "set_state", forgetful)
    with pytest.raises(AssertionError):
        run([("say", 0, 0, 1), ("react", 1, 0, 7)], resumes=False)


def test_a_hub_that_loses_the_last_push_is_caught():
    with pytest.raises(AssertionError):
        run([("say", 0, 0, 1), ("say", 1, 0, 2)], resumes=False, loses=lambda push: push.get("seq") == 2)


def test_a_log_without_deduplication_is_caught(monkeypatch):
    monkeypatch.setattr(log_store, "earlier", lambda _connection, _keys: {})
    with pytest.raises(Exception, match=r"assert|UNIQUE"):
        run([("say_twice", 0, 0, 1)], resumes=False)
