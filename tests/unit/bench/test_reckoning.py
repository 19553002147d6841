"""What the bench makes of its numbers: a figure that hides a lost message is worse than none."""

import os
from collections import defaultdict

from chaguan.bench.clients import Client, Clients
from chaguan.bench.cluster_stages import grown
from chaguan.bench.crew import merged, parted
from chaguan.bench.figures import Figure, target_of
from chaguan.bench.orders import Orders
from chaguan.bench.restless import DRAINING, Absence, Restless, reckoned
from chaguan.bench.world import GROUP_SIZE, Shape, World


def world(people: int) -> World:
    users = [f"u_{n}" for n in range(people)]
    pairs = [f"d_{n}" for n in range(people // 2)]
    groups = [["g_small"] for _ in range(-(-people // GROUP_SIZE))]
    return World("app", "secret", "epoch", users, pairs, groups, "", "")


def clients(people: int, *ports: int) -> Clients:
    return Clients(world(people), range(people), ports, is_tls=False)


def test_all_that_was_acknowledged_and_read_once_is_neither_lost_nor_doubled() -> None:
    assert reckoned({"d_1": [3, 1, 2]}, {"d_1": 0}, {"d_1": 3}) == {"lost": 0, "doubled": 0}


def test_an_acknowledged_message_that_nobody_read_is_lost() -> None:
    assert reckoned({"d_1": [1, 2, 3]}, {"d_1": 0}, {"d_1": 2})["lost"] == 1


def test_a_message_that_was_stored_twice_is_doubled() -> None:
    assert reckoned({"d_1": [1, 2]}, {"d_1": 0}, {"d_1": 3})["doubled"] == 1


def test_two_acknowledgements_of_one_place_in_the_log_are_a_fault() -> None:
    assert reckoned({"d_1": [1, 1]}, {"d_1": 0}, {"d_1": 1})["doubled"] == 1


def test_what_was_said_before_the_run_counts_for_nothing() -> None:
    assert reckoned({"d_1": [8, 9]}, {"d_1": 7}, {"d_1": 9}) == {"lost": 0, "doubled": 0}


def test_the_answers_of_several_generators_add_up_and_take_as_long_as_the_slowest() -> None:
    some = {"count": 2, "seconds": 1.5, "took": [1, 2], "reasons": {"4000": 1}}
    more = {"count": 3, "seconds": 2.5, "took": [3], "reasons": {"4000": 2, "0 cut": 1}}
    assert merged([some, more]) == {
        "count": 5,
        "seconds": 2.5,
        "took": [1, 2, 3],
        "reasons": {"0 cut": 1, "4000": 3},
    }


def test_the_work_of_processes_that_came_counts_and_of_those_that_went_takes_nothing_away() -> None:
    assert grown({1: 5.0, 2: 9.0}, {1: 6.5, 3: 0.5}) == 2.0


def test_people_are_parted_between_pairs_and_nobody_is_left_out() -> None:
    parts = parted(100_000, 17_000)
    assert len(parts) == 6
    assert [person for part in parts for person in part] == list(range(100_000))
    assert all(part.start % 2 == 0 and len(part) <= 17_000 for part in parts)
    assert parted(10, 100) == [range(10)]


def test_the_two_of_a_pair_are_at_different_nodes_and_all_nodes_have_people() -> None:
    for ports in ((1, 2), (1, 2, 3)):
        some = clients(12, *ports)
        places = [some.port_of(client) for client in some.clients]
        assert all(places[2 * pair] != places[2 * pair + 1] for pair in range(6))
        assert set(places) == set(ports)


def test_who_finds_no_node_there_takes_the_next() -> None:
    some = clients(2, 1, 2, 3)
    before = some.port_of(some.clients[0])
    some.clients[0].detours += 1
    assert some.port_of(some.clients[0]) == before % 3 + 1


def test_a_wait_is_as_long_as_the_node_said_or_as_the_protocol_says() -> None:
    absence = Absence(0.0)
    assert Restless._pause(absence, DRAINING, "1250") == 1.25
    assert Restless._pause(absence, 0, "a connection was refused") == 0
    first, second = (Restless._pause(absence, 0, "cut") for _ in range(2))
    assert 0.5 <= first <= 1 and 1 <= second <= 2


def test_a_message_that_reached_nobody_is_behind_until_it_is_read() -> None:
    some = clients(2, 1)
    restless = Restless(some, lambda: False)
    restless._acked = defaultdict(list, {"d_0": [1, 2]})
    some.of_person[1].seqs["d_0"] = 1
    assert restless._behind()
    some.of_person[1].seqs["d_0"] = 2
    assert not restless._behind()


def test_a_connection_that_is_lost_is_counted_where_somebody_counts() -> None:
    some = clients(2, 1)
    heard: list[tuple[Client, int, str]] = []
    some.on_lost = lambda client, code, reason: heard.append((client, code, reason))
    some.lose(some.clients[0], 4000, "700")
    assert heard == [(some.clients[0], 4000, "700")]


def test_a_hole_is_always_a_fault_and_a_repeat_only_where_nobody_came_back() -> None:
    some = clients(2, 1)
    reader = some.clients[1]
    reader.seqs["d_0"] = 5
    some.check(reader, "d_0", 5)
    assert (some.faults, some.repeats) == (1, 0)
    some.knows_repeats = True
    some.check(reader, "d_0", 4)
    assert (some.faults, some.repeats, reader.seqs["d_0"]) == (1, 1, 5)
    some.check(reader, "d_0", 7)
    assert (some.faults, some.repeats, reader.seqs["d_0"]) == (2, 1, 7)


def test_orders_come_one_at_a_time_however_they_were_written() -> None:
    reading, writing = os.pipe()
    try:
        orders = Orders(reading)
        assert not orders.is_there() and not orders.are_over
        os.write(writing, b"one\ntw")
        assert orders.is_there() and orders.take() == b"one"
        assert not orders.is_there()
        os.write(writing, b"o\n")
        os.close(writing)
        assert orders.is_there() and orders.take() == b"two"
        assert not orders.is_there() and orders.are_over
    finally:
        os.close(reading)


def test_a_world_without_large_groups_has_nobody_in_them() -> None:
    assert world(4).groups_of(3) == ["g_small"]
    assert Shape(100, 0, small_groups=5, has_large_groups=False).topics == 6
    assert Shape(100, 0).topics == 20


def test_the_targets_of_one_machine_judge_no_cluster() -> None:
    alone = Figure("durable_direct", 20_000, "messages/s")
    spread = Figure("durable_direct", 20_000, "messages/s", parameters={"nodes": 3})
    held = Figure("sessions_held", 99_999, "sessions", parameters={"nodes": 1})
    restart = Figure("restart_longest_wait", 2.2, "s", 2.1, 2.2 / 2.1, {"nodes": 3})
    assert target_of(alone) is not None and target_of(spread) is None
    for figure in (held, restart):
        target = target_of(figure)
        assert target is not None and not target.is_met(figure)


def test_a_stage_has_one_place_in_the_table_and_says_its_figures() -> None:
    from chaguan.bench import cluster_stages, stages

    for table in (stages.STAGES, cluster_stages.STAGES):
        names = [name for _, names in table.values() for name in names]
        assert len(set(names)) == len(names)
