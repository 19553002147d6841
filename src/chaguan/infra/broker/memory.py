"""The broker of a process that is alone; and of several in one process, joined by an `Exchange`."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from chaguan.infra.broker.port import OnLink, OnMessage


class Exchange:
    """What the brokers that share it have in common."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.brokers: list[MemoryBroker] = []
        self.is_up = True
        self._sums: dict[str, tuple[int, float]] = {}
        self._notes: dict[str, tuple[dict[str, str], float]] = {}
        self._leases: dict[str, tuple[str, float]] = {}

    def cut(self) -> None:
        """As when the server of a real broker dies: all that it knew is gone."""
        self.is_up = False
        self._sums.clear()
        self._notes.clear()
        self._leases.clear()
        for broker in self.brokers:
            broker.lose()

    def mend(self) -> None:
        self.is_up = True
        for broker in self.brokers:
            broker.link()

    def count(self, key: str, life_s: int) -> int:
        now = self.clock()
        found, until = self._sums.get(key, (0, now + life_s))
        if now >= until:
            found, until = 0, now + life_s
        self._sums[key] = (found + 1, until)
        return found + 1

    def noted(self, key: str) -> dict[str, str]:
        found, until = self._notes.get(key, ({}, 0.0))
        return found if self.clock() < until else {}

    def note(self, key: str, field: str, value: str, life_s: int) -> None:
        self._notes[key] = ({**self.noted(key), field: value}, self.clock() + life_s)

    def erase(self, key: str, field: str) -> None:
        if key in self._notes:
            found, until = self._notes[key]
            self._notes[key] = ({name: value for name, value in found.items() if name != field}, until)

    def lease(self, name: str, node: str, life_s: int) -> bool:
        holder, until = self._leases.get(name, (node, 0.0))
        if holder != node and self.clock() < until:
            return False
        self._leases[name] = (node, self.clock() + life_s)
        return True


class MemoryBroker:
    """Delivers in the next turn of the loop, never within `publish`."""

    def __init__(self, exchange: Exchange, is_shared: bool = False) -> None:
        self.is_shared = is_shared
        self.node = secrets.token_hex(4)
        self._exchange = exchange
        self._topics: dict[str, float] = {}
        self._kept: list[tuple[str, bytes]] = []
        self._on_message: OnMessage = lambda _topic, _message: None
        self._on_link: OnLink = lambda _is_linked: None

    @property
    def is_linked(self) -> bool:
        return self._exchange.is_up

    @property
    def trouble(self) -> str:
        return "" if self.is_linked else "The exchange between processes is cut."

    @property
    def peers(self) -> frozenset[str]:
        return frozenset(broker.node for broker in self._exchange.brokers) | {self.node}

    async def ask_peers(self) -> frozenset[str]:
        return self.peers

    @property
    def figures(self) -> Mapping[str, int]:
        return {"topics": len(self._topics), "kept": len(self._kept)}

    def listen(self, on_message: OnMessage, on_link: OnLink) -> None:
        self._on_message = on_message
        self._on_link = on_link

    async def start(self) -> None:
        self._exchange.brokers.append(self)
        if self.is_linked:
            self.link()

    async def stop(self) -> None:
        if self in self._exchange.brokers:
            self._exchange.brokers.remove(self)

    def link(self) -> None:
        now = self._exchange.clock()
        self._topics = dict.fromkeys(self._topics, now)
        kept, self._kept = self._kept, []
        for topic, message in kept:
            self.publish(topic, message)
        self._on_link(True)

    def lose(self) -> None:
        self._on_link(False)

    def subscribe(self, topic: str) -> None:
        self._topics.setdefault(topic, self._exchange.clock())

    def unsubscribe(self, topic: str) -> None:
        self._topics.pop(topic, None)

    def since(self, topic: str) -> float | None:
        return self._topics.get(topic) if self.is_linked else None

    async def confirmed(self, topics: Iterable[str]) -> bool:
        return self.is_linked and all(topic in self._topics for topic in topics)

    def publish(self, topic: str, message: bytes, *, keep: bool = False) -> None:
        if not self.is_linked:
            if keep:
                self._kept.append((topic, message))
            return
        loop = asyncio.get_running_loop()
        for broker in self._exchange.brokers:
            if broker is not self and topic in broker._topics:
                loop.call_soon(broker._on_message, topic, message)

    def tally(self, key: str, life_s: int, then: Callable[[int], None]) -> None:
        if self.is_linked:
            asyncio.get_running_loop().call_soon(then, self._exchange.count(key, life_s))

    def note(self, key: str, field: str, value: str, life_s: int) -> None:
        if self.is_linked:
            self._exchange.note(key, field, value, life_s)

    def erase(self, key: str, field: str) -> None:
        if self.is_linked:
            self._exchange.erase(key, field)

    async def notes(self, keys: Sequence[str]) -> list[dict[str, str]] | None:
        return [self._exchange.noted(key) for key in keys] if self.is_linked else None

    async def lease(self, name: str, life_s: int) -> bool:
        return self.is_linked and self._exchange.lease(name, self.node, life_s)
