"""A shop's own server, asked about customers: remembered for a minute, let alone for a while when it is dead.

Nothing it does reaches the desk but a short answer or a word why there is none. A question waits at most as long as
`Fetch` lets it, questions that are the same go out once, and who is down is not asked by everybody again and again.
"""

import asyncio
from collections import OrderedDict
from typing import NamedTuple, Protocol

import msgspec

from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode

FRESH_MS = 60_000
KEPT_MS = 3_600_000
"""An older answer is not shown, however dead the server is."""
AGAIN_MS = 1_000
"""Who asks anew within that gets what was just answered."""
CACHED = 1_000
MAX_BYTES = 64 * 1024
TRIES = 3
"""Failures one after another, after which a server is let alone."""
PAUSE_MS, LONGEST_PAUSE_MS = 30_000, 300_000
_URGED_MS = 5_000
"""A person who presses the button reaches a server that is let alone, but not more often."""


class Fetch(Protocol):
    async def __call__(self, url: str, headers: dict[str, str]) -> bytes:
        """GET with bounds on time and size, no redirects and no way into private networks; raises AppError with
        `data.reason`."""


class Sign(Protocol):
    def __call__(self) -> dict[str, str]:
        """Headers that prove a question that goes out now."""


class Told(NamedTuple):
    """`business` None: there is no answer to show. `at`: when it was given. `problem`: why there is none, or none that
    is newer; `retry_after_ms`: when asking may help."""

    business: msgspec.Raw | None = None
    at: int = 0
    problem: str = ""
    retry_after_ms: int = 0


class _Kept(NamedTuple):
    at: int
    head_seq: int
    business: msgspec.Raw


class _Circuit:
    """How it went with one server lately."""

    __slots__ = ("asked_at", "failures", "open_until")

    def __init__(self) -> None:
        self.failures = self.open_until = self.asked_at = 0

    def lets_through(self, now: int, urged: bool) -> bool:
        return now >= self.open_until or (urged and now - self.asked_at >= _URGED_MS)

    def failed(self, now: int) -> None:
        self.failures += 1
        if self.failures >= TRIES:
            pause = PAUSE_MS * 2 ** min(self.failures - TRIES, 10)
            self.open_until = now + min(pause, LONGEST_PAUSE_MS)

    def answered(self) -> None:
        self.failures = self.open_until = 0


class ShopServers:
    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._circuits: OrderedDict[str, _Circuit] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Told]] = {}

    async def ask(self, server: str, url: str, sign: Sign, head_seq: int, *, anew: bool) -> Told:
        """`server` is whom to let alone if it is dead, `url` the whole question. An answer of the last minute is good
        unless something was said since (`head_seq`); an older one is given at once, with its age, unless `anew`."""
        now = self._clock()
        kept = self._kept.get(url)
        if kept is not None and now - kept.at >= KEPT_MS:
            del self._kept[url]
            kept = None
        if kept is not None and _is_good(kept, head_seq, now, anew):
            return Told(kept.business, kept.at)
        circuit = self._circuit(server)
        if url not in self._asking and not circuit.lets_through(now, anew):
            return _old(kept, "paused", circuit.open_until - now)
        return await self._once(circuit, url, sign, head_seq)

    async def _once(self, circuit: _Circuit, url: str, sign: Sign, head_seq: int) -> Told:
        task = self._asking.get(url)
        if task is None:
            task = self._asking[url] = asyncio.create_task(self._question(circuit, url, sign, head_seq))
            task.add_done_callback(lambda _: self._asking.pop(url, None))
        # Who goes away takes nobody's answer along.
        return await asyncio.shield(task)

    async def _question(self, circuit: _Circuit, url: str, sign: Sign, head_seq: int) -> Told:
        now = circuit.asked_at = self._clock()
        try:
            business = _checked(await self._fetch(url, sign()))
        except AppError as error:
            problem = problem_of(error)
            if problem in _DEAD:
                circuit.failed(now)
            return _old(self._kept.get(url), problem, max(0, circuit.open_until - now))
        circuit.answered()
        at = self._clock()
        self._kept[url] = _Kept(at, head_seq, business)
        self._kept.move_to_end(url)
        if len(self._kept) > CACHED:
            self._kept.popitem(last=False)
        return Told(business, at)

    def _circuit(self, server: str) -> _Circuit:
        circuit = self._circuits.setdefault(server, _Circuit())
        self._circuits.move_to_end(server)
        if len(self._circuits) > CACHED:
            self._circuits.popitem(last=False)
        return circuit


_DEAD = frozenset({"slow", "unreachable", "answered", "too_large"})
_REASONS = {
    "too_slow": "slow",
    "answer_too_large": "too_large",
    "answer_is_compressed": "not_json",
    "address_not_allowed": "not_allowed",
    "bad_url": "not_allowed",
    "redirected": "redirected",
    "unexpected_status": "answered",
    "not_json": "not_json",
    "too_large": "too_large",
}


def problem_of(error: AppError) -> str:
    """`slow`, `unreachable`, `answered` (a status that is no 200), `redirected`, `too_large`, `not_json`, `not_allowed`."""
    return _REASONS.get(str(error.data.get("reason", "")), "unreachable")


def _is_good(kept: _Kept, head_seq: int, now: int, anew: bool) -> bool:
    age = now - kept.at
    if age < AGAIN_MS and kept.head_seq == head_seq:
        return True
    # What was said since may be an order's card; else an old answer is better than a wait.
    return not anew and kept.head_seq == head_seq


def _old(kept: _Kept | None, problem: str, retry_after_ms: int) -> Told:
    if kept is None:
        return Told(problem=problem, retry_after_ms=retry_after_ms)
    return Told(kept.business, kept.at, problem, retry_after_ms)


def _checked(body: bytes) -> msgspec.Raw:
    if len(body) > MAX_BYTES:
        raise AppError(ErrorCode.unavailable, "the shop's server answered too much", reason="too_large")
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise AppError(
            ErrorCode.unavailable, "the shop's server did not answer JSON", reason="not_json"
        ) from error
    if not isinstance(decoded, dict):
        raise AppError(ErrorCode.unavailable, "the shop's server did not answer an object", reason="not_json")
    return msgspec.Raw(body)
