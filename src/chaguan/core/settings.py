"""Settings of a deployment: `chaguan.toml`, then the environment. Every field has a working default."""

import os
import re
import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?")
_ENDPOINT = re.compile(r"https?://[^/?#@\s]+/?")


MAX_PORT = 65_535


class ConfigError(Exception):
    """A configuration that can't work; the text is one sentence that says what to change."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What a stranger may send. Sizes in bytes."""

    messages_per_second: int = 40
    """In one conversation."""
    commands_per_second: int = 50
    """From one session, with bursts of twice that."""
    connections_per_address: int = 2_000
    """WebSockets at once from one address (in IPv6: from one /64), and as many connections for HTTP. Offices and phone networks share addresses."""
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


class RobotSites(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the vendors of group robots are asked. Addresses of robots that lie elsewhere are refused."""

    wecom: str = "https://qyapi.weixin.qq.com"
    """WeCom 企业微信; another one for a WeCom on servers of your own."""
    feishu: str = "https://open.feishu.cn"
    """Feishu 飞书."""
    lark: str = "https://open.larksuite.com"
    """Feishu outside of China."""
    dingtalk: str = "https://oapi.dingtalk.com"
    """DingTalk 钉钉."""


class S3(Struct, frozen=True, forbid_unknown_fields=True):
    """The S3-compatible service that `blobs_url` names. What lies there is sealed: the service can't read it."""

    endpoint: str = ""
    """Its address, e.g. `https://oss-cn-hangzhou.aliyuncs.com`; empty for AWS, by region."""
    region: str = ""
    """As the service calls it; many take any."""
    access_key_id: str = ""
    """A key that may get, put, list and delete in this bucket, and nothing else."""
    secret_access_key: str = ""
    """And its secret."""
    secret_access_key_file: str = ""
    """Or a file that holds the secret, for secrets that are mounted."""
    virtual_host: bool = False
    """Put the bucket's name before the host, as Alibaba Cloud OSS and Tencent COS demand."""

    @property
    def secret(self) -> str:
        return self.secret_access_key or Path(self.secret_access_key_file).read_text(encoding="utf-8").strip()


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The deployment."""

    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for all of this machine."""
    port: int = 8080
    """Port for HTTP and WebSocket; 0 takes a free one."""
    data_dir: str = "data"
    """The folder of the database, the files and, unless moved, the master key. One process serves one folder."""
    database_url: str = ""
    """PostgreSQL (15 or newer), e.g. `postgresql://user:password@host/name`, several hosts separated by commas. Empty: an
    SQLite file in the data folder."""
    writer_lanes: int = 4
    """How many batches of messages one process writes to PostgreSQL at the same time, at the most."""
    public_url: str = ""
    """How phones reach this deployment, e.g. `https://im.example.com`; needed behind a proxy."""
    name: str = "Chaguan"
    """Shown on the sign-in page and in authenticator apps; the first shop is named so."""
    master_key_file: str = ""
    """Empty: `master.key` in the data directory, made at the first start."""
    blobs_url: str = ""
    """Where pictures, voice and files are kept: empty for the folder `blobs` in the data directory, or
    `s3://bucket/prefix`; then `[s3]` says how to reach it."""
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
    push_contact: str = ""
    """Whom the operators of browsers' push services may write to, e.g. `mailto:it@shop.example`; some refuse to push
    without. Empty: `public_url`."""
    search: bool = True
    """Index messages for search, encrypted."""
    metrics_listen: str = ""
    """`host:port` of a listener of its own for `/metrics` (Prometheus), `/health` and `/ready`, e.g. `127.0.0.1:9464`.
    One that strangers may reach needs `metrics_token` too."""
    metrics_token: str = ""
    """With it `/metrics` is also answered on the main port, to `Authorization: Bearer …`. With neither it is refused."""
    log_format: str = "human"
    """`human`, or `json`: one object a line, with the fields of the event."""
    log_level: str = "info"
    """`debug` (every command, batch and push), `info`, `warning` or `error`."""
    slow_ms: int = 1_000
    """A command or request that takes longer is logged, with its trace id, stage by stage."""
    workers: int = 1
    """Processes that share the port; `serve --workers` sets it. More than one need a database that several processes
    may write, and one more then runs the consumers of the log."""
    consumers: bool = True
    """Whether `serve` runs the consumers of the log (search, the desk); off where `chaguan worker` does."""
    drain_notice_ms: int = 0
    """After a signal to stop, `/ready` says no for so long before the port closes: for load balancers that ask it.
    Those that try the next node when a connection is refused (Caddy, nginx) need none."""
    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(default_factory=Policy)
    wechat: Wechat = field(default_factory=Wechat)
    robots: RobotSites = field(default_factory=RobotSites)
    s3: S3 = field(default_factory=S3)

    @property
    def bucket(self) -> tuple[str, str] | None:
        """Name and prefix of the bucket for blobs; None when they are in the folder."""
        name, _, prefix = self.blobs_url.removeprefix("s3://").partition("/")
        return (name, prefix.strip("/")) if self.blobs_url else None

    @property
    def is_shared(self) -> bool:
        """Whether several processes may write its database. SQLite is one process's."""
        return bool(self.database_url)

    @property
    def data(self) -> Path:
        return Path(self.data_dir)

    def front_port(self, port: int) -> int:
        """Where the rest of the demo reaches this deployment on this machine: `port`, or that of the proxy before it."""
        public = urlsplit(self.public_url)
        return public.port if public.hostname in ("127.0.0.1", "localhost") and public.port else port

    def own_address(self, port: int) -> str:
        """`host:port` at which this process, or one beside it, reaches what listens on `host`."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104  compared, not bound
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


LOG_FORMATS = ("human", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")
# Four names are short since everybody starts with them; a stray variable of another program must not become a setting.
ENVIRONMENT = {
    "HOST": "host",
    "PORT": "port",
    "DATA_DIR": "data_dir",
    "PUBLIC_URL": "public_url",
    "CHAGUAN_METRICS_LISTEN": "metrics_listen",
    "CHAGUAN_METRICS_TOKEN": "metrics_token",
    "CHAGUAN_LOG_FORMAT": "log_format",
    "CHAGUAN_LOG_LEVEL": "log_level",
    "CHAGUAN_BLOBS_URL": "blobs_url",
    "CHAGUAN_S3_ENDPOINT": "s3.endpoint",
    "CHAGUAN_S3_REGION": "s3.region",
    "CHAGUAN_S3_ACCESS_KEY_ID": "s3.access_key_id",
    "CHAGUAN_S3_SECRET_ACCESS_KEY": "s3.secret_access_key",
    "CHAGUAN_DATABASE_URL": "database_url",
    "CHAGUAN_REDIS_URL": "redis_url",
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
            _place(values, name, os.environ[variable])
    values.update({name: value for name, value in overrides.items() if value is not None})
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"configuration: {error}") from error
    _check(settings)
    return settings


def _check_metrics(settings: Settings) -> None:
    if settings.metrics_token and len(settings.metrics_token) < 16:
        raise ConfigError(
            "configuration: metrics_token is too short to be a secret; take 16 characters or more"
        )
    if not settings.metrics_listen:
        return
    try:
        host, _ = host_and_port(settings.metrics_listen)
        address = ip_address(host)
    except ValueError as error:
        raise ConfigError(
            f"configuration: metrics_listen is {settings.metrics_listen!r}; give an address and a port, "
            "e.g. 127.0.0.1:9464"
        ) from error
    if not settings.metrics_token and (address.is_unspecified or not address.is_private):
        raise ConfigError(
            f"configuration: strangers may reach metrics_listen on {host}; "
            "listen on a private address or set metrics_token"
        )


def host_and_port(text: str) -> tuple[str, int]:
    """`127.0.0.1:9464` or `[::1]:9464`."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _place(values: dict[str, object], name: str, value: str) -> None:
    """`s3.region` is `region` of the table `[s3]`."""
    table, _, field_name = name.rpartition(".")
    if not table:
        values[field_name] = value
        return
    inner = values.setdefault(table, {})
    if isinstance(inner, dict):  # else the check of types says what is wrong with it
        inner[field_name] = value


def _check(settings: Settings) -> None:
    """What the types can't say."""
    if not 0 <= settings.port <= MAX_PORT:
        raise ConfigError(
            f"configuration: port is {settings.port}; it goes from 0 (any free one) to {MAX_PORT}"
        )
    for network in settings.trusted_proxies:
        try:
            ip_network(network, strict=False)
        except ValueError as error:
            raise ConfigError(
                f"configuration: trusted_proxies holds {network!r}; give addresses or networks, e.g. 10.0.0.0/8"
            ) from error
    for name, known in (("log_format", LOG_FORMATS), ("log_level", LOG_LEVELS)):
        if getattr(settings, name) not in known:
            raise ConfigError(f"configuration: {name} is one of {', '.join(known)}")
    if settings.workers < 1:
        raise ConfigError("configuration: workers is 1 or more")
    _check_metrics(settings)
    if settings.database_url and not settings.database_url.startswith(("postgresql://", "postgres://")):
        raise ConfigError("configuration: database_url begins with postgresql://, or is empty for SQLite")
    if not 1 <= settings.writer_lanes <= 64:
        raise ConfigError("configuration: writer_lanes is a number from 1 to 64")
    if bool(settings.tls_certificate) is not bool(settings.tls_key):
        raise ConfigError("configuration: tls_certificate and tls_key are set together or not at all")
    _check_push_contact(settings.push_contact)
    if settings.sandbox and not settings.demo:
        _check_sandbox(settings)
    if settings.blobs_url:
        _check_bucket(settings.blobs_url, settings.s3)


def _check_push_contact(contact: str) -> None:
    if contact and not re.fullmatch(r"(mailto:[^@\s]+@[^@\s]+|https://\S+)", contact):
        raise ConfigError(
            f"configuration: push_contact is {contact!r}; give mailto: and an address, or an https address"
        )


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
    if settings.robots != RobotSites():
        raise ConfigError("configuration: sandbox stands in for group robots; leave [robots] out, or sandbox")
    if settings.wechat != Wechat():
        raise ConfigError(
            "configuration: sandbox stands in for WeChat; leave wechat.base_url out, or sandbox"
        )


def _check_bucket(url: str, s3: S3) -> None:
    if not _BUCKET.fullmatch(url):
        raise ConfigError(f"configuration: blobs_url is {url!r}; give s3://bucket or s3://bucket/prefix")
    if not s3.endpoint and not s3.region:
        raise ConfigError("configuration: blobs_url needs [s3] endpoint, or region for AWS")
    if s3.endpoint and not _ENDPOINT.fullmatch(s3.endpoint):
        raise ConfigError(
            f"configuration: [s3] endpoint is {s3.endpoint!r}; give https://host without a path"
        )
    if bool(s3.secret_access_key) is bool(s3.secret_access_key_file):
        raise ConfigError(
            "configuration: [s3] needs secret_access_key or secret_access_key_file, one of them"
        )
    if not s3.access_key_id:
        raise ConfigError("configuration: [s3] needs access_key_id beside the secret")
    try:
        if not s3.secret:
            raise ConfigError(f"configuration: {s3.secret_access_key_file} holds no secret")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration: {s3.secret_access_key_file} can't be read: {error}") from error
