"""The push service over HTTP, and beside it the browser's side and the faults."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter

from chaguan.platforms.sandbox.faults import Fault, Faults
from chaguan.platforms.sandbox.push_service import Refused, SandboxPush

_MAX_BODY = 64 * 1024
_AnyRequest = Request[Any, Any, Any]
_Id = Annotated[str, PathParameter(max_length=100)]


class _Stage(msgspec.Struct, frozen=True):
    push: SandboxPush
    faults: Faults


_OnStage = NamedDependency[_Stage]


class Subscribing(msgspec.Struct, forbid_unknown_fields=True):
    application_server_key: Annotated[str, msgspec.Meta(max_length=200)]


def push_router(push: SandboxPush | None = None) -> Router:
    """Everything under `/sandbox/push`."""
    stage = _Stage(push or SandboxPush(), Faults(frozenset({"send"})))
    return Router(
        path="/sandbox/push",
        route_handlers=[send, subscribe, received, unsubscribe, set_push_fault],
        dependencies={"stage": Provide(lambda: stage, sync_to_thread=False)},
        request_max_body_size=_MAX_BODY,
        include_in_schema=False,
    )


@post("/send/{id:str}", status_code=201)
async def send(id: _Id, request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    """What an application server posts to a subscription's `endpoint`."""
    fault = stage.faults.take("send")
    if fault is not None:
        await asyncio.sleep(fault.delay_ms / 1000)
        if fault.errcode:
            return _json({"reason": "as the test wants"}, fault.errcode)
    own_origin = f"{request.base_url.scheme}://{request.base_url.netloc}"
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        stage.push.take(id, own_origin, headers, await request.body())
    except Refused as refusal:
        return _json({"reason": refusal.reason}, refusal.status)
    return Response(b"", status_code=201, headers={"location": f"{own_origin}/sandbox/push/message/0"})


@post("/subscriptions", status_code=201)
async def subscribe(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    """The browser's side: `{application_server_key}` → `{id, endpoint, p256dh, auth}`."""
    try:
        asked = msgspec.json.decode(await request.body(), type=Subscribing)
        id, browser = stage.push.subscribe(asked.application_server_key)
    except (msgspec.DecodeError, Refused) as error:
        return _json({"error": str(error)}, 400)
    endpoint = f"{str(request.base_url).rstrip('/')}/sandbox/push/send/{id}"
    keys = {"p256dh": browser.p256dh, "auth": browser.auth_text}
    return _json({"id": id, "endpoint": endpoint, **keys}, 201)


@get("/subscriptions/{id:str}")
async def received(id: _Id, stage: _OnStage) -> Response[bytes]:
    """What the service worker was given, opened: `{"received": [{"at", "data", "ttl", "urgency", "topic"}]}`."""
    browser = stage.push.find(id)
    if browser is None:
        return _json({"error": "no such subscription"}, 404)
    return _json({"received": list(browser.received)})


@delete("/subscriptions/{id:str}", status_code=204)
async def unsubscribe(id: _Id, stage: _OnStage) -> None:
    """The person takes the permission back."""
    stage.push.unsubscribe(id)


@post("/faults", status_code=200)
async def set_push_fault(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    """`endpoint` is `send`, `errcode` the HTTP status to answer with."""
    try:
        fault = msgspec.json.decode(await request.body(), type=Fault)
    except msgspec.DecodeError as error:
        return _json({"error": str(error)}, 400)
    if not stage.faults.set(fault) or not (fault.errcode == 0 or 400 <= fault.errcode < 600):
        return _json({"error": "endpoint is send, errcode 0 or a status from 400 to 599"}, 400)
    return _json(fault)


def _json(body: object, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=status, media_type=MediaType.JSON)
