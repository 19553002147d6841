"""Signing in by the dispatcher, without a database."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from chaguan.core.caller import Caller
from chaguan.core.errors import AppError
from chaguan.core.settings import Limits
from chaguan.gateway.routes import Routes
from chaguan.gateway.session import State
from chaguan.protocol.commands import Hello


class Deployment:
    """A database that answers when it is let to, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.passes = asyncio.Event()

    async def authenticate(self, *_: str) -> Caller:
        await self.passes.wait()
        return Caller("customer", "u_1")

    async def topics(self, _caller: Caller) -> list[str]:
        self.asked.append("topics")
        return []

    async def catch_up(self, *_: Any) -> Any:
        self.asked.append("catch_up")
        raise AssertionError("nobody waits for this")


async def test_a_crowd_that_gave_up_is_not_greeted_any_more():
    deployment: Any = Deployment()
    routes = Routes(None, deployment, deployment, None, "epoch", Limits())  # type: ignore[arg-type]
    nobody: Any = SimpleNamespace(subscribe=lambda *_: None, came=lambda _: None)
    routes.bind(nobody, nobody)
    session: Any = SimpleNamespace(link=SimpleNamespace(address=""), state=State.new, caller=None)
    greeting = asyncio.create_task(routes.hello(session, Hello(id=1, protocol=1, token="t", device_id="d_1")))
    await asyncio.sleep(0)
    session.state = State.closed
    deployment.passes.set()
    with pytest.raises(AppError):
        await greeting
    assert not deployment.asked and session.caller is None
