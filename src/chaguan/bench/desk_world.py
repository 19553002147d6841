"""A shop with a desk, put into an empty data folder before the server starts: customers who have not come yet, agents who
have signed in, and one queue that all of them serve."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.accounts import tables as accounts
from chaguan.accounts.access_tokens import RefreshSession, TokenSigner
from chaguan.accounts.assembly import SIGNING
from chaguan.accounts.sessions import Visitor, new_session, signed_in, store_session
from chaguan.app import Deployment, open_deployment
from chaguan.bench.world import Seat, Shape, World, device, fill, insert
from chaguan.core.caller import Caller, Role
from chaguan.core.clock import now_ms
from chaguan.core.ids import new_id
from chaguan.core.settings import Settings
from chaguan.desk import tables as desk
from chaguan.protocol.conversations import User, UserKind
from chaguan.protocol.desk import Queue, Strategy

SPARE_PLACES = 2
"""Of each agent, beyond an even share of the cases: who comes finds somebody free."""


class DeskShape(Struct, frozen=True):
    """`cases` of the customers are there at a time; `spare` ones come while others leave."""

    agents: int
    cases: int
    spare: int

    @property
    def customers(self) -> int:
        return self.cases + self.spare

    @property
    def people(self) -> int:
        """Agents are the persons behind all customers."""
        return self.customers + self.agents

    @property
    def capacity(self) -> int:
        """Of one agent."""
        return -(-self.cases // self.agents) + SPARE_PLACES


async def make_desk_world(folder: Path, shape: DeskShape) -> World:
    settings = Settings(data_dir=str(folder))
    world = await fill(settings, Shape(shape.customers, pairs=0, small_groups=0, has_large_groups=False))
    deployment = await open_deployment(settings)
    try:
        world.agents = await _hire(deployment, shape)
    finally:
        await deployment.stop()
    return world


async def _hire(deployment: Deployment, shape: DeskShape) -> list[Seat]:
    now = now_ms()
    owner = Caller("staff", "bench", role=Role.owner)
    shop = (await deployment.accounts.shops.list_shops(owner))[0]
    queue = Queue(id=new_id("q"), shop_id=shop.id, name="茶", strategy=Strategy.least_loaded)
    people = [User(new_id("u"), UserKind.staff, f"客服{nth}") for nth in range(shape.agents)]
    visitors = [Visitor("127.0.0.1", device(shape.customers + nth)) for nth in range(shape.agents)]
    sessions = [new_session(who, user, "", now) for who, user in zip(visitors, people, strict=True)]

    def write(con: Connection) -> None:
        insert(
            con,
            [
                (accounts.users, [_user(user, now) for user in people]),
                (accounts.staff, [_member(user, now) for user in people]),
                (desk.queues, [{"id": queue.id, "shop_id": shop.id, "spec": _json(queue)}]),
                (desk.desk_agents, [_agent(user, shape.capacity) for user in people]),
            ],
        )
        for session, visitor in zip(sessions, visitors, strict=True):
            store_session(con, session, visitor)

    await deployment.db.write(write)
    signer = TokenSigner([deployment.vault.derive(SIGNING)])
    return [_seat(signer, session, user, now) for session, user in zip(sessions, people, strict=True)]


def _seat(signer: TokenSigner, session: RefreshSession, user: User, now: int) -> Seat:
    return Seat(user.id, signed_in(signer, session, user, now, Role.agent.value).access_token)


def _user(user: User, now: int) -> dict[str, Any]:
    return {"id": user.id, "kind": user.kind.value, "name": user.name, "created_at": now}


def _member(user: User, now: int) -> dict[str, Any]:
    return {
        "user_id": user.id,
        "email": f"{user.id}@localhost",
        "role": Role.agent.value,
        "must_change_password": False,
        "joined_at": now,
    }


def _agent(user: User, capacity: int) -> dict[str, Any]:
    return {"user_id": user.id, "chosen": "offline", "capacity": capacity}


def _json(queue: Queue) -> str:
    return msgspec.json.encode(queue).decode()
