"""The robots over HTTP: the vendors' paths as they have them, and beside them the groups and the faults."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter

from chaguan.core.settings import RobotSites
from chaguan.platforms.robots import Vendor
from chaguan.platforms.robots.addresses import Robot, address_of
from chaguan.platforms.sandbox.faults import Fault, Faults
from chaguan.platforms.sandbox.robots import RobotError, SandboxRobots

_MAX_BODY = 64 * 1024
_AnyRequest = Request[Any, Any, Any]
_Key = Annotated[str, PathParameter(max_length=200)]


class _Stage(msgspec.Struct, frozen=True):
    robots: SandboxRobots
    faults: Faults


_OnStage = NamedDependency[_Stage]


class NewGroup(msgspec.Struct, forbid_unknown_fields=True):
    """`signed`: the robot wants signatures, and its group's page shows the secret."""

    vendor: Vendor
    signed: bool = False
    keyword: Annotated[str, msgspec.Meta(max_length=100)] = ""


def robots_router(robots: SandboxRobots | None = None) -> Router:
    """Everything under `/sandbox/robots`."""
    stage = _Stage(robots or SandboxRobots(), Faults(frozenset(vendor.value for vendor in Vendor)))
    return Router(
        path="/sandbox/robots",
        route_handlers=[wecom, feishu, lark, dingtalk, add_group, read_group, remove_group, set_robot_fault],
        dependencies={"stage": Provide(lambda: stage, sync_to_thread=False)},
        request_max_body_size=_MAX_BODY,
        include_in_schema=False,
    )


def sites(base: str) -> RobotSites:
    """What a deployment asks in place of the vendors, when the sandbox lies at `base`."""
    return RobotSites(f"{base}/wecom", f"{base}/feishu", f"{base}/lark", f"{base}/dingtalk")


@post("/wecom/cgi-bin/webhook/send", status_code=200)
async def wecom(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    return await _said(stage, Vendor.wecom, str(request.query_params.get("key", "")), request)


@post("/feishu/open-apis/bot/v2/hook/{key:str}", status_code=200)
async def feishu(key: _Key, request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    return await _said(stage, Vendor.feishu, key, request)


@post("/lark/open-apis/bot/v2/hook/{key:str}", status_code=200)
async def lark(key: _Key, request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    return await _said(stage, Vendor.feishu, key, request)


@post("/dingtalk/robot/send", status_code=200)
async def dingtalk(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    return await _said(stage, Vendor.dingtalk, str(request.query_params.get("access_token", "")), request)


@post("/groups", status_code=201)
async def add_group(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    """A group with a robot: gives the `address` and `secret` that its page shows, and the `key` in it."""
    try:
        asked = msgspec.json.decode(await request.body(), type=NewGroup)
    except msgspec.DecodeError as error:
        return _json({"error": str(error)}, 400)
    key, group = stage.robots.add(asked.vendor, asked.signed, asked.keyword)
    base = f"{str(request.base_url).rstrip('/')}/sandbox/robots/{asked.vendor.value}"
    address = address_of(Robot(asked.vendor, base, key))
    return _json({"key": key, "address": address, "secret": group.secret}, 201)


@get("/groups/{key:str}")
async def read_group(key: _Key, stage: _OnStage) -> Response[bytes]:
    """What the robot said there: `{"said": [{"at", "text"}]}`."""
    group = stage.robots.find(key)
    if group is None:
        return _json({"error": "no such group"}, 404)
    return _json({"said": list(group.said)})


@delete("/groups/{key:str}", status_code=204)
async def remove_group(key: _Key, stage: _OnStage) -> None:
    """Somebody takes the robot out of the group."""
    stage.robots.remove(key)


@post("/faults", status_code=200)
async def set_robot_fault(request: _AnyRequest, stage: _OnStage) -> Response[bytes]:
    """`endpoint` is a vendor; `errcode` above 399 and below 600 is the answer's HTTP status, else the vendor's code."""
    try:
        fault = msgspec.json.decode(await request.body(), type=Fault)
    except msgspec.DecodeError as error:
        return _json({"error": str(error)}, 400)
    if not stage.faults.set(fault):
        return _json({"error": f"endpoint must be one of {[vendor.value for vendor in Vendor]}"}, 400)
    return _json(fault)


async def _said(stage: _Stage, vendor: Vendor, key: str, request: _AnyRequest) -> Response[bytes]:
    fault = stage.faults.take(vendor.value)
    if fault is not None:
        await asyncio.sleep(fault.delay_ms / 1000)
        if 400 <= fault.errcode < 600:
            return _json({"error": "the vendor is in trouble"}, fault.errcode)
        if fault.errcode:
            return _json(_verdict(vendor, fault.errcode, "as the test wants"))
    given = request.query_params
    timestamp, sign = str(given.get("timestamp", "")), str(given.get("sign", ""))
    try:
        stage.robots.say(vendor, key, timestamp, sign, await request.body())
    except RobotError as error:
        return _json(_verdict(vendor, error.errcode, error.said))
    return _json(_verdict(vendor, 0, "success" if vendor is Vendor.feishu else "ok"))


def _verdict(vendor: Vendor, code: int, said: str) -> dict[str, Any]:
    if vendor is Vendor.feishu:
        return {"code": code, "msg": said, "data": {}}
    return {"errcode": code, "errmsg": said}


def _json(body: object, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=status, media_type=MediaType.JSON)
