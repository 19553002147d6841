"""Whose connection is it: peer addresses, seen through trusted proxies, and how many each may hold."""

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from chaguan.core.networks import network_of

AddressOf = Callable[[str, Mapping[bytes, bytes]], str]
"""Peer address and request headers (lower-case names) → the address to count."""
_LONGEST = 64
"""Characters of an address, an IPv6 one with its zone included."""


def peer_address(peer: str, _headers: Mapping[bytes, bytes]) -> str:
    return peer


def proxies(trusted: Iterable[str]) -> Callable[[str], bool]:
    """Whether an address is one of the given networks'."""
    networks = [ipaddress.ip_network(each, strict=False) for each in trusted]

    @lru_cache(maxsize=1024)  # a proxy's own address comes with every connection
    def is_within(text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return lambda text: len(text) <= _LONGEST and is_within(text)


def forwarded_address(trusted: Iterable[str]) -> AddressOf:
    """Believes `X-Forwarded-For` from the given networks only, read from the right: what stands left of the
    first address that is not a trusted proxy may have been made up by the client."""
    is_trusted = proxies(trusted)

    def address_of(peer: str, headers: Mapping[bytes, bytes]) -> str:
        address = peer
        hops = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        while is_trusted(address) and hops and hops[-1].strip():
            address = hops.pop().strip()
        return address[:_LONGEST]

    return address_of


class AddressLimit:
    """Counts open connections by address, in IPv6 by network."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: Counter[str] = Counter()
        self.refused = 0

    def enter(self, address: str) -> bool:
        whose = _whose(address)
        if self._open[whose] >= self._limit:
            self.refused += 1
            return False
        self._open[whose] += 1
        return True

    def leave(self, address: str) -> None:
        whose = _whose(address)
        self._open[whose] -= 1
        if self._open[whose] <= 0:
            del self._open[whose]


def _whose(address: str) -> str:
    return network_of(address) if ":" in address else address
