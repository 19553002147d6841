"""One live link of one device: decodes commands, lets the dispatcher answer, bounds what waits to leave."""

import os
from collections import deque
from collections.abc import Coroutine
from enum import IntEnum
from typing import Any, Protocol

import msgspec

from chaguan.core.caller import Caller
from chaguan.core.clock import now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.gateway.calls import Answer, Call, error_reply, ok_reply
from chaguan.gateway.deadlines import Allowance, Deadlines, Due
from chaguan.gateway.edge import Command, Edge
from chaguan.gateway.heartbeat import heartbeat_reply
from chaguan.gateway.outbox import Link, Outbox
from chaguan.gateway.websocket import (
    CLOSE,
    FAILED,
    NORMAL,
    PING,
    PONG,
    TEXT,
    UNSUPPORTED,
    build_frame,
    close_frame,
    text_frame,
)
from chaguan.protocol.commands import Heartbeat, Hello
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
_READY, _CLOSING = State.ready, State.closing  # looking a member up in its enum costs as much as a push


class Reauthorization:
    """What nobody asks for: counted beside the commands."""


class _Envelope(msgspec.Struct):
    id: int


_envelope = msgspec.json.Decoder(_Envelope)

_CLOSE_AFTER_HELLO = {
    ErrorCode.unauthenticated: CloseCode.UNAUTHENTICATED,
    ErrorCode.forbidden: CloseCode.FORBIDDEN,
}


class SessionLink(Link, Protocol):
    """A connection as its session sees it."""

    @property
    def address(self) -> str: ...

    def finish(self) -> None:
        """Close after what the transport holds."""

    def finish_writing(self) -> None:
        """Half-close, and go on reading: closing over unread bytes would destroy the close frame on its way."""

    def abort(self) -> None: ...


