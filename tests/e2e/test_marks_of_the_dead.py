"""Read marks that waited in the memory of a node which is killed -9: those of senders are found again by another node,
those that reading moved lack a second at most, and none goes backwards."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.process import Served
from tests.e2e.server import Client
from tools.servers.postgres import PostgresServer
from tools.servers.valkey import Single

FOUND_S = 120
"""A position is noted after 11 flushes and looked at after 10 more, each of a second or, on a busy machine, some."""


class Nodes:
    def __init__(self, folder: Path, url: str, redis_url: str) -> None:
        config = folder / "chaguan.toml"
        config.write_text(
            f'database_url = "{url}"\nredis_url = "{redis_url}"\nnodes = 2\nsearch = false\n'
            f'master_key_file = "{folder / "master.key"}"\n'
        )
        self.one, self.other = (Served(folder / f"data-{n}", "--config", str(config)) for n in range(2))

    async def start(self) -> None:
        await (await self.one.start()).set_up()
        await self.other.start()
        for name in ("app_id", "secret", "owner_token"):
            setattr(self.other, name, getattr(self.one, name))

    def kill(self) -> None:
        self.one.kill()
        self.other.kill()


@pytest.fixture
async def nodes(tmp_path: Path, postgres: PostgresServer):
    with Single() as valkey:
        nodes = Nodes(tmp_path, postgres.create_database("marks"), valkey.url)
        try:
            await nodes.start()
            yield nodes
        finally:
            nodes.kill()
            postgres.drop_database("marks")


async def read_seq(client: Client, room: str) -> int:
    return (await client.ask("get_conversation", conversation_id=room))["view"]["inbox"].get("read_seq", 0)


async def test_marks_that_a_killed_node_held_are_found_again_and_never_go_back(nodes: Nodes) -> None:
    owner, (li, case) = await nodes.one.owner(), await nodes.one.customer("li")
    view = (await li.ask("get_conversation", conversation_id=case))["view"]
    opened = await owner.ask("create_direct", user_id=view["conversation"]["customer_id"])
    room = opened["view"]["conversation"]["id"]
    first = (await owner.say(room, "一"))["seq"]
    await li.ask("mark_read", conversation_id=room, seq=first)
    watching, _ = await nodes.other.customer("li")
    async with asyncio.timeout(30):
        while await read_seq(watching, room) < first:  # what was flushed is there for good
            await asyncio.sleep(0.05)

    last = [(await owner.say(room, text))["seq"] for text in "二三四五"][-1]
    nodes.one.kill()
    await asyncio.gather(owner.ended(), li.ended())

    owner = await nodes.other.owner()
    seen_by_owner, seen_by_li = [0], [first]
    async with asyncio.timeout(FOUND_S):
        while seen_by_owner[-1] < last:
            await watching.say(case, "还在吗")  # the log goes on
            seen_by_owner.append(await read_seq(owner, room))
            seen_by_li.append(await read_seq(watching, room))
            await asyncio.sleep(0.5)
    assert seen_by_owner == sorted(seen_by_owner) and seen_by_owner[-1] == last
    assert seen_by_li == sorted(seen_by_li)
    for client in (owner, watching):
        await client.close()
