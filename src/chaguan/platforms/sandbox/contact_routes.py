"""The customer-service chat over HTTP: WeChat's calls, the customer's phone, and where pushes go."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from chaguan.core.errors import AppError
from chaguan.platforms.sandbox.contact import MAX_PICTURE, UNAVAILABLE, Pushed, SandboxContact
from chaguan.platforms.sandbox.faults import Faults
from chaguan.platforms.sandbox.pushing import Address, Format, Mode, Pusher
from chaguan.platforms.sandbox.wechat import VendorError
from chaguan.platforms.wechat.push import PushKeys, check_token, read_aes_key

ENDPOINTS = frozenset({"send", "typing", "upload", "get"})
_AnyRequest = Request[Any, Any, Any]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]

FindAddress = Callable[[str], Awaitable[Address | None]]
"""An AppID to where the deployment wants its pushes; None: nowhere."""


class ContactStage:
    """What these handlers share. An address that was set here goes before the deployment's own."""

    def __init__(
        self,
        contact: SandboxContact,
        pusher: Pusher,
        faults: Faults,
        find_address: FindAddress | None,
        meet: Callable[[str], Awaitable[None]],
    ) -> None:
        self.contact, self.pusher, self.faults = contact, pusher, faults
        self.meet = meet
        self._find_address = find_address
        self._addresses: dict[str, Address] = {}

    def set_address(self, address: Address) -> None:
        self._addresses[address.keys.app_id] = address

    async def push(self, app_id: str, phone_id: str, message: Pushed) -> None:
        address = self._addresses.get(app_id)
        if address is None and self._find_address is not None:
            address = await self._find_address(app_id)
        if address is None:
            # Without a push address the message goes to WeChat's own tool for customer service.
            return

        def failed() -> None:
            self.contact.tell(app_id, phone_id, UNAVAILABLE)

        self.pusher.push(address, message, failed)


_OnStage = NamedDependency[ContactStage]


class Entering(msgspec.Struct, forbid_unknown_fields=True):
    appid: _Name
    phone_id: _Name
    session_from: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class Saying(msgspec.Struct, forbid_unknown_fields=True):
    """A text, or else a card of the mini program's page."""

    appid: _Name
    phone_id: _Name
    text: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    page: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    title: Annotated[str, msgspec.Meta(max_length=200)] = ""


class PushAddress(msgspec.Struct, forbid_unknown_fields=True):
    appid: _Name
    url: Annotated[str, msgspec.Meta(max_length=1000)]
    token: str
    aes_key: str = ""
    mode: Mode = Mode.safe
    format: Format = Format.json


@post("/cgi-bin/message/custom/send")
async def custom_send(request: _AnyRequest, contact: _OnStage) -> Response[bytes]:
    body = await request.body()
    return await _answered(contact, "send", lambda: contact.contact.send(_token(request), body))


@post("/cgi-bin/message/custom/typing")
async def custom_typing(request: _AnyRequest, contact: _OnStage) -> Response[bytes]:
    body = await request.body()
    return await _answered(contact, "typing", lambda: contact.contact.show_typing(_token(request), body))


@post("/cgi-bin/media/upload", request_max_body_size=MAX_PICTURE + 64 * 1024)
async def media_upload(request: _AnyRequest, contact: _OnStage) -> Response[bytes]:
    form = await request.form()
    media = form.get("media")
    content = await media.read() if media is not None and hasattr(media, "read") else b""
    mime = getattr(media, "content_type", "") or "application/octet-stream"
    kind = request.query_params.get("type", "")
    return await _answered(
        contact, "upload", lambda: contact.contact.upload(_token(request), kind, content, mime)
    )


@get("/cgi-bin/media/get")
async def media_get(request: _AnyRequest, contact: _OnStage) -> Response[bytes]:
    media_id = request.query_params.get("media_id", "")
    try:
        await _meet_fault(contact, "get")
        file = contact.contact.download(_token(request), media_id)
    except VendorError as error:
        return _json(error.body())
    return Response(file.content, media_type=file.mime)


@get("/pictures/{media_id:str}")
async def picture(
    media_id: Annotated[str, PathParameter(max_length=128)], contact: _OnStage
) -> Response[bytes]:
    """`PicUrl` of a customer's picture."""
    file = contact.contact.find_file(media_id)
    if file is None:
        return Response(b"", status_code=404)
    return Response(file.content, media_type=file.mime)


@post("/phone/contact/enter", status_code=200)
async def phone_enter(request: _AnyRequest, contact: _OnStage) -> Response[bytes]:
    """The customer opens the chat from the mini program's button."""
    return await _from_phone(
        request,
        contact,
        Entering,
        lambda sent: contact.contact.enter(sent.appid, sent.phone_id, sent.session_from),
    )