class Session(Outbox):
    """The dispatcher sets `caller` during hello and subscribes `topics` through the hub.

    Times are ticks of the wheel. A bad frame is one that cannot be decoded as a command.
    """

    __slots__ = (
        "__weakref__",
        "_allowance",
        "_bad_frames",
        "_deadlines",
        "_drain_ms",
        "_edge",
        "_in_flight",
        "_is_greeting",
        "_is_taking_up",
        "_tasks",
        "_waiting_texts",
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
        self._in_flight = self._tasks = self._bad_frames = 0
        self._waiting_texts: deque[bytes] | None = None
        self._drain_ms = -1
        self._is_greeting = self._is_taking_up = False
        now = edge.wheel.now
        self._allowance = Allowance(now, edge.settings.burst)
        self._deadlines = Deadlines(now, now + edge.wheel.ticks(edge.settings.hello_s))
        edge.hub.add(self)
        self._look_again()

    @property
    def user_id(self) -> str:
        return self.caller.user_id if self.caller else ""

    @property
    def device_id(self) -> str:
        return self.caller.device_id if self.caller else ""

    # What comes in

    def on_event(self, opcode: int, payload: bytes) -> None:
        self._deadlines.heard_at = self._edge.wheel.now
        if opcode == CLOSE:
            self._on_close(payload)
        elif self.state >= State.closing or opcode == PONG:
            return
        elif opcode == TEXT:
            self.on_text(payload)
        elif opcode == PING:
            self.send(build_frame(PONG, payload))
        elif opcode == FAILED:
            self._end(int.from_bytes(payload[:2], "big"), build_frame(CLOSE, payload))
            self.flush()
            if not self.is_blocked:
                self.link.finish_writing()
        else:
            self.on_binary(payload)

    def on_heartbeat(self, command_id: bytes) -> bool:
        """The short way of a heartbeat; false when it must take its turn behind other things."""
        if self.state is not _READY or self._in_flight or self.pending is not None or self.is_blocked:
            return False
        self._deadlines.heard_at = self._edge.wheel.now
        self._bad_frames = 0
        if self._is_allowed(int(command_id)) and not self.link.write(heartbeat_reply(command_id)):
            self.is_blocked = True
        return True

    def on_binary(self, _payload: bytes) -> None:
        self.close(UNSUPPORTED, "text only")

    def on_text(self, payload: bytes) -> None:
        if self._waiting_texts or self._in_flight >= self._edge.settings.in_flight:
            if self._waiting_texts is None:
                self._waiting_texts = deque()
            self._waiting_texts.append(payload)
            self.read_or_pause()
        else:
            self._accept(payload)

    def is_busy(self) -> bool:
        return bool(self._waiting_texts)

    def _accept(self, payload: bytes) -> None:
        try:
            command = self._edge.decoder.decode(payload)
        except msgspec.ValidationError as error:
            self._refuse_bad(payload, str(error))
        except (msgspec.DecodeError, RecursionError):
            self.close(CloseCode.BAD_FRAME, "not JSON")
        else:
            self._bad_frames = 0
            if self._is_allowed(command.id):
                self._route(command)

    def _refuse_bad(self, payload: bytes, detail: str) -> None:
        """What is JSON but no command. Only a run of them ends the session: one unknown command now and then
        comes from a client newer than this server."""
        self._bad_frames += 1
        try:
            command_id = _envelope.decode(payload).id
        except (msgspec.DecodeError, RecursionError):
            self.close(CloseCode.BAD_FRAME, "no id")
            return
        if self._is_allowed(command_id):
            self.send(error_reply(command_id, AppError(ErrorCode.bad_request, detail)))
        if self._bad_frames > self._edge.settings.bad_frames_before_close:
            self.close(CloseCode.BAD_FRAME, "too many bad frames")

    def _is_allowed(self, command_id: int) -> bool:
        """Refuses beyond the rate, and sends away who goes on against refusals."""
        settings, wheel = self._edge.settings, self._edge.wheel
        if self._allowance.take(wheel.now, settings.rate * wheel.tick_s, settings.burst):
            return True
        wait_s = max(wheel.tick_s, 1 / settings.rate)
        self._edge.calls.over_rate += 1
        busy = AppError(ErrorCode.rate_limited, retry_after_ms=int(wait_s * 1000))
        self.send(error_reply(command_id, busy))
        if self._allowance.refusals > settings.refusals_before_close:
            self.close(CloseCode.RATE_LIMITED, "too many commands")
        return False

    def _route(self, command: Command) -> None:
        if isinstance(command, Heartbeat):
            self.send(ok_reply(command.id, b"null"))
        elif isinstance(command, Hello):
            if self.state is State.new:
                self.state = State.authenticating
                # It was said in time. How long the answer takes is the server's doing: who were closed for that
                # would come back and make it take longer.
                self._deadlines.close_by = 0
                self.is_held = self._is_greeting = True
                self._in_flight += 1
                self._start(self._hello(command))
            else:
                self.send(error_reply(command.id, AppError(ErrorCode.bad_request, "hello was said")))
        elif self.state < State.ready:
            self.send(error_reply(command.id, AppError(ErrorCode.unauthenticated, "hello comes first")))
        elif self._drain_ms >= 0:
            leaving = AppError(ErrorCode.unavailable, "draining", retry_after_ms=self._drain_ms)
            self.send(error_reply(command.id, leaving))
        else:
            self._ask(command)

    # Commands under way

    def _ask(self, command: Command) -> None:
        self._in_flight += 1
        call = Call(self._edge.calls, command.id, type(command), self._answered)
        # Behind a task everything is one, so that no command overtakes another that came before it.
        if self._tasks or not call.begin(self._edge.dispatcher.begin, self, command):
            self._start(self._wait(call, command))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Tasks begin in the order of their making, so no command overtakes an earlier one before its first
        await. The edge keeps them: a commit under way outlives the connection."""
        self._tasks += 1
        task = self._edge.loop.create_task(work)
        self._edge.tasks.add(task)
        task.add_done_callback(self._edge.tasks.discard)

    async def _wait(self, call: Call, command: Command) -> None:
        answer = await call.wait(self._edge.dispatcher.call(self, command))
        self._tasks -= 1
        self._answered(answer)

    def _answered(self, answer: Answer) -> None:
        if self.state < _CLOSING:
            self.send(answer.frame)
        self._after_command()

    async def _hello(self, command: Command) -> None:
        work = self._edge.dispatcher.hello(self, command)
        reply = await self._edge.calls.answer(command.id, type(command), work)
        self._is_greeting = False
        self._tasks -= 1
        if self.state is State.closed:
            self._forget()  # what the dispatcher did after the connection was lost
        elif reply.error is None and self.caller is not None:
            self._become_ready(reply.frame)
        else:
            self._refuse_hello(reply.frame, reply.error)
        self._after_command()

    def _become_ready(self, welcome: bytes) -> None:
        held = self.pending
        self.pending = [welcome, *(held if isinstance(held, list) else [held] if held else [])]
        self.queued += len(welcome)
        self.is_held = False
        if self.state < State.closing:
            self.state = State.lagging if self._deadlines.lagging_since else State.ready
            self._deadlines.close_by = 0
            self._schedule_reauthorization()
        self.outflow.add(self)

    def _refuse_hello(self, reply: bytes, error: AppError | None) -> None:
        self._edge.hub.unsubscribe_all(self)
        self.caller = None
        self._deadlines.lagging_since = 0
        self.discard()
        self.is_held = False
        self.state = State.new
        self._deadlines.close_by = self._edge.wheel.now + self._edge.wheel.ticks(self._edge.settings.hello_s)
        self.send(reply)
        if error is None:
            self.close(CloseCode.UNAUTHENTICATED)
        elif error.code in _CLOSE_AFTER_HELLO:
            self.close(_CLOSE_AFTER_HELLO[error.code], error.code.value)
        elif error.code is ErrorCode.bad_request and "protocol" in error.data:
            self.close(CloseCode.PROTOCOL_TOO_OLD, str(error.data["protocol"]))

    def _after_command(self) -> None:
        self._in_flight -= 1
        if self._is_taking_up:
            return
        if self._waiting_texts:
            self._take_up()
        self.read_or_pause()
        if self._drain_ms >= 0 and not self._in_flight:
            self.close(CloseCode.DRAINING, str(self._drain_ms))

    def _take_up(self) -> None:
        """Accept what waited. What is answered at once comes back here, and shall not do so inside itself thousands
        of times."""
        self._is_taking_up = True
        while self._waiting_texts and self._in_flight < self._edge.settings.in_flight:
            if self.state >= State.closing:
                self._waiting_texts = None
            else:
                self._accept(self._waiting_texts.popleft())
        self._is_taking_up = False

    # What goes out

    def push(self, frame: bytes, is_transient: bool = False) -> None:
        """Hand over a frame that may be left out if this session does not keep up: then it is told to resume."""
        if self.pending is None and self.state is _READY and not self.is_blocked:
            self.send(frame)
        else:
            self._push_behind(frame, is_transient)

    def deliver(self, frame: bytes) -> None:
        """The push of a sweep: written at once when nothing waits, which spares a queue of ten thousand. It does
        by itself what `link.write` does first, since here every look at another object counts."""
        if self.pending is not None or self.state is not _READY or self.is_blocked:
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
                self._in_flight += 1
                self._start(self._reauthorize())
            case None:
                pass
        return self._next_look(now)

    def _close_late(self) -> None:
        if self._drain_ms >= 0:
            self.close(CloseCode.DRAINING, str(self._drain_ms))
        else:
            self.close(CloseCode.HELLO_TIMEOUT, "no hello")

    async def _reauthorize(self) -> None:
        work = self._edge.dispatcher.reauthorize(self)
        error = (await self._edge.calls.answer(0, Reauthorization, work)).error
        self._tasks -= 1
        if self.state >= State.closing or self.caller is None:
            pass
        elif error is not None and error.code is ErrorCode.forbidden:
            self.close(CloseCode.FORBIDDEN, "forbidden")
        elif self._has_expired() or (error is not None and error.code is ErrorCode.unauthenticated):
            self.close(CloseCode.REAUTHORIZE, "sign in again")
        else:
            self._schedule_reauthorization()
        self._after_command()

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
        self._waiting_texts = None
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
        self._waiting_texts = None
        self._edge.wheel.cancel(self)
        self._edge.hub.drop(self)
        if not self._is_greeting:
            self._forget()

    def _forget(self) -> None:
        self._edge.hub.drop(self)
        if self.caller is not None:
            self._edge.dispatcher.left(self)
