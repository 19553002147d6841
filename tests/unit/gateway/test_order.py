"""Whatever the order in which entries arrive, sessions get them in the order of the log."""

from hypothesis import given
from hypothesis import strategies as st

from chaguan.gateway.order import Line, Order, Said


class Told:
    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.holes: list[Line] = []
        self.order = Order(lambda _topic, said: self.seqs.append(said.seq), self.holes.append)

    def offer(self, *seqs: int) -> None:
        for seq in seqs:
            self.order.offer("g_1", Said("g_1", seq))


@given(st.permutations(range(1, 30)), st.lists(st.integers(1, 29)))
def test_any_order_with_any_repetition_becomes_the_order_of_the_log(
    arrivals: list[int], again: list[int]
) -> None:
    told = Told()
    told.order.begin("g_1", "g_1", 0)
    told.offer(*arrivals, *again)
    assert told.seqs == list(range(1, 30))
    assert not told.order.is_waiting(("g_1", "g_1"))


@given(st.sets(st.integers(1, 30)), st.permutations(range(1, 31)))
def test_what_is_lost_is_asked_for_once_a_hole_and_the_rest_follows(
    lost: set[int], arrivals: list[int]
) -> None:
    told = Told()
    told.order.begin("g_1", "g_1", 0)
    told.offer(*(seq for seq in arrivals if seq not in lost))
    before = list(range(1, min(lost, default=31)))
    assert told.seqs == before
    has_hole = any(seq > len(before) for seq in range(1, 31) if seq not in lost)
    assert told.order.is_waiting(("g_1", "g_1")) is has_hole
    assert bool(told.holes) or not has_hole
    told.offer(*sorted(lost))
    assert told.seqs == list(range(1, 31))


def test_the_first_that_is_heard_of_an_unknown_line_is_its_beginning() -> None:
    told = Told()
    told.offer(41, 42, 40)
    assert told.seqs == [41, 42]


def test_a_known_head_lets_nothing_older_pass_and_frees_what_waits_behind_it() -> None:
    told = Told()
    told.order.begin("g_1", "g_1", 3)
    told.offer(2, 3, 6, 7)
    assert told.seqs == []
    assert told.holes == [("g_1", "g_1")]
    told.order.begin("g_1", "g_1", 5)
    assert told.seqs == [6, 7]
    told.order.begin("g_1", "g_1", 2)
    told.offer(8)
    assert told.seqs == [6, 7, 8]


def test_the_conversations_of_one_topic_do_not_wait_for_one_another() -> None:
    told = Told()
    told.order.begin("u_1", "d_1", 0)
    told.order.offer("u_1", Said("d_1", 2))
    told.order.offer("u_1", Said("d_2", 9))
    assert told.seqs == [9]


def test_a_forgotten_topic_begins_anew() -> None:
    told = Told()
    told.offer(1, 3)
    told.order.forget("g_1")
    told.offer(5)
    assert told.seqs == [1, 5]
