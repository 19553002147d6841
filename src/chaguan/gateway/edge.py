"""What all connections of a process share: limits, the clockwork, the hub, and who answers commands."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from chaguan.gateway.addresses import AddressLimit, AddressOf, peer_address
from chaguan.gateway.calls import SLOW_S, Call, Calls
from chaguan.gateway.crowd import Pacing
from chaguan.gateway.deadlines import Patience
from chaguan.gateway.hub import Hub
from chaguan.gateway.outbox import Outflow
from chaguan.gateway.wheel import Wheel

if TYPE_CHECKING:
    from chaguan.gateway.lifetime import Lifetime
    from chaguan.gateway.session import Session


def any_origin(_origin: str) -> bool:
    return True


def no_proxy(_peer: str) -> bool:
    return False


class EdgeSettings(NamedTuple):
    """Sizes in bytes, times in seconds. `rate` is commands per second and session after `burst` at once."""

    path: bytes = b"/v1/ws"
    is_origin_allowed: Callable[[str], bool] = any_origin
    address_of: AddressOf = peer_address
    is_proxy: Callable[[str], bool] = no_proxy
    hello_s: float = 10
    silence_s: float = 45
    lag_s: float = 30
    reauthorize_s: float = 300
    token_leeway_s: float = 60
    close_s: float = 5
    drain_window_s: float = 2
    message_limit: int = 65_536
    outgoing_limit: int = 262_144
    send_buffer: int = 65_536
    in_flight: int = 64
    rate: float = 100
    burst: int = 200
    refusals_before_close: int = 50
    bad_frames_before_close: int = 10
    connections_per_address: int = 1_000
    slow_s: float = SLOW_S


class Command(Protocol):
    """Any Struct of the command union."""

    @property
    def id(self) -> int: ...


class Dispatcher(Protocol):
    """Who answers. Refusals are raised as `AppError`; anything else that is raised becomes `internal`.

    An answer is a Struct, None, or bytes that already are JSON.
    """

    async def hello(self, session: "Session", command: Any) -> object:
        """Sign the session in: set `session.caller`, subscribe its topics, return the welcome. Pushes that
        arrive meanwhile leave after the answer."""

    def begin(self, session: "Session", command: Any, call: Call) -> bool:
        """Answer it without a task, by `call.settle`, at once or later. False: nothing was done, `call` does it."""

    async def call(self, session: "Session", command: Any) -> object: ...

    async def reauthorize(self, session: "Session") -> None:
        """Every five minutes and when the token has expired: return if the caller is still welcome (a fresh
        `session.caller` may be set), raise `AppError` if not."""

    def left(self, session: "Lifetime") -> None:
        """The connection of a session that had said hello is over."""


class Edge:
    """Built once per process inside its running loop; `union` is the type of all commands (a tagged union)."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        union: Any,
        settings: EdgeSettings | None = None,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        pacing: Pacing | None = None,
        wheel: Wheel | None = None,
        addresses: AddressLimit | None = None,
    ) -> None:
        self.settings = settings or EdgeSettings()
        self.loop = loop or asyncio.get_running_loop()
        self.dispatcher = dispatcher
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(union)
        self.outflow = Outflow(self.loop.call_soon)
        self.hub = Hub(self.outflow, self.loop.call_later, pacing)
        self.wheel = wheel or Wheel()
        self.patience = Patience(
            self.wheel.ticks(self.settings.silence_s), self.wheel.ticks(self.settings.lag_s)
        )
        self.addresses = addresses or AddressLimit(self.settings.connections_per_address)
        self.http_addresses = AddressLimit(self.settings.connections_per_address)
        self.tasks: set[asyncio.Task[None]] = set()
        self.closed: Counter[int] = Counter()
        self.calls = Calls(self.settings.slow_s)
        self.is_draining = False
        self.is_leaving = False
        """A signal came: this node says so where load balancers ask, before it drains."""

    def start(self) -> None:
        self.wheel.start(self.loop)

    def stop(self) -> None:
        self.wheel.stop()

    def count_http(self, transport: asyncio.BaseTransport) -> str | None:
        """What to give back with `uncount_http`; None: this address holds too many. Proxies stand for many."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if not address or self.settings.is_proxy(address):
            return ""
        return address if self.http_addresses.enter(address) else None

    def uncount_http(self, counted: str | None) -> None:
        if counted:
            self.http_addresses.leave(counted)

    def drain(self, window_s: float | None = None) -> None:
        """No new sessions; each present one finishes its commands and is told when to come back. Idempotent."""
        if not self.is_draining:
            self.is_draining = True
            self.hub.drain(self.settings.drain_window_s if window_s is None else window_s)
