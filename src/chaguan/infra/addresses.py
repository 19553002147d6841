"""Which addresses this deployment may open connections to. Pure: names are looked up elsewhere."""

import re
from collections.abc import Iterable
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
_HOST = re.compile(r"[\w.-]{1,253}(:[0-9]{1,5})?|\[[0-9a-f:.]+\]:[0-9]{1,5}")


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address a gateway would take the packet to: a private one must not hide in IPv6 clothes."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return _is_public(inner)
        if address.is_site_local:
            return False
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    return not any(_inside(address, network) for network in _NEVER)


def _inside(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


class Allowance:
    """The private addresses that may be reached nevertheless.

    Each entry is a network (`10.0.0.0/8`), an address, or the very host that the configured URL names, alone
    (`erp.lan`) or with a port (`erp.lan:8443`, `127.0.0.1:9000`). An allowed name does not open link-local
    addresses, where clouds keep the credentials of machines. Raises ValueError for an entry that is none.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in entries:
            try:
                networks.append(ip_network(entry))
            except ValueError:
                if not _HOST.fullmatch(entry.lower()):
                    raise ValueError(f"{entry!r} is neither a network nor a host") from None
                hosts.add(entry.lower())
        self._networks = tuple(networks)
        self._hosts = frozenset(hosts)

    def permits(self, host: str, port: int, address_text: str) -> bool:
        """Whether a connection to `address_text`, found for `host`, may be opened. A zone (`%eth0`) is ignored."""
        address = ip_address(address_text.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(_inside(address, network) for network in self._networks) or _is_public(address):
            return True
        if not self._names(host.lower(), port):
            return False
        return not (address.is_link_local or address.is_multicast or address.is_unspecified)

    def _names(self, host: str, port: int) -> bool:
        shown = f"[{host}]" if ":" in host else host
        return host in self._hosts or f"{shown}:{port}" in self._hosts
