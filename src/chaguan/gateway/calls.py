"""One command asked of the dispatcher: its answer or its error as a ready frame. The only place at this edge
that catches whatever a command raises."""

import logging
import secrets
import traceback
from collections.abc import Awaitable
from typing import NamedTuple

import msgspec

from chaguan.core.errors import AppError, ErrorCode
from chaguan.gateway.websocket import text_frame
from chaguan.protocol.errors import ErrorBody

logger = logging.getLogger("chaguan.gateway")
_encoder = msgspec.json.Encoder()


class Answer(NamedTuple):
    frame: bytes
    error: AppError | None


async def answer(command_id: int, work: Awaitable[object]) -> Answer:
    try:
        result = await work
        body = result if isinstance(result, bytes) else _encoder.encode(result)
    except AppError as error:
        return Answer(error_reply(command_id, error), error)
    except Exception as unexpected:  # noqa: BLE001  the edge: nothing above would answer
        internal = report_unexpected(unexpected)
        return Answer(error_reply(command_id, internal), internal)
    return Answer(ok_reply(command_id, body), None)


def ok_reply(command_id: int, body: bytes) -> bytes:
    return text_frame(b'{"type":"reply","id":%d,"ok":%b}' % (command_id, body))


def error_reply(command_id: int, error: AppError) -> bytes:
    body = _encoder.encode(ErrorBody(error.code, error.detail, error.data))
    return text_frame(b'{"type":"reply","id":%d,"error":%b}' % (command_id, body))


def report_unexpected(error: BaseException) -> AppError:
    """Log once, where but not what: an exception's text may quote a message. The client gets the trace id."""
    trace_id = secrets.token_hex(8)
    places = [
        f"{place.filename}:{place.lineno} {place.name}" for place in traceback.extract_tb(error.__traceback__)
    ]
    logger.error("internal error %s: %s at %s", trace_id, type(error).__name__, " < ".join(reversed(places)))
    return AppError(ErrorCode.internal, trace_id=trace_id)
