"""What is expected of a deployment, and what it shall run on. Every assumption is a field, and every field an option."""

import math

from msgspec import Struct

TRANSPORTS = ("plain", "tls", "edge")
MOST_ONLINE = 1_000_000_000


class Nonsense(Exception):
    """A demand that can't be meant; the text is one sentence that says what to change."""


class Demand(Struct, frozen=True, kw_only=True):
    online: int
    """Sessions at the same time, in the busiest hour."""
    messages_per_day: float
    """Said by people, counted once each."""
    groups: int = 0
    """Groups that are in use."""
    group_size: int = 50
    """Members of a group, on average of what is said in groups."""
    group_share: float = 0.3
    """Share of the messages that are said in groups; the others go to one person."""
    online_share: float = 0.1
    """Share of all users, and of a group's members, that is online in the busiest hour."""
    peak_factor: float = 4.0
    """Messages a second at the peak ÷ messages a second on the day's average."""
    message_bytes: int = 0
    """Content of a message as JSON; 0: as the bench says it."""
    media_share: float = 0.1
    """Share of the messages that carry a picture, a voice note or a file."""
    media_bytes: int = 200_000
    """Bytes of one of these, its preview included."""
    retention_days: int = 365
    """How long messages and media are kept."""
    transport: str = "plain"
    """`plain`: TLS ends at machines of their own; `tls`: in the nodes; `edge`: in Caddy on the nodes."""
    headroom: float = 0.4
    """Share of each machine's CPU, memory and descriptors that stays free at the peak."""
    spare: int = 1
    """Nodes that may be gone at the peak."""
    back_within_s: float = 30.0
    """Seconds in which everybody of a lost node is to be connected again."""
    cores: int = 2
    """Of one node."""
    memory_gib: float = 8.0
    """Of one node."""
    descriptors: int = 20_000
    """A process's limit of open files (`ulimit -Hn`)."""
    kernel_kib: float = 4.0
    """The kernel's memory for one connection."""

    @property
    def use(self) -> float:
        return 1 - self.headroom

    @property
    def users(self) -> float:
        return self.online / self.online_share

    @property
    def peak(self) -> float:
        """Messages a second."""
        return self.messages_per_day / 86_400 * self.peak_factor

    @property
    def group_copies(self) -> float:
        """Pushes a second to people online, for what is said in groups at the peak."""
        return self.peak * self.group_share * max(1.0, self.group_size * self.online_share)

    @property
    def topics(self) -> float:
        """That a session follows: its own, and its groups."""
        return 1 + self.groups * self.group_size / max(1.0, self.users)


_SHARES = ("group_share", "media_share")
_AT_LEAST = {
    "messages_per_day": 0,
    "groups": 0,
    "group_size": 2,
    "message_bytes": 0,
    "media_bytes": 0,
    "retention_days": 1,
    "spare": 0,
    "back_within_s": 1,
    "cores": 1,
    "memory_gib": 0.25,
    "descriptors": 256,
    "kernel_kib": 0,
}


def check(demand: Demand) -> Demand:
    """The same; raises `Nonsense`."""
    if not 1 <= demand.online <= MOST_ONLINE:
        raise Nonsense(f"--online is a number of sessions from 1 to {MOST_ONLINE:,}, not {demand.online:,}")
    for name, least in _AT_LEAST.items():
        value = getattr(demand, name)
        if not math.isfinite(value) or value < least:
            raise Nonsense(f"{_option(name)} is at least {least}, not {value:,}")
    for name in _SHARES:
        if not 0 <= getattr(demand, name) <= 1:
            raise Nonsense(f"{_option(name)} is a share from 0 to 1, not {getattr(demand, name)}")
    _check_relations(demand)
    return demand


def _check_relations(demand: Demand) -> None:
    if not 0 < demand.online_share <= 1:
        raise Nonsense(f"--online-share is a share above 0 and up to 1, not {demand.online_share}")
    if not 0 <= demand.headroom < 1:
        raise Nonsense(f"--headroom is a share from 0 to below 1, not {demand.headroom}")
    if not math.isfinite(demand.peak_factor) or demand.peak_factor < 1:
        raise Nonsense(f"--peak-factor is at least 1: a peak is not below the average ({demand.peak_factor})")
    if demand.transport not in TRANSPORTS:
        raise Nonsense(f"--transport is one of {', '.join(TRANSPORTS)}, not {demand.transport}")
    if demand.group_size > demand.users:
        raise Nonsense(
            f"a group of {demand.group_size:,} is larger than all {demand.users:,.0f} users "
            "(--online ÷ --online-share): lower --group-size or --online-share"
        )


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
