import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.accounts.rules import (
    ACCOUNT,
    ADDRESS,
    KNOWN_DEVICE,
    Budget,
    Tally,
    attempt,
    is_forgotten,
    succeeded,
    throttle_keys,
)

NOW = 1_700_000_000_000


def spent(budget: Budget) -> Tally:
    tally = Tally()
    for _ in range(budget.burst):
        verdict = attempt(budget, tally, NOW)
        assert verdict.allowed
        tally = verdict.tally
    return tally


@pytest.mark.parametrize("budget", [ACCOUNT, KNOWN_DEVICE, ADDRESS])
def test_after_the_burst_one_waits_exactly_as_long_as_told(budget: Budget) -> None:
    tally = spent(budget)
    verdict = attempt(budget, tally, NOW)
    assert (verdict.allowed, verdict.retry_after_ms) == (False, budget.refill_ms)
    assert not attempt(budget, tally, NOW + budget.refill_ms - 1).allowed
    assert attempt(budget, tally, NOW + budget.refill_ms).allowed


def test_impatience_does_not_lengthen_the_wait() -> None:
    tally = spent(ACCOUNT)
    for _ in range(100):
        tally = attempt(ACCOUNT, tally, NOW).tally
    assert attempt(ACCOUNT, tally, NOW + ACCOUNT.refill_ms).allowed


def test_many_guesses_at_once_are_not_all_the_first() -> None:
    tally, allowed = Tally(), 0
    for _ in range(1000):
        verdict = attempt(ACCOUNT, tally, NOW)
        tally, allowed = verdict.tally, allowed + verdict.allowed
    assert allowed == ACCOUNT.burst


def test_who_signs_in_rightly_all_day_is_never_stopped() -> None:
    tally = Tally()
    for number in range(1000):
        verdict = attempt(ADDRESS, tally, NOW + number)
        assert verdict.allowed
        tally = succeeded(ADDRESS, verdict.tally, NOW + number)


def test_an_attackers_own_account_does_not_buy_a_fresh_budget() -> None:
    tally, wrong = Tally(), 0
    for number in range(2000):
        verdict = attempt(ADDRESS, tally, NOW)
        if not verdict.allowed:
            break
        tally = succeeded(ADDRESS, verdict.tally, NOW) if number % 2 else verdict.tally
        wrong += not number % 2
    assert wrong <= ADDRESS.burst


@given(
    st.builds(Budget, burst=st.integers(1, 40), refill_ms=st.integers(1, 200_000)),
    st.lists(st.integers(0, 400_000), max_size=200),
)
def test_in_any_window_no_more_than_the_burst_and_its_refill(budget: Budget, gaps: list[int]) -> None:
    tally, now, allowed = Tally(), NOW, []
    for gap in gaps:
        now += gap
        verdict = attempt(budget, tally, now)
        tally = verdict.tally
        if verdict.allowed:
            allowed.append(now)
        else:
            assert verdict.retry_after_ms > 0
            assert attempt(budget, tally, now + verdict.retry_after_ms).allowed
    for start in range(len(allowed)):
        for end in range(start, len(allowed)):
            window = allowed[end] - allowed[start]
            assert end - start + 1 <= budget.burst + window / budget.refill_ms + 1e-9


def test_a_clock_that_steps_back_frees_nobody() -> None:
    tally = spent(ACCOUNT)
    assert not attempt(ACCOUNT, tally, NOW - 3_600_000).allowed


def test_a_tally_is_forgotten_when_it_is_worth_nothing() -> None:
    tally = spent(ACCOUNT)
    clear = NOW + ACCOUNT.burst * ACCOUNT.refill_ms
    assert not is_forgotten(tally, clear - 1)
    assert is_forgotten(tally, clear)


def test_an_attempt_counts_against_account_and_address() -> None:
    assert set(throttle_keys("mei", "1.2.3.4").values()) == {ACCOUNT, ADDRESS}
    assert throttle_keys(" Mei ", "1.2.3.4") == throttle_keys("mei", "1.2.3.4")
    assert throttle_keys("mei", "1.2.3.4") != throttle_keys("lan", "1.2.3.4")
    assert "mei@example.com" not in str(throttle_keys("mei@example.com", "1.2.3.4"))


def test_strangers_cannot_lock_out_the_owner_on_a_known_device() -> None:
    strangers = set(throttle_keys("mei", "1.2.3.4"))
    assert strangers.isdisjoint(throttle_keys("mei", "5.6.7.8", known_device_id="d_1"))


def test_a_whole_ipv6_network_is_one_place() -> None:
    def place(address: str) -> str:
        return next(key for key in throttle_keys("a", address) if key.startswith("address:"))

    assert place("2001:db8::1") == place("2001:db8::ffff:1") != place("2001:db8:0:1::1")
    assert place("::ffff:1.2.3.4") == place("1.2.3.4") != place("1.2.3.5")
    assert place("not an address") == place("")
