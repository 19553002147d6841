"""Limits for all processes together."""

import asyncio

from chaguan.infra.broker import Exchange, MemoryBroker
from chaguan.infra.broker.rates import SharedRates


async def pair(exchange: Exchange, nodes: int) -> tuple[SharedRates, SharedRates]:
    brokers = [MemoryBroker(exchange, is_shared=True) for _ in range(2)]
    for broker in brokers:
        await broker.start()
    here, there = (SharedRates(broker, nodes) for broker in brokers)
    return here, there


async def test_two_nodes_together_let_through_what_one_would() -> None:
    here, there = await pair(Exchange(), 2)
    allowed = 0
    for number in range(100):
        allowed += (here if number % 3 else there).allow("g_1", 17, 40)
        await asyncio.sleep(0)
    assert 40 <= allowed <= 41


async def test_a_lone_burst_is_held_to_the_limit_before_any_answer() -> None:
    here, _ = await pair(Exchange(), 2)
    assert sum(here.allow("g_1", 17, 40) for _ in range(100)) == 40


async def test_the_next_second_and_another_conversation_count_anew() -> None:
    here, _ = await pair(Exchange(), 2)
    assert sum(here.allow("g_1", 17, 5) for _ in range(10)) == 5
    assert sum(here.allow("g_1", 18, 5) for _ in range(10)) == 5
    assert sum(here.allow("g_2", 18, 5) for _ in range(10)) == 5


async def test_without_a_link_each_lets_through_its_share() -> None:
    exchange = Exchange()
    here, there = await pair(exchange, 4)
    exchange.cut()
    assert sum(here.allow("g_1", 17, 40) for _ in range(100)) == 10
    assert sum(there.allow("g_1", 17, 40) for _ in range(100)) == 10
    assert sum(here.allow("g_1", 18, 3) for _ in range(100)) == 1


async def test_many_conversations_take_bounded_memory() -> None:
    here, _ = await pair(Exchange(), 2)
    for second in range(3):
        for number in range(9_000):
            here.allow(f"g_{number}", second, 40)
    assert len(here._seconds) <= 10_000
