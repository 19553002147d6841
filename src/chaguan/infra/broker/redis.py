"""The broker over Redis or Valkey: one connection for everything, found again when it breaks.

Names of channels and keys carry one hash tag each, and no command names keys of two: so they can be spread over a
cluster.
"""

import asyncio
import contextlib
import logging
import random
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from chaguan.infra.broker.dialing import dial
from chaguan.infra.broker.place import RedisPlace
from chaguan.infra.broker.port import OnLink, OnMessage
from chaguan.infra.broker.wire import LinkLost, Refused, Wire

logger = logging.getLogger("chaguan.broker")
START_S = 3.0
BEAT_S = 2.0
SILENCE_S = 5.0
"""Without an answer for so long, the link counts as broken."""
BACKOFF_S = (0.05, 2.0)
KEPT = 10_000
AT_ONCE = 500
"""Channels in one SUBSCRIBE."""

# The server's own clock decides who is alive: those of the nodes may differ.
_BEAT = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('EXPIRE', KEYS[1], 60)
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""
_LEASE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
_ALIVE_S = 8


class RedisBroker:
    is_shared = True

    def __init__(self, place: RedisPlace, namespace: str) -> None:
        self._place = place
        self._prefix = f"chaguan:{namespace}:"
        self.node = secrets.token_hex(4)
        self._mark = self.node.encode()
        self._on_message: OnMessage = lambda _topic, _message: None
        self._on_link: OnLink = lambda _is_linked: None
        self._wire: Wire | None = None
        self._task: asyncio.Task[None] | None = None
        self._first: asyncio.Event = asyncio.Event()
        self._was_linked = False
        self._trouble = "Redis was not reached yet"
        self._peers = frozenset((self.node,))
        self._topics: dict[bytes, str] = {}
        """All that is subscribed or shall be, by channel."""
        self._since: dict[str, float] = {}
        self._joining: list[bytes] = []
        self._kept: dict[int, tuple[str, bytes]] = {}
        self._numbers = 0
        self._dropped = self._links = 0
        self._published = self._unheard = 0

    @property
    def is_linked(self) -> bool:
        return self._wire is not None

    @property
    def trouble(self) -> str:
        return "" if self._wire is not None else self._trouble

    @property
    def peers(self) -> frozenset[str]:
        return self._peers

    async def ask_peers(self) -> frozenset[str]:
        if self._wire is not None:
            with contextlib.suppress(LinkLost, Refused, TimeoutError):
                await self._beat(self._wire)
        return self._peers

    @property
    def figures(self) -> Mapping[str, int]:
        return {
            "topics": len(self._topics),
            "kept": len(self._kept),
            "dropped": self._dropped,
            "published": self._published,
            "unheard": self._unheard,
            "links": self._links,
        }

    def listen(self, on_message: OnMessage, on_link: OnLink) -> None:
        self._on_message = on_message
        self._on_link = on_link

    async def start(self) -> None:
        self._task = asyncio.create_task(self._stay_linked())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._first.wait(), START_S)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    # The link

    async def _stay_linked(self) -> None:
        pause, longest = BACKOFF_S
        while True:
            try:
                wire = await dial(self._place, self._pushed)
                pause = BACKOFF_S[0]
                await self._serve(wire)
            except (LinkLost, Refused, TimeoutError) as error:
                self._lost(str(error) or "it does not answer")
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(longest, pause * 2)

    async def _serve(self, wire: Wire) -> None:
        try:
            await self._beat(wire)
            self._linked(wire)
            while True:
                await asyncio.wait((wire.lost,), timeout=BEAT_S)
                await self._beat(wire)
        finally:
            self._wire = None
            await wire.close()

    async def _beat(self, wire: Wire) -> None:
        """Say that this process lives, learn who else does, and find out whether Redis does."""
        async with asyncio.timeout(SILENCE_S):
            found = await wire.ask("EVAL", _BEAT, 1, f"{self._prefix}nodes", self.node, _ALIVE_S)
        self._peers = frozenset(name.decode() for name in found) | {self.node}

    def _linked(self, wire: Wire) -> None:
        logger.info("linked to Redis")
        self._wire = wire
        self._was_linked = True
        self._links += 1
        self._joining = list(self._topics)
        self._join()
        for number, (topic, message) in list(self._kept.items()):
            self._send_kept(number, topic, message)
        self._first.set()
        self._on_link(True)

    def _lost(self, reason: str) -> None:
        was_linked, self._was_linked = self._was_linked, False
        self._since.clear()
        self._joining.clear()
        trouble = f"Redis can't be reached ({reason})"
        if trouble != self._trouble or was_linked:
            logger.warning("%s; it is tried again", trouble)
        self._trouble = trouble
        if was_linked:
            self._on_link(False)

    # Topics

    def _channel(self, topic: str) -> bytes:
        return f"{self._prefix}{{{topic}}}".encode()

    def subscribe(self, topic: str) -> None:
        channel = self._channel(topic)
        if channel in self._topics:
            return
        self._topics[channel] = topic
        if self._wire is not None:
            if not self._joining:
                asyncio.get_running_loop().call_soon(self._join)
            self._joining.append(channel)

    def _join(self) -> None:
        joining, self._joining = self._joining, []
        if self._wire is not None:
            rest = iter(joining)
            while some := list(islice(rest, AT_ONCE)):
                self._wire.send_unanswered("SUBSCRIBE", *some)

    def unsubscribe(self, topic: str) -> None:
        channel = self._channel(topic)
        if self._topics.pop(channel, None) is None:
            return
        self._since.pop(topic, None)
        if self._wire is not None:
            self._join()
            self._wire.send_unanswered("UNSUBSCRIBE", channel)

    def since(self, topic: str) -> float | None:
        return self._since.get(topic)

    async def confirmed(self, topics: Iterable[str]) -> bool:
        wanted = list(topics)
        while any(topic not in self._since for topic in wanted):
            wire = self._wire
            if wire is None:
                return False
            self._join()
            try:
                # Answers come in order: after this one all subscriptions before it are acknowledged.
                async with asyncio.timeout(SILENCE_S):
                    await wire.ask("PING")
            except LinkLost:
                return False
            except TimeoutError:
                wire.end("it does not answer")  # to go on as if it did would miss what is said meanwhile
                return False
            if wire is self._wire:
                return all(topic in self._since for topic in wanted)
        return True

    def _pushed(self, push: list[bytes]) -> None:
        kind, channel, message = push
        topic = self._topics.get(channel)
        if topic is None:
            return
        if kind == b"message":
            if not message.startswith(self._mark):
                self._on_message(topic, message[8:])
        elif kind == b"subscribe":
            self._since[topic] = time.monotonic()
        elif kind == b"unsubscribe":
            self._since.pop(topic, None)

    # Messages

    def publish(self, topic: str, message: bytes, *, keep: bool = False) -> None:
        if keep:
            self._numbers += 1
            self._kept[self._numbers] = topic, message
            if len(self._kept) > KEPT:
                self._kept.pop(next(iter(self._kept)))
                self._dropped += 1
            self._send_kept(self._numbers, topic, message)
        elif self._wire is None or self._wire.is_full:
            self._dropped += 1
        else:
            self._published += 1
            self._wire.send("PUBLISH", self._channel(topic), self._mark + message, then=self._was_published)

    def _was_published(self, reply: object) -> None:
        """Redis says how many got it."""
        if reply == 0:
            self._unheard += 1

    def _send_kept(self, number: int, topic: str, message: bytes) -> None:
        def done(reply: object) -> None:
            if not isinstance(reply, Refused):
                self._kept.pop(number, None)

        if self._wire is not None:
            self._wire.send("PUBLISH", self._channel(topic), self._mark + message, then=done)

    # Shared values

    def _key(self, key: str) -> str:
        return f"{self._prefix}{{{key}}}:"

    def tally(self, key: str, life_s: int, then: Callable[[int], None]) -> None:
        def counted(reply: object) -> None:
            if isinstance(reply, int):
                then(reply)

        if self._wire is not None and not self._wire.is_full:
            name = self._key(key) + "sum"
            self._wire.send("SET", name, 0, "EX", life_s, "NX")
            self._wire.send("INCR", name, then=counted)

    def note(self, key: str, field: str, value: str, life_s: int) -> None:
        if self._wire is not None:
            name = self._key(key) + "notes"
            self._wire.send("HSET", name, field, value)
            self._wire.send("EXPIRE", name, life_s)

    def erase(self, key: str, field: str) -> None:
        if self._wire is not None:
            self._wire.send("HDEL", self._key(key) + "notes", field)

    async def notes(self, keys: Sequence[str]) -> list[dict[str, str]] | None:
        wire = self._wire
        if wire is None:
            return None
        try:
            found = await asyncio.gather(*(wire.ask("HGETALL", self._key(key) + "notes") for key in keys))
        except (LinkLost, Refused):
            return None
        return [{name.decode(): value.decode() for name, value in each.items()} for each in found]

    async def lease(self, name: str, life_s: int) -> bool:
        if self._wire is None:
            return False
        try:
            return bool(await self._wire.ask("EVAL", _LEASE, 1, self._key(name) + "lease", self.node, life_s))
        except (LinkLost, Refused):
            return False
