"""Settings of a deployment: `chaguan.toml`, then the environment. Every field has a working default."""

import os
import tomllib
from ipaddress import ip_network
from pathlib import Path

import msgspec
from msgspec import Struct, field


class ConfigError(Exception):
    """A configuration that can't work; the text is one sentence that says what to change."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What a stranger may send. Sizes in bytes."""

    messages_per_second: int = 40
    """In one conversation."""
    commands_per_second: int = 50
    """From one session, with bursts of twice that."""
    connections_per_address: int = 2_000
    """WebSockets at once from one address. Offices and phone networks share addresses."""
    recall_window_s: int = 120
    """How long a sender may recall a message, in seconds; -1 for ever."""
    group_members: int = 10_000
    """In one group."""
    image: int = 20 * 1024 * 1024
    """Largest picture."""
    voice_ms: int = 60_000
    """Longest voice note, in milliseconds."""
    voice: int = 5 * 1024 * 1024
    """Largest voice note."""
    video: int = 100 * 1024 * 1024
    """Largest video."""
    file: int = 100 * 1024 * 1024
    """Largest file."""


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may start what with whom."""

    customers_write_customers: bool = False
    """Customers may open direct conversations with one another."""
    customers_make_groups: bool = False
    """Customers may make groups."""


class Wechat(Struct, frozen=True, forbid_unknown_fields=True):
    """WeChat's servers. AppIDs and their secrets are kept with the apps, in the console."""

    base_url: str = "https://api.weixin.qq.com"
    """Where they are asked; another address only for tests."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The deployment."""

    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for all of this machine."""
    port: int = 8080
    """Port for HTTP and WebSocket; 0 takes a free one."""
    data_dir: str = "data"
    """The folder of the database, the files and, unless moved, the master key. One process serves one folder."""
    public_url: str = ""
    """How phones reach this deployment, e.g. `https://im.example.com`; needed behind a proxy."""
    name: str = "Chaguan"
    """Shown on the sign-in page and in authenticator apps; the first shop is named so."""
    master_key_file: str = ""
    """Empty: `master.key` in the data directory, made at the first start."""
    demo: bool = False
    """Fill an empty deployment with demo data that anybody may change. Never in production."""
    sandbox: bool = False
    """Mount the stand-in for WeChat's servers and ask it instead of them; `--demo` sets it. Never in production:
    refused together with `tls_certificate`, `trusted_proxies` or an https `public_url`."""
    tls_certificate: str = ""
    """PEM file with the whole chain: serve https and wss. Set together with `tls_key`."""
    tls_key: str = ""
    """PEM file with the certificate's key."""
    trusted_proxies: list[str] = []
    """Addresses or networks whose X-Forwarded-For is believed."""
    allowed_origins: list[str] = []
    """Web origins besides the deployment's own whose pages may call the HTTP API (CORS). The WebSocket needs none: it
    takes no cookies, and a token must be said on it."""
    allow_private_addresses: list[str] = []
    """Hosts on private networks that outbound requests (context URLs) may reach, as `host` or `host:port`."""
    redis_url: str = ""
    """Redis or Valkey through which several processes talk: `redis://:password@host:6379/0`, `rediss://…` for TLS, or
    `redis+sentinel://:password@host1,host2,host3/name/0`. Empty: one process, alone."""
    nodes: int = 1
    """How many processes serve together. While Redis can't be reached each lets through its share of the limits."""
    search: bool = True
    """Index messages for search, encrypted."""
    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(default_factory=Policy)
    wechat: Wechat = field(default_factory=Wechat)

    @property
    def data(self) -> Path:
        return Path(self.data_dir)

    def own_address(self, port: int) -> str:
        """`host:port` at which this process, or one beside it, reaches what listens on `host`."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104  compared, not bound
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


ENVIRONMENT = {
    "HOST": "host",
    "PORT": "port",
    "DATA_DIR": "data_dir",
    "PUBLIC_URL": "public_url",
    "REDIS_URL": "redis_url",
}


def load(path: Path | None = None, **overrides: object) -> Settings:
    """Settings from the file, then the environment, then `overrides`; `ConfigError` says what is wrong."""
    values: dict[str, object] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}; give --config a readable file") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path} is not valid TOML: {error}") from error
    for variable, name in ENVIRONMENT.items():
        if variable in os.environ:
            values[name] = os.environ[variable]
    values.update({name: value for name, value in overrides.items() if value is not None})
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"configuration: {error}") from error
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """What the types can't say."""
    for network in settings.trusted_proxies:
        try:
            ip_network(network, strict=False)
        except ValueError as error:
            raise ConfigError(
                f"configuration: trusted_proxies holds {network!r}; give addresses or networks, e.g. 10.0.0.0/8"
            ) from error
    if bool(settings.tls_certificate) is not bool(settings.tls_key):
        raise ConfigError("configuration: tls_certificate and tls_key are set together or not at all")
    if settings.sandbox and not settings.demo:
        _check_sandbox(settings)


def _check_sandbox(settings: Settings) -> None:
    """Whoever reaches the sandbox signs in as any customer. The demo may be shown to others; its data is nobody's."""
    open_to_strangers = {
        "tls_certificate": settings.tls_certificate,
        "trusted_proxies": settings.trusted_proxies,
        "an https public_url": settings.public_url.lower().startswith("https:"),
    }
    for name, is_set in open_to_strangers.items():
        if is_set:
            raise ConfigError(
                "configuration: sandbox lets anybody sign in as any customer, and "
                f"{name} says that strangers reach this deployment; leave one of them out"
            )
    if settings.wechat != Wechat():
        raise ConfigError(
            "configuration: sandbox stands in for WeChat; leave wechat.base_url out, or sandbox"
        )
