"""`chaguan doctor`: looks at a deployment's configuration and data, and says of each finding what to do."""

import os
import resource
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from chaguan import checkup
from chaguan.checkup import Finding
from chaguan.core.settings import Settings

LOW_DISK = 1024 * 1024 * 1024
FEW_DESCRIPTORS = 10_000


def examine(settings: Settings) -> list[Finding]:
    looks: list[Callable[[Settings], Iterator[Finding]]] = [
        _folder,
        _disk,
        *checkup.LOOKS,
        _port,
        _tls,
        _exposure,
        _descriptors,
    ]
    return [finding for look in looks for finding in look(settings)]


def _folder(settings: Settings) -> Iterator[Finding]:
    path = settings.data
    if not path.exists():
        yield Finding("warn", f"The data folder {path} does not exist yet.", "`chaguan serve` makes it.")
        return
    if not os.access(path, os.W_OK):
        yield Finding(
            "fault", f"The data folder {path} can't be written.", "Give its owner the right to write."
        )
    elif path.stat().st_mode & 0o007:
        yield Finding("warn", f"Everybody on this machine may look into {path}.", f"Run: chmod 700 {path}")
    else:
        yield Finding("ok", f"The data folder {path} is private and writable.")


def _disk(settings: Settings) -> Iterator[Finding]:
    place = settings.data if settings.data.exists() else Path()
    free = shutil.disk_usage(place).free
    if free < LOW_DISK:
        yield Finding(
            "warn",
            f"{free // 1024**2} MiB are free on the data disk.",
            "Free some, or move data_dir; sends stop when it is full.",
        )
    else:
        yield Finding("ok", f"{free // 1024**3} GiB are free on the data disk.")


def _port(settings: Settings) -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            yield Finding(
                "warn",
                f"Port {settings.port} on {settings.host} can't be opened now ({error.strerror}).",
                "Fine if this deployment is serving there; else choose another port.",
            )
            return
    yield Finding("ok", f"Port {settings.port} on {settings.host} is free.")


def _tls(settings: Settings) -> Iterator[Finding]:
    if not settings.tls_certificate:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.tls_certificate, settings.tls_key or None
        )
        certificate = x509.load_pem_x509_certificate(Path(settings.tls_certificate).read_bytes())
    except (OSError, ssl.SSLError, ValueError) as error:
        yield Finding(
            "fault", f"The certificate or its key can't be used: {error}.", "Give a PEM chain and its key."
        )
        return
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    if left < timedelta(0):
        yield Finding("fault", "The certificate has expired.", "Renew it; phones refuse to connect.")
    elif left < timedelta(days=14):
        yield Finding("warn", f"The certificate expires in {left.days} days.", "Renew it now.")
    else:
        yield Finding("ok", f"The certificate is good for {left.days} days.")


def _exposure(settings: Settings) -> Iterator[Finding]:
    is_open = settings.host not in ("127.0.0.1", "::1", "localhost")
    if settings.sandbox or settings.demo:
        level = "fault" if is_open else "warn"
        yield Finding(
            level, "Demo or sandbox is on: anybody can sign in as anybody.", "Leave both out in production."
        )
    if is_open and not settings.tls_certificate and not settings.trusted_proxies:
        yield Finding(
            "warn",
            f"{settings.host} is reachable from outside without TLS.",
            "Mini programs accept only wss: use --tls, or put Caddy in front and name it in trusted_proxies.",
        )
    if not settings.public_url and not settings.demo:
        yield Finding("warn", "public_url is not set.", "Set it to the https address that phones use.")


def _descriptors(_settings: Settings) -> Iterator[Finding]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < FEW_DESCRIPTORS:
        yield Finding(
            "warn", f"This process may hold {hard} connections.", "Raise LimitNOFILE (ulimit -n) to 65536."
        )
    else:
        yield Finding("ok", f"This process may hold about {hard - 256} connections.")
