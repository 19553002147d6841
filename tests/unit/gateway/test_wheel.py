import random

from hypothesis import given
from hypothesis import strategies as st

from chaguan.gateway.wheel import Wheel


class Sand:
    """Wants to be looked at after `waits`, one after the other; remembers when it was."""

    def __init__(self, *waits: int) -> None:
        self.wheel_slot = -1
        self.waits = list(waits)
        self.seen: list[int] = []

    def on_deadline(self, now: int) -> int:
        self.seen.append(now)
        return self.waits.pop(0) if self.waits else 0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def wheel_and_clock(size: int = 16) -> tuple[Wheel, Clock]:
    clock = Clock()
    return Wheel(tick_s=0.25, size=size, clock=clock, random_=random.Random(1)), clock


def test_an_item_is_looked_at_when_its_time_has_come_and_not_before() -> None:
    wheel, clock = wheel_and_clock()
    sand = Sand()
    wheel.schedule(sand, wheel.ticks(1.0))
    clock.now += 0.99
    wheel.advance()
    assert sand.seen == []
    clock.now += 0.01
    wheel.advance()
    assert sand.seen == [4]


def test_what_on_deadline_returns_is_the_next_look() -> None:
    wheel, clock = wheel_and_clock()
    sand = Sand(3, 5)
    wheel.schedule(sand, 2)
    clock.now += 10
    wheel.advance()
    assert sand.seen == [2, 5, 10]


def test_scheduling_again_replaces_and_cancelling_removes() -> None:
    wheel, clock = wheel_and_clock()
    moved, cancelled = Sand(), Sand()
    wheel.schedule(moved, 2)
    wheel.schedule(moved, 6)
    wheel.schedule(cancelled, 3)
    wheel.cancel(cancelled)
    wheel.cancel(cancelled)
    clock.now += 10
    wheel.advance()
    assert moved.seen == [6]
    assert cancelled.seen == []


def test_a_delay_beyond_the_horizon_is_looked_at_early_and_never_lost() -> None:
    wheel, clock = wheel_and_clock(size=8)
    sand = Sand(7, 6)
    wheel.schedule(sand, 20)
    clock.now += 100
    wheel.advance()
    assert sand.seen == [7, 14, 20]


def test_many_that_are_due_at_once_do_not_hold_up_the_loop() -> None:
    wheel, clock = wheel_and_clock()
    many = [Sand() for _ in range(1000)]
    for sand in many:
        wheel.schedule(sand, 1)
    clock.now += 1
    turns = 1
    while not wheel.advance(budget_s=0):
        turns += 1
    assert turns > 900
    assert all(len(sand.seen) == 1 for sand in many)


@given(st.lists(st.integers(1, 60), max_size=40), st.lists(st.floats(0.01, 3), min_size=1, max_size=60))
def test_each_is_looked_at_once_at_its_tick_however_the_clock_jumps(
    waits: list[int], jumps: list[float]
) -> None:
    wheel, clock = wheel_and_clock(size=64)
    many = [Sand() for _ in waits]
    for sand, wait in zip(many, waits, strict=True):
        wheel.schedule(sand, wait)
    for jump in jumps:
        clock.now += jump
        wheel.advance(budget_s=10)
    for sand, wait in zip(many, waits, strict=True):
        assert sand.seen == ([wait] if wait <= wheel.now else [])


def test_jitter_only_shortens_and_differs() -> None:
    wheel, _ = wheel_and_clock()
    delays = {wheel.jittered(1000, 0.2) for _ in range(50)}
    assert min(delays) >= 800 and max(delays) <= 1000 and len(delays) > 20
