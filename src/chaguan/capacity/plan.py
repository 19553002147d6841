"""From a demand and the measured costs to what has to stand there. Pure: no clock, no files, no machine."""

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct

from chaguan.capacity.demand import Demand, Nonsense
from chaguan.capacity.measured import MISSING, Measured, Value

GIB, GB = 1 << 30, 1e9
DAY_S = 86_400
DESCRIPTORS_OF_A_SESSION = {"plain": 1, "tls": 1, "edge": 3}
"""At the edge Caddy holds two for each session and the node one."""


class Bound(Struct, frozen=True):
    """How much one resource asks for; `amount` is None where a figure is missing."""

    of: str
    amount: Value
    because: str
    missing: tuple[str, ...] = ()


class Need(Struct, frozen=True):
    """One number of the plan. `decided_by` names the bound that made it what it is."""

    name: str
    value: Value
    unit: str
    decided_by: str = ""
    because: str = ""
    missing: tuple[str, ...] = ()
    """Names of costs (`measured.MISSING`) without which the number is unknown, or could be larger."""
    bounds: tuple[Bound, ...] = ()


class Group(Struct, frozen=True):
    title: str
    needs: tuple[Need, ...]


class Plan(Struct, frozen=True):
    groups: tuple[Group, ...]
    notes: tuple[str, ...]

    def need(self, name: str) -> Need:
        return next(need for group in self.groups for need in group.needs if need.name == name)

    @property
    def missing(self) -> list[str]:
        found = {name for group in self.groups for need in group.needs for name in need.missing}
        return [name for name in MISSING if name in found]


def make_plan(demand: Demand, cost: Measured) -> Plan:
    nodes = _nodes(demand, cost)
    needed = nodes.value
    groups = (
        _load(demand),
        Group("nodes", (nodes, *_of_each_node(demand, cost, needed))),
        Group("database", tuple(_database(demand, cost, needed))),
        Group("redis", tuple(_redis(demand, cost, needed))),
        Group("blobs", _blobs(demand)),
    )
    return Plan(groups, tuple(_notes(demand, cost, groups)))


def _load(demand: Demand) -> Group:
    return Group(
        "load at the peak",
        (
            Need("messages_per_s", demand.peak, "/s", because="messages a day ÷ 86,400 × peak factor"),
            Need(
                "group_copies_per_s",
                demand.group_copies,
                "/s",
                because="messages in groups × members × share online",
            ),
            Need("users", demand.users, "", because="online ÷ share online"),
            Need("topics_of_a_session", demand.topics, "", because="its own and its groups"),
        ),
    )


# Nodes


def _nodes(demand: Demand, cost: Measured) -> Need:
    bounds = (
        _cpu_bound(demand, cost),
        _memory_bound(demand, cost),
        Bound(
            "descriptors",
            demand.online
            * DESCRIPTORS_OF_A_SESSION[demand.transport]
            / (demand.descriptors * demand.cores * demand.use),
            f"{demand.descriptors:,} of each process, one process a core",
        ),
        _return_bound(demand, cost),
    )
    most = _largest(bounds)
    value = None if most is None or most.amount is None else max(1, math.ceil(most.amount)) + demand.spare
    return Need(
        "nodes",
        value,
        f"of {demand.cores} cores and {demand.memory_gib:g} GiB",
        most.of if most else "",
        f"{most.because}; {demand.spare} spare" if most else "",
        _missing(bounds),
        bounds,
    )


def busy_cores(demand: Demand, cost: Measured) -> tuple[Value, tuple[str, ...]]:
    """CPU seconds a second of all nodes at the peak."""
    terms = {
        "session_cpu": _times(cost.session_cpu, demand.online),
        "node_cpu": _times(cost.node_cpu, demand.peak),
        "copy_cpu": _times(cost.copy_cpu, demand.group_copies),
    }
    known = [value for value in terms.values() if value is not None]
    return (sum(known) if known else None), tuple(name for name, value in terms.items() if value is None)


def _cpu_bound(demand: Demand, cost: Measured) -> Bound:
    busy, missing = busy_cores(demand, cost)
    if busy is None:
        return Bound("cpu", None, "", missing)
    because = f"{busy:.2f} cores busy at the peak, {demand.use:.0%} of each core to be used"
    return Bound("cpu", busy / (demand.cores * demand.use), because, missing)


