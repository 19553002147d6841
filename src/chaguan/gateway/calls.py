"""One command asked of the dispatcher: its answer or its error as a ready frame. The only place at this edge
that catches whatever a command raises; what is counted and traced of commands is counted and traced here."""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import NamedTuple

import msgspec

from chaguan.core import trace
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.figures import Tally
from chaguan.core.logs import Stages, places
from chaguan.core.trace import Trace
from chaguan.gateway.websocket import text_frame
from chaguan.protocol.errors import ErrorBody

logger = logging.getLogger("chaguan.gateway")
_encode = msgspec.json.Encoder().encode
SLOW_S = 1.0


class Answer(NamedTuple):
    frame: bytes
    error: AppError | None


class Calls:
    """The commands of a process. `tallies` are by the command's type."""

    def __init__(self, slow_s: float = SLOW_S) -> None:
        self.tallies: defaultdict[type, Tally] = defaultdict(Tally)
        self.stages = Stages(logger, slow_s)
        # Looked at once a process: to ask the logger at each command would cost more than all the rest here.
        self.quick_s = 0.0 if logger.isEnabledFor(logging.DEBUG) else slow_s
        self.over_rate = 0
        """Commands that a session's own rate refused, before anybody looked at them."""

    async def answer(self, command_id: int, kind: type, work: Awaitable[object]) -> Answer:
        return await Call(self, command_id, kind).wait(work)


class Call:
    """One command under way, by either way: `wait` within a task, or `begin`, after which somebody calls `settle`."""

    __slots__ = ("_begun", "_calls", "_command_id", "_kind", "_tell", "trace")

    def __init__(
        self, calls: Calls, command_id: int, kind: type, tell: Callable[[Answer], None] | None = None
    ) -> None:
        self._calls = calls
        self._command_id = command_id
        self._kind = kind
        self._tell = tell
        self.trace = Trace()
        self._begun = perf_counter()

    def begin(self, start: Callable[..., bool], *arguments: object) -> bool:
        try:
            return start(*arguments, self)
        except Exception as error:  # noqa: BLE001  the edge: nothing above would answer
            self.settle(error)
            return True

    def settle(self, outcome: object) -> None:
        answer = self._failed(outcome) if isinstance(outcome, Exception) else self._answered(outcome)
        if self._tell is not None:
            self._tell(answer)

    async def wait(self, work: Awaitable[object]) -> Answer:
        trace.follow(self.trace)
        try:
            return self._answered(await work)
        except Exception as error:  # noqa: BLE001  as above
            return self._failed(error)

    def _answered(self, result: object) -> Answer:
        body = result if isinstance(result, bytes) else _encode(result)
        took = perf_counter() - self._begun
        tally = self._calls.tallies[self._kind]
        tally.ok += 1
        tally.seconds += took
        if took >= self._calls.quick_s:
            self._calls.stages.told(self.trace, self._kind.__name__, "ok", took)
        return Answer(ok_reply(self._command_id, body), None)

    def _failed(self, error: Exception) -> Answer:
        refusal = error if isinstance(error, AppError) else _report_unexpected(error, self.trace.id)
        took = perf_counter() - self._begun
        tally = self._calls.tallies[self._kind]
        tally.refuse(refusal.code.value)
        tally.seconds += took
        self._calls.stages.told(self.trace, self._kind.__name__, refusal.code.value, took)
        return Answer(error_reply(self._command_id, refusal), refusal)


def ok_reply(command_id: int, body: bytes) -> bytes:
    return text_frame(b'{"type":"reply","id":%d,"ok":%b}' % (command_id, body))


def error_reply(command_id: int, error: AppError) -> bytes:
    body = _encode(ErrorBody(error.code, error.detail, error.data))
    return text_frame(b'{"type":"reply","id":%d,"error":%b}' % (command_id, body))


def _report_unexpected(error: BaseException, trace_id: str) -> AppError:
    """Log once, where but not what: an exception's text may quote a message. The client gets the trace id."""
    what = (trace_id, type(error).__name__, places(error))
    logger.error("internal error %s: %s at %s", *what, extra={"trace_id": trace_id})
    return AppError(ErrorCode.internal, trace_id=trace_id)
