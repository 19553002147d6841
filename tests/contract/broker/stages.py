"""Both brokers behind one handle: several processes' worth of links, and a way to cut them all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from chaguan.infra.broker import Broker, Exchange, MemoryBroker, RedisBroker, parse_redis_url
from tests.edge_server import until
from tools.servers.valkey import Single

Act = Callable[[], Awaitable[None]]


class Heard:
    """What one process heard."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.messages: list[tuple[str, bytes]] = []
        self.links: list[bool] = []
        broker.listen(lambda topic, message: self.messages.append((topic, message)), self.links.append)

    async def until_heard(self, count: int) -> list[tuple[str, bytes]]:
        await until(lambda: len(self.messages) >= count)
        return self.messages

    async def follow(self, *topics: str) -> None:
        for topic in topics:
            self.broker.subscribe(topic)
        assert await self.broker.confirmed(topics)


class Stage:
    def __init__(self, make: Callable[[], Broker], cut: Act, mend: Act) -> None:
        self._make = make
        self._cut = cut
        self._mend = mend
        self.all: list[Heard] = []

    async def node(self) -> Heard:
        heard = Heard(self._make())
        self.all.append(heard)
        await heard.broker.start()
        return heard

    async def cut(self) -> None:
        await self._cut()
        await until(lambda: not any(heard.broker.is_linked for heard in self.all))

    async def mend(self) -> None:
        await self._mend()
        await until(lambda: all(heard.broker.is_linked for heard in self.all))


def _here(act: Callable[[], None]) -> Act:
    async def run() -> None:
        act()

    return run


def _aside(act: Callable[[], None]) -> Act:
    return lambda: asyncio.to_thread(act)


@contextlib.asynccontextmanager
async def staged(kind: str) -> AsyncIterator[Stage]:
    with contextlib.ExitStack() as stack:
        if kind == "memory":
            exchange = Exchange()
            stage = Stage(
                lambda: MemoryBroker(exchange, is_shared=True), _here(exchange.cut), _here(exchange.mend)
            )
        else:
            single = stack.enter_context(Single())
            place = parse_redis_url(single.url)
            server = single.server
            stage = Stage(lambda: RedisBroker(place, "test"), _aside(server.kill), _aside(server.start))
        try:
            yield stage
        finally:
            for heard in stage.all:
                await heard.broker.stop()
