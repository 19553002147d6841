"""The router over time: agents join, leave and crash, two processes decide at once from what they saw earlier.

The desk here is a dictionary in which a decision is stored as the service stores it: only while the case waits where
it was seen and the agent has room.
"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chaguan.desk.routing import Assign, Queued, has_room, plan, serves
from chaguan.protocol.desk import Agent, AgentState, Queue, Strategy

STRATEGIES = [each for each in Strategy if each is not Strategy.manual]
QUEUES = st.integers(0, 3)
AGENTS = st.integers(0, 7)
"""Who is meant, counted round those who are there by then."""
MOST_AGENTS = 8
NODES = st.integers(0, 1)


class Desk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.queues = [
            Queue(
                id=f"q{n}",
                shop_id="s",
                name=f"q{n}",
                strategy=STRATEGIES[n],
                weight=1 + n % 2,
                urgency=n // 3,
                skills=["tea"] if n == 2 else [],
            )
            for n in range(4)
        ]
        self.agents = {
            f"u{n}": Agent(
                user_id=f"u{n}", capacity=1 + n, skills=["tea"] if n % 2 else [], state=AgentState.online
            )
            for n in range(5)
        }
        self.cases: dict[str, dict[str, Any]] = {}
        self.plans: list[list[tuple[Assign, int]]] = [[], []]

    # What people do.

    @rule(queues=st.lists(QUEUES, min_size=1, max_size=6))
    def customers_come(self, queues: list[int]) -> None:
        for queue in queues:
            self.now += 1
            id = f"k{len(self.cases):04}"
            self.cases[id] = {"queue": f"q{queue}", "at": self.now, "agent": "", "version": 0, "avoid": ""}

    @precondition(lambda self: len(self.agents) < MOST_AGENTS)
    @rule(capacity=st.integers(0, 4), knows_tea=st.booleans())
    def somebody_new_joins(self, capacity: int, knows_tea: bool) -> None:
        id, skills = f"u{len(self.agents)}", ["tea"] if knows_tea else []
        self.agents[id] = Agent(user_id=id, capacity=capacity, skills=skills, state=AgentState.online)

    @rule(agent=AGENTS, capacity=st.integers(0, 6))
    def an_agent_is_trusted_with_more_or_less(self, agent: int, capacity: int) -> None:
        id = self.one(agent)
        # What they have already they keep: an administrator takes nothing away.
        self.agents[id].capacity = max(capacity, sum(map(self.weight, self.open_of(id))))

    @rule(agent=AGENTS, state=st.sampled_from([*AgentState, AgentState.online]))
    def an_agent_is(self, agent: int, state: AgentState) -> None:
        self.agents[self.one(agent)].state = state

    @rule(agent=AGENTS)
    def an_agent_is_gone_for_too_long(self, agent: int) -> None:
        self.agents[self.one(agent)].state = AgentState.offline
        for case in self.open_of(self.one(agent)):
            case.update(agent="", version=case["version"] + 1)

    @rule(agent=AGENTS)
    def an_agent_resolves(self, agent: int) -> None:
        for case in self.open_of(self.one(agent))[:1]:
            case.update(agent="resolved", version=case["version"] + 1)

    @rule(agent=AGENTS, data=st.data())
    def an_agent_takes_one_by_hand(self, agent: int, data: st.DataObject) -> None:
        waiting = [id for id, case in self.cases.items() if not case["agent"]]
        if waiting:
            case = self.cases[data.draw(st.sampled_from(waiting))]
            self.store(case, self.one(agent), self.weight(case))

    @rule(agent=AGENTS, queue=QUEUES)
    def an_agent_passes_one_on(self, agent: int, queue: int) -> None:
        for case in self.open_of(self.one(agent))[:1]:
            case.update(agent="", queue=f"q{queue}", avoid=self.one(agent), version=case["version"] + 1)

    # What processes do.

    @rule(node=NODES)
    def a_node_looks_and_plans(self, node: int) -> None:
        seen = {id: case["version"] for id, case in self.cases.items()}
        decided = plan(self.queues, self.people(), self.waiting(), self.now)
        assert len({each.case_id for each in decided}) == len(decided)
        self.check_order(decided)
        self.plans[node] = [(each, seen[each.case_id]) for each in decided]

    @precondition(lambda self: any(self.plans))
    @rule(first=NODES, most=st.integers(1, 8))
    def a_node_stores_what_it_planned(self, first: int, most: int) -> None:
        node = first if self.plans[first] else 1 - first
        for each, version in self.plans[node][:most]:
            case = self.cases[each.case_id]
            if case["version"] == version and not case["agent"]:
                self.store(case, each.agent_id, each.weight)
        self.plans[node] = self.plans[node][most:]

    @rule()
    def both_look_at_once(self) -> None:
        self.a_node_looks_and_plans(0)
        self.a_node_looks_and_plans(1)

    @rule(node=NODES)
    def a_node_crashes(self, node: int) -> None:
        self.plans[node] = []

    # What must hold.

    @invariant()
    def nobody_has_more_than_they_can(self) -> None:
        for agent in self.people():
            assert agent.load <= agent.capacity

    @invariant()
    def every_case_is_somewhere(self) -> None:
        for case in self.cases.values():
            assert case["agent"] in ("", "resolved", *self.agents)
            assert case["queue"] in {queue.id for queue in self.queues}

    def teardown(self) -> None:
        """With somebody there for it, every case that was ever opened is answered in the end."""
        for n in range(2):
            name = f"new{n}"
            self.agents[name] = Agent(user_id=name, capacity=10_000, skills=["tea"], state=AgentState.online)
        for _ in range(len(self.cases) + 1):
            self.a_node_looks_and_plans(0)
            self.a_node_stores_what_it_planned(0, 64)
        assert self.waiting() == []

    def check_order(self, decided: list[Assign]) -> None:
        """Whoever was passed over could not have gone to the agent who got one that came later."""
        by_id = {queue.id: queue for queue in self.queues}
        people = {agent.user_id: agent for agent in self.people()}
        left = {each.case_id: each for each in self.waiting()}
        for each in decided:
            case, queue = left.pop(each.case_id), by_id[each.queue_id]
            agent = people[each.agent_id]
            assert serves(agent, queue)
            assert has_room(agent, queue.weight)
            for other in left.values():
                if other.queue_id == case.queue_id and other.queued_at < case.queued_at:
                    assert other.avoid_id == each.agent_id
            agent.load += each.weight

    def store(self, case: dict[str, Any], agent_id: str, weight: int) -> None:
        (agent,) = [each for each in self.people() if each.user_id == agent_id]
        if has_room(agent, weight):
            assert not case["agent"], "given to two"
            case.update(agent=agent_id, version=case["version"] + 1, avoid="")

    def one(self, agent: int) -> str:
        return f"u{agent % len(self.agents)}"

    def open_of(self, agent_id: str) -> list[dict[str, Any]]:
        return [case for case in self.cases.values() if case["agent"] == agent_id]

    def weight(self, case: dict[str, Any]) -> int:
        return next(queue.weight for queue in self.queues if queue.id == case["queue"])

    def people(self) -> list[Agent]:
        return [
            Agent(
                user_id=each.user_id,
                state=each.state,
                capacity=each.capacity,
                skills=each.skills,
                load=sum(map(self.weight, self.open_of(each.user_id))),
            )
            for each in self.agents.values()
        ]

    def waiting(self) -> list[Queued]:
        return [
            Queued(case_id=id, queue_id=case["queue"], queued_at=case["at"], avoid_id=case["avoid"])
            for id, case in self.cases.items()
            if not case["agent"]
        ]


class TestDesk(Desk.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=60, stateful_step_count=50, deadline=None, derandomize=True)
