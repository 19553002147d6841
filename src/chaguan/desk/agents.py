"""Who answers: what they choose, what they can, and that they are there."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from chaguan.accounts import access_admin, record_act
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import presence, rules
from chaguan.desk.dispatch import Look
from chaguan.desk.presence import Seat
from chaguan.desk.store import cases as case_store
from chaguan.desk.store import setup as store
from chaguan.infra.database import Database
from chaguan.infra.pauses import NEVER
from chaguan.messaging.ports import Directory, Publisher
from chaguan.protocol import commands as c
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.conversations import UserKind
from chaguan.protocol.desk import Agent, AgentState, Names
from chaguan.protocol.pushes import AgentsChanged

logger = logging.getLogger("chaguan.desk")
CAPACITY = 5
"""Of who comes to the desk without anybody having said how much they can."""
MAX_CAPACITY = 200
TOPIC = "desk:"
"""Told of agents, by all who watch a desk of any shop."""


class AgentChange(msgspec.Struct):
    """What is left out stays. `capacity`: the weight of cases that they are given at most at once, 0 to 200."""

    capacity: int | UnsetType = UNSET
    skills: Names | UnsetType = UNSET
    languages: Names | UnsetType = UNSET


class Agents:
    def __init__(
        self, db: Database, publisher: Publisher, directory: Directory, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._db = db
        self._publisher = publisher
        self._directory = directory
        self._clock = clock
        self._wake = wake
        self.is_here: Callable[[str], bool] = lambda _user_id: False
        """Whether a user is connected to this process."""
        self._active: set[str] = set()
        self._told: dict[str, Agent] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep_noting())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def set_state(self, caller: Caller, command: c.SetAgentState) -> Agent:
        access_agent_desk(caller)
        now = self._clock()

        def work(con: Connection) -> Agent:
            seat = store.seat(con, caller.user_id) or _newcomer(caller.user_id)
            seat = presence.chosen(seat, command.state, now)
            store.put_seat(con, seat)
            return _shown(con, seat, now)

        agent = await self._db.write(work)
        await self._publish([agent])
        self._wake()
        return agent

    async def list_agents(self, caller: Caller) -> list[Agent]:
        access_agent_desk(caller)
        now = self._clock()
        return await self._db.read(lambda con: shown_all(con, now))

    async def change(self, caller: Caller, user_id: str, change: AgentChange) -> Agent:
        access_admin(caller)
        if change.capacity is not UNSET and not 0 <= change.capacity <= MAX_CAPACITY:
            raise AppError(ErrorCode.bad_request, "capacity", field="capacity", limit=MAX_CAPACITY)
        users = await self._directory.users([user_id])
        if not users or users[0].kind is not UserKind.staff:
            raise AppError(ErrorCode.not_found, "no such member of staff")
        now = self._clock()
        given: dict[str, Any] = msgspec.to_builtins(change)

        def work(con: Connection) -> Agent:
            seat = store.seat(con, user_id) or _newcomer(user_id)
            seat = msgspec.structs.replace(seat, **given)
            store.put_seat(con, seat)
            record_act(con, now, caller, AuditAction.agent_changed, user_id, **given)
            return _shown(con, seat, now)

        agent = await self._db.write(work)
        await self._publish([agent])
        self._wake()
        return agent

    def did_something(self, user_ids: Sequence[str]) -> None:
        """Noted with the next look at who is here; ids of who is no agent do no harm."""
        self._active.update(user_ids)

    async def came(self, caller: Caller) -> None:
        """Somebody looks at the desk: they are connected, as of now."""
        access_agent_desk(caller)
        now = self._clock()
        seat = await self._db.read(lambda con: store.seat(con, caller.user_id))
        if seat is not None and now - seat.seen_at > presence.NOTE_S * 1000:
            await self._db.write(lambda con: store.note_seen(con, [caller.user_id], now))
            self._wake()

    async def note(self) -> None:
        """Who is connected here, and who did something since the last time."""
        now, active = self._clock(), sorted(self._active)
        self._active = set()
        seats = await self._db.read(store.seats)
        here = [
            seat.user_id
            for seat in seats
            if seat.chosen is not AgentState.offline and self.is_here(seat.user_id)
        ]
        known = {seat.user_id for seat in seats}
        active = [user_id for user_id in active if user_id in known]
        if not here and not active:
            return

        def work(con: Connection) -> None:
            store.note_seen(con, here, now)
            store.note_active(con, active, now)

        await self._db.write(work)
        self._wake()  # who was taken for gone may be back

    async def tell(self, look: Look) -> int:
        """Those who watch are told of states and loads that are not as they were."""
        changed = [agent for agent in look.agents if not _is_same(self._told.get(agent.user_id), agent)]
        self._told = {agent.user_id: agent for agent in look.agents}
        await self._publish(changed)
        return NEVER

    async def _publish(self, agents: list[Agent]) -> None:
        if agents and self._publisher.is_followed(TOPIC):
            users = await self._directory.users([agent.user_id for agent in agents])
            self._publisher.publish(TOPIC, AgentsChanged(agents=agents, users=users))

    async def _keep_noting(self) -> None:
        while True:
            await asyncio.sleep(presence.NOTE_S)
            try:
                await self.note()
            except AppError as error:
                logger.warning("who is at the desk was not noted: %s", error)


def shown_all(con: Connection, now: int) -> list[Agent]:
    """Every agent as of now."""
    seats, idle_s = store.seats(con), store.idle_s(con)
    loads = case_store.loads(con, [seat.user_id for seat in seats])
    return [presence.shown(seat, loads.get(seat.user_id, 0), idle_s, now) for seat in seats]


def _shown(con: Connection, seat: Seat, now: int) -> Agent:
    load = case_store.loads(con, [seat.user_id]).get(seat.user_id, 0)
    return presence.shown(seat, load, store.idle_s(con), now)


def _is_same(one: Agent | None, other: Agent) -> bool:
    return one is not None and (one.state, one.load, one.capacity) == (
        other.state,
        other.load,
        other.capacity,
    )


def access_agent_desk(caller: Caller) -> None:
    if not rules.is_agent(caller):
        raise AppError(ErrorCode.forbidden, "only agents")


def _newcomer(user_id: str) -> Seat:
    return Seat(
        user_id=user_id,
        chosen=AgentState.offline,
        chosen_at=0,
        seen_at=0,
        active_at=0,
        capacity=CAPACITY,
        skills=[],
        languages=[],
        assigned_at=0,
    )
