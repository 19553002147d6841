"""One live link of one device: decodes commands, lets the dispatcher answer, bounds how many are under way."""

from collections import deque
from collections.abc import Coroutine
from typing import Any

import msgspec

from chaguan.core.errors import AppError, ErrorCode
from chaguan.gateway.calls import Answer, Call, error_reply, ok_reply
from chaguan.gateway.deadlines import Allowance
from chaguan.gateway.edge import Command, Edge
from chaguan.gateway.heartbeat import heartbeat_reply
from chaguan.gateway.lifetime import CLOSING, READY, Lifetime, SessionLink, State
from chaguan.gateway.websocket import (
    CLOSE,
    FAILED,
    PING,
    PONG,
    TEXT,
    UNSUPPORTED,
    build_frame,
)
from chaguan.protocol.commands import Heartbeat, Hello
from chaguan.protocol.errors import CloseCode


class Reauthorization:
    """What nobody asks for: counted beside the commands."""


class _Envelope(msgspec.Struct):
    id: int


_envelope = msgspec.json.Decoder(_Envelope)

_CLOSE_AFTER_HELLO = {
    ErrorCode.unauthenticated: CloseCode.UNAUTHENTICATED,
    ErrorCode.forbidden: CloseCode.FORBIDDEN,
}


class Session(Lifetime):
    """The dispatcher sets `caller` during hello and subscribes `topics` through the hub.

    A bad frame is one that cannot be decoded as a command.
    """

    __slots__ = ("_allowance", "_bad_frames", "_is_taking_up", "_tasks", "_waiting_texts")

    def __init__(self, edge: Edge, link: SessionLink) -> None:
        super().__init__(edge, link)
        self._tasks = self._bad_frames = 0
        self._waiting_texts: deque[bytes] | None = None
        self._is_taking_up = False
        self._allowance = Allowance(edge.wheel.now, edge.settings.burst)

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
        if self.state is not READY or self._in_flight or self.pending is not None or self.is_blocked:
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
        if self.state < CLOSING:
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

    # Whether the caller is still welcome

    def _begin_reauthorization(self) -> None:
        self._in_flight += 1
        self._start(self._reauthorize())

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

    def _drop_commands(self) -> None:
        self._waiting_texts = None