def _session_kib(demand: Demand, cost: Measured) -> Value:
    """More topics than it was measured with cost more; the whole is scaled, since the part of a topic is not known."""
    grown = _times(cost.session_kib, max(1.0, demand.topics / cost.topics))
    return None if grown is None else grown + demand.kernel_kib


def _memory_bound(demand: Demand, cost: Measured) -> Bound:
    session, process = _session_kib(demand, cost), cost.process_mib
    missing = tuple(
        name for name, value in (("session_kib", session), ("process_mib", process)) if value is None
    )
    if session is None:
        return Bound("memory", None, "", missing)
    room = demand.memory_gib * 1024 * demand.use - demand.cores * (process or 0.0)
    because = f"{session:.1f} KiB a session, kernel included, beside {demand.cores} processes"
    if room <= 0:
        raise Nonsense(
            f"--memory-gib {demand.memory_gib:g} does not hold {demand.cores} processes of {process:.0f} MiB with "
            f"{demand.headroom:.0%} free: name more memory or fewer --cores"
        )
    return Bound("memory", demand.online * session / 1024 / room, because, missing)


def _return_bound(demand: Demand, cost: Measured) -> Bound:
    """Of n nodes one is lost; the others take its sessions in with what CPU they keep free."""
    each = _times(cost.return_cpu, max(1.0, demand.topics / cost.topics))
    if each is None:
        return Bound("return", None, "", ("return_cpu",))
    free = demand.cores * max(demand.headroom, 0.05)
    amount = math.sqrt(demand.online * each / (free * demand.back_within_s))
    because = f"{each * 1e3:.2f} ms of CPU for each who comes back, within {demand.back_within_s:g} s"
    return Bound("return", amount, because)


def _of_each_node(demand: Demand, cost: Measured, nodes: Value) -> Iterable[Need]:
    if nodes is None:
        return
    working = max(1.0, nodes - demand.spare)
    sessions = math.ceil(demand.online / working)
    yield Need("sessions_of_a_node", sessions, "", because="with the spare nodes gone")
    yield Need(
        "descriptors_of_a_process",
        math.ceil(sessions * DESCRIPTORS_OF_A_SESSION[demand.transport] / demand.cores / demand.use),
        "",
        because="`ulimit -n`, headroom included",
    )
    memory = _session_kib(demand, cost)
    if memory is not None and cost.process_mib is not None:
        used = (sessions * memory / 1024 + demand.cores * cost.process_mib) / 1024
        yield Need("memory_of_a_node", used, "GiB", because="used at the peak, with the spare nodes gone")
    busy, missing = busy_cores(demand, cost)
    if busy is not None:
        yield Need("cpu_of_a_node", busy / working, "cores", because="used at the peak", missing=missing)


# Database


def _database(demand: Demand, cost: Measured, nodes: Value) -> Iterable[Need]:
    cpu = _times(cost.database_cpu, demand.peak / demand.use)
    yield _known(
        "database_cpu", cpu, "cores", "cpu", "PostgreSQL's CPU a message × peak ÷ use", "database_cpu"
    )
    yield Need("syncs_per_s", demand.peak, "/s", "disk", "at most one for each message; batches make fewer")
    pages = None
    if cost.database_bytes is not None and cost.page_bytes:
        pages = demand.peak * cost.database_bytes / cost.page_bytes
    yield _known("page_writes_per_s", pages, "/s", "disk", "WAL and checkpoints, in pages", "database_bytes")
    yield _known(
        "wal_per_day",
        _times(cost.journal_bytes, demand.messages_per_day / GB),
        "GB/day",
        "disk",
        "for archives and standbys",
        "journal_bytes",
    )
    stored = stored_bytes(demand, cost)
    of_a_day = _times(stored, demand.messages_per_day / GB)
    yield _known("growth_per_day", of_a_day, "GB/day", "disk", "messages, indexes and search", "stored_bytes")
    yield _known("growth_per_year", _times(of_a_day, 365), "GB/year", "disk", "the same", "stored_bytes")
    yield _database_size(demand, cost, of_a_day)
    if nodes is not None:
        processes = nodes * demand.cores
        yield Need(
            "database_connections",
            processes * connections_of_a_process() + connections_of_a_process(),
            "",
            "processes",
            f"{connections_of_a_process()} for each of {processes:.0f} processes and a worker",
        )


