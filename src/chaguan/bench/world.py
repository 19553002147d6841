"""The people and conversations of a run, put into an empty data folder before the server starts.

Written with the domain's own tables, ids, keys and tokens, as a thousand administrators' calls would leave them.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Table

from chaguan.accounts import tables as accounts
from chaguan.accounts.apps import AppKind, NewApp
from chaguan.app import Deployment, open_deployment
from chaguan.core.caller import Caller, Role
from chaguan.core.clock import now_ms
from chaguan.core.ids import derived_id, new_id
from chaguan.core.settings import Settings
from chaguan.messaging import tables as messaging

GROUP_SIZE = 100
SMALL_GROUPS = 18
"""With the group of all and the user's own, twenty topics a session."""
THOUSAND = 1_000
VERSION = 1
_ROWS = 5_000


class Shape(Struct, frozen=True):
    """How many people there are, how many of them are in pairs (the first ones), and what groups each is in."""

    people: int
    pairs: int
    small_groups: int = SMALL_GROUPS
    has_large_groups: bool = True
    """The group of all and that of the first thousand. In one of a hundred thousand a message would be as many."""

    @property
    def topics(self) -> int:
        """Of one session."""
        return 1 + self.small_groups + self.has_large_groups


class Seat(Struct):
    """An agent of the desk who has signed in."""

    user_id: str
    token: str


class World(Struct):
    """What clients know of it. Person `n` is `users[n]`; `pairs[k]` is the conversation of persons 2k and 2k+1."""

    app_id: str
    secret: str
    epoch: str
    users: list[str]
    pairs: list[str]
    groups: list[list[str]]
    """For each hundred of people in turn, the groups they are in together."""
    everybody: str
    """Empty in a world without large groups; so is `thousand`."""
    thousand: str
    agents: list[Seat] = []
    """The persons behind all those of `users`, where there is a desk."""

    def groups_of(self, person: int) -> list[str]:
        if person >= len(self.users):
            return []
        of_hundred = self.groups[person // GROUP_SIZE]
        return [*of_hundred, self.everybody] if self.everybody else of_hundred


def subject(person: int) -> str:
    return f"p{person:06d}"


def device(person: int) -> str:
    return f"bench-{person:06d}"


async def make_world(folder: Path, people: int, pairs: int) -> World:
    return await fill(Settings(data_dir=str(folder)), Shape(people, pairs))


async def fill(settings: Settings, shape: Shape) -> World:
    """`settings` name an empty database."""
    deployment = await open_deployment(settings)
    try:
        await deployment.accounts.first_start("Bench")
        owner = Caller("staff", "bench", role=Role.owner)
        shop = (await deployment.accounts.shops.list_shops(owner))[0]
        app = await deployment.accounts.apps.create(
            owner, NewApp(shop_id=shop.id, kind=AppKind.app, name="bench")
        )
        users = sorted(new_id("u") for _ in range(shape.people))
        hundreds = -(-shape.people // GROUP_SIZE)
        world = World(
            app_id=app.id,
            secret=app.secret,
            epoch=deployment.routes.epoch,
            users=users,
            pairs=_pair_ids(deployment, users, shape.pairs),
            groups=[[new_id("g") for _ in range(shape.small_groups)] for _ in range(hundreds)],
            everybody=new_id("g") if shape.has_large_groups else "",
            thousand=new_id("g") if shape.has_large_groups else "",
        )
        now = now_ms()
        for first in range(0, shape.people, _ROWS):
            some = range(first, min(first + _ROWS, shape.people))
            await deployment.db.write(partial(_insert_people, world=world, people=some, now=now))
        for rows in _conversations(deployment, world, now):
            await deployment.db.write(partial(insert, rows=rows))
    finally:
        await deployment.stop()
    return world


def _pair_ids(deployment: Deployment, users: list[str], pairs: int) -> list[str]:
    key = deployment.vault.derive("conversation ids")
    return [derived_id("d", key, *sorted(users[2 * nth : 2 * nth + 2])) for nth in range(pairs)]


_Rows = list[tuple[Table, list[dict[str, Any]]]]


def insert(connection: Connection, rows: _Rows) -> None:
    for table, values in rows:
        if values:
            connection.execute(table.insert(), values)


def _insert_people(connection: Connection, world: World, people: range, now: int) -> None:
    users, identities, devices, versions = [], [], [], []
    for person in people:
        id = world.users[person]
        users.append({"id": id, "kind": "customer", "name": f"茶客{person}", "created_at": now})
        identities.append(
            {
                "app_id": world.app_id,
                "kind": "app",
                "external_id": subject(person),
                "user_id": id,
                "created_at": now,
            }
        )
        devices.append({"user_id": id, "id": device(person), "created_at": now, "seen_at": now})
        versions.append({"user_id": id, "version": VERSION})
    insert(
        connection,
        [
            (accounts.users, users),
            (accounts.identities, identities),
            (accounts.devices, devices),
            (messaging.user_versions, versions),
        ],
    )


def _conversations(deployment: Deployment, world: World, now: int) -> Iterator[_Rows]:
    """In portions: a conversation, its head, its members and their inbox rows."""
    people = range(len(world.users))
    large = [(world.everybody, people), (world.thousand, people[:THOUSAND])] if world.everybody else []
    wanted: list[tuple[str, range]] = [
        *large,
        *((id, people[2 * nth : 2 * nth + 2]) for nth, id in enumerate(world.pairs)),
    ]
    for block, ids in enumerate(world.groups):
        wanted += [(id, people[block * GROUP_SIZE : (block + 1) * GROUP_SIZE]) for id in ids]
    portion = Portion(deployment, world, now)
    for id, members in wanted:
        portion.add(id, members)
        if len(portion.inboxes) >= _ROWS:
            yield portion.rows()
            portion = Portion(deployment, world, now)
    yield portion.rows()


class Portion:
    """Conversations that are stored together."""

    def __init__(self, deployment: Deployment, world: World, now: int) -> None:
        self._vault = deployment.vault
        self._world = world
        self._now = now
        self.conversations: list[dict[str, Any]] = []
        self.heads: list[dict[str, Any]] = []
        self.members: list[dict[str, Any]] = []
        self.inboxes: list[dict[str, Any]] = []

    def add(self, id: str, people: range) -> None:
        users = self._world.users
        is_pair = id.startswith("d_")
        kind = "direct" if is_pair else "group"
        pair = sorted(users[person] for person in people) if is_pair else ["", ""]
        self.conversations.append(
            {
                "id": id,
                "kind": kind,
                "name": "" if is_pair else "茶友群",
                "peer_a": pair[0],
                "peer_b": pair[1],
                "created_by": users[people[0]],
                "join_history": True,
                "created_at": self._now,
                "data_key": self._vault.wrap(id),
            }
        )
        self.heads.append({"conversation_id": id, "last_at": self._now, "member_count": len(people)})
        for person in people:
            user = users[person]
            common = {"conversation_id": id, "user_id": user, "role": "member", "intervals": "[[1,0]]"}
            peer = pair[pair[0] == user] if is_pair else ""
            self.members.append({**common, "joined_at": self._now})
            self.inboxes.append({**common, "kind": kind, "version": VERSION, "peer_id": peer})

    def rows(self) -> _Rows:
        return [
            (messaging.conversations, self.conversations),
            (messaging.heads, self.heads),
            (messaging.members, self.members),
            (messaging.inboxes, self.inboxes),
        ]
