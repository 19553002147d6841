"""Whom user tokens speak for, when many come at once."""

from chaguan.accounts.recognition import _one_batch


def test_people_of_one_app_are_looked_up_together_and_those_of_another_apart() -> None:
    waiting = [("a_1", "u1", "d"), ("a_2", "u1", "d"), ("a_1", "u2", "d")]
    assert _one_batch(waiting) == [waiting[0], waiting[2]]


def test_a_user_on_two_devices_is_looked_up_for_each() -> None:
    assert _one_batch([("a_1", "u", "phone"), ("a_1", "u", "web")]) == [("a_1", "u", "phone")]


def test_a_batch_is_bounded() -> None:
    assert len(_one_batch(("a_1", f"u{number}", "d") for number in range(1_000))) == 200
