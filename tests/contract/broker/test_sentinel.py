"""A primary that dies under its sentinels: the processes find the new one by themselves."""

import asyncio
import contextlib

from chaguan.infra.broker import RedisBroker, parse_redis_url
from tests.contract.broker.stages import Heard
from tests.edge_server import until
from tools.servers.valkey import Watched


async def test_after_the_primary_died_the_processes_meet_at_the_replica() -> None:
    with Watched() as watched:
        place = parse_redis_url(watched.url)
        here, there = Heard(RedisBroker(place, "test")), Heard(RedisBroker(place, "test"))
        async with contextlib.AsyncExitStack() as stack:
            for heard in (here, there):
                await heard.broker.start()
                stack.push_async_callback(heard.broker.stop)
            await there.follow("g_1")
            await asyncio.to_thread(watched.wait_until_ready)
            await asyncio.to_thread(watched.primary.kill)
            await until(lambda: here.links == there.links == [True, False, True], 20)
            assert await there.broker.confirmed(["g_1"])
            here.broker.publish("g_1", b"heard")
            assert await there.until_heard(1) == [("g_1", b"heard")]
