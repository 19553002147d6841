"""Which addresses this deployment may open connections to. Pure: it looks at addresses, never at names."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_NEVER = (
    IPv4Network("192.0.0.0/24"),
    IPv6Network("::/96"),
    IPv6Network("100::/64"),
    IPv6Network("5f00::/16"),
)


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """`["10.0.0.0/8", "127.0.0.1"]` → networks. Raises ValueError on anything that is neither."""
    return tuple(ip_network(text) for text in texts)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address a gateway would take the packet to: a private one must not hide in IPv6 clothes."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    return not any(address.version == network.version and address in network for network in _NEVER)


def is_allowed(text: str, allowed: Sequence[Network]) -> bool:
    """Public addresses, and those in `allowed`. A scoped address (`fe80::1%eth0`) counts without its zone."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address.version == network.version and address in network for network in allowed):
        return True
    return is_public(address)
