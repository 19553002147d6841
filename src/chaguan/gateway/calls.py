"""One command asked of the dispatcher: its answer or its error as a ready frame. The only place at this edge
that catches whatever a command raises; what is counted and traced of commands is counted and traced here."""

import logging
from collections.abc import Awaitable
from time import perf_counter
from typing import NamedTuple

import msgspec

from chaguan.core import trace
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.figures import Tally
from chaguan.core.logs import Stages, places
from chaguan.gateway.websocket import text_frame
from chaguan.protocol.errors import ErrorBody

logger = logging.getLogger("chaguan.gateway")
_encoder = msgspec.json.Encoder()
SLOW_S = 1.0


class Answer(NamedTuple):
    frame: bytes
    error: AppError | None


class Calls:
    """The commands of a process. `tallies` are by the command's type."""

    def __init__(self, slow_s: float = SLOW_S) -> None:
        self.tallies: dict[type, Tally] = {}
        self.stages = Stages(logger, slow_s)
        # Looked at once a process: to ask the logger at each command would cost more than all the rest here.
        self._quick_s = 0.0 if logger.isEnabledFor(logging.DEBUG) else slow_s
        self.over_rate = 0
        """Commands that a session's own rate refused, before anybody looked at them."""

    async def answer(self, command_id: int, kind: type, work: Awaitable[object]) -> Answer:
        tally = self.tallies.get(kind)
        if tally is None:
            tally = self.tallies[kind] = Tally()
        following = trace.begin()
        begun = perf_counter()
        try:
            result = await work
            body = result if isinstance(result, bytes) else _encoder.encode(result)
        except AppError as error:
            given, outcome = Answer(error_reply(command_id, error), error), error.code.value
            tally.refuse(outcome)
        except Exception as unexpected:  # noqa: BLE001  the edge: nothing above would answer
            internal = report_unexpected(unexpected)
            given, outcome = Answer(error_reply(command_id, internal), internal), internal.code.value
            tally.refuse(outcome)
        else:
            given, outcome = Answer(ok_reply(command_id, body), None), "ok"
            tally.ok += 1
        took = perf_counter() - begun
        tally.seconds += took
        if took >= self._quick_s or given.error is not None:
            self.stages.told(following, kind.__name__, outcome, took)
        return given


def ok_reply(command_id: int, body: bytes) -> bytes:
    return text_frame(b'{"type":"reply","id":%d,"ok":%b}' % (command_id, body))


def error_reply(command_id: int, error: AppError) -> bytes:
    body = _encoder.encode(ErrorBody(error.code, error.detail, error.data))
    return text_frame(b'{"type":"reply","id":%d,"error":%b}' % (command_id, body))


def report_unexpected(error: BaseException) -> AppError:
    """Log once, where but not what: an exception's text may quote a message. The client gets the trace id."""
    trace_id = trace.current_id()
    what = (trace_id, type(error).__name__, places(error))
    logger.error("internal error %s: %s at %s", *what, extra={"trace_id": trace_id})
    return AppError(ErrorCode.internal, trace_id=trace_id)
