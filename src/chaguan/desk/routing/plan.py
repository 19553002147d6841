"""Who gets what of the cases that wait now."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from chaguan.desk.routing.seats import Assign, Queued, has_room, serves
from chaguan.protocol.desk import Agent, AgentState, Queue, Reason, Strategy

LARGEST_PLAN = 64
"""Decisions from one look at the desk: they are stored in one commit, and the next look sees what became of them."""

_Rank = Callable[[Agent, int], tuple[Any, ...]]
"""The smallest of those who have a place gets the case; the id at the end makes every node choose the same."""

_RANKS: Mapping[Strategy, _Rank] = {
    Strategy.round_robin: lambda agent, _weight: (agent.assigned_at, agent.user_id),
    Strategy.least_loaded: lambda agent, _weight: (agent.load, agent.assigned_at, agent.user_id),
    Strategy.weighted: lambda agent, weight: (
        (agent.load + weight) / agent.capacity,
        agent.assigned_at,
        agent.user_id,
    ),
}


def plan(
    queues: Sequence[Queue],
    agents: Sequence[Agent],
    waiting: Sequence[Queued],
    now: int,
    most: int = LARGEST_PLAN,
) -> list[Assign]:
    """Decisions in the order in which they were made. A case is passed over only where no agent has a place for it."""
    by_id = {queue.id: queue for queue in queues if queue.strategy is not Strategy.manual}
    # Copies: the plan fills them as it goes.
    seats = [msgspec.structs.replace(agent) for agent in agents if agent.state is AgentState.online]
    serving = {id: [seat for seat in seats if serves(seat, queue)] for id, queue in by_id.items()}
    full: set[str] = set()
    decided: list[Assign] = []
    for case in in_order(waiting, by_id):
        if len(decided) == most:
            break
        queue = by_id[case.queue_id]
        if queue.id in full:
            continue
        able = [seat for seat in serving[queue.id] if has_room(seat, queue.weight)]
        if not able:
            full.add(queue.id)
            continue
        free = [seat for seat in able if seat.user_id != case.avoid_id]
        if free:
            decided.append(_assign(queue, free, case, now + len(decided)))
    return decided


def in_order(waiting: Sequence[Queued], queues: Mapping[str, Queue]) -> list[Queued]:
    """The urgent queues first; inside a queue who waits longest."""
    known = [case for case in waiting if case.queue_id in queues]
    return sorted(known, key=lambda case: (-queues[case.queue_id].urgency, case.queued_at, case.case_id))


def _assign(queue: Queue, free: Sequence[Agent], case: Queued, at: int) -> Assign:
    strategy, seat = _pick(queue, free, case)
    data = {"queue_id": queue.id, "load": seat.load, "of": seat.capacity, "among": len(free)}
    seat.load += queue.weight
    seat.assigned_at = max(at, seat.assigned_at)
    return Assign(
        case_id=case.case_id,
        queue_id=queue.id,
        agent_id=seat.user_id,
        weight=queue.weight,
        reason=Reason(strategy.value, data),
    )


def _pick(queue: Queue, free: Sequence[Agent], case: Queued) -> tuple[Strategy, Agent]:
    if queue.strategy is Strategy.last_agent:
        for seat in free:
            if seat.user_id == case.last_agent_id:
                return Strategy.last_agent, seat
    strategy = Strategy.least_loaded if queue.strategy is Strategy.last_agent else queue.strategy
    rank = _RANKS[strategy]
    return strategy, min(free, key=lambda seat: rank(seat, queue.weight))


def why_waiting(queue: Queue, agents: Sequence[Agent]) -> Reason:
    """Why the first of a queue is not given to anybody."""
    if queue.strategy is Strategy.manual:
        return Reason("manual")
    serving = [agent for agent in agents if serves(agent, queue)]
    if not serving:
        return Reason("nobody_serves")
    online = [agent for agent in serving if agent.state is AgentState.online]
    if not online:
        return Reason("nobody_online", {"serve": len(serving)})
    return Reason("all_busy", {"online": len(online), "places": sum(agent.capacity for agent in online)})
