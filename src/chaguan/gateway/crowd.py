"""A topic with many sessions: sweeps over it a slice at a time, and merges what comes in the meantime."""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from chaguan.gateway.outbox import Outflow
from chaguan.gateway.websocket import payload_of, text_frame

if TYPE_CHECKING:
    from chaguan.gateway.hub import Listener


CallLater = Callable[[float, Callable[[], None]], object]


class Pacing(NamedTuple):
    """From how many sessions a fan-out is sliced, the least time between two sweeps of one busy topic, whether
    what waits for the next sweep becomes one JSON array, and how large such an array may grow in bytes."""

    sweep_from: int = 500
    tick_s: float = 0.05
    is_merging: bool = True
    array_limit: int = 32_768


class _Waiting(NamedTuple):
    frame: bytes
    is_transient: bool


class Crowd:
    """Sessions of one busy or large topic.

    Never two sweeps at once. While idle a frame starts one immediately; otherwise it waits for the end of the
    running one and for the tick. `todo` holds whom the running sweep has not reached, so that one who leaves is
    given what is owed, and one who joined too late gets nothing from before.
    """

    __slots__ = (
        "_begun_at",
        "_call_later",
        "_late",
        "_on_idle",
        "_outflow",
        "_pacing",
        "_sweep",
        "_timer",
        "_todo",
        "_waiting",
        "is_merged",
        "last_sweep_s",
        "sessions",
        "topic",
    )

    def __init__(
        self,
        topic: str,
        sessions: "Iterable[Listener]",
        outflow: Outflow,
        call_later: CallLater,
        pacing: Pacing,
        on_idle: "Callable[[Crowd], None]",
    ) -> None:
        self.topic = topic
        self.sessions: dict[Listener, None] = dict.fromkeys(sessions)  # half the size of a set
        self.is_merged = False
        self.last_sweep_s = 0.0
        self._outflow = outflow
        self._call_later = call_later
        self._pacing = pacing
        self._on_idle = on_idle
        self._todo: set[Listener] = set()
        self._sweep: tuple[bytes, bytes] | None = None
        self._waiting: list[_Waiting] = []
        self._late: dict[Listener, int] = {}
        self._begun_at = float("-inf")
        self._timer: object = None

    @property
    def is_idle(self) -> bool:
        return self._sweep is None and not self._waiting

    def join(self, session: "Listener") -> bool:
        if session in self.sessions:
            return False
        self.sessions[session] = None
        if self._waiting:
            self._late[session] = len(self._waiting)
        return True

    def leave(self, session: "Listener", is_owed: bool) -> None:
        self.sessions.pop(session, None)
        since = self._late.pop(session, 0)
        is_unreached = session in self._todo
        self._todo.discard(session)
        if is_owed and is_unreached:
            self._give(session)
        if is_owed and len(self._waiting) > since:
            session.push(self._merge(self._waiting[since:])[0])

    def publish(self, frame: bytes, is_transient: bool) -> None:
        if self.is_idle and not self.is_merged and len(self.sessions) < self._pacing.sweep_from:
            for session in self.sessions:
                session.push(frame, is_transient)
            return
        self._waiting.append(_Waiting(frame, is_transient))
        if self._sweep is None and self._timer is None:
            self._begin_or_wait()

    def _begin_or_wait(self) -> None:
        wait = self._begun_at + self._pacing.tick_s - time.perf_counter()
        if wait <= 0:
            self._begin()
        else:
            self._timer = self._call_later(wait, self._begin)

    def _begin(self) -> None:
        self._timer = None
        waiting, self._waiting = self._waiting, []
        late, self._late = self._late, {}
        self._todo = set(self.sessions)
        for session, since in late.items():
            self._todo.discard(session)
            if waiting[since:]:
                session.push(self._merge(waiting[since:])[0])
        self._begun_at = time.perf_counter()
        self._sweep = self._merge(waiting)
        self._outflow.sweep(self)

    def step(self, count: int) -> bool:
        """One slice of the running sweep."""
        assert self._sweep is not None
        everything, durable = self._sweep
        todo = self._todo
        if everything is durable:
            for _ in range(min(count, len(todo))):
                todo.pop().deliver(everything)
        else:
            for _ in range(min(count, len(todo))):
                self._give(todo.pop())
        if todo:
            return False
        self.last_sweep_s = time.perf_counter() - self._begun_at
        self._sweep = None
        if self._waiting:
            self._begin_or_wait()
        else:
            self._on_idle(self)
        return True

    def _give(self, session: "Listener") -> None:
        """A session that is behind gets the durable part only, and nothing if there is none."""
        assert self._sweep is not None
        everything, durable = self._sweep
        if everything is durable or not session.waiting():
            session.deliver(everything)
        elif durable:
            session.deliver(durable)
        else:
            session.push(everything, is_transient=True)

    def _merge(self, waiting: list[_Waiting]) -> tuple[bytes, bytes]:
        """All of it as bytes to send, and the same without the transient part (empty if nothing else)."""
        everything = self._join([each.frame for each in waiting])
        if not any(each.is_transient for each in waiting):
            return everything, everything
        return everything, self._join([each.frame for each in waiting if not each.is_transient])

    def _join(self, frames: list[bytes]) -> bytes:
        if len(frames) < 2:
            return frames[0] if frames else b""
        if not self._pacing.is_merging:
            return b"".join(frames)
        return b"".join(map(_array_frame, _portions(frames, self._pacing.array_limit)))


def _portions(frames: list[bytes], limit: int) -> list[list[bytes]]:
    portions: list[list[bytes]] = [[]]
    size = 0
    for frame in frames:
        if size + len(frame) > limit and portions[-1]:
            portions.append([])
            size = 0
        portions[-1].append(frame)
        size += len(frame)
    return portions


def _array_frame(frames: list[bytes]) -> bytes:
    """One text frame whose JSON array holds what the given frames hold, arrays among them laid open."""
    if len(frames) == 1:
        return frames[0]
    items = (payload_of(frame) for frame in frames)
    return text_frame(b"[" + b",".join(item[1:-1] if item[:1] == b"[" else item for item in items) + b"]")
