"""How long somebody will wait. Pure."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from chaguan.desk.routing import has_room, serves
from chaguan.protocol.desk import Agent, AgentState, Queue

REMEMBERED = 50
"""The last cases of a queue, by which it is known how long one takes."""
ENOUGH = 3
"""With fewer nothing is said."""


def handling_ms(last: Sequence[int]) -> float:
    """How long a case takes its agent; 0: not known yet."""
    return fmean(last) if len(last) >= ENOUGH else 0.0


def places(
    queue: Queue, queues: Sequence[Queue], agents: Sequence[Agent], in_use: Mapping[str, int]
) -> float:
    """How many cases of this queue are answered at a time while everybody who is there is busy. Who answers for several
    queues in which somebody waits is shared by them."""
    rivals = [each for each in queues if in_use.get(each.id) or each.id == queue.id]
    found = 0.0
    for agent in agents:
        if agent.state is AgentState.online and serves(agent, queue):
            found += agent.capacity // queue.weight / sum(serves(agent, each) for each in rivals)
    return found


def free(queue: Queue, agents: Sequence[Agent]) -> int:
    """Places that somebody gets at once."""
    able = [agent for agent in agents if serves(agent, queue) and has_room(agent, queue.weight)]
    return sum((agent.capacity - agent.load) // queue.weight for agent in able)


def expected_ms(ahead: int, places: float, free: int, handling_ms: float) -> int:
    """For who has `ahead` before them: that many must have got a place and one more must be left. -1: nobody knows."""
    before = ahead + 1 - free
    if before <= 0:
        return 0
    if not places or not handling_ms:
        return -1
    return round(before * handling_ms / places)
