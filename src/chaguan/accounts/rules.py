"""Decisions about signing in. Pure: tallies and the time in, a verdict out."""

import hashlib

import msgspec

from chaguan.core.networks import network_of


class Budget(msgspec.Struct, frozen=True):
    """So many attempts at once, then one more each `refill_ms`."""

    burst: int
    refill_ms: int


ACCOUNT = Budget(burst=5, refill_ms=3 * 60_000)
"""At most 5 + 20 guesses an hour at one account, from wherever they come."""

KNOWN_DEVICE = Budget(burst=5, refill_ms=3 * 60_000)
"""A device that signed in to the account before has its own, so strangers cannot lock its owner out."""

ADDRESS = Budget(burst=30, refill_ms=10_000)
"""An office behind one address fits; a list of leaked passwords does not."""


class Tally(msgspec.Struct, frozen=True):
    """Attempts not yet forgotten, as the time when all of them will be. Stored per key, worthless after it."""

    clear_at: int = 0


class Verdict(msgspec.Struct, frozen=True):
    allowed: bool
    retry_after_ms: int
    tally: Tally
    """To store, whether allowed or not."""


def throttle_keys(account: str, address: str, known_device_id: str = "") -> dict[str, Budget]:
    """What an attempt counts against. All must allow it. `account` is the name as typed, whether or not it
    exists: the answer must not tell. `known_device_id` is set only after its token was found genuine and of
    this account."""
    name = hashlib.sha256(account.strip().casefold().encode("utf-8", "surrogatepass")).hexdigest()[:32]
    place = f"address:{network_of(address)}"
    if known_device_id:
        return {f"device:{name}:{known_device_id}": KNOWN_DEVICE, place: ADDRESS}
    return {f"account:{name}": ACCOUNT, place: ADDRESS}


def attempt(budget: Budget, tally: Tally, now: int) -> Verdict:
    """Counts an attempt *before* the password is looked at, else many at once would all be the first. An attempt
    that is not allowed costs nothing, so impatience does not lengthen the wait."""
    next_clear = max(tally.clear_at, now) + budget.refill_ms
    over = next_clear - now - budget.burst * budget.refill_ms
    if over > 0:
        return Verdict(False, over, tally)
    return Verdict(True, 0, Tally(next_clear))


def succeeded(budget: Budget, tally: Tally, now: int) -> Tally:
    """Takes back the one attempt that was right. The others stay: one right password among many guesses, such
    as the attacker's own account, must not buy a fresh budget."""
    return Tally(max(tally.clear_at - budget.refill_ms, now))


def is_forgotten(tally: Tally, now: int) -> bool:
    return tally.clear_at <= now
