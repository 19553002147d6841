"""Conversations under way, with a note of each acknowledgement and of how far the disk had got by then."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError
from chaguan.protocol import commands as c
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import MemberRole
from tests.domain.messaging.conftest import World, key

Position = Callable[[], int]


@dataclass
class Acknowledged:
    """A reply that a client got: entry `seq` of this kind is in the log, whatever happens now."""

    position: int
    conversation_id: str
    seq: int
    kind: str
    client_msg_id: str
    target_seq: int = 0
    text: str = ""


@dataclass
class Talk:
    """One conversation and those who talk in it."""

    id: str
    people: list[Caller]
    sent: list[tuple[int, Caller]] = field(default_factory=list)


class Workload:
    def __init__(self, world: World, position: Position, seed: int) -> None:
        self._world = world
        self._position = position
        self._random = random.Random(seed)
        self.acknowledged: list[Acknowledged] = []
        self._talks: list[Talk] = []
        self._staff = [world.people.add(f"staff{n}") for n in range(8)]

    async def prepare(self) -> None:
        staff = self._staff
        for n in range(6):
            self._talks.append(
                Talk(await self._world.direct(staff[n], staff[n + 1]), [staff[n], staff[n + 1]])
            )
        for n in range(3):
            self._talks.append(Talk(await self._world.group(*staff[n : n + 5]), staff[n : n + 5]))

    async def run(self, rounds: int) -> None:
        """In each round, all conversations at once, so that batches form as under load."""
        for _ in range(rounds):
            await asyncio.gather(
                *(self._act(talk) for talk in self._talks for _ in range(self._random.choice((1, 1, 2, 4))))
            )
            self._world.now += 250

    async def _act(self, talk: Talk) -> None:
        act = self._random.choice((*[self._say] * 6, self._edit, self._recall, self._react, self._members))
        try:
            await act(talk)
        except AppError as error:
            # Two acts of a round may meet on one message or member; a refusal is an answer too.
            assert error.code.value in ("conflict", "not_found", "forbidden"), error
        if self._random.random() < 0.1:
            await self._world.messaging.marks.flush_and_note()

    async def _say(self, talk: Talk) -> None:
        caller, id = self._random.choice(talk.people[:2]), key()
        text = f"第{len(self.acknowledged)}句 " + "茶" * self._random.randrange(1, 200)
        sent = await self._world.say(caller, talk.id, text, key=id)
        talk.sent.append((sent.seq, caller))
        self._note(talk, sent, "message_sent", id, text=text)

    async def _edit(self, talk: Talk) -> None:
        seq, caller = self._a_message(talk)
        id, text = key(), f"改过 {self._random.random()}"
        command = c.EditMessage(
            id=1, conversation_id=talk.id, client_msg_id=id, target_seq=seq, content=Text(text)
        )
        done = await self._world.messaging.messages.edit(caller, command)
        self._note(talk, done, "message_edited", id, seq, text)

    async def _recall(self, talk: Talk) -> None:
        seq, caller = self._a_message(talk)
        id = key()
        command = c.RecallMessage(id=1, conversation_id=talk.id, client_msg_id=id, target_seq=seq)
        done = await self._world.messaging.messages.recall(caller, command)
        self._note(talk, done, "message_recalled", id, seq)

    async def _react(self, talk: Talk) -> None:
        seq, _ = self._a_message(talk)
        id = key()
        command = c.SetReaction(
            id=1, conversation_id=talk.id, client_msg_id=id, target_seq=seq, emoji="👍", on=True
        )
        done = await self._world.messaging.messages.set_reaction(talk.people[0], command)
        if done.seq:
            self._note(talk, done, "reaction_set", id, seq)

    async def _members(self, talk: Talk) -> None:
        if len(talk.people) < 3:
            return await self._say(talk)
        owner, last, members = talk.people[0], talk.people[-1], self._world.messaging.members
        where: dict[str, Any] = {"id": 1, "conversation_id": talk.id, "user_id": last.user_id}
        if self._random.random() < 0.5:
            done = await members.remove(owner, c.RemoveMember(client_msg_id=key(), **where))
            self._note(talk, done, "member_left", "")
            add = {"id": 1, "conversation_id": talk.id, "client_msg_id": key(), "user_ids": [last.user_id]}
            done = await members.add(owner, c.AddMembers(**add))
            return self._note(talk, done, "member_joined", "")
        role = self._random.choice((MemberRole.admin, MemberRole.member))
        done = await members.set_role(owner, c.SetMemberRole(client_msg_id=key(), role=role, **where))
        return self._note(talk, done, "member_changed", "")

    def _a_message(self, talk: Talk) -> tuple[int, Caller]:
        if not talk.sent:
            talk.sent.append((1, talk.people[0]))
        return self._random.choice(talk.sent)

    def _note(self, talk: Talk, done: Any, kind: str, id: str, target_seq: int = 0, text: str = "") -> None:
        if done.seq:
            self.acknowledged.append(
                Acknowledged(self._position(), talk.id, done.seq, kind, id, target_seq, text)
            )
