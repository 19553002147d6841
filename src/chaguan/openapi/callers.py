"""Where a request comes from and who makes it."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter
from litestar.types import Guard

from chaguan.accounts import Accounts
from chaguan.accounts.cache import Cache
from chaguan.accounts.rules import Budget, Tally, attempt
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.networks import network_of

AnyConnection = ASGIConnection[Any, Any, Any, Any]

KNOCKS = Budget(burst=60, refill_ms=1_000)
"""Requests to the doors (signing in, links) from one address, whatever they hold."""


class Addresses:
    """The client's address, seen through the proxies that the settings name and no others."""

    def __init__(self, trusted: list[str]) -> None:
        self._trusted: list[IPv4Network | IPv6Network] = [ip_network(text, strict=False) for text in trusted]

    def of(self, connection: AnyConnection) -> str:
        peer = connection.client.host if connection.client else ""
        if not self._is_trusted(peer):
            return peer
        chain = connection.headers.get("x-forwarded-for", "")
        # From the right: each proxy appends whom it saw, so the first untrusted one is the last that is not made up.
        for hop in reversed([part.strip() for part in chain.split(",")[-20:]]):
            if not _is_address(hop):
                break
            peer = hop
            if not self._is_trusted(hop):
                break
        return peer

    def _is_trusted(self, text: str) -> bool:
        if not self._trusted or not _is_address(text):
            return False
        address = ip_address(text)
        return any(address in network for network in self._trusted)


def guard_doors(addresses: Addresses, clock: Clock, budget: Budget = KNOCKS) -> Guard:
    """A guard for what strangers may ask: so many requests per address.

    A function and not a method: handlers are copied deeply when they are registered, and each copy would count alone.
    """
    tallies: Cache[str, Tally] = Cache(20_000)

    def guard(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
        address = network_of(addresses.of(connection))
        verdict = attempt(budget, tallies.find(address) or Tally(), clock())
        tallies.put(address, verdict.tally)
        if not verdict.allowed:
            raise AppError(
                ErrorCode.rate_limited,
                "too many requests from this address",
                retry_after_ms=verdict.retry_after_ms,
            )

    return guard


async def provide_address(request: Request[Any, Any, Any], addresses: NamedDependency[Addresses]) -> str:
    return addresses.of(request)


DeviceHeader = Annotated[
    str,
    HeaderParameter(
        name="X-Device-Id",
        required=False,
        description="The client's own id of the device, made once and kept; goes with user tokens.",
        max_length=64,
    ),
]


async def provide_caller(
    request: Request[Any, Any, Any],
    accounts: NamedDependency[Accounts],
    address: NamedDependency[str],
    device: DeviceHeader = "",
) -> Caller:
    """From `Authorization: Bearer …`: a user token, an access token or an API key."""
    token = _bearer(request)
    return await accounts.authenticator.authenticate(token, device, "http", address)


async def provide_newcomer(
    request: Request[Any, Any, Any],
    accounts: NamedDependency[Accounts],
    address: NamedDependency[str],
    device: DeviceHeader = "",
) -> Caller:
    """The same for what stays open to staff who still have to change their password."""
    return await accounts.authenticator.recognise(_bearer(request), device, "http", address)


def _bearer(request: Request[Any, Any, Any]) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AppError(ErrorCode.unauthenticated, "Authorization: Bearer <token>", reason="token_missing")
    return token.strip()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
