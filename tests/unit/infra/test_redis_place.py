"""The one setting that says where Redis is."""

import pytest

from chaguan.core.settings import ConfigError
from chaguan.infra.broker import RedisPlace, parse_redis_url


def test_one_server_is_named_as_everywhere() -> None:
    assert parse_redis_url("redis://10.0.0.5") == RedisPlace((("10.0.0.5", 6379),))
    assert parse_redis_url("redis://im:p%40ss@cache.internal:7000/3") == RedisPlace(
        (("cache.internal", 7000),), "im", "p@ss", 3
    )


def test_tls_may_name_its_own_authority() -> None:
    place = parse_redis_url("rediss://:secret@cache.example.com:6380?ca=/etc/ca.pem")
    assert (place.is_tls, place.ca, place.password) == (True, "/etc/ca.pem", "secret")


def test_sentinels_are_several_and_know_the_primary_by_name() -> None:
    place = parse_redis_url(
        "redis+sentinel://:secret@s1,s2:26380,[::1]:26381/chaguan/2?sentinel_password=other"
    )
    assert place.hosts == (("s1", 26379), ("s2", 26380), ("::1", 26381))
    assert (place.primary, place.database, place.sentinel_password) == ("chaguan", 2, "other")


@pytest.mark.parametrize(
    "url",
    [
        "http://x",
        "redis://",
        "redis://h:port",
        "redis://h/one",
        "redis://h/0/1",
        "redis+sentinel://s1",
        "redis://h?db=1",
    ],
)
def test_what_can_not_be_read_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigError, match=r"give redis://"):
        parse_redis_url(url)


def test_a_public_address_without_a_password_is_refused() -> None:
    with pytest.raises(ConfigError, match="without a password"):
        parse_redis_url("redis://8.8.8.8:6379")
    parse_redis_url("redis://:secret@8.8.8.8:6379")
    parse_redis_url("redis://192.168.1.2:6379")


def test_no_message_and_no_repr_quotes_the_password() -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_redis_url("redis://:hunter2@h/x/y")
    assert "hunter2" not in str(refusal.value)
    assert "hunter2" not in repr(parse_redis_url("redis://:hunter2@h"))
