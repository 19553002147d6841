"""A shop with a desk on a real database. The desk decides when a test says so (`settle`), not by itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chaguan.core.caller import Caller, Role
from chaguan.desk import DeskService
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import Case, UserKind
from chaguan.protocol.desk import AgentState, DeskSettings, Queue
from chaguan.protocol.pushes import DeskChanged
from chaguan.protocol.replies import CaseHistory, CaseReply
from tests.databases import OpenDatabase
from tests.domain.messaging.conftest import World, key

SHOP = "s_tea"


class Shop(World):
    desk: DeskService
    attributes: dict[str, dict[str, Any]]
    may_be_told: set[str]
    """Who sits at a desk, and so may be mentioned."""

    def build(self) -> None:
        super().build()
        self.attributes = getattr(self, "attributes", {})
        self.may_be_told = getattr(self, "may_be_told", set())
        self.desk = self.another_desk()

    def another_desk(self) -> DeskService:
        """As a second process has it, on the same data."""
        desk = DeskService(self.db, self.messaging, self.pushes, self.people, self._told, lambda: self.now)
        desk.agents.is_here = lambda _user_id: True
        desk.notes.desk_staff = self._desk_staff
        desk.automation.speak_as(self._voice)
        return desk

    async def _desk_staff(self, user_ids: Sequence[str]) -> set[str]:
        return self.may_be_told & set(user_ids)

    async def _voice(self, _shop_id: str) -> str:
        return self.people.add("bot", UserKind.bot).user_id

    async def _told(self, user_id: str) -> dict[str, Any]:
        return self.attributes.get(user_id, {})

    async def open(self) -> None:
        await super().open()
        await self.desk.feed.start()

    async def close(self) -> None:
        await self.desk.stop()
        await super().close()

    def staff(self, name: str, role: Role = Role.agent) -> Caller:
        return msgspec.structs.replace(self.people.add(name), role=role)

    def customer(self, name: str) -> Caller:
        return self.people.add(name, UserKind.customer)

    async def queue(self, name: str = "all", **more: Any) -> Queue:
        queue = Queue(id="", shop_id=SHOP, name=name, **more)
        return await self.desk.arrangement.put_queue(self.staff("boss", Role.owner), queue)

    async def settle_for(self, **more: Any) -> None:
        """Settings of the shop's desk."""
        settings = DeskSettings(**more)
        await self.desk.arrangement.put_settings(self.staff("boss", Role.owner), SHOP, settings)

    async def is_(self, agent: Caller, state: str = "online") -> None:
        await self.desk.agents.set_state(agent, c.SetAgentState(id=1, state=AgentState(state)))

    async def can(self, agent: Caller, **more: Any) -> None:
        from chaguan.desk import AgentChange

        boss = self.staff("boss", Role.owner)
        await self.desk.agents.change(boss, agent.user_id, AgentChange(**more))

    async def asks(self, customer: Caller, text: str = "在吗？", **context: Any) -> str:
        """A customer's message; gives the conversation."""
        opened = await self.desk.open_service(customer, c.OpenService(id=1, context=context), SHOP)
        id = opened.view.conversation.id
        await self.say(customer, id, text)
        await self.desk.caught_up()
        return id

    async def settle(self) -> None:
        """The desk does all that it has to do now, and what follows from it."""
        await self.desk.caught_up()
        await self.desk.dispatcher.step()
        await self.desk.caught_up()

    async def later(self, seconds: float) -> None:
        """Time goes by, and everybody who chose a state is still connected."""
        self.now += int(seconds * 1000)
        await self.desk.agents.note()

    async def case(self, conversation_id: str) -> Case:
        """The newest of a conversation, as the desk sees it."""
        from chaguan.desk.store import cases as store

        held = await self.db.read(lambda con: store.latest(con, conversation_id))
        assert held is not None
        return held.case

    async def cases(self) -> list[Case]:
        desk = await self.desk.watch(self.staff("boss", Role.owner), c.WatchDesk(id=1), SHOP)
        return desk.cases

    async def take(self, agent: Caller, case: Case, force: bool = False) -> CaseReply:
        return await self.desk.cases.take(agent, c.TakeCase(id=1, case_id=case.id, force=force))

    async def resolve(self, agent: Caller, case: Case) -> CaseReply:
        return await self.desk.cases.resolve(agent, c.ResolveCase(id=1, case_id=case.id))

    async def transfer(self, agent: Caller, case: Case, **to: str) -> CaseReply:
        return await self.desk.cases.transfer(agent, c.TransferCase(id=1, case_id=case.id, **to))

    async def history(self, case: Case) -> CaseHistory:
        return await self.desk.cases.history(
            self.staff("boss", Role.owner), c.GetCaseHistory(id=1, case_id=case.id)
        )

    async def told(self, case: Case) -> list[tuple[str, str]]:
        """What happened, and why."""
        events = (await self.history(case)).events
        return [(event.kind.value, event.reason.code if event.reason else "") for event in events]

    async def members(self, conversation_id: str) -> set[str]:
        from chaguan.protocol.entries import MemberJoined, MemberLeft

        entries = (await self.pull(self.staff("boss", Role.owner), conversation_id)).entries
        here: set[str] = set()
        for entry in entries:
            if isinstance(entry, MemberJoined):
                here.add(entry.user_id)
            elif isinstance(entry, MemberLeft):
                here.discard(entry.user_id)
        return here

    def changes(self) -> list[DeskChanged]:
        return self.pushes.of(f"desk:{SHOP}", DeskChanged)


@pytest.fixture
async def shop(tmp_path: Path, open_database: OpenDatabase):
    shop = Shop(tmp_path / "chaguan.db", open_database)
    await shop.open()
    yield shop
    await shop.close()


__all__ = ["SHOP", "Shop", "key", "shop"]
