import pytest

from chaguan.gateway.addresses import AddressLimit, forwarded_address, peer_address

PROXIES = ["127.0.0.0/8", "10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    ("peer", "header", "address"),
    [
        ("203.0.113.9", b"", "203.0.113.9"),
        ("127.0.0.1", b"", "127.0.0.1"),
        ("127.0.0.1", b"198.51.100.7", "198.51.100.7"),
        ("::1", b"198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("127.0.0.1", b"10.0.0.1", "10.0.0.1"),
        ("127.0.0.1", b"not an address", "not an address"),
    ],
)
def test_the_address_behind_trusted_proxies_is_found(peer: str, header: bytes, address: str) -> None:
    assert forwarded_address(PROXIES)(peer, {b"x-forwarded-for": header}) == address


def test_a_stranger_cannot_choose_an_address() -> None:
    made_up = {b"x-forwarded-for": b"1.1.1.1"}
    assert forwarded_address(PROXIES)("203.0.113.9", made_up) == "203.0.113.9"
    assert peer_address("203.0.113.9", made_up) == "203.0.113.9"
    through_proxy = {b"x-forwarded-for": b"1.1.1.1, 203.0.113.9"}
    assert forwarded_address(PROXIES)("127.0.0.1", through_proxy) == "203.0.113.9"


def test_a_limit_counts_down_again_and_keeps_nothing_of_those_who_left() -> None:
    limit = AddressLimit(2)
    assert [limit.enter("a") for _ in range(3)] == [True, True, False]
    assert limit.enter("b")
    limit.leave("a")
    assert limit.enter("a")
    for address in ("a", "a", "b"):
        limit.leave(address)
    assert not limit._open
