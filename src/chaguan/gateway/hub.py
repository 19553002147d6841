"""Topics and the sessions of this process that listen to them. A frame is encoded by the caller, once."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from chaguan.gateway.crowd import CallLater, Crowd, Pacing
from chaguan.gateway.outbox import Outflow

_CROWD_FROM = 129


OnTopic = Callable[[str], None]


class Listener(Protocol):
    """What the hub knows of a session."""

    topics: list[str]

    @property
    def user_id(self) -> str: ...
    @property
    def device_id(self) -> str: ...
    def push(self, frame: bytes, is_transient: bool = False) -> None: ...
    def deliver(self, frame: bytes) -> None: ...
    def close(self, code: int, reason: str = "") -> None: ...
    def drain(self, delay_ms: int) -> None: ...
    def waiting(self) -> int: ...


class HubStats(NamedTuple):
    sessions: int
    topics: int
    queued_bytes: int
    dropped: dict[str, int]


class Hub:
    """`subscribe`, `publish`, `drop`. A session receives exactly what is published between its subscription and
    its unsubscription, in order per topic, also while a sweep over the topic is under way.

    A topic with one session is held as that session, with up to 128 as a tuple, with more as a `Crowd`: most
    topics are small, and a set for each would be the largest thing in an idle process.
    """

    def __init__(self, outflow: Outflow, call_later: CallLater, pacing: Pacing | None = None) -> None:
        self._outflow = outflow
        self._call_later = call_later
        self._pacing = pacing or Pacing()
        self._topics: dict[str, Listener | tuple[Listener, ...] | Crowd] = {}
        self.sessions: set[Listener] = set()
        self.dropped: Counter[str] = Counter()
        self._merged: set[str] = set()
        self._on_first: OnTopic | None = None
        self._on_last: OnTopic | None = None
        self.is_draining = False

    def watch(self, on_first: OnTopic, on_last: OnTopic) -> None:
        """Be told when a topic gets its first session here, and when it has lost its last."""
        self._on_first, self._on_last = on_first, on_last

    def add(self, session: Listener) -> None:
        self.sessions.add(session)

    def subscribe(self, session: Listener, topic: str) -> bool:
        """False when it already listens."""
        holder = self._topics.get(topic)
        if isinstance(holder, Crowd):
            if not holder.join(session):
                return False
            topic = holder.topic
        elif holder is None:
            self._topics[topic] = self._crowd(topic, (session,)) if topic in self._merged else session
            if self._on_first is not None:
                self._on_first(topic)
        else:
            few = holder if isinstance(holder, tuple) else (holder,)
            if session in few if len(few) < len(session.topics) else topic in session.topics:
                return False
            known = few[0].topics
            topic = known[known.index(topic)]  # one string for all who listen
            more = (*few, session)
            self._topics[topic] = self._crowd(topic, more) if len(more) >= _CROWD_FROM else more
        session.topics.append(topic)
        return True

    def unsubscribe(self, session: Listener, topic: str) -> None:
        """What was published before still arrives."""
        if topic in session.topics:
            session.topics.remove(topic)
            self._leave(session, topic, is_owed=True)

    def drop(self, session: Listener) -> None:
        """The session is over: forget it everywhere."""
        self.sessions.discard(session)
        self.unsubscribe_all(session)

    def unsubscribe_all(self, session: Listener) -> None:
        for topic in session.topics:
            self._leave(session, topic, is_owed=False)
        session.topics.clear()

    def _leave(self, session: Listener, topic: str, is_owed: bool) -> None:
        holder = self._topics[topic]
        if isinstance(holder, Crowd):
            holder.leave(session, is_owed)
            if holder.is_idle and not holder.sessions:
                self._end(topic)
            return
        rest: tuple[Listener, ...] = ()
        if isinstance(holder, tuple):
            at = holder.index(session)
            rest = holder[:at] + holder[at + 1 :]
        if rest:
            self._topics[topic] = rest[0] if len(rest) == 1 else rest
        else:
            self._end(topic)

    def _end(self, topic: str) -> None:
        del self._topics[topic]
        if self._on_last is not None:
            self._on_last(topic)

    def _crowd(self, topic: str, sessions: Iterable[Listener]) -> Crowd:
        crowd = Crowd(topic, sessions, self._outflow, self._call_later, self._pacing, self._forget_if_empty)
        crowd.is_merged = topic in self._merged
        return crowd

    def _forget_if_empty(self, crowd: Crowd) -> None:
        if not crowd.sessions and self._topics.get(crowd.topic) is crowd:
            self._end(crowd.topic)

    def publish(self, topic: str, frame: bytes, is_transient: bool = False) -> None:
        """Push one ready frame to all local sessions of the topic. A transient frame is the first to be left out
        for a session that does not keep up (likes and chatter of a live room)."""
        holder = self._topics.get(topic)
        if holder is None:
            return
        if isinstance(holder, Crowd):
            holder.publish(frame, is_transient)
        elif isinstance(holder, tuple):
            for session in holder:
                session.push(frame, is_transient)
        else:
            holder.push(frame, is_transient)

    def merge(self, topic: str, is_on: bool = True) -> None:
        """Merge the pushes of a tick of this topic whatever its size, until told otherwise: a live room."""
        (self._merged.add if is_on else self._merged.discard)(topic)
        holder = self._topics.get(topic)
        if isinstance(holder, Crowd):
            holder.is_merged = is_on
        elif is_on and holder is not None:
            self._topics[topic] = self._crowd(topic, holder if isinstance(holder, tuple) else (holder,))

    def is_local(self, topic: str) -> bool:
        return topic in self._topics

    def local_topics(self) -> list[str]:
        return list(self._topics)

    def sessions_of(self, topic: str) -> list[Listener]:
        holder = self._topics.get(topic)
        if holder is None:
            return []
        if isinstance(holder, Crowd):
            return list(holder.sessions)
        return list(holder) if isinstance(holder, tuple) else [holder]

    def drain(self, window_s: float = 2.0) -> None:
        """Tell each session to come back after its own random delay within the window."""
        self.is_draining = True
        self._outflow.sweep(_Drain(list(self.sessions), window_s, random.random))

    @property
    def topic_count(self) -> int:
        return len(self._topics)

    def stats(self) -> HubStats:
        queued = sum(session.waiting() for session in self.sessions)
        return HubStats(len(self.sessions), len(self._topics), queued, dict(self.dropped))


class _Drain:
    def __init__(self, sessions: list[Listener], window_s: float, random_: Callable[[], float]) -> None:
        self._sessions = sessions
        self._window_ms = window_s * 1000
        self._random = random_

    def step(self, count: int) -> bool:
        for _ in range(min(count, len(self._sessions))):
            self._sessions.pop().drain(int(self._window_ms * self._random()))
        return not self._sessions
