import pytest

from chaguan.infra.addresses import Allowance


@pytest.mark.parametrize("address", ["1.1.1.1", "119.29.29.29", "2400:3200::1", "2606:4700::1111"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert Allowance().permits("x.example", 443, address)


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
    assert not Allowance().permits("x.example", 443, address)


def test_a_private_network_can_be_allowed_without_opening_the_others() -> None:
    allowance = Allowance(["10.0.0.0/8", "::1"])
    for address in ("10.200.0.1", "::1", "::ffff:10.0.0.1"):
        assert allowance.permits("x.example", 80, address)
    for address in ("192.168.0.1", "127.0.0.1"):
        assert not allowance.permits("x.example", 80, address)


def test_a_host_can_be_allowed_with_or_without_its_port() -> None:
    allowance = Allowance(["ERP.lan", "127.0.0.1:9000", "[::1]:9000"])
    assert allowance.permits("erp.lan", 1, "10.0.0.1")
    assert allowance.permits("127.0.0.1", 9000, "127.0.0.1")
    assert allowance.permits("::1", 9000, "::1")
    assert not allowance.permits("127.0.0.1", 9001, "127.0.0.1")
    assert not allowance.permits("evil.example", 9000, "127.0.0.1")
    assert not allowance.permits("erp.lan.evil.example", 1, "10.0.0.1")


def test_an_allowed_name_does_not_open_the_clouds_metadata_address() -> None:
    assert not Allowance(["erp.lan"]).permits("erp.lan", 80, "169.254.169.254")
    assert not Allowance(["erp.lan"]).permits("erp.lan", 80, "fe80::1")


@pytest.mark.parametrize("entry", ["", "http://x", "10.0.0.1/8", "a b", "erp.lan:https", "x/24"])
def test_an_entry_that_is_neither_network_nor_host_is_refused_at_start(entry: str) -> None:
    with pytest.raises(ValueError):
        Allowance([entry])
