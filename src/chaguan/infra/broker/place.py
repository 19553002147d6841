"""Where Redis is, from the one setting that says it."""

import ssl
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from chaguan.core.settings import ConfigError

_SCHEMES = {
    "redis": (False, False),
    "rediss": (True, False),
    "redis+sentinel": (False, True),
    "rediss+sentinel": (True, True),
}
_EXAMPLE = "redis://:password@host:6379/0 or redis+sentinel://:password@host1,host2,host3/name/0"


class RedisPlace(Struct, frozen=True):
    """`hosts` are of the server, or of its sentinels if it has a `primary` name to ask them for."""

    hosts: tuple[tuple[str, int], ...]
    username: str = ""
    password: str = ""
    database: int = 0
    is_tls: bool = False
    ca: str = ""
    primary: str = ""
    sentinel_password: str = ""

    def __repr__(self) -> str:
        return f"RedisPlace({self.hosts!r})"

    def context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca or None) if self.is_tls else None


def parse_redis_url(url: str) -> RedisPlace:
    """Raises `ConfigError`. Never quotes the URL, which holds a password."""
    try:
        place = _parse(url)
    except ValueError as error:
        raise ConfigError(f"configuration: redis_url can't be read ({error}); give {_EXAMPLE}") from error
    for host, _ in place.hosts:
        if is_public(host) and not place.password:
            raise ConfigError(
                f"configuration: redis_url names the public address {host} without a password; set requirepass in "
                "Redis and put the password into redis_url, since whoever reaches it could sign people out and read "
                "what they say"
            )
    return place


def is_public(host: str) -> bool:
    """Of a name nobody can tell before it is asked for."""
    try:
        return ip_address(host).is_global
    except ValueError:
        return False


def _parse(url: str) -> RedisPlace:
    scheme, _, rest = url.partition("://")
    if scheme not in _SCHEMES:
        raise ValueError("its scheme is redis, rediss, redis+sentinel or rediss+sentinel")
    is_tls, is_watched = _SCHEMES[scheme]
    rest, _, asked = rest.partition("?")
    authority, _, tail = rest.partition("/")
    # urlsplit reads one host only; sentinels are several.
    credentials, _, hosts = authority.rpartition("@")
    username, _, password = credentials.partition(":")
    path = [part for part in tail.split("/") if part]
    query = {name: values[-1] for name, values in parse_qs(asked, strict_parsing=bool(asked)).items()}
    primary = path.pop(0) if is_watched and path else ""
    if is_watched and not primary:
        raise ValueError("after the sentinels comes /name, as `sentinel monitor` has it")
    if len(path) > 1 or query.keys() - {"ca", "sentinel_password"}:
        raise ValueError("it has parts that mean nothing here")
    return RedisPlace(
        hosts=tuple(_host(text, 26379 if is_watched else 6379) for text in hosts.split(",")),
        username=unquote(username),
        password=unquote(password),
        database=int(path[0]) if path else 0,
        is_tls=is_tls,
        ca=query.get("ca", ""),
        primary=primary,
        sentinel_password=query.get("sentinel_password", ""),
    )


def _host(text: str, port: int) -> tuple[str, int]:
    split = urlsplit(f"//{text}")
    if not split.hostname:
        raise ValueError("a host is missing")
    return split.hostname, split.port or port
