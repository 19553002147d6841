"""What Redis spends on a message between two nodes, and on a user who is online."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chaguan.bench.figures import Figure
from chaguan.bench.processes import BenchFailed
from chaguan.infra.broker import RedisBroker, parse_redis_url
from chaguan.infra.broker.dialing import dial
from chaguan.infra.broker.wire import Wire

if TYPE_CHECKING:
    from chaguan.bench.cluster import Cluster

TOPICS = 5_000
AT_ONCE = 100
BYTES = 330
"""A message as it travels; the frames of the corpus are so long."""
PATIENCE_S = 30


def broker(cluster: "Cluster") -> Iterator[Figure]:
    count = cluster.scale.spine.said
    yield from asyncio.run(_measure(cluster.engines.redis_url, count - count % AT_ONCE))


async def _measure(url: str, messages: int) -> list[Figure]:
    place, namespace = parse_redis_url(url), f"bench-{secrets.token_hex(4)}"
    asking = await dial(place, lambda _push: None)
    speaker, listener = RedisBroker(place, namespace), RedisBroker(place, namespace)
    try:
        await speaker.start()
        await listener.start()
        if not (speaker.is_linked and listener.is_linked):
            raise BenchFailed(speaker.trouble or listener.trouble)
        return [await _memory(asking, listener), *await _messages(asking, speaker, listener, messages)]
    finally:
        await speaker.stop()
        await listener.stop()
        await asking.close()


async def _memory(asking: Wire, listener: RedisBroker) -> Figure:
    before = await _info(asking, "memory", "used_memory")
    topics = [f"u_{nth:026d}" for nth in range(TOPICS)]
    for topic in topics:
        listener.subscribe(topic)
        listener.note(f"presence:{topic}", listener.node, "1", 60)
    if not await listener.confirmed(topics):
        raise BenchFailed("Redis went away")
    value = (await _info(asking, "memory", "used_memory") - before) / TOPICS
    return Figure("broker_memory", value, "bytes", None, None, {"users": TOPICS})


async def _messages(asking: Wire, speaker: RedisBroker, listener: RedisBroker, count: int) -> list[Figure]:
    got = 0
    arrived = asyncio.Event()

    def hear(_topic: str, _message: bytes) -> None:
        nonlocal got
        got += 1
        if got % AT_ONCE == 0:
            arrived.set()

    listener.listen(hear, lambda _is_linked: None)
    message = b"x" * BYTES
    spent, begun = await _cpu_s(asking), time.perf_counter()
    for first in range(0, count, AT_ONCE):
        arrived.clear()
        for nth in range(first, first + AT_ONCE):
            speaker.publish(f"u_{nth % TOPICS:026d}", message)
        async with asyncio.timeout(PATIENCE_S):
            await arrived.wait()
    took = time.perf_counter() - begun
    cpu = (await _cpu_s(asking) - spent) / count
    parameters: dict[str, Any] = {"messages": count, "bytes": BYTES, "messages_per_s": round(count / took)}
    return [Figure("broker_cpu", cpu * 1e6, "µs/message", None, None, parameters)]


async def _cpu_s(asking: Wire) -> float:
    user = await _info(asking, "cpu", "used_cpu_user")
    return user + await _info(asking, "cpu", "used_cpu_sys")


async def _info(asking: Wire, section: str, name: str) -> float:
    found = await asking.ask("INFO", section)
    lines = bytes(found).decode().splitlines()
    return float(next(line.partition(":")[2] for line in lines if line.startswith(f"{name}:")))
