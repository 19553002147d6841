"""`/v1/server`: what the business's own servers say in the conversations of their shops, with an API key."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta, Struct

from chaguan.accounts import Accounts
from chaguan.core.caller import Caller
from chaguan.core.clock import now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import DeskService
from chaguan.messaging import Messaging
from chaguan.openapi.errors import refusals
from chaguan.protocol.commands import GetHistory, SendMessage
from chaguan.protocol.content import Content
from chaguan.protocol.envelope import Key
from chaguan.protocol.replies import History, Opened, Sent

ConversationId = Annotated[str, PathParameter(max_length=64)]
_REFUSED = refusals(
    ErrorCode.bad_request,
    ErrorCode.unauthenticated,
    ErrorCode.forbidden,
    ErrorCode.not_found,
    ErrorCode.conflict,
)


class ServiceOf(Struct):
    """A customer by the business's own id in one of its apps (in a WeChat app: the openid)."""

    app_id: Annotated[str, Meta(min_length=1, max_length=64)]
    external_id: Annotated[str, Meta(min_length=1, max_length=128, examples=["customer-17"])]


class NewMessage(Struct):
    """`client_msg_id` is a UUID; sending again with the same one gives the first result."""

    client_msg_id: Key
    content: Content


@post("/v1/server/conversations/service", status_code=200, responses=_REFUSED, tags=["server"])
async def open_service_conversation(
    data: JSONBody[ServiceOf],
    accounts: NamedDependency[Accounts],
    desk: NamedDependency[DeskService],
    caller: NamedDependency[Caller],
) -> Opened:
    """The service conversation of a customer, made if there is none. Scope `conversations:write`."""
    user_id = await accounts.users.find(caller, data.app_id, data.external_id)
    app = await accounts.known_apps.get(data.app_id, now_ms())
    return await desk.open_for(caller, app.shop_id, user_id)


@post(
    "/v1/server/conversations/{conversation_id:str}/messages",
    status_code=200,
    responses=_REFUSED,
    tags=["server"],
)
async def send_message(
    conversation_id: ConversationId,
    data: JSONBody[NewMessage],
    accounts: NamedDependency[Accounts],
    desk: NamedDependency[DeskService],
    messaging: NamedDependency[Messaging],
    caller: NamedDependency[Caller],
) -> Sent:
    """Say something in a service conversation in the shop's name: an order card, a notice. Scope `messages:write`."""
    room, _ = await messaging.rooms.access_conversation(caller, conversation_id)
    shop = await accounts.shops.find(room.shop_id)
    if shop is None:
        raise AppError(ErrorCode.not_found, "no such shop")
    voice = await accounts.users.access_voice(caller, shop.id, shop.name)
    command = SendMessage(
        id=0, conversation_id=conversation_id, client_msg_id=data.client_msg_id, content=data.content
    )
    return await desk.speak(caller, voice, command)


@get("/v1/server/conversations/{conversation_id:str}/messages", responses=_REFUSED, tags=["server"])
async def list_messages(
    conversation_id: ConversationId,
    messaging: NamedDependency[Messaging],
    caller: NamedDependency[Caller],
    before: Annotated[int, QueryParameter(ge=0, description="Messages before this seq; 0: the newest")] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 30,
) -> History:
    """Messages of a service conversation, oldest first within the page. Scope `messages:read`."""
    if "messages:read" not in caller.scopes:
        raise AppError(ErrorCode.forbidden, "needs the scope messages:read", scope="messages:read")
    return await messaging.sync.history(
        caller, GetHistory(id=0, conversation_id=conversation_id, before=before, limit=limit)
    )


HANDLERS = (open_service_conversation, send_message, list_messages)
