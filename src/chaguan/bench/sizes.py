"""How much of everything a run measures with."""

from msgspec import Struct


class Scale(Struct, frozen=True):
    """How much of everything."""

    sessions: int
    tls_sessions: int
    edge_sessions: int
    """The edge holds two descriptors for each."""
    pairs: int
    idle_s: float
    load_s: float
    fan_out_turns: int
    room_rates: tuple[int, ...]
    stored: tuple[int, ...]
    """Messages in the log when the cost of another is measured."""
    said: int
    """Messages by which it is measured."""
    shares: tuple[float, ...]
    """Of the most that the server takes, at which latency is measured."""
    rounds: int
    """With readers who stall, and as many without."""
    round_s: float
    desk_agents: int = 200
    desk_cases: int = 2_000
    desk_rate: float = 500
    desk_turnover: float = 10
    """Cases a second that end, and as many that begin."""
    desk_s: float = 20


FULL = Scale(
    *(10_000, 10_000, 5_000, 1_000, 20, 10, 5, (60, 100)),
    stored=(500_000, 2_000_000, 10_000_000),
    said=65_536,
    shares=(0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 0.95, 1.0),
    rounds=10,
    round_s=5,
)
QUICK = Scale(
    *(2_000, 500, 500, 1_000, 2, 2, 3, (300,)),
    stored=(20_000, 60_000),
    said=8_192,
    shares=(0.25, 0.5, 0.8, 1.0),
    rounds=3,
    round_s=2,
    desk_agents=40,
    desk_cases=400,
    desk_rate=200,
    desk_s=3,
)
