"""What an agent's state is now: derived from what they chose, and when they were last seen and last did something."""

import msgspec
from msgspec import Struct

from chaguan.infra.pauses import NEVER
from chaguan.protocol.desk import Agent, AgentState

SEEN_MS = 60_000
"""Without a note for so long that they are connected, an agent is offline."""
NOTE_S = 20.0
"""How often each process notes which agents are connected to it."""


class Seat(Struct, kw_only=True):
    """An agent as stored."""

    user_id: str
    chosen: AgentState
    chosen_at: int
    seen_at: int
    active_at: int
    capacity: int
    skills: list[str]
    languages: list[str]
    assigned_at: int


def state_of(seat: Seat, idle_s: int, now: int) -> tuple[AgentState, int]:
    """The state, and since when it holds."""
    if seat.chosen is AgentState.offline:
        return AgentState.offline, seat.chosen_at
    if now - seat.seen_at > SEEN_MS:
        return AgentState.offline, max(seat.seen_at, seat.chosen_at)
    idle_since = max(seat.active_at, seat.chosen_at) + idle_s * 1000
    if seat.chosen is AgentState.online and idle_s and now >= idle_since:
        return AgentState.away, idle_since
    return seat.chosen, seat.chosen_at


def moves_at(seat: Seat, idle_s: int, now: int) -> int:
    """When the state becomes another because time passes. Whoever is seen or does something puts that off."""
    unseen_at = seat.seen_at + SEEN_MS + 1
    if seat.chosen is AgentState.offline or unseen_at <= now:
        return NEVER
    idle_at = max(seat.active_at, seat.chosen_at) + idle_s * 1000
    is_idling = seat.chosen is AgentState.online and idle_s and idle_at > now
    return min(unseen_at, idle_at) if is_idling else unseen_at


def shown(seat: Seat, load: int, idle_s: int, now: int) -> Agent:
    state, since = state_of(seat, idle_s, now)
    return Agent(
        user_id=seat.user_id,
        state=state,
        chosen=seat.chosen,
        since=since,
        capacity=seat.capacity,
        load=load,
        skills=seat.skills,
        languages=seat.languages,
        assigned_at=seat.assigned_at,
    )


def is_gone(agent: Agent) -> bool:
    return agent.state in (AgentState.away, AgentState.offline)


def has_left(agent: Agent, reassign_s: int, now: int) -> bool:
    """Whether their cases go back to the queue."""
    return bool(reassign_s) and is_gone(agent) and now - agent.since >= reassign_s * 1000


def chosen(seat: Seat, state: AgentState, now: int) -> Seat:
    """Choosing is doing something, and proves that one is there."""
    moved = now if state is not seat.chosen else seat.chosen_at
    return msgspec.structs.replace(seat, chosen=state, chosen_at=moved, seen_at=now, active_at=now)
