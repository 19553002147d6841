"""Following one command from its arrival to the push: an id that is cheap to carry and only spelled out in the log."""

import itertools
import secrets
from contextvars import ContextVar

_PROCESS = secrets.token_hex(4)
_numbers = itertools.count(1)


class Batch:
    """What became of one transaction of the log writer; all its entries' traces refer to it."""

    __slots__ = ("commit_s", "entries", "number", "push_s", "wait_s")

    def __init__(self, number: int, entries: int, wait_s: float) -> None:
        self.number = number
        self.entries = entries
        self.wait_s = wait_s
        self.commit_s = self.push_s = -1.0
        """Negative while it has not come to that."""


class Trace:
    """One per command or request. `id` is what a client is told and what stands in the log."""

    __slots__ = ("_number", "batch")

    def __init__(self) -> None:
        self._number = next(_numbers)
        self.batch: Batch | None = None

    @property
    def id(self) -> str:
        return f"{_PROCESS}{self._number:08x}"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin() -> Trace:
    """The trace of what this task does from here on."""
    return follow(Trace())


def follow(trace: Trace) -> Trace:
    """The same with one that was made before."""
    _current.set(trace)
    return trace


current = _current.get


def current_id() -> str:
    """The id to tell somebody; one of its own where nothing was begun."""
    return (current() or Trace()).id
