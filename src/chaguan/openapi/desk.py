"""`/v1/admin/shops/{shop_id}/…` and `/v1/admin/agents`: how a desk is arranged. Every change is recorded."""

from typing import Annotated

import msgspec
from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Struct

from chaguan.accounts import Accounts, Shop
from chaguan.core.caller import Caller
from chaguan.core.errors import ErrorCode
from chaguan.desk import AgentChange, DeskService
from chaguan.openapi.errors import refusals
from chaguan.protocol.conversations import User
from chaguan.protocol.desk import Agent, DeskSettings, Queue, QueueSpec


class QueueList(Struct):
    queues: list[Queue]


class AgentList(Struct):
    """`users`: their names and pictures."""

    agents: list[Agent]
    users: list[User]


Id = Annotated[str, PathParameter(max_length=64)]
_Accounts = NamedDependency[Accounts]
_Caller = NamedDependency[Caller]
_Desk = NamedDependency[DeskService]
_READ = refusals(ErrorCode.unauthenticated, ErrorCode.forbidden, ErrorCode.not_found)
_CHANGE = _READ | refusals(ErrorCode.bad_request, ErrorCode.conflict)


@get("/v1/admin/shops/{shop_id:str}/queues", responses=_READ, tags=["admin"])
async def list_queues(shop_id: Id, accounts: _Accounts, desk: _Desk, caller: _Caller) -> QueueList:
    """The queues of a shop in the order in which their rules are asked. For agents too."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return QueueList(await desk.arrangement.list_queues(caller, shop.id))


@post("/v1/admin/shops/{shop_id:str}/queues", status_code=201, responses=_CHANGE, tags=["admin"])
async def create_queue(
    shop_id: Id, data: JSONBody[QueueSpec], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> Queue:
    """A new queue. From the first one on, cases are given to agents by themselves; without any, agents pick.

    `conflict`: `loop` (with `queues`: cases would overflow round for ever), `too_many`.
    """
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.arrangement.put_queue(caller, _queue("", shop.id, data))


@put("/v1/admin/shops/{shop_id:str}/queues/{queue_id:str}", responses=_CHANGE, tags=["admin"])
async def replace_queue(
    shop_id: Id, queue_id: Id, data: JSONBody[QueueSpec], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> Queue:
    """Settle a queue anew, all of it. Who waits there stays there. `conflict` (`loop`)."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.arrangement.put_queue(caller, _queue(queue_id, shop.id, data))


@delete("/v1/admin/shops/{shop_id:str}/queues/{queue_id:str}", responses=_CHANGE, tags=["admin"])
async def remove_queue(shop_id: Id, queue_id: Id, accounts: _Accounts, desk: _Desk, caller: _Caller) -> None:
    """Remove a queue. Who waits there goes where the other rules say, or waits to be picked.

    `conflict` (`in_use`, with `queue_id`): another one overflows into it.
    """
    shop = await _shop(accounts, desk, caller, shop_id)
    await desk.arrangement.remove_queue(caller, shop.id, queue_id)


@get("/v1/admin/shops/{shop_id:str}/desk", responses=_READ, tags=["admin"])
async def read_desk(shop_id: Id, accounts: _Accounts, desk: _Desk, caller: _Caller) -> DeskSettings:
    """Hours, limits and texts of a shop's desk. For agents too."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.arrangement.settings(caller, shop.id)


@put("/v1/admin/shops/{shop_id:str}/desk", responses=_CHANGE, tags=["admin"])
async def replace_desk(
    shop_id: Id, data: JSONBody[DeskSettings], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> DeskSettings:
    """Settle hours, limits and texts anew, all of them. `bad_request` with `field` for hours that nobody can keep."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.arrangement.put_settings(caller, shop.id, data)


@get("/v1/admin/agents", responses=_READ, tags=["admin"])
async def list_agents(accounts: _Accounts, desk: _Desk, caller: _Caller) -> AgentList:
    """Who answers: everybody who was ever at a desk or was given a capacity. For agents too."""
    agents = await desk.agents.list_agents(caller)
    return AgentList(agents, await accounts.directory.users([agent.user_id for agent in agents]))


@patch("/v1/admin/agents/{user_id:str}", responses=_CHANGE, tags=["admin"])
async def change_agent(user_id: Id, data: JSONBody[AgentChange], desk: _Desk, caller: _Caller) -> Agent:
    """What a member of staff can do at the desk: how much at once, which skills, which languages."""
    return await desk.agents.change(caller, user_id, data)


async def _shop(accounts: Accounts, desk: DeskService, caller: Caller, shop_id: str) -> Shop:
    """Strangers don't learn which shops there are."""
    desk.arrangement.access_arrangement(caller)
    return await accounts.shops.choose(wanted=shop_id)


def _queue(queue_id: str, shop_id: str, spec: QueueSpec) -> Queue:
    return Queue(id=queue_id, shop_id=shop_id, **msgspec.structs.asdict(spec))


HANDLERS = (
    list_queues,
    create_queue,
    replace_queue,
    remove_queue,
    read_desk,
    replace_desk,
    list_agents,
    change_agent,
)
