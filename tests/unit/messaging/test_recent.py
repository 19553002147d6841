from chaguan.messaging.recent import TAIL, Recent


def test_what_is_lacking_comes_in_order_and_joined():
    recent = Recent()
    for seq in range(5, 10):
        recent.add("c", seq, b"%d" % seq)
    assert recent.after("c", 6, 9) == b"7,8,9"
    assert recent.after("c", 4, 9) == b"5,6,7,8,9"


def test_more_than_is_held_is_not_given_in_part():
    recent = Recent()
    recent.add("c", 5, b"5")
    assert recent.after("c", 3, 5) is None
    assert recent.after("other", 3, 5) is None


def test_a_tail_that_is_behind_the_head_gives_nothing():
    recent = Recent()
    recent.add("c", 5, b"5")
    assert recent.after("c", 4, 6) is None


def test_an_entry_that_was_not_added_begins_the_tail_anew():
    recent = Recent()
    recent.add("c", 5, b"5")
    recent.add("c", 7, b"7")
    assert recent.after("c", 4, 7) is None
    assert recent.after("c", 6, 7) == b"7"


def test_it_stays_within_its_bytes_and_forgets_who_spoke_longest_ago():
    recent = Recent(limit=100)
    recent.add("old", 1, b"x" * 60)
    recent.add("new", 1, b"y" * 60)
    assert recent.after("old", 0, 1) is None
    assert recent.after("new", 0, 1) == b"y" * 60


def test_a_long_tail_keeps_all_that_one_pull_can_ask_for():
    recent = Recent(limit=2_000)
    for seq in range(1, 5 * TAIL):
        recent.add("c", seq, b"x")
    assert recent.after("c", 5 * TAIL - 1 - TAIL, 5 * TAIL - 1) == b",".join([b"x"] * TAIL)
    assert recent.after("c", 0, 5 * TAIL - 1) is None


def test_what_was_read_is_given_as_what_was_heard_is():
    recent = Recent()
    recent.restore("c", 9, [b"7", b"8", b"9"])
    assert recent.after("c", 6, 9) == b"7,8,9"
    assert recent.after("c", 5, 9) is None
    recent.add("c", 10, b"10")
    assert recent.after("c", 8, 10) == b"9,10"


def test_what_was_read_never_takes_the_place_of_what_is_newer_or_more():
    recent = Recent()
    for seq in range(5, 10):
        recent.add("c", seq, b"%d" % seq)
    recent.restore("c", 8, [b"old"] * 50)
    recent.restore("c", 9, [b"old"])
    recent.restore("c", 9, [])
    assert recent.after("c", 4, 9) == b"5,6,7,8,9"


def test_what_was_read_counts_towards_the_bound():
    recent = Recent(limit=1_000)
    for name in "abc":
        recent.restore(name, 1, [bytes(400)])
    assert recent.after("a", 0, 1) is None
    assert recent.after("c", 0, 1) == bytes(400)