@post("/phone/contact/say", status_code=200)
async def phone_say(request: _AnyRequest, contact: _OnStage) -> Response[bytes]:
    """The customer writes."""

    def said(sent: Saying) -> Pushed:
        if sent.page:
            fields = {
                "MsgType": "miniprogrampage",
                "Title": sent.title,
                "AppId": sent.appid,
                "PagePath": sent.page,
                "ThumbUrl": "",
                "ThumbMediaId": "",
            }
        else:
            fields = {"MsgType": "text", "Content": sent.text}
        return contact.contact.say(sent.appid, sent.phone_id, fields)

    return await _from_phone(request, contact, Saying, said)


@post("/phone/contact/picture", status_code=200, request_max_body_size=MAX_PICTURE)
async def phone_picture(request: _AnyRequest, contact: _OnStage) -> Response[bytes]:
    """The customer sends a picture: its bytes are the body, `appid` and `phone_id` in the query."""
    content = await request.body()
    app_id, phone_id = (request.query_params.get(name, "")[:128] for name in ("appid", "phone_id"))
    await contact.meet(app_id)
    mime = request.headers.get("content-type", "image/jpeg")
    media_id = contact.contact.keep(app_id, content, mime if mime.startswith("image/") else "image/jpeg")
    url = f"{str(request.base_url).rstrip('/')}/sandbox/wechat/pictures/{media_id}"
    try:
        pushed = contact.contact.say(
            app_id, phone_id, {"MsgType": "image", "PicUrl": url, "MediaId": media_id}
        )
    except VendorError as error:
        return _json({"error": str(error.errcode)}, 400)
    await contact.push(app_id, phone_id, pushed)
    return _json(pushed)


@get("/phone/contact/chat")
async def phone_chat(request: _AnyRequest, contact: _OnStage) -> Response[bytes]:
    """What the customer sees: `{"shown": [{"at", "message" or "notice"}], "typing"}`."""
    app_id, phone_id = (request.query_params.get(name, "") for name in ("appid", "phone_id"))
    await contact.meet(app_id)
    try:
        return _json(contact.contact.chat(app_id, phone_id))
    except VendorError as error:
        return _json({"error": str(error.errcode)}, 400)


@post("/push", status_code=200)
async def set_push(request: _AnyRequest, contact: _OnStage) -> Response[bytes]:
    """The account's page 消息推送: asks the address once, as WeChat does, and keeps it if it answers rightly."""
    try:
        sent = msgspec.json.decode(await request.body(), type=PushAddress)
        key = read_aes_key(sent.aes_key) if sent.mode is not Mode.plain else b""
        keys = PushKeys(sent.appid, check_token(sent.token), key)
    except (msgspec.DecodeError, AppError) as error:
        return _json({"error": str(error)}, 400)
    address = Address(sent.url, keys, sent.mode, sent.format)
    if not await contact.pusher.verify(address):
        return _json({"error": "the address did not answer with echostr"}, 400)
    contact.set_address(address)
    return _json({"verified": True})


@get("/pushes")
async def pushes(contact: _OnStage) -> Response[bytes]:
    """The latest pushes and what became of them, oldest first."""
    return _json({"pushes": list(contact.pusher.outcomes)})


async def _from_phone(
    request: _AnyRequest, contact: ContactStage, kind: type[Any], act: Callable[[Any], Pushed]
) -> Response[bytes]:
    try:
        sent = msgspec.json.decode(await request.body(), type=kind)
        await contact.meet(sent.appid)
        pushed = act(sent)
    except msgspec.DecodeError as error:
        return _json({"error": str(error)}, 400)
    except VendorError as error:
        return _json({"error": str(error.errcode)}, 400)
    await contact.push(sent.appid, sent.phone_id, pushed)
    return _json(pushed)


async def _answered(contact: ContactStage, endpoint: str, act: Callable[[], object]) -> Response[bytes]:
    try:
        await _meet_fault(contact, endpoint)
        return _json(act())
    except VendorError as error:
        return _json(error.body())


async def _meet_fault(contact: ContactStage, endpoint: str) -> None:
    fault = contact.faults.take(endpoint)
    if fault is not None:
        await asyncio.sleep(fault.delay_ms / 1000)
        if fault.errcode:
            raise VendorError(fault.errcode)


def _token(request: _AnyRequest) -> str:
    return str(request.query_params.get("access_token", ""))


def _json(body: object, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=status, media_type=MediaType.JSON)


ROUTES = (
    custom_send,
    custom_typing,
    media_upload,
    media_get,
    picture,
    phone_enter,
    phone_say,
    phone_picture,
    phone_chat,
    set_push,
    pushes,
)
