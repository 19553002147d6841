import pytest

from chaguan.infra.addresses import is_allowed, parse_networks


@pytest.mark.parametrize("address", ["1.1.1.1", "119.29.29.29", "2400:3200::1", "2606:4700::1111"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed(address, ())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.9",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_an_address_inside_the_network_of_the_deployment_is_refused(address: str) -> None:
    assert not is_allowed(address, ())


def test_a_private_network_can_be_allowed_without_opening_the_others() -> None:
    allowed = parse_networks(["10.0.0.0/8", "::1"])
    assert is_allowed("10.200.0.1", allowed)
    assert is_allowed("::1", allowed)
    assert is_allowed("::ffff:10.0.0.1", allowed)
    assert not is_allowed("192.168.0.1", allowed)
    assert not is_allowed("127.0.0.1", allowed)


def test_a_network_that_is_none_is_refused_at_start() -> None:
    with pytest.raises(ValueError):
        parse_networks(["intranet"])
