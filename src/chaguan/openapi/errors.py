"""Errors become answers here and nowhere else: `{"error": {code, detail, data}}` with the code's status."""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotFoundException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.openapi.datastructures import ResponseSpec

from chaguan.core import trace
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.logs import places
from chaguan.protocol.errors import HTTP_STATUS, ErrorBody

logger = logging.getLogger("chaguan.openapi")

AnyRequest = Request[Any, Any, Any]


class ErrorAnswer(msgspec.Struct):
    """Every answer that is not a success."""

    error: ErrorBody


def refusals(*codes: ErrorCode) -> dict[int, ResponseSpec]:
    """What an operation can be refused with, for its documentation."""
    return {
        HTTP_STATUS[code]: ResponseSpec(ErrorAnswer, generate_examples=False, description=f"`{code.value}`")
        for code in codes
    }


def answer_app_error(_request: AnyRequest, error: AppError) -> Response[ErrorAnswer]:
    body = ErrorBody(error.code, error.detail, error.data)
    headers = {}
    wait_ms = error.data.get("retry_after_ms")
    if isinstance(wait_ms, int) and wait_ms > 0:
        headers["retry-after"] = str(-(-wait_ms // 1000))
    if error.code is ErrorCode.unauthenticated:
        headers["www-authenticate"] = "Bearer"
    return Response(ErrorAnswer(body), status_code=HTTP_STATUS[error.code], headers=headers)


def answer_http_exception(request: AnyRequest, error: HTTPException) -> Response[ErrorAnswer]:
    """What the framework itself refuses: unknown paths, wrong methods, bodies that are not what they should be."""
    status = error.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer_unexpected(request, error)
    body = ErrorBody(_code_of(error), "" if isinstance(error, NotFoundException) else error.detail)
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        body.detail = "the request does not fit its description"
        body.data = {"fields": [_field(one) for one in error.extra[:20] if isinstance(one, dict)]}
    return Response(ErrorAnswer(body), status_code=status, headers=error.headers or {})


def answer_unexpected(_request: AnyRequest, error: Exception) -> Response[ErrorAnswer]:
    """Logged once, where but not what: the text of an exception may quote a message or a secret."""
    trace_id = trace.current_id()
    what = (trace_id, type(error).__name__, places(error))
    logger.error("internal error %s: %s at %s", *what, extra={"trace_id": trace_id})
    body = ErrorBody(ErrorCode.internal, data={"trace_id": trace_id})
    return Response(ErrorAnswer(body), status_code=HTTP_STATUS[ErrorCode.internal])


def answer_too_deep(_request: AnyRequest, _error: RecursionError) -> Response[ErrorAnswer]:
    """The decoder's way of refusing JSON nested a thousand levels deep."""
    body = ErrorBody(ErrorCode.bad_request, "nested too deeply")
    return Response(ErrorAnswer(body), status_code=HTTP_STATUS[ErrorCode.bad_request])


def _code_of(error: HTTPException) -> ErrorCode:
    if isinstance(error, NotFoundException):
        return ErrorCode.not_found
    return ErrorCode.too_large if isinstance(error, RequestEntityTooLarge) else ErrorCode.bad_request


def _field(one: dict[str, Any]) -> dict[str, str]:
    return {"field": str(one.get("key", "")), "message": str(one.get("message", ""))[:200]}
