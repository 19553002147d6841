"""Whose an address is, for whatever is counted by address. Pure."""

from ipaddress import IPv6Address, ip_address, ip_network


def network_of(address: str) -> str:
    """What one customer of a provider holds: a single IPv4 address, but a whole /64 of IPv6 addresses."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)