def stored_bytes(demand: Demand, cost: Measured) -> Value:
    """A longer message takes its further bytes; so much of the rest as search takes is scaled with them."""
    if cost.stored_bytes is None or not demand.message_bytes or not cost.message_bytes:
        return cost.stored_bytes
    return cost.stored_bytes * max(1.0, demand.message_bytes / cost.message_bytes)


def _database_size(demand: Demand, cost: Measured, of_a_day: Value) -> Need:
    missing = tuple(name for name in ("stored_bytes", "membership_bytes") if getattr(cost, name) is None)
    members = _times(cost.membership_bytes, demand.groups * demand.group_size / GB) or 0.0
    value = None if of_a_day is None else of_a_day * demand.retention_days + members
    because = f"{demand.retention_days} days of messages, and the members of {demand.groups:,} groups"
    return Need("database_size", value, "GB", "disk", because, missing)


def connections_of_a_process() -> int:
    from chaguan.infra.database.postgres import PostgresDatabase

    return sum((PostgresDatabase.__init__.__kwdefaults__ or {}).values())


# Redis and blobs


def _redis(demand: Demand, cost: Measured, nodes: Value) -> Iterable[Need]:
    if nodes == 1:
        yield Need("redis", 0, "servers", because="one node needs none")
        return
    direct = demand.peak * (1 - demand.group_share)
    # A direct message goes to two people's topics, each of whom may be at another node.
    published = 2 * direct + demand.peak * demand.group_share
    followers = max(0.0, (nodes or 2) - 1)
    followed = 2 * direct + demand.peak * demand.group_share * min(
        followers, max(1.0, demand.group_size * demand.online_share)
    )
    yield Need(
        "redis_published_per_s",
        published,
        "/s",
        "messages",
        "two topics for a direct message, one for a group",
    )
    yield Need(
        "redis_delivered_per_s", followed, "/s", "messages", "once to each other node that has a listener"
    )
    cpu = _times(cost.broker_cpu, max(published, followed) / demand.use)
    yield _known("redis_cpu", cpu, "cores", "cpu", "Redis works on one core", "broker_cpu")
    memory = _times(cost.broker_bytes, demand.online * demand.topics / GIB)
    yield _known("redis_memory", memory, "GiB", "memory", "presence and subscriptions", "broker_bytes")


def _blobs(demand: Demand) -> tuple[Need, ...]:
    of_a_day = demand.messages_per_day * demand.media_share * demand.media_bytes / GB
    return (
        Need("blobs_per_day", of_a_day, "GB/day", "media", "share with media × their size"),
        Need("blobs_size", of_a_day * demand.retention_days, "GB", "media", f"{demand.retention_days} days"),
        Need(
            "blobs_bandwidth",
            demand.peak * demand.media_share * demand.media_bytes * 8 / 1e6,
            "Mbit/s",
            "media",
            "in, at the peak; out as often as they are looked at",
        ),
    )


# What is said beside the numbers


def _notes(demand: Demand, cost: Measured, groups: Sequence[Group]) -> Iterable[str]:
    needs = {need.name: need for group in groups for need in group.needs}
    rate = cost.embedded_rate
    if (
        rate is not None
        and demand.peak <= rate * demand.use
        and (needs["nodes"].value or 2) - demand.spare <= 1
    ):
        yield (
            f"one process on SQLite takes {rate:,.0f} messages/s here, so it carries this load too; "
            "it has no spare, and its machine is a single one"
        )
    redis = needs.get("redis_cpu")
    if redis is not None and (redis.value or 0) > 1:
        yield "one Redis is not enough: a cluster is not built yet, so this load can't be served so"
    database = needs["database_cpu"].value
    if database is not None and database > _LARGE_CORES:
        yield (
            f"the database asks for {database:,.0f} cores: beyond one large machine it has to be spread "
            "over several (by conversation), which no test of ours has done"
        )


_LARGE_CORES = 64


def _known(name: str, value: Value, unit: str, of: str, because: str, cost: str) -> Need:
    return Need(name, value, unit, of, because, () if value is not None else (cost,))


def _times(value: Value, factor: Value) -> Value:
    return None if value is None or factor is None else value * factor


def _largest(bounds: Sequence[Bound]) -> Bound | None:
    known = [bound for bound in bounds if bound.amount is not None]
    return max(known, key=lambda bound: bound.amount or 0.0, default=None)


def _missing(bounds: Sequence[Bound]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for bound in bounds for name in bound.missing))
