"""`chaguan doctor`: looks at a deployment's configuration and data, and says of each finding what to do."""

import asyncio
import contextlib
import os
import re
import resource
import shutil
import socket
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from msgspec import Struct

from chaguan.core.errors import AppError
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import facts, opening
from chaguan.infra.blob_stores import bucket_of, is_settled
from chaguan.infra.blobs import Blobs
from chaguan.infra.broker import LinkLost, parse_redis_url, probe
from chaguan.infra.broker.place import is_public
from chaguan.infra.sealing import check

LOW_DISK = 1024 * 1024 * 1024
FEW_DESCRIPTORS = 10_000


class Finding(Struct):
    """`level`: `ok`, `warn` or `fault`; `advice` says what to change."""

    level: str
    fact: str
    advice: str = ""

    @property
    def is_fault(self) -> bool:
        return self.level == "fault"

    @property
    def text(self) -> str:
        sign = {"ok": "✓", "warn": "!", "fault": "✗"}[self.level]
        return f"{sign} {self.fact}" + (f"\n    → {self.advice}" if self.advice else "")


def examine(settings: Settings) -> list[Finding]:
    looks: list[Callable[[Settings], Iterator[Finding]]] = [
        _folder,
        _disk,
        _database,
        _postgres,
        _master_key,
        _blobs,
        _redis,
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


def _database(settings: Settings) -> Iterator[Finding]:
    file = settings.data / opening.DATABASE
    if not file.exists() or settings.database_url:
        return
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=2)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        yield Finding("fault", f"The database can't be opened: {error}.", "Restore it from a backup.")
        return
    if found == "ok":
        yield Finding("ok", "The database is intact.")
    else:
        yield Finding(
            "fault", f"The database is damaged: {found}.", "Stop serving and restore it from a backup."
        )


def _postgres(settings: Settings) -> Iterator[Finding]:
    if settings.database_url:
        yield from asyncio.run(_look_at_postgres(settings))


async def _look_at_postgres(settings: Settings) -> list[Finding]:
    from chaguan.infra.database.survey import warnings

    try:
        db = await opening.open_database(settings)
    except ConfigError as error:
        what, _, advice = str(error).partition("; ")
        return [Finding("fault", f"{what}.", advice.capitalize())]
    try:
        root = await db.read(lambda connection: facts.find_early(connection, opening.ROOT))
        found = [Finding("ok", "The database answers and suits."), *map(_warned, await warnings(db))]
        if root is not None:
            ring = opening.read_keyring(settings)
            check(ring, root)
            found.append(Finding("ok", f"The master key {ring.current_id} opens this data."))
    except AppError as error:
        return [Finding("fault", error.detail, "Put back the key file that belongs to this data.")]
    finally:
        await db.close()
    return found


def _warned(warning: str) -> Finding:
    fact, _, advice = warning.partition("; ")
    return Finding("warn", f"{fact}.", advice[:1].upper() + advice[1:])


def _master_key(settings: Settings) -> Iterator[Finding]:
    file = settings.data / opening.DATABASE
    if not file.exists() or settings.database_url:
        return
    try:
        ring = opening.read_keyring(settings)
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=2)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = 'root'").fetchone()
        if row is not None:
            check(ring, bytes(row[0]))
    except AppError as error:
        yield Finding("fault", error.detail, "Put back the key file that belongs to this data.")
        return
    except sqlite3.DatabaseError:
        return  # `_database` has said it
    yield Finding(
        "ok",
        f"The master key {ring.current_id} opens this data.",
        "Keep a copy of it, apart from the backups.",
    )


def _blobs(settings: Settings) -> Iterator[Finding]:
    bucket = bucket_of(settings)
    if bucket is None:
        return
    try:
        asyncio.run(Blobs.in_bucket(bucket).check())
    except AppError as error:
        level = "fault" if is_settled(error) else "warn"
        yield Finding(
            level, f"The bucket {bucket.name}: {error.detail}.", "Look at blobs_url, [s3] and the service."
        )
        return
    yield Finding("ok", f"The bucket {bucket.name} can be written.")
    if bucket.endpoint.startswith("http:") and not re.match(r"http://(127\.|localhost)", bucket.endpoint):
        yield Finding(
            "warn",
            "The bucket is reached without TLS.",
            "Files are sealed, but anybody on the way can drop them.",
        )


def _redis(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        return
    try:
        place = parse_redis_url(settings.redis_url)
        found = asyncio.run(probe(place))
    except ConfigError as error:
        yield Finding("fault", str(error), "Mend redis_url.")
    except LinkLost as error:
        yield Finding("fault", f"Redis can't be reached ({error}).", "Start it, or mend redis_url.")
    else:
        yield Finding("ok", f"Redis answers at {found}.")
        if is_public(found) and not place.password:
            yield Finding(
                "warn", "It is public and has no password.", "Set requirepass, and redis_url with it."
            )


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
