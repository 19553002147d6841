"""The sandbox over HTTP: WeChat's paths as WeChat has them, and beside them the phone's side and the faults."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import Litestar, MediaType, Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.types import ASGIApp

from chaguan.infra.http import GuardedHttp
from chaguan.platforms.sandbox import contact_routes
from chaguan.platforms.sandbox.contact import SandboxContact
from chaguan.platforms.sandbox.contact_routes import ContactStage, FindAddress
from chaguan.platforms.sandbox.faults import Fault, Faults
from chaguan.platforms.sandbox.pushing import Pusher
from chaguan.platforms.sandbox.wechat import SandboxWeChat, VendorError

MAX_BODY = 64 * 1024
MAX_APPID = 64
ENDPOINTS = frozenset({"jscode2session", "stable_token", "get_api_domain_ip"}) | contact_routes.ENDPOINTS

_AnyRequest = Request[Any, Any, Any]

FindSecret = Callable[[str], Awaitable[str | None]]
"""An AppID to its secret, as the deployment holds them now; None for an AppID that it does not have."""


class _Stage(msgspec.Struct, frozen=True):
    """What the handlers share: the pretended vendor, and what it shall do wrong next."""

    wechat: SandboxWeChat
    faults: Faults
    find_secret: FindSecret | None

    async def meet(self, app_id: str) -> None:
        """Take over what the deployment now holds of an app: it may have been made a moment ago."""
        if self.find_secret is not None and 0 < len(app_id) <= MAX_APPID:
            self.wechat.learn(app_id, await self.find_secret(app_id))


_OnStage = NamedDependency[_Stage]


class PhoneLogin(msgspec.Struct, forbid_unknown_fields=True):
    appid: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_APPID)]
    phone_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class _TokenRequest(msgspec.Struct):
    grant_type: str = ""
    appid: str = ""
    secret: str = ""
    force_refresh: bool = False


def wechat_router(
    wechat: SandboxWeChat,
    pusher: Pusher,
    find_secret: FindSecret | None = None,
    find_address: FindAddress | None = None,
) -> Router:
    """Everything under `/sandbox/wechat`. A client's base URL is the deployment's address plus that path.

    With `find_secret` it knows the deployment's own WeChat apps, without it those that `wechat` was made with; with
    `find_address` where their pushes go. Whoever made `pusher` stops it.
    """
    faults = Faults(ENDPOINTS)
    stage = _Stage(wechat, faults, find_secret)
    contact = ContactStage(SandboxContact(wechat), pusher, faults, find_address, stage.meet)
    return Router(
        path="/sandbox/wechat",
        route_handlers=[
            jscode2session,
            stable_token,
            stable_token_by_get,
            get_api_domain_ip,
            phone_login,
            set_fault,
            *contact_routes.ROUTES,
        ],
        dependencies={
            "stage": Provide(lambda: stage, sync_to_thread=False),
            "contact": Provide(lambda: contact, sync_to_thread=False),
        },
        request_max_body_size=MAX_BODY,
        include_in_schema=False,
    )


def sandbox_app(wechat: SandboxWeChat) -> ASGIApp:
    """The sandbox alone, for `chaguan sandbox` and tests."""
    # For trials on one machine; it never leaves it.
    http = GuardedHttp(allow=["127.0.0.0/8", "::1"])
    pusher = Pusher(http)
    # Its own logging would replace that of the process, and leave a thread behind.
    return Litestar(
        route_handlers=[wechat_router(wechat, pusher)],
        on_shutdown=[pusher.stop, http.close],
        openapi_config=None,
        logging_config=None,
    )


@get("/sns/jscode2session")
async def jscode2session(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    sent = request.query_params
    await stage.meet(sent.get("appid", ""))

    def act() -> object:
        return stage.wechat.code_to_session(
            sent.get("appid", ""), sent.get("secret", ""), sent.get("js_code", ""), sent.get("grant_type", "")
        )

    # The real one labels this JSON as text/plain too.
    return await _answered(stage, "jscode2session", act, MediaType.TEXT)


@post("/cgi-bin/stable_token")
async def stable_token(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    try:
        sent = msgspec.json.decode(await request.body(), type=_TokenRequest)
    except msgspec.DecodeError:
        return _json(VendorError(47001).body())
    await stage.meet(sent.appid)

    def act() -> object:
        return stage.wechat.stable_token(sent.appid, sent.secret, sent.grant_type, sent.force_refresh)

    return await _answered(stage, "stable_token", act)


@get("/cgi-bin/stable_token")
async def stable_token_by_get() -> Response[bytes]:
    return _json(VendorError(43002).body())


@get("/cgi-bin/get_api_domain_ip")
async def get_api_domain_ip(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    def act() -> object:
        stage.wechat.check_token(request.query_params.get("access_token", ""))
        return {"ip_list": ["127.0.0.1"]}

    return await _answered(stage, "get_api_domain_ip", act)


@post("/phone/login")
async def phone_login(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    """The phone's side: `{appid, phone_id}` → what `wx.login` gives its `success` callback."""
    try:
        sent = msgspec.json.decode(await request.body(), type=PhoneLogin)
        await stage.meet(sent.appid)
        return _json({"code": stage.wechat.login(sent.appid, sent.phone_id), "errMsg": "login:ok"})
    except msgspec.DecodeError as error:
        return _json({"errMsg": f"login:fail {error}"}, 400)
    except VendorError:
        return _json({"errMsg": "login:fail invalid appid"}, 400)


@post("/faults")
async def set_fault(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    try:
        fault = msgspec.json.decode(await request.body(), type=Fault)
    except msgspec.DecodeError as error:
        return _json({"error": str(error)}, 400)
    if not stage.faults.set(fault):
        return _json({"error": f"endpoint must be one of {sorted(ENDPOINTS)}"}, 400)
    return _json(fault)


async def _answered(
    stage: _Stage, endpoint: str, act: Callable[[], object], media_type: str = MediaType.JSON
) -> Response[bytes]:
    """WeChat's own calls: always status 200, an error is in the body."""
    try:
        fault = stage.faults.take(endpoint)
        if fault is not None:
            await asyncio.sleep(fault.delay_ms / 1000)
            if fault.errcode:
                raise VendorError(fault.errcode)
        return _json(act(), media_type=media_type)
    except VendorError as error:
        return _json(error.body(), media_type=media_type)


def _json(body: object, status: int = 200, media_type: str = MediaType.JSON) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=status, media_type=media_type)
