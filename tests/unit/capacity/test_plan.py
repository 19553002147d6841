"""The plan is a pure function of a demand and measured costs."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaguan.bench.figures import Figure
from chaguan.capacity.demand import Demand, Nonsense, check
from chaguan.capacity.measured import MISSING, Measured, measured
from chaguan.capacity.plan import Plan, make_plan

COST = Measured(
    topics=20,
    process_mib=95,
    session_kib=3.5,
    session_cpu=2.4e-6,
    return_cpu=3.3e-4,
    embedded_rate=6_300,
    copy_cpu=1.1e-5,
    node_cpu=2e-4,
    database_cpu=6e-5,
    database_bytes=9_000,
    page_bytes=8_192,
    message_bytes=90,
    journal_bytes=2_500,
    stored_bytes=500,
    membership_bytes=310,
    broker_cpu=3e-6,
    broker_bytes=440,
)
DEMAND = Demand(online=100_000, messages_per_day=20_000_000, groups=10_000, descriptors=100_000)
COSTS = [field.name for field in msgspec.structs.fields(Measured) if field.name != "machine"]
GROWS = (
    "online",
    "messages_per_day",
    "groups",
    "group_size",
    "peak_factor",
    "message_bytes",
    "media_share",
    "media_bytes",
    "retention_days",
    "headroom",
    "spare",
    "kernel_kib",
)
SHRINKS = "cores", "memory_gib", "descriptors", "back_within_s"
OF_ONE_NODE = {"sessions_of_a_node", "descriptors_of_a_process", "memory_of_a_node", "cpu_of_a_node"}
"""What falls on one, where there are more of them."""


def with_(demand: Demand, **fields: Any) -> Demand:
    return msgspec.structs.replace(demand, **fields)


def values(plan: Plan) -> dict[str, float]:
    return {
        need.name: need.value or 0.0
        for group in plan.groups
        for need in group.needs
        if need.name not in OF_ONE_NODE | {"topics_of_a_session"}
    }


demands = st.builds(
    Demand,
    online=st.integers(1_000, 10_000_000),
    messages_per_day=st.floats(0, 1e10),
    groups=st.integers(0, 1_000_000),
    group_size=st.integers(2, 1_000),
    group_share=st.floats(0, 1),
    online_share=st.floats(0.01, 1),
    peak_factor=st.floats(1, 20),
    message_bytes=st.integers(0, 10_000),
    headroom=st.floats(0.1, 0.8),
    spare=st.integers(0, 3),
    cores=st.integers(1, 64),
    memory_gib=st.floats(64, 512),
    descriptors=st.integers(1_024, 1_000_000),
    transport=st.sampled_from(["plain", "tls", "edge"]),
).filter(lambda demand: demand.group_size * 4 <= demand.users)


@settings(deadline=None)
@given(demand=demands, name=st.sampled_from(GROWS), factor=st.floats(1, 3))
def test_more_of_anything_never_needs_less(demand: Demand, name: str, factor: float) -> None:
    before = getattr(demand, name)
    after = before * factor if isinstance(before, float) else round(before * factor)
    if name in ("media_share", "headroom"):
        after = min(after, 0.9)
    if name == "headroom":  # the more stays free, the fewer nodes take in those of a lost one
        demand = with_(demand, back_within_s=1e9)
    less = values(make_plan(demand, COST))
    more = values(make_plan(with_(demand, **{name: after}), COST))
    for need, value in less.items():
        assert more.get(need, 0.0) >= value * (1 - 1e-9), need


@settings(deadline=None)
@given(demand=demands, name=st.sampled_from(SHRINKS))
def test_larger_nodes_and_more_patience_never_need_more_nodes(demand: Demand, name: str) -> None:
    nodes = make_plan(demand, COST).need("nodes").value
    larger = make_plan(with_(demand, **{name: getattr(demand, name) * 2}), COST).need("nodes").value
    assert nodes is not None
    assert larger is not None
    assert larger <= nodes


@settings(deadline=None)
@given(demand=demands, name=st.sampled_from([name for name in COSTS if name not in ("topics", "page_bytes")]))
def test_dearer_messages_and_sessions_never_need_less(demand: Demand, name: str) -> None:
    if name in ("embedded_rate", "message_bytes"):
        return  # no costs: what one process took, and what a message was
    less = values(make_plan(demand, COST))
    more = values(make_plan(demand, msgspec.structs.replace(COST, **{name: getattr(COST, name) * 2})))
    for need, value in less.items():
        assert more.get(need, 0.0) >= value, need


@pytest.mark.parametrize(
    ("demand", "bound"),
    [
        (with_(DEMAND, messages_per_day=2e9), "cpu"),
        (with_(DEMAND, online=10_000_000, memory_gib=1, cores=4, back_within_s=3_600), "memory"),
        (with_(DEMAND, online=1_000_000, descriptors=1_024), "descriptors"),
        (with_(DEMAND, online=1_000_000, back_within_s=1, descriptors=1_000_000), "return"),
    ],
)
def test_the_plan_says_which_bound_decided_the_nodes(demand: Demand, bound: str) -> None:
    need = make_plan(demand, COST).need("nodes")
    assert need.decided_by == bound
    amounts = {each.of: each.amount for each in need.bounds}
    assert amounts[bound] == max(amounts.values())


def test_the_nodes_that_are_left_when_the_spare_is_gone_carry_the_peak_with_its_headroom() -> None:
    demand = with_(DEMAND, messages_per_day=500_000_000, cores=8, spare=2)
    plan = make_plan(demand, COST)
    used = plan.need("cpu_of_a_node").value
    assert used is not None
    assert used <= demand.cores * demand.use


@pytest.mark.parametrize("name", list(MISSING))
def test_what_was_not_measured_is_unknown_and_named_with_the_command_that_measures_it(name: str) -> None:
    cost = msgspec.structs.replace(COST, **{name: None})
    plan = make_plan(DEMAND, cost)
    assert plan.missing == ([] if name == "embedded_rate" else [name])  # that one is for a remark only
    assert MISSING[name][1].startswith("chaguan bench")
    assert not make_plan(DEMAND, COST).missing


def test_without_any_figure_nothing_is_made_up() -> None:
    plan = make_plan(DEMAND, Measured())
    assert plan.need("nodes").decided_by == "descriptors"
    assert set(plan.missing) == set(MISSING) - {"embedded_rate"}
    for name in ("database_cpu", "wal_per_day", "database_size", "redis_cpu", "redis_memory"):
        assert plan.need(name).value is None


def test_one_node_needs_no_redis() -> None:
    plan = make_plan(Demand(online=1_000, messages_per_day=1_000, spare=0), COST)
    assert (plan.need("nodes").value, plan.need("redis").value) == (1, 0)
    assert any("SQLite" in note for note in plan.notes)


def test_a_redis_that_asks_for_more_than_a_core_is_said_to_be_too_little() -> None:
    plan = make_plan(with_(DEMAND, online=10_000_000, messages_per_day=2e10), COST)
    assert (plan.need("redis_cpu").value or 0) > 1
    assert any("cluster is not built" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"online": 0}, "--online"),
        ({"online": 10**12}, "--online"),
        ({"messages_per_day": -1.0}, "--messages-per-day"),
        ({"messages_per_day": float("inf")}, "--messages-per-day"),
        ({"messages_per_day": float("nan")}, "--messages-per-day"),
        ({"groups": -1}, "--groups"),
        ({"group_size": 1}, "--group-size"),
        ({"group_size": 5_000_000}, "larger than all"),
        ({"group_share": 1.5}, "--group-share"),
        ({"media_share": float("nan")}, "--media-share"),
        ({"online_share": 0.0}, "--online-share"),
        ({"online_share": float("nan")}, "--online-share"),
        ({"peak_factor": 0.5}, "--peak-factor"),
        ({"headroom": 1.0}, "--headroom"),
        ({"spare": -1}, "--spare"),
        ({"cores": 0}, "--cores"),
        ({"descriptors": 3}, "--descriptors"),
        ({"transport": "pigeon"}, "--transport"),
        ({"memory_gib": 0.0}, "--memory-gib"),
    ],
)
def test_nonsense_is_refused_with_the_option_that_is_wrong(fields: dict[str, Any], word: str) -> None:
    with pytest.raises(Nonsense, match=word):
        check(with_(DEMAND, **fields))


def test_a_node_that_does_not_hold_its_processes_is_refused() -> None:
    with pytest.raises(Nonsense, match="--memory-gib"):
        make_plan(with_(DEMAND, cores=64, memory_gib=1), COST)


# What the figures say


def figure(name: str, value: float, **parameters: Any) -> Figure:
    return Figure(name, value, "", None, None, parameters, "a box")


FIGURES = [
    figure("process_memory", 95),
    figure("idle_memory", 3.5, transport="plain", topics=20),
    figure("idle_memory", 20.0, transport="tls", topics=20),
    figure("idle_cpu", 2.4, transport="plain"),
    figure("connect_storm", 3.3, transport="tls", cpu_s=20, sessions=10_000, handshakes="resumed"),
    figure("connect_storm", 3.3, transport="tls", cpu_s=7, sessions=10_000, handshakes="full"),
    figure("durable_direct", 6_300),
    figure("durable_direct", 9_000, nodes=3, database="postgresql"),
    figure("fanout_unmerged", 123_000, online=1_000),
    figure("fanout_unmerged", 91_000, online=10_000),
    figure("growth_cpu", 300, database="sqlite"),
    figure("growth_cpu", 260, database="postgresql", database_cpu_us=60),
    figure("growth_cpu", 280, database="postgresql", database_cpu_us=70),
    figure("growth_bytes", 9_000, database="postgresql", journal_bytes=2_500),
]


def test_the_dearest_measurement_of_the_transport_counts() -> None:
    cost = measured(FIGURES, "tls")
    assert (cost.session_kib, cost.return_cpu, cost.topics) == (20, 20 / 10_000, 20)
    assert cost.copy_cpu == 1 / 91_000
    assert cost.machine == "a box"


def test_what_the_database_spends_is_told_from_what_the_nodes_do() -> None:
    cost = measured(FIGURES, "plain")
    assert cost.node_cpu == pytest.approx(210e-6)
    assert cost.database_cpu == pytest.approx(70e-6)
    assert (cost.database_bytes, cost.journal_bytes) == (9_000, 2_500)
    assert cost.embedded_rate == pytest.approx(6_300)


def test_figures_of_sqlite_say_nothing_of_postgresql() -> None:
    cost = measured([each for each in FIGURES if each.parameters.get("database") != "postgresql"], "plain")
    assert (cost.node_cpu, cost.database_cpu, cost.database_bytes) == (None, None, None)


def test_a_database_whose_processes_cannot_be_seen_is_unknown_and_not_free() -> None:
    far = figure("growth_cpu", 200, database="postgresql", database_cpu_us=0)
    assert measured([far], "plain").database_cpu is None
