"""The states of a session, from its connection to its end: what it is told meanwhile, how long it may be silent or
lag behind, and in which order it is closed. What it asks is `session.py`'s."""

import os
from enum import IntEnum
from typing import Protocol

from chaguan.core.caller import Caller
from chaguan.core.clock import now_ms
from chaguan.gateway.deadlines import Deadlines, Due
from chaguan.gateway.edge import Edge
from chaguan.gateway.outbox import Link, Outbox
from chaguan.gateway.websocket import CLOSE, NORMAL, build_frame, close_frame, text_frame
from chaguan.protocol.errors import CloseCode

RESUME_NEEDED = text_frame(b'{"type":"resume_needed"}')


class State(IntEnum):
    new = 0
    authenticating = 1
    ready = 2
    lagging = 3
    closing = 4
    closed = 5


_write = os.write
READY, CLOSING = State.ready, State.closing  # looking a member up in its enum costs as much as a push


class SessionLink(Link, Protocol):
    """A connection as its session sees it."""

    @property
    def address(self) -> str: ...

    def finish(self) -> None:
        """Close after what the transport holds."""

    def finish_writing(self) -> None:
        """Half-close, and go on reading: closing over unread bytes would destroy the close frame on its way."""

    def abort(self) -> None: ...


class Lifetime(Outbox):
    """Times are ticks of the wheel."""

    __slots__ = (
        "__weakref__",
        "_deadlines",
        "_drain_ms",
        "_edge",
        "_in_flight",
        "_is_greeting",
        "caller",
        "fd",
        "state",
        "topics",
        "wheel_slot",
    )

    link: SessionLink

    def __init__(self, edge: Edge, link: SessionLink) -> None:
        super().__init__(link, edge.outflow, edge.settings.outgoing_limit)
        self._edge = edge
        self.state = State.new
        self.fd = -1
        self.caller: Caller | None = None
        self.topics: list[str] = []
        self.wheel_slot = -1
        self._in_flight = 0
        """Commands under way."""
        self._is_greeting = False
        self._drain_ms = -1
        now = edge.wheel.now
        self._deadlines = Deadlines(now, now + edge.wheel.ticks(edge.settings.hello_s))
        edge.hub.add(self)
        self._look_again()

    @property
    def user_id(self) -> str:
        return self.caller.user_id if self.caller else ""

    @property
    def device_id(self) -> str:
        return self.caller.device_id if self.caller else ""

    def _begin_reauthorization(self) -> None:
        """Ask whether the caller is still welcome."""
        raise NotImplementedError

    def _drop_commands(self) -> None:
        """Forget those that wait to be decoded."""
        raise NotImplementedError

    # What goes out

    def push(self, frame: bytes, is_transient: bool = False) -> None:
        """Hand over a frame that may be left out if this session does not keep up: then it is told to resume."""
        if self.pending is None and self.state is READY and not self.is_blocked:
            self.send(frame)
        else:
            self._push_behind(frame, is_transient)

    def deliver(self, frame: bytes) -> None:
        """The push of a sweep: written at once when nothing waits, which spares a queue of ten thousand. It does
        by itself what `link.write` does first, since here every look at another object counts."""
        if self.pending is not None or self.state is not READY or self.is_blocked:
            self._push_behind(frame, False)
            return
        if self.fd >= 0:
            try:
                sent = _write(self.fd, frame)
            except OSError:
                sent = 0  # full or broken: the link finds out
            if sent == len(frame):
                return
            frame = frame[sent:]
        if not self.link.write(frame):
            self.is_blocked = True

    def _push_behind(self, frame: bytes, is_transient: bool) -> None:
        if self.state > State.ready or self._deadlines.lagging_since:
            self._edge.hub.dropped["lagging" if self._deadlines.lagging_since else "closing"] += 1
            return
        if self.pending is not None or self.is_blocked:
            room = self.limit - self.waiting()
            if is_transient and room < self.limit // 2:
                self._edge.hub.dropped["transient"] += 1
                return
            if len(frame) > room and not self._has_room_after_flush(len(frame)):
                self._begin_lagging()
                return
        self.send(frame)

    def _has_room_after_flush(self, size: int) -> bool:
        self.flush()
        return self.waiting() == 0 or self.waiting() + size <= self.limit

    def _begin_lagging(self) -> None:
        self._edge.hub.dropped["lagging"] += 1
        self._deadlines.lagging_since = max(1, self._edge.wheel.now)
        self.awaits_drain = True
        if self.state is State.ready:
            self.state = State.lagging
        self._look_again()

    def on_drained(self) -> None:
        super().on_drained()
        if self.state is State.lagging:
            self._deadlines.lagging_since = 0
            self.state = State.ready
            self.send(RESUME_NEEDED)

    # Deadlines

    def _look_again(self) -> None:
        now = self._edge.wheel.now
        self._edge.wheel.schedule(self, self._next_look(now))

    def _next_look(self, now: int) -> int:
        if self.state >= State.closing:
            return max(1, self._deadlines.close_by - now)
        return self._deadlines.next_look(now, self._edge.patience)

    def on_deadline(self, now: int) -> int:
        if self.state >= State.closing:
            if now >= self._deadlines.close_by:
                self.link.abort()
                return 0
            return self._next_look(now)
        match self._deadlines.due(now, self._edge.patience):
            case Due.silent:
                self.close(CloseCode.HEARTBEAT_MISSED, "silence")
            case Due.late:
                self._close_late()
            case Due.lagging:
                self.close(CloseCode.LAGGING, "not reading")
            case Due.reauthorize:
                self._deadlines.reauthorize_at = 0
                self._begin_reauthorization()
            case None:
                pass
        return self._next_look(now)

    def _close_late(self) -> None:
        if self._drain_ms >= 0:
            self.close(CloseCode.DRAINING, str(self._drain_ms))
        else:
            self.close(CloseCode.HELLO_TIMEOUT, "no hello")

    def _has_expired(self) -> bool:
        if self.caller is None or not self.caller.expires_at:
            return False
        return now_ms() >= self.caller.expires_at + self._edge.settings.token_leeway_s * 1000

    def _schedule_reauthorization(self) -> None:
        """In five minutes, or when the token expires if that is sooner."""
        wheel, settings = self._edge.wheel, self._edge.settings
        wait = wheel.jittered(wheel.ticks(settings.reauthorize_s), 0.2)
        if self.caller is not None and self.caller.expires_at:
            left_ms = self.caller.expires_at + settings.token_leeway_s * 1000 - now_ms()
            wait = min(wait, wheel.ticks(max(0.0, left_ms / 1000)) + 1)
        self._deadlines.reauthorize_at = wheel.now + wait
        self._look_again()

    # The end

    def drain(self, delay_ms: int) -> None:
        """Let the commands under way be answered, then close with the delay after which to come back."""
        if self.state >= State.closing or self._drain_ms >= 0:
            return
        self._drain_ms = delay_ms
        if self._in_flight:
            self._deadlines.close_by = self._edge.wheel.now + self._edge.wheel.ticks(
                self._edge.settings.close_s
            )
            self._look_again()
        else:
            self.close(CloseCode.DRAINING, str(delay_ms))

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame after what was already answered, and wait a little for the peer's."""
        if self.state < State.closing:
            self._end(code, close_frame(code, reason))

    def _end(self, code: int, last: bytes) -> None:
        if self.is_blocked:
            self.discard()  # the peer does not read: whole frames are left out, the close frame is not
        wheel = self._edge.wheel
        self.state = State.closing
        self._edge.closed[code] += 1
        self._drop_commands()
        self._deadlines.lagging_since = 0
        self.is_held = False
        self._deadlines.close_by = wheel.now + wheel.ticks(self._edge.settings.close_s)
        was_waiting = self.pending is not None
        self.send(last)
        if was_waiting and not self.is_blocked:
            self.outflow.add(self)  # what hello held back was not yet on its way
        self.read_or_pause()
        self._look_again()

    def _on_close(self, payload: bytes) -> None:
        if self.state < State.closing:
            self._end(int.from_bytes(payload, "big") or NORMAL, build_frame(CLOSE, payload))
        self._finish()

    def _finish(self) -> None:
        self.flush()
        self.link.finish()

    def on_lost(self) -> None:
        """The connection is gone; called once."""
        self.state = State.closed
        self.fd = -1
        self.discard()
        self._drop_commands()
        self._edge.wheel.cancel(self)
        self._edge.hub.drop(self)
        if not self._is_greeting:
            self._forget()

    def _forget(self) -> None:
        self._edge.hub.drop(self)
        if self.caller is not None:
            self._edge.dispatcher.left(self)
