"""Error codes and close codes: one table for WebSocket, long poll and HTTP."""

from enum import StrEnum
from typing import Any

import msgspec


class ErrorCode(StrEnum):
    """What went wrong, in three families.

    *Refused*: change the request (`bad_request`, `unauthenticated`, `forbidden`, `not_found`, `conflict`,
    `too_large`). *Busy*: send the same request later with the same key (`rate_limited`, `unavailable`,
    `timeout`; `data.retry_after_ms` says when). *Broken*: `internal`, with `data.trace_id`.
    """

    bad_request = "bad_request"
    unauthenticated = "unauthenticated"
    forbidden = "forbidden"
    not_found = "not_found"
    conflict = "conflict"
    too_large = "too_large"
    rate_limited = "rate_limited"
    unavailable = "unavailable"
    timeout = "timeout"
    internal = "internal"


HTTP_STATUS: dict[ErrorCode, int] = {
    ErrorCode.bad_request: 400,
    ErrorCode.unauthenticated: 401,
    ErrorCode.forbidden: 403,
    ErrorCode.not_found: 404,
    ErrorCode.conflict: 409,
    ErrorCode.too_large: 413,
    ErrorCode.rate_limited: 429,
    ErrorCode.unavailable: 503,
    ErrorCode.timeout: 504,
    ErrorCode.internal: 500,
}


class CloseCode:
    """WebSocket close codes. 4000-4499: reconnect and resume. 4500-4999: stop, and change something first."""

    DRAINING = 4000  # the node stops; come back after the delay in the reason (milliseconds)
    HEARTBEAT_MISSED = 4001  # 45 s of silence
    LAGGING = 4002  # did not read for 30 s while pushes waited
    REAUTHORIZE = 4003  # the token expired or the session was superseded; resume with a fresh token
    HELLO_TIMEOUT = 4004  # no hello within 10 s
    RATE_LIMITED = 4005  # more commands than the limit for long
    BAD_FRAME = 4500  # not JSON, not an object, unknown envelope
    UNAUTHENTICATED = 4501  # token refused
    FORBIDDEN = 4503  # user or device disabled
    PROTOCOL_TOO_OLD = 4506  # the server does not speak this version


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """`{code, detail?, data?}`: the same in a reply and in an HTTP answer. `detail` is for developers."""

    code: ErrorCode
    detail: str = ""
    data: dict[str, Any] = {}
