"""The long poll: a resume that waits. Nothing is kept between polls, so any node serves it."""

import asyncio
from typing import Annotated

from msgspec import Meta

from chaguan.core.caller import Caller
from chaguan.gateway.hub import Hub
from chaguan.gateway.pace import Pace
from chaguan.gateway.routes import Routes
from chaguan.protocol.commands import Hello
from chaguan.protocol.replies import Welcome

MAX_WAIT_S = 25


class Poll(Hello, tag="poll", kw_only=True):
    """`hello` by HTTP: answered at once if something is new, else when it becomes new or after `wait_s`."""

    id: Annotated[int, Meta(ge=0, le=2**53)] = 0
    wait_s: Annotated[float, Meta(ge=0, le=MAX_WAIT_S)] = MAX_WAIT_S


class _Waiting:
    """Listens to the caller's topics for as long as one poll lasts."""

    def __init__(self, caller: Caller) -> None:
        self.topics: list[str] = []
        self.user_id = caller.user_id
        self.device_id = caller.device_id
        self.woken = asyncio.Event()
        self.is_over = False

    def push(self, frame: bytes, is_transient: bool = False) -> None:
        if not is_transient:
            self.woken.set()

    def deliver(self, frame: bytes) -> None:
        self.woken.set()

    def close(self, code: int, reason: str = "") -> None:
        self.is_over = True
        self.woken.set()

    def drain(self, delay_ms: int) -> None:
        self.is_over = True
        self.woken.set()

    def waiting(self) -> int:
        return 0


class Polling:
    def __init__(self, routes: Routes, hub: Hub, pace: Pace) -> None:
        self._pace = pace
        self._routes = routes
        self._hub = hub

    async def poll(self, command: Poll, address: str) -> Welcome:
        caller = await self._routes.sign_in(command, address)
        self._pace.take(caller)
        waiting = _Waiting(caller)
        waiting.is_over = self._hub.is_draining
        self._hub.add(waiting)
        try:
            await self._routes.listen(waiting, caller)
            return await self._news(caller, command, waiting)
        finally:
            self._hub.drop(waiting)

    async def _news(self, caller: Caller, command: Poll, waiting: _Waiting) -> Welcome:
        loop = asyncio.get_running_loop()
        until = loop.time() + command.wait_s
        while True:
            waiting.woken.clear()
            welcome = await self._routes.welcome(caller, command)
            left = until - loop.time()
            if left <= 0 or waiting.is_over or is_new(welcome, command):
                return welcome
            try:
                await asyncio.wait_for(waiting.woken.wait(), left)
            except TimeoutError:
                return welcome


def is_new(welcome: Welcome, command: Hello) -> bool:
    return bool(
        welcome.epoch != command.epoch
        or welcome.user_version != command.user_version
        or welcome.syncs
        or welcome.pending
    )
