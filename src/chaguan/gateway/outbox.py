"""What waits to leave: per connection an `Outbox`, per event loop one `Outflow` that empties them in turn."""

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

_WRITES_BETWEEN_LOOKS = 16
_SWEEP_STEP = 32
_CHUNK = 65_536


class Link(Protocol):
    """The way out of an outbox: a connection."""

    def write(self, data: bytes) -> bool:
        """True when the kernel took all of it; False when the transport holds a rest and will call back."""

    def buffered(self) -> int: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Sweep(Protocol):
    """A fan-out to many sessions, done a few at a time."""

    def step(self, count: int) -> bool:
        """Push to up to `count` sessions; True when none are left."""


class Outflow:
    """Empties outboxes once per loop turn, for about a millisecond; the rest follows in the next turn.

    Everything put into one outbox within a turn leaves in one write. Sweeps take turns with one another and
    with single replies, so a room of ten thousand delays nobody else's reply by more than a turn.
    """

    __slots__ = ("_budget_s", "_call_soon", "_due", "_is_scheduled", "_sweeps")

    def __init__(self, call_soon: Callable[[Callable[[], None]], object], budget_s: float = 0.001) -> None:
        self._call_soon = call_soon
        self._budget_s = budget_s
        self._due: deque[Outbox] = deque()
        self._sweeps: deque[Sweep] = deque()
        self._is_scheduled = False

    def add(self, outbox: "Outbox") -> None:
        self._due.append(outbox)
        if not self._is_scheduled:
            self._schedule()

    def sweep(self, sweep: Sweep) -> None:
        self._sweeps.append(sweep)
        if not self._is_scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        self._call_soon(self.run)

    def run(self) -> None:
        stop_at = time.perf_counter() + self._budget_s
        has_time = self._flush(stop_at)
        while self._sweeps:  # one step at least: replies shall not starve them
            sweep = self._sweeps.popleft()
            if not sweep.step(_SWEEP_STEP):
                self._sweeps.append(sweep)
            if not has_time or not self._flush(stop_at):
                break
        if self._due or self._sweeps:
            self._call_soon(self.run)
        else:
            self._is_scheduled = False

    def _flush(self, stop_at: float) -> bool:
        """Write what is due; False when the time is up."""
        due = self._due
        while due:
            for _ in range(min(_WRITES_BETWEEN_LOOKS, len(due))):
                due.popleft().flush()
            if time.perf_counter() >= stop_at:
                return False
        return time.perf_counter() < stop_at


class Outbox:
    """The outgoing side of one connection. `pending` is None, one frame, or a list of frames: often shared bytes.

    `is_held` keeps frames back (a push must not overtake the answer to hello); `is_blocked` means that the
    transport still holds bytes, and nothing may be written past it. `awaits_drain` asks for `on_drained`.
    """

    __slots__ = (
        "awaits_drain",
        "is_blocked",
        "is_held",
        "is_reading_paused",
        "limit",
        "link",
        "outflow",
        "pending",
        "queued",
    )

    def __init__(self, link: Link, outflow: Outflow, limit: int) -> None:
        self.link = link
        self.outflow = outflow
        self.limit = limit
        self.pending: bytes | list[bytes] | None = None
        self.queued = 0
        self.is_blocked = False
        self.is_held = False
        self.is_reading_paused = False
        self.awaits_drain = False

    def send(self, frame: bytes) -> None:
        """Queue a frame for this turn's write, whatever the bound; beyond it we stop reading instead."""
        pending = self.pending
        if pending is None:
            self.pending = frame
            self.queued = len(frame)
            if not self.is_blocked and not self.is_held:
                self.outflow.add(self)
            return
        if isinstance(pending, list):
            pending.append(frame)
        else:
            self.pending = [pending, frame]
        self.queued += len(frame)
        if self.queued > self.limit and not self.is_reading_paused:
            self.awaits_drain = True
            self.read_or_pause()

    def flush(self) -> None:
        pending = self.pending
        if (
            type(pending) is bytes and not self.is_blocked and not self.is_held
        ):  # by far the most frequent case
            self.pending, self.queued = None, 0
            if not self.link.write(pending):
                self.is_blocked = True
        while self.pending is not None and not self.is_blocked and not self.is_held:
            if not self.link.write(self._take()):
                self.is_blocked = True
        if self.awaits_drain and self.pending is None and not self.is_blocked:
            self.awaits_drain = False
            self.on_drained()

    def _take(self) -> bytes:
        """The next piece to write: all that waits, but of a long backlog only a part, since joining copies."""
        pending = self.pending
        assert pending is not None
        if not isinstance(pending, list):
            self.pending, self.queued = None, 0
            return pending
        if self.queued <= _CHUNK:
            self.pending, self.queued = None, 0
            return b"".join(pending)
        return self._take_part(pending)

    def _take_part(self, pending: list[bytes]) -> bytes:
        size = count = 0
        while count < len(pending) and size < _CHUNK:
            size += len(pending[count])
            count += 1
        part = b"".join(pending[:count])
        del pending[:count]
        self.queued -= size
        if not pending:
            self.pending = None
        return part

    def waiting(self) -> int:
        """Bytes that have not reached the kernel."""
        return self.queued + self.link.buffered() if self.is_blocked else self.queued

    def on_writable(self) -> None:
        """The transport has handed its last byte to the kernel."""
        self.is_blocked = False
        self.flush()

    def on_drained(self) -> None:
        """Nothing waits any more, after `awaits_drain` was set."""
        self.read_or_pause()

    def is_busy(self) -> bool:
        """Whether there is another reason not to read."""
        return False

    def read_or_pause(self) -> None:
        shall_pause = self.queued > self.limit or self.is_busy()
        if shall_pause and not self.is_reading_paused:
            self.is_reading_paused = True
            # One frame alone may be beyond the bound; nobody else would go on reading when it has left.
            self.awaits_drain = self.awaits_drain or self.queued > self.limit
            self.link.pause_reading()
        elif self.is_reading_paused and not shall_pause:
            self.is_reading_paused = False
            self.link.resume_reading()

    def discard(self) -> None:
        """Forget what waits: the connection is ending and whole frames may be left out."""
        self.pending, self.queued = None, 0
