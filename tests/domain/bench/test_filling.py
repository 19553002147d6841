"""What the bench fills in past the product is what the product would have stored, on both databases."""

import asyncio
from pathlib import Path

import pytest

from chaguan.app import open_deployment
from chaguan.bench.filling import index_by_copies, make_filler
from chaguan.bench.stores import Store, open_store
from chaguan.bench.world import Shape, World, fill
from chaguan.core.caller import Caller
from chaguan.core.settings import Settings
from chaguan.protocol import commands as c
from chaguan.protocol.content import Text


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("database_url")) if request.param == "postgresql" else ""


def test_filled_messages_are_read_as_if_they_had_been_said_and_the_next_one_follows_them(
    url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"), database_url=url)
    world = asyncio.run(fill(settings, Shape(8, 4)))
    store = open_store(settings.data, url)
    try:
        filler = make_filler(world, settings, store)
        filler.grow(settings, 2_000)
        index_by_copies(store, 2_000)
        assert filler.stored() == 2_000
        heads = dict(store.run("SELECT conversation_id, head_seq FROM heads WHERE head_seq > 0"))
        assert sum(heads.values()) == 2_000
        asyncio.run(_look(settings, world, heads))
        counted, cpu = store.raw(filler.raw_rows(2_000), 10)
        assert counted.bytes_written > 0 and cpu > 0
        _gapless(store)
    finally:
        store.close()


async def _look(settings: Settings, world: World, heads: dict[str, int]) -> None:
    deployment = await open_deployment(settings)
    try:
        await deployment.start(consumers=False)
        id, caller = world.pairs[0], Caller("customer", world.users[0], app_id=world.app_id)
        page = await deployment.messaging.sync.history(caller, c.GetHistory(id=1, conversation_id=id))
        assert page.messages[-1].seq == heads[id]
        assert all(isinstance(message.content, Text) and message.content.text for message in page.messages)
    finally:
        await deployment.stop()


def _gapless(store: Store) -> None:
    rows = store.run(
        "SELECT conversation_id, count(*), min(seq), max(seq) FROM entries GROUP BY conversation_id"
    )
    assert all(first == 1 and last == count for _, count, first, last in rows)
