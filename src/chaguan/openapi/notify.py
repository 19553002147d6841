"""Being told that customers wait: a shop's group robots and when they speak, and one's own device."""

from typing import Annotated

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Struct

from chaguan.accounts import Accounts, Shop, access_admin
from chaguan.core.caller import Caller
from chaguan.core.errors import ErrorCode
from chaguan.notify import NotifyService, NotifySettings, Robot, RobotSpec, Tried
from chaguan.notify.devices import PushState, PushWish
from chaguan.openapi.errors import refusals


class RobotList(Struct):
    robots: list[Robot]


Id = Annotated[str, PathParameter(max_length=64)]
_Accounts = NamedDependency[Accounts]
_Caller = NamedDependency[Caller]
_Notify = NamedDependency[NotifyService]
_READ = refusals(ErrorCode.unauthenticated, ErrorCode.forbidden, ErrorCode.not_found)
_CHANGE = _READ | refusals(ErrorCode.bad_request, ErrorCode.conflict)
_TEST = _READ | refusals(ErrorCode.rate_limited)


@get("/v1/admin/shops/{shop_id:str}/notify", responses=_READ, tags=["admin"])
async def read_notify(shop_id: Id, accounts: _Accounts, notify: _Notify, caller: _Caller) -> NotifySettings:
    """When those who answer this shop's customers are told that somebody waits."""
    shop = await _shop(accounts, caller, shop_id)
    return await notify.robots.settings(caller, shop.id)


@put("/v1/admin/shops/{shop_id:str}/notify", responses=_CHANGE, tags=["admin"])
async def replace_notify(
    shop_id: Id, data: JSONBody[NotifySettings], accounts: _Accounts, notify: _Notify, caller: _Caller
) -> NotifySettings:
    """Settle it anew, all of it."""
    shop = await _shop(accounts, caller, shop_id)
    return await notify.robots.put_settings(caller, shop.id, data)


@get("/v1/admin/shops/{shop_id:str}/robots", responses=_READ, tags=["admin"])
async def list_robots(shop_id: Id, accounts: _Accounts, notify: _Notify, caller: _Caller) -> RobotList:
    """The group robots that are told of this shop's customers, and what became of the last call of each."""
    shop = await _shop(accounts, caller, shop_id)
    return RobotList(await notify.robots.list_robots(caller, shop.id))


@post("/v1/admin/shops/{shop_id:str}/robots", status_code=201, responses=_CHANGE, tags=["admin"])
async def create_robot(
    shop_id: Id, data: JSONBody[RobotSpec], accounts: _Accounts, notify: _Notify, caller: _Caller
) -> Robot:
    """A robot of WeCom, Feishu or DingTalk, by the address that its group's page shows.

    `bad_request` (`not_a_robot`): the address lies elsewhere. `conflict`: `known`, it is told already; `too_many`.
    """
    shop = await _shop(accounts, caller, shop_id)
    return await notify.robots.create(caller, shop.id, data)


@put("/v1/admin/shops/{shop_id:str}/robots/{robot_id:str}", responses=_CHANGE, tags=["admin"])
async def replace_robot(
    shop_id: Id,
    robot_id: Id,
    data: JSONBody[RobotSpec],
    accounts: _Accounts,
    notify: _Notify,
    caller: _Caller,
) -> Robot:
    """Settle a robot anew. An `address` or `secret` that is empty stays as it is."""
    shop = await _shop(accounts, caller, shop_id)
    return await notify.robots.change(caller, shop.id, robot_id, data)


@delete("/v1/admin/shops/{shop_id:str}/robots/{robot_id:str}", responses=_READ, tags=["admin"])
async def remove_robot(
    shop_id: Id, robot_id: Id, accounts: _Accounts, notify: _Notify, caller: _Caller
) -> None:
    """It is told of nothing any more."""
    shop = await _shop(accounts, caller, shop_id)
    await notify.robots.remove(caller, shop.id, robot_id)


@post(
    "/v1/admin/shops/{shop_id:str}/robots/{robot_id:str}/test",
    status_code=200,
    responses=_TEST,
    tags=["admin"],
)
async def test_robot(
    shop_id: Id, robot_id: Id, accounts: _Accounts, notify: _Notify, caller: _Caller
) -> Tried:
    """Let it say something in its group, now, and tell what its vendor answered.

    `state` `sent`, or `not_sent` with `reason`: `robot_gone`, `bad_signature`, `keyword_missing`, `address_refused` (this
    server's address is not on the robot's list), `too_often`, `unreachable`, `refused`, and the vendor's number.
    `rate_limited`: a test was made a moment ago.
    """
    shop = await _shop(accounts, caller, shop_id)
    return await notify.robots.test(caller, shop.id, robot_id)


@get("/v1/me/push", responses=_READ, tags=["me"])
async def read_my_push(notify: _Notify, caller: _Caller) -> PushState:
    """Whether this device is called when customers wait, and the key that its browser subscribes with. For agents."""
    return await notify.devices.state(caller)


@put("/v1/me/push", responses=_CHANGE, tags=["me"])
async def put_my_push(data: JSONBody[PushWish], notify: _Notify, caller: _Caller) -> PushState:
    """Have this device called through its browser's push service, until it is signed out.

    `bad_request` with `field`: `endpoint` is no https address, `p256dh` or `auth` no browser's. `conflict`
    (`too_many`): ten devices of one agent.
    """
    return await notify.devices.subscribe(caller, data)


@delete("/v1/me/push", responses=_READ, tags=["me"])
async def remove_my_push(notify: _Notify, caller: _Caller) -> None:
    """This device is called no more."""
    await notify.devices.unsubscribe(caller)


@post("/v1/me/push/test", status_code=200, responses=_TEST, tags=["me"])
async def test_my_push(notify: _Notify, caller: _Caller) -> Tried:
    """Call this device, now. `not_found`: it is not subscribed. With `reason` `gone` it is not any more, either."""
    return await notify.devices.test(caller)


async def _shop(accounts: Accounts, caller: Caller, shop_id: str) -> Shop:
    """Strangers don't learn which shops there are."""
    access_admin(caller)
    return await accounts.shops.choose(wanted=shop_id)


HANDLERS = (
    read_notify,
    replace_notify,
    list_robots,
    create_robot,
    replace_robot,
    remove_robot,
    test_robot,
    read_my_push,
    put_my_push,
    remove_my_push,
    test_my_push,
)
