"""Heads are announced once, 2 to 5 seconds after they were reached, by one process."""

import asyncio

from chaguan.gateway.announcer import Announcer
from chaguan.infra.broker import Exchange, MemoryBroker
from tests.edge_server import until


class Log:
    """The ids of a log's entries; each is a conversation's next entry."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, int]] = []

    def append(self, conversation_id: str) -> None:
        seq = sum(id == conversation_id for id, _ in self.entries) + 1
        self.entries.append((conversation_id, seq))

    async def end(self) -> int:
        return len(self.entries)

    async def moved(self, above: int, up_to: int) -> list[tuple[str, int, tuple[str, ...]]]:
        heads = dict(self.entries[above:up_to])
        return [(id, seq, (id,)) for id, seq in heads.items()]


class Announced:
    def __init__(self) -> None:
        self.heads: list[tuple[str, int]] = []

    def announce(self, _topic: str, conversation_id: str, seq: int) -> None:
        self.heads.append((conversation_id, seq))


async def announcer(exchange: Exchange, log: Log) -> tuple[Announcer, Announced]:
    broker, announced = MemoryBroker(exchange, is_shared=True), Announced()
    await broker.start()
    return Announcer(announced, broker, log), announced


async def test_what_is_new_waits_and_is_then_announced_once() -> None:
    log = Log()
    it, announced = await announcer(Exchange(), log)
    await it.step(0)
    log.append("g_1")
    for second in (1, 2):
        await it.step(second)
        assert announced.heads == []
    for second in range(3, 12):
        await it.step(second)
        assert announced.heads == [("g_1", 1)]


async def test_of_a_busy_conversation_the_last_head_of_each_look_is_announced() -> None:
    log = Log()
    it, announced = await announcer(Exchange(), log)
    for second in range(10):
        await it.step(second)
        for _ in range(5):
            log.append("g_1")
    assert announced.heads == [("g_1", seq) for seq in range(5, 40, 5)]


async def test_one_of_two_announces_and_the_other_takes_over_what_it_left() -> None:
    now = 0.0
    exchange, log = Exchange(clock=lambda: now), Log()
    first, by_first = await announcer(exchange, log)
    second, by_second = await announcer(exchange, log)
    await first.step(0)
    await second.step(0)
    log.append("g_1")
    now = 1
    await first.step(1)
    await second.step(1)
    for step in range(2, 12):  # the first died
        now = step
        await second.step(step)
    assert by_first.heads == []
    assert by_second.heads == [("g_1", 1)]


async def test_what_is_said_right_after_the_start_is_announced_too() -> None:
    log = Log()
    it, announced = await announcer(Exchange(), log)
    running = asyncio.create_task(it.run())
    await until(lambda: it._looks)
    running.cancel()
    log.append("g_1")
    now = it._looks[0][0]
    for second in range(1, 8):
        await it.step(now + second)
    assert announced.heads == [("g_1", 1)]
