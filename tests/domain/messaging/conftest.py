"""Messaging on a real database, with the parts around it replaced by recorders."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from chaguan.core.caller import Caller
from chaguan.core.ids import uuid7
from chaguan.core.settings import Limits, Policy
from chaguan.core.trace import Trace
from chaguan.infra.database import Database, SqliteDatabase, metadata
from chaguan.infra.keyring import key_id  # noqa: F401  (the module must import)
from chaguan.infra.sealing import Keyring, Vault, new_root
from chaguan.messaging import Messaging
from chaguan.messaging.model import Membership, Room, uuid_text
from chaguan.protocol import commands as c
from chaguan.protocol.content import Content, Text
from chaguan.protocol.conversations import ConversationKind, MemberRole, User, UserKind
from chaguan.protocol.replies import ConversationSync
from tests.databases import OpenDatabase


class Recorder:
    """A publisher that keeps what each topic was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Struct]] = []
        self.followed: set[tuple[str, str]] = set()

    def skip(self, topic: str, entry: Struct) -> None:
        pass

    def publish(self, topic: str, push: Struct, _encoded: bytes | None = None) -> None:
        self.told.append((topic, push))

    def is_followed(self, topic: str) -> bool:
        return True

    def follow(self, user_id: str, topic: str, seq: int) -> None:
        self.followed.add((user_id, topic))

    def unfollow(self, user_id: str, topic: str) -> None:
        self.followed.discard((user_id, topic))

    def of(self, topic: str, kind: type[Any]) -> list[Any]:
        return [push for to, push in self.told if to == topic and isinstance(push, kind)]


class People:
    def __init__(self) -> None:
        self.by_id: dict[str, User] = {}

    def add(self, name: str, kind: UserKind = UserKind.staff) -> Caller:
        self.by_id[f"u_{name}"] = User(f"u_{name}", kind, name)
        return Caller(kind=kind.value, user_id=f"u_{name}")

    async def users(self, ids: Sequence[str]) -> list[User]:
        return [self.by_id[id] for id in ids if id in self.by_id]


class AgentsMayLook:
    def grant(self, caller: Caller, room: Room) -> Membership | None:
        if room.kind is ConversationKind.service and caller.is_staff:
            return Membership(MemberRole.agent, [(1, 0)], looks_only=True)
        return None


class Asking:
    """A command that is told what became of it."""

    def __init__(self) -> None:
        self.trace = Trace()
        self.outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def settle(self, outcome: Struct | Exception) -> None:
        if isinstance(outcome, Exception):
            self.outcome.set_exception(outcome)
        else:
            self.outcome.set_result(outcome)


class Key:
    name = "test"

    def __init__(self) -> None:
        self.key = bytes(range(32))

    def read(self) -> list[bytes]:
        return [self.key]

    def stamp(self) -> int:
        return 1


async def unchanged(_caller: Caller, _room: Room, content: Content) -> Content:
    return content


class World:
    """One deployment's messaging. `restart` builds it anew on the same data."""

    def __init__(self, path: Path, open_database: OpenDatabase | None = None) -> None:
        self.path = path
        self.open_database = open_database
        self.people = People()
        self.keyring = Keyring(Key())  # type: ignore[arg-type]
        self.root = new_root(self.keyring)
        self.now = 1_700_000_000_000
        self.limits = Limits(messages_per_second=10_000)
        self.policy = Policy()
        self.build()

    def build(self) -> None:
        self.db = self.database()
        self.pushes = Recorder()
        self.messaging = Messaging(
            self.db,
            Vault(self.keyring, self.root),
            self.pushes,
            self.people,
            AgentsMayLook(),
            unchanged,
            lambda id, variant: f"/m/{id}/{variant}",
            limits=self.limits,
            policy=self.policy,
            clock=lambda: self.now,
        )

    def database(self) -> Database:
        return self.open_database() if self.open_database else SqliteDatabase(self.path)

    async def open(self) -> None:
        if self.open_database is None:
            await self.db.write(metadata.create_all)
        await self.messaging.start()

    async def restart(self) -> None:
        await self.close()
        self.build()
        await self.open()

    async def close(self) -> None:
        await self.messaging.stop()
        await self.db.close()

    async def direct(self, a: Caller, b: Caller) -> str:
        opened = await self.messaging.conversations.create_direct(a, c.CreateDirect(id=1, user_id=b.user_id))
        return opened.view.conversation.id

    async def group(self, owner: Caller, *others: Caller, history: bool = False) -> str:
        command = c.CreateGroup(
            id=1, client_msg_id=key(), name="群", member_ids=[o.user_id for o in others], join_history=history
        )
        return (await self.messaging.conversations.create_group(owner, command)).view.conversation.id

    async def say(self, caller: Caller, conversation_id: str, text: str, **more: Any) -> Any:
        """As the edge does it: the short way where there is one."""
        command = c.SendMessage(
            id=1,
            conversation_id=conversation_id,
            client_msg_id=more.pop("key", key()),
            content=Text(text),
            **more,
        )
        asking = Asking()
        if self.messaging.messages.begin_send(caller, command, asking):
            return await asking.outcome
        return await self.messaging.messages.send(caller, command)

    async def pull(self, caller: Caller, conversation_id: str, after: int = 0) -> Any:
        command = c.PullEntries(id=1, conversation_id=conversation_id, after_seq=after)
        # Through JSON, as a client gets it: what was said lately stands in the answer already encoded.
        answer = msgspec.json.encode(await self.messaging.sync.pull(caller, command))
        return msgspec.json.decode(answer, type=ConversationSync)

    async def view(self, caller: Caller, conversation_id: str) -> Any:
        command = c.GetConversation(id=1, conversation_id=conversation_id)
        return (await self.messaging.conversations.get(caller, command)).view


def key() -> str:
    return uuid_text(uuid7())


@pytest.fixture
async def world(tmp_path: Path, open_database: OpenDatabase):
    world = World(tmp_path / "chaguan.db", open_database)
    await world.open()
    yield world
    await world.close()


@pytest.fixture
def people(world: World) -> People:
    return world.people


async def until(condition: Any, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
