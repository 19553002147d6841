"""A day at a desk that a seed makes: customers who ask, come back and give up, agents who take, answer, pass on and go."""

import contextlib
import random

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol import commands as c
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Outcome
from tests.domain.desk.conftest import Shop
from tests.domain.messaging.conftest import key


class Day:
    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        self.agents = [shop.staff(f"agent{n}") for n in range(3)]
        self.customers = [shop.customer(f"customer{n}") for n in range(6)]
        self.rooms: dict[str, str] = {}

    async def begin(self) -> None:
        shop = self.shop
        self.rest = await shop.queue("rest", position=2, target_wait_s=120)
        self.first = await shop.queue("first", position=1, overflow_after_s=300, overflow_to=self.rest.id)
        await shop.settle_for(reopen_s=3_600, abandon_s=900, reassign_s=600, idle_s=1_800)
        for agent in self.agents:
            await shop.can(agent, capacity=3)

    async def live(self, steps: int) -> None:
        doing = [
            self.asks,
            self.asks,
            self.says,
            self.answers,
            self.answers,
            self.takes,
            self.resolves,
            self.passes_on,
            self.changes_state,
            self.opens_another,
            self.waits,
            self.gives_up,
            self.comes_back,
            self.rates,
        ]
        for _ in range(steps):
            with contextlib.suppress(AppError):  # somebody was faster, has no place left, is gone: as in life
                await self.draw.choice(doing)()
            await self.shop.later(self.draw.choice([0, 1, 5, 30, 200]))
            if self.draw.random() < 0.5:
                await self.shop.settle()
        await self.shop.settle()

    async def asks(self) -> None:
        customer = self.draw.choice(self.customers)
        self.rooms[customer.user_id] = await self.shop.asks(customer)

    async def says(self) -> None:
        if self.rooms:
            user_id = self.draw.choice(sorted(self.rooms))
            await self.shop.say(self._customer(user_id), self.rooms[user_id], "还在吗？")

    async def answers(self) -> None:
        case = await self._case(CaseStatus.open)
        agent = next(each for each in self.agents if each.user_id == case.agent_id)
        await self.shop.desk.caught_up()
        await self.shop.say(agent, case.conversation_id, "您好")

    async def takes(self) -> None:
        case = self.draw.choice(await self._cases())
        await self.shop.take(self.draw.choice(self.agents), case, force=self.draw.random() < 0.3)

    async def resolves(self) -> None:
        case = await self._case(CaseStatus.open)
        agent = next(each for each in self.agents if each.user_id == case.agent_id)
        outcome = self.draw.choice([Outcome.resolved, Outcome.resolved, Outcome.abandoned])
        await self.shop.desk.cases.resolve(agent, c.ResolveCase(id=1, case_id=case.id, outcome=outcome))

    async def gives_up(self) -> None:
        case = await self._case(CaseStatus.waiting)
        customer = self._customer(case.customer_id)
        if self.draw.random() < 0.5:
            await self.shop.desk.own_cases.leave_line(customer, c.LeaveLine(id=1, case_id=case.id))
            return
        command = c.LeaveMessage(
            id=1, client_msg_id=key(), conversation_id=case.conversation_id, text="请回电", consent=True
        )
        await self.shop.desk.callbacks.leave_message(customer, command)

    async def comes_back(self) -> None:
        case = await self._ended()
        caller = self.draw.choice([*self.agents, self._customer(case.customer_id)])
        command = c.ReopenCase(id=1, case_id=case.id, force=True)
        if caller in self.agents:
            await self.shop.desk.cases.reopen(caller, command)
        else:
            await self.shop.desk.own_cases.reopen(caller, command)

    async def rates(self) -> None:
        case = await self._ended()
        command = c.RateCase(id=1, case_id=case.id, stars=self.draw.randint(1, 5))
        await self.shop.desk.own_cases.rate(self._customer(case.customer_id), command)

    async def passes_on(self) -> None:
        case = await self._case(CaseStatus.open)
        agent = next(each for each in self.agents if each.user_id == case.agent_id)
        if self.draw.random() < 0.5:
            await self.shop.transfer(agent, case, queue_id=self.draw.choice([self.first, self.rest]).id)
        else:
            await self.shop.transfer(agent, case, agent_id=self.draw.choice(self.agents).user_id)

    async def changes_state(self) -> None:
        state = self.draw.choice(["online", "online", "online", "busy", "offline"])
        await self.shop.is_(self.draw.choice(self.agents), state)

    async def opens_another(self) -> None:
        if self.rooms:
            user_id = self.draw.choice(sorted(self.rooms))
            command = c.OpenCase(
                id=1, client_msg_id=key(), conversation_id=self.rooms[user_id], subject="发票"
            )
            await self.shop.desk.cases.open_case(self._customer(user_id), command)

    async def waits(self) -> None:
        await self.shop.later(1_000)
        await self.shop.settle()

    def _customer(self, user_id: str) -> Caller:
        return next(each for each in self.customers if each.user_id == user_id)

    async def _cases(self):
        await self.shop.desk.caught_up()
        found = await self.shop.cases()
        if not found:
            await self.asks()
            found = await self.shop.cases()
        return sorted(found, key=lambda case: case.opened_at)

    async def _case(self, status: CaseStatus):
        found = [case for case in await self._cases() if case.status is status]
        if not found:
            raise AppError(ErrorCode.not_found, "nobody has a case")
        return self.draw.choice(found)

    async def _ended(self):
        cases = [await self.shop.case(room) for room in self.rooms.values()]
        found = [case for case in cases if case.status is CaseStatus.resolved]
        if not found:
            raise AppError(ErrorCode.not_found, "nothing ended yet")
        return self.draw.choice(found)
