"""`/v1/platforms`: where the platforms that host mini programs push to."""

import asyncio
from typing import Annotated, Any

from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from chaguan.contact import ContactService
from chaguan.core.errors import AppError, ErrorCode
from chaguan.openapi.errors import refusals
from chaguan.platforms.wechat import PushQuery
from chaguan.platforms.wechat.push import ANSWER, MAX_BODY

ANSWER_S = 4.0
"""WeChat waits 5 s. A refusal in time makes it push again, as silence would, and says why in its error log."""
_LONGEST = 300

_AppId = Annotated[str, PathParameter(max_length=64, description="The app's id in this deployment")]
_Contact = NamedDependency[ContactService]
_REFUSED = refusals(
    ErrorCode.bad_request, ErrorCode.forbidden, ErrorCode.too_large, ErrorCode.unavailable, ErrorCode.timeout
)
_OPEN: list[dict[str, list[str]]] = [{}]


@get(
    "/v1/platforms/wechat/{app_id:str}/push",
    media_type=MediaType.TEXT,
    responses=_REFUSED,
    security=_OPEN,
    tags=["platforms"],
)
async def verify_wechat_push(request: Request[Any, Any, Any], app_id: _AppId, contact: _Contact) -> str:
    """WeChat asks this once, when the address is saved on the mini program's account page (消息推送).

    Answers `echostr` if `signature` is made with the app's Token.
    """
    return await contact.inbox.verify(app_id, _query(request))


@post(
    "/v1/platforms/wechat/{app_id:str}/push",
    status_code=200,
    media_type=MediaType.TEXT,
    request_max_body_size=MAX_BODY,
    responses=_REFUSED,
    security=_OPEN,
    tags=["platforms"],
)
async def take_wechat_push(
    request: Request[Any, Any, Any], app_id: _AppId, contact: _Contact
) -> Response[str]:
    """WeChat's message push: what customers say in its customer-service chat, as JSON or XML, plain or encrypted.

    Answers `success` once it is stored, and works through it afterwards; the same push again is answered the same and
    changes nothing. `forbidden`: `bad_signature`, `stale` (more than five minutes old), `replayed` (a signature that
    was used for something else). `bad_request`: `malformed`. Anything but `success` makes WeChat push again.
    """
    body = await request.body()
    try:
        async with asyncio.timeout(ANSWER_S):
            await contact.inbox.receive(app_id, _query(request), body)
    except TimeoutError:
        raise AppError(ErrorCode.timeout, "the database is too slow", retry_after_ms=1_000) from None
    return Response(ANSWER, media_type=MediaType.TEXT)


def _query(request: Request[Any, Any, Any]) -> PushQuery:
    given = request.query_params
    return PushQuery(**{name: str(given.get(name, ""))[:_LONGEST] for name in PushQuery.__struct_fields__})


HANDLERS = (verify_wechat_push, take_wechat_push)
