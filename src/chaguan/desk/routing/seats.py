"""What the router looks at and what it says, and who may sit where."""

from msgspec import Struct

from chaguan.protocol.desk import Agent, AgentState, Queue, Reason


class Queued(Struct, frozen=True, kw_only=True):
    """A case in a queue. `last_agent_id` had this customer before; `avoid_id` passed this case on."""

    case_id: str
    queue_id: str
    queued_at: int
    last_agent_id: str = ""
    avoid_id: str = ""


class Assign(Struct, frozen=True, kw_only=True):
    """A decision, good as long as the case waits there still and `has_room` for the agent."""

    case_id: str
    queue_id: str
    agent_id: str
    weight: int
    reason: Reason


def has_room(agent: Agent, weight: int) -> bool:
    """The one rule of capacity: also what is asked again where a decision is stored."""
    return agent.state is AgentState.online and agent.load + weight <= agent.capacity


def serves(agent: Agent, queue: Queue) -> bool:
    """Whether an agent belongs to a queue, whatever they do at the moment."""
    if queue.agents:
        return agent.user_id in queue.agents
    if not set(queue.skills) <= set(agent.skills):
        return False
    wanted = queue.match.languages
    return not wanted or any(speaks(own, each) for own in agent.languages for each in wanted)


def speaks(tag: str, wanted: str) -> bool:
    """Whether one language tag is the other or a form of it: `zh` and `zh-CN`, in either direction."""
    one, other = tag.lower().split("-"), wanted.lower().split("-")
    return all(a == b for a, b in zip(one, other, strict=False))
