"""One process that serves a deployment: opens the data, answers on one port, stops without losing anything."""

import asyncio
import contextlib
import errno
import logging
import socket
import sqlite3
import ssl
import sys
from pathlib import Path
from typing import Any

import uvloop
from litestar import Litestar
from sqlalchemy.exc import OperationalError

from chaguan import pages
from chaguan.app import Deployment, open_deployment
from chaguan.core.logs import set_up
from chaguan.core.settings import ConfigError, Settings
from chaguan.gateway import http as chat
from chaguan.gateway.server import EdgeServer, listen, raise_descriptor_limit, tame_collector
from chaguan.infra import opening
from chaguan.openapi import conversations, media, reports
from chaguan.openapi.http import create_http
from chaguan.openapi.observing import Observed
from chaguan.platforms.sandbox import SandboxWeChat, wechat_router
from chaguan.probes import Probes

SANDBOX_PATH = "/sandbox/wechat"
logger = logging.getLogger("chaguan")
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)


def run(settings: Settings) -> int:
    """Serve until a signal asks to stop. Problems at start are one sentence each."""
    set_up(settings.log_format, settings.log_level)
    opening.prepare_folder(settings.data)
    lock = opening.lock_folder(settings.data)
    try:
        with contextlib.closing(_listen(settings)) as sock:
            tls = _tls(settings)
            # A commit waits for the writer thread; with the usual 5 ms it would wait for the loop's whole stretch.
            sys.setswitchinterval(0.0005)
            uvloop.run(_serve(settings, sock, tls))
    except (OperationalError, sqlite3.OperationalError) as error:
        reason = error.orig if isinstance(error, OperationalError) else error
        raise ConfigError(
            f"The database can't be used ({reason}); mend that (is its disk full?) and start again."
        ) from error
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise ConfigError(
            f"{error.filename or settings.data} can't be written ({error.strerror}); mend that and start again."
        ) from error
    finally:
        opening.unlock_folder(lock)
    return 0


async def _serve(settings: Settings, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
    port = sock.getsockname()[1]
    stand_in: SandboxWeChat | None = None
    if settings.sandbox:
        settings = with_sandbox(settings, port)
    deployment = await open_deployment(settings, allow=_own_addresses(settings, port))
    first = await deployment.accounts.first_start(settings.name)
    if first is not None:
        print(
            f"\n  First administrator: {first.email}  password: {first.password}\n  (shown only now)\n",
            flush=True,
        )
    await deployment.start()
    extra: dict[str, Any] = {}
    demo = None
    if settings.demo:
        from chaguan.demo import Demo

        demo = Demo(deployment, port)
        extra = await demo.prepare()
        stand_in = demo.sandbox
    elif settings.sandbox:
        stand_in = SandboxWeChat({})
        logger.warning(
            "THE WECHAT SANDBOX IS ON at %s: whoever reaches this port can sign in as any customer. "
            "Leave `sandbox` out of the configuration in production.",
            SANDBOX_PATH,
        )
    probes = Probes(deployment)
    app = observed_app(deployment, probes, stand_in, extra)
    raise_descriptor_limit()
    server = EdgeServer(app, deployment.edge, tls, notice_s=settings.drain_notice_ms / 1000)
    tame_collector()
    await _start_probes(probes, settings)
    announce = asyncio.create_task(_announce(server, settings, port, tls is not None))
    try:
        await server.serve(sockets=[sock])
    finally:
        announce.cancel()
        await probes.stop()
        if demo is not None:
            await demo.stop()
        await deployment.stop()


async def _start_probes(probes: Probes, settings: Settings, socket: str = "") -> None:
    try:
        await probes.start(socket)
    except OSError as error:
        raise ConfigError(
            f"metrics_listen {settings.metrics_listen} can't be opened ({error.strerror}); choose another."
        ) from error


def observed_app(
    deployment: Deployment, probes: Probes, stand_in: SandboxWeChat | None, extra: dict[str, Any]
) -> Observed:
    app = Observed(http_app(deployment, stand_in, extra, probes), deployment.settings.slow_ms / 1000)
    probes.metrics.http = app
    return app


def http_app(
    deployment: Deployment,
    stand_in: SandboxWeChat | None,
    extra: dict[str, Any],
    probes: Probes | None = None,
) -> Litestar:
    demo_appid = extra.get("appid", "")

    handlers: list[Any] = [
        *(probes or Probes(deployment)).handlers(),
        *chat.HANDLERS,
        *media.HANDLERS,
        *conversations.HANDLERS,
        *reports.HANDLERS,
        *pages.pages(
            demo=deployment.settings.demo,
            extra=extra,
            login=None if stand_in is None else lambda phone: stand_in.login(demo_appid, phone),
        ),
    ]
    if stand_in is not None:
        handlers.append(wechat_router(stand_in, deployment.accounts.known_apps.wechat_secret))
    given: dict[str, object] = {
        "verbs": deployment.verbs,
        "polling": deployment.polling,
        "pace": deployment.pace,
        "media": deployment.media,
        "limits": deployment.settings.limits,
        "messaging": deployment.messaging,
        "desk": deployment.desk,
    }
    return create_http(deployment.accounts, deployment.settings, handlers=handlers, dependencies=given)


def with_sandbox(settings: Settings, port: int) -> Settings:
    import msgspec

    url = f"http://{settings.own_address(port)}{SANDBOX_PATH}"
    wechat = msgspec.structs.replace(settings.wechat, base_url=url)
    return msgspec.structs.replace(settings, wechat=wechat)


def _own_addresses(settings: Settings, port: int) -> list[str]:
    """With the sandbox the deployment asks itself, in the demo the merchant's server beside it, too."""
    if not settings.sandbox:
        return []
    merchant = [settings.own_address(port + 1)] if settings.demo else []
    return [settings.own_address(port), *merchant]


def _listen(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except OSError as error:
        raise ConfigError(
            f"Port {settings.port} on {settings.host} can't be opened ({error.strerror}); choose another with PORT=…"
        ) from error


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.tls_certificate:
        return None
    from chaguan.gateway.tls import server_context

    try:
        return server_context(Path(settings.tls_certificate), Path(settings.tls_key))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"The certificate {settings.tls_certificate} or its key can't be used ({error}); "
            "give --tls a PEM chain and its key."
        ) from error


async def _announce(server: EdgeServer, settings: Settings, port: int, is_tls: bool) -> None:
    while not server.started:  # noqa: ASYNC110  uvicorn offers no event for it
        await asyncio.sleep(0.01)
    scheme = "https" if is_tls else "http"
    if settings.host in ("0.0.0.0", "::"):  # noqa: S104  the user's own choice
        address = lan_address()
        url = f"{scheme}://{address}:{port}/"
        print(f"\n  Chaguan 茶馆 serves on {url}\n", flush=True)
        _print_qr(url)
        return
    print(f"\n  Chaguan 茶馆 serves on {scheme}://{settings.host}:{port}/\n", flush=True)


def lan_address() -> str:
    """The address other devices of this network reach; a UDP socket tells it without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _print_qr(url: str) -> None:
    import segno

    segno.make(url, error="m").terminal(compact=True)
