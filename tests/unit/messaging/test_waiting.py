from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chaguan.messaging.append import Append
from chaguan.messaging.waiting import MAX_AGE_MS, MAX_BYTES, MAX_ENTRIES, MAX_OF_ONE, Pending, Waiting


def put(waiting: Waiting, conversation_id: str, number: int = 0, at: int = 0, body: bytes = b"") -> None:
    append = Append(
        conversation_id=conversation_id,
        kind=0,
        actor_id="u",
        client_msg_id=b"%d" % number,
        fingerprint=b"",
        created_at=at,
        member_version=0,
        body=body,
    )
    waiting.put(Pending(append, lambda _outcome: None))


def taken(waiting: Waiting, now: int = 0) -> list[tuple[str, int]]:
    """The next batch, after which it is over."""
    batch = waiting.take()
    waiting.release(batch, now)
    return names(batch)


def names(batch: list[Pending]) -> list[tuple[str, int]]:
    return [(each.append.conversation_id, int(each.append.client_msg_id)) for each in batch]


def test_who_comes_behind_a_thousand_of_one_conversation_is_in_the_next_batch() -> None:
    waiting = Waiting()
    for number in range(1_000):
        put(waiting, "hot", number)
    put(waiting, "calm", 7)
    assert taken(waiting) == [("hot", 0), ("calm", 7), *(("hot", number) for number in range(1, MAX_OF_ONE))]


def test_whose_turn_did_not_come_in_a_full_batch_is_first_in_the_next() -> None:
    waiting = Waiting()
    for number in range(2):
        for nth in range(MAX_ENTRIES):
            put(waiting, f"c{nth}", number)
    put(waiting, "late")
    assert {number for _, number in taken(waiting)} == {0}
    assert taken(waiting)[0] == ("late", 0)
    assert taken(waiting) == [(f"c{MAX_ENTRIES - 1}", 1)]


def test_many_that_never_stop_take_no_more_than_their_turn() -> None:
    waiting = Waiting()
    for nth in range(40):
        for number in range(500):
            put(waiting, f"hot{nth}", number)
    put(waiting, "calm")
    batch = taken(waiting)
    assert ("calm", 0) in batch and len(batch) == MAX_ENTRIES
    shares = Counter(conversation_id for conversation_id, _ in batch)
    del shares["calm"]
    assert max(shares.values()) - min(shares.values()) <= 1, "and share what is left evenly"


def test_what_could_not_be_written_is_taken_apart_from_the_others_and_keeps_its_order() -> None:
    waiting = Waiting()
    for number, room in enumerate(("calm", "held", "held", "other")):
        put(waiting, room, number)
    batch = waiting.take()
    put(waiting, "held", 4)
    put(waiting, "new", 5)
    left = [each for each in batch if each.append.conversation_id in ("held", "other")]
    waiting.release(batch, 0, left)
    assert (waiting.ready, waiting.entries) == (1, 5)
    assert taken(waiting) == [("new", 5)]
    again = waiting.take_left()
    assert names(again) == [("held", 1), ("other", 3), ("held", 2), ("held", 4)]
    put(waiting, "held", 6)
    waiting.release(again, 0)
    assert not waiting.has_left and taken(waiting) == [("held", 6)]
    assert waiting.bytes == waiting.ready == 0


@given(st.lists(st.integers(0, 5), max_size=600), st.data())
def test_each_conversation_keeps_its_order_and_nothing_is_lost(said: list[int], data: st.DataObject) -> None:
    waiting = Waiting()
    given_out: list[tuple[str, int]] = []

    def write_some() -> None:
        """But what other nodes hold at the moment."""
        held = data.draw(st.sets(st.integers(0, 5), max_size=3))
        for batch in (waiting.take(), waiting.take_left()):
            left = [each for each in batch if each.append.conversation_id in {f"c{nth}" for nth in held}]
            waiting.release(batch, 0, left)
            given_out.extend(names([each for each in batch if each not in left]))

    for number, nth in enumerate(said):
        put(waiting, f"c{nth}", number)
        if data.draw(st.integers(0, 99)) == 0:
            write_some()
    while waiting.entries:
        given_out += taken(waiting)
        again = waiting.take_left()
        waiting.release(again, 0)
        given_out += names(again)
    for nth in range(6):
        ours = [number for conversation_id, number in given_out if conversation_id == f"c{nth}"]
        assert ours == [number for number, to in enumerate(said) if to == nth]
    assert waiting.bytes == 0


def test_a_batch_ends_where_its_bytes_end() -> None:
    waiting = Waiting()
    for nth in range(40):
        put(waiting, f"c{nth}", body=bytes(MAX_BYTES // 10))
    assert [len(taken(waiting)) for _ in range(5)] == [10, 10, 10, 10, 0]


def test_a_conversation_is_in_one_batch_at_a_time_and_others_go_on() -> None:
    waiting = Waiting()
    for number in range(MAX_OF_ONE + 1):
        put(waiting, "a", number)
    first = waiting.take()
    put(waiting, "a", MAX_OF_ONE + 1)
    put(waiting, "b", 7)
    assert waiting.ready == 1 and names(waiting.take()) == [("b", 7)]
    assert waiting.take() == [] and waiting.ready == 0
    waiting.release(first, 0)
    assert waiting.ready == 2
    assert names(waiting.take()) == [("a", MAX_OF_ONE), ("a", MAX_OF_ONE + 1)]


def test_one_that_its_own_words_hold_up_is_late_and_the_others_are_not() -> None:
    waiting = Waiting()
    for number in range(500):
        put(waiting, "hot", number, at=0)
    for now in range(0, MAX_AGE_MS + 2, 500):
        taken(waiting, now)
    now = MAX_AGE_MS + 1
    assert waiting.is_late("hot", now)
    assert not waiting.is_late("calm", now)


def test_all_are_late_when_nothing_is_taken_any_more() -> None:
    waiting = Waiting()
    put(waiting, "one", at=0)
    assert not waiting.is_late("other", MAX_AGE_MS)
    assert waiting.is_late("other", MAX_AGE_MS + 1)
