"""One process that serves a deployment: opens the data, answers on one port, stops without losing anything."""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sqlite3
import ssl
import sys
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from litestar import Litestar, Router
from sqlalchemy.exc import OperationalError

from chaguan import pages
from chaguan.accounts import FirstAdministrator
from chaguan.app import Deployment, open_deployment
from chaguan.core.logs import set_up
from chaguan.core.settings import ConfigError, Settings
from chaguan.gateway import http as chat
from chaguan.gateway.server import EdgeServer, end_now, listen, raise_descriptor_limit, tame_collector
from chaguan.infra import opening
from chaguan.infra.together import refuse_many, refuse_unworkable
from chaguan.metrics.siblings import socket_of, whole_node
from chaguan.openapi import automation, canned, conversations, media, objects, platforms, reports, statistics
from chaguan.openapi import desk as desk_api
from chaguan.openapi import notify as notify_api
from chaguan.openapi.http import create_http
from chaguan.openapi.observing import Observed
from chaguan.platforms.sandbox import (
    Address,
    Mode,
    Pusher,
    SandboxWeChat,
    push_router,
    robots_router,
    sites,
    wechat_router,
)
from chaguan.probes import Probes
from chaguan.supervisor import CONSUMERS, Doors, Job, Supervisor, follow_supervisor

SANDBOX_PATH = "/sandbox/wechat"
logger = logging.getLogger("chaguan")
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)


def run(settings: Settings) -> int:
    """Serve until a signal asks to stop. Problems at start are one sentence each."""
    set_up(settings.log_format, settings.log_level)
    refuse_unworkable(settings)
    if settings.workers > 1 and settings.sandbox:
        raise ConfigError(
            "The demo's stand-in for WeChat lives in one process; leave --workers out, or --demo. "
            "`make cluster` shows the demo on several nodes."
        )
    try:
        with opening.locked(settings):
            return run_many(settings) if settings.workers > 1 else run_alone(settings)
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


def run_alone(settings: Settings) -> int:
    with contextlib.closing(_listen(settings)) as sock:
        tls = _tls(settings)
        # A commit waits for the writer thread; with the usual 5 ms it would wait for the loop's whole stretch.
        sys.setswitchinterval(0.0005)
        uvloop.run(_serve(settings, sock, tls))
    return 0


def run_many(settings: Settings) -> int:
    """Several processes behind one port. The data is opened once before, so that they find it migrated."""
    uvloop.run(_prepare(settings))
    slots = [str(nth) for nth in range(settings.workers)] + [CONSUMERS] * settings.consumers
    doors = Doors(settings.host, settings.port)

    async def supervise() -> int:
        doors.open(slots[0])
        say = partial(_say_where, settings, doors.port, bool(settings.tls_certificate))
        return await Supervisor(settings, slots, doors).run(say)

    try:
        return asyncio.run(supervise())
    except OSError as error:
        raise _busy(settings, error) from error


async def _prepare(settings: Settings) -> None:
    deployment = await open_deployment(settings)
    _show_first(await deployment.accounts.first_start(settings.name))
    await deployment.http.close()
    await deployment.db.close()


def run_job(job: Job) -> int:
    """A process of a node, as its supervisor wants it."""
    set_up(job.settings.log_format, job.settings.log_level)
    sys.setswitchinterval(0.0005)
    if job.slot == CONSUMERS:
        uvloop.run(_consume(job.settings, job))
        return 0
    with socket.socket(fileno=job.descriptor) as sock:
        uvloop.run(_serve(job.settings, sock, _tls(job.settings), job))
    return 0


def run_consumers(settings: Settings) -> int:
    """`chaguan worker`: the consumers of the log, without a port of their own."""
    set_up(settings.log_format, settings.log_level)
    refuse_many(settings, "chaguan worker")
    with opening.locked(settings):
        uvloop.run(_consume(settings, None))
    return 0


async def _consume(settings: Settings, job: Job | None) -> None:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    deployment = await open_deployment(settings)
    await deployment.start()
    probes = Probes(deployment)
    await _start_probes(probes, settings, job)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: end_now("a second signal") if asked.is_set() else asked.set())
    if job is not None:
        follow_supervisor(loop)
    try:
        await asked.wait()
        deployment.edge.is_leaving = True
    finally:
        await probes.stop()
        await deployment.stop()


async def _serve(
    settings: Settings, sock: socket.socket, tls: ssl.SSLContext | None, job: Job | None = None
) -> None:
    port = sock.getsockname()[1]
    stand_in: SandboxWeChat | None = None
    front = settings.front_port(port)
    inside = None
    if settings.demo:
        from chaguan.demo import Demo, Inside

        inside = Inside(settings, front, tls)
        settings = with_shop_site(settings, f"{inside.scheme}://{_seen_at(settings, front + 1)}")
    own = inside.chaguan if inside else settings.own_address(front)
    if settings.sandbox:
        settings = with_sandbox(settings, own)
    allow = (
        [own] if settings.sandbox else []
    )  # it asks itself, and in the demo the merchant's server beside it
    deployment = await open_deployment(settings, allow=[*allow, *([inside.shop] if inside else [])])
    first = await deployment.accounts.first_start(settings.name)
    _show_first(first)
    await deployment.start(consumers=settings.consumers and job is None)
    extra: dict[str, Any] = {}
    demo = None
    if inside is not None:
        demo = Demo(deployment, front, _seen_at(settings, front), _seen_at(settings, front + 1), inside)
        extra = await demo.prepare()
        stand_in = demo.sandbox
    elif settings.sandbox:
        stand_in = SandboxWeChat({})
        logger.warning(
            "THE WECHAT SANDBOX IS ON at %s: whoever reaches this port can sign in as any customer. "
            "Leave `sandbox` out of the configuration in production.",
            SANDBOX_PATH,
        )
    folder = Path(job.folder) if job else None
    probes = Probes(deployment, partial(whole_node, folder) if folder else None)
    app = observed_app(deployment, probes, stand_in, extra)
    raise_descriptor_limit()
    server = EdgeServer(app, deployment.edge, tls, notice_s=settings.drain_notice_ms / 1000)
    tame_collector()
    await _start_probes(probes, settings, job)
    if job is not None:
        follow_supervisor(asyncio.get_running_loop())
    announce = asyncio.create_task(_announce(server, settings, port, tls is not None, job))
    try:
        await server.serve(sockets=[sock])
    finally:
        announce.cancel()
        await probes.stop()
        if demo is not None:
            await demo.stop()
        await deployment.stop()


async def _start_probes(probes: Probes, settings: Settings, job: Job | None) -> None:
    own = socket_of(Path(job.folder), job.slot) if job else None
    if own is not None:
        own.unlink(missing_ok=True)
    try:
        await probes.start(str(own or ""))
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
        *statistics.HANDLERS,
        *platforms.HANDLERS,
        *desk_api.HANDLERS,
        *canned.HANDLERS,
        *notify_api.HANDLERS,
        *automation.HANDLERS,
        *objects.HANDLERS,
        *pages.pages(
            demo=deployment.settings.demo,
            extra=extra,
            login=None if stand_in is None else lambda phone: stand_in.login(demo_appid, phone),
        ),
    ]
    if stand_in is not None:
        handlers += [_sandbox(deployment, stand_in), robots_router(), push_router()]
    given: dict[str, object] = {
        "verbs": deployment.verbs,
        "polling": deployment.polling,
        "pace": deployment.pace,
        "media": deployment.media,
        "limits": deployment.settings.limits,
        "messaging": deployment.messaging,
        "desk": deployment.desk,
        "canned": deployment.canned,
        "contact": deployment.contact,
        "notify": deployment.notify,
        "commerce": deployment.commerce,
    }
    return create_http(deployment.accounts, deployment.settings, handlers=handlers, dependencies=given)


def _sandbox(deployment: Deployment, stand_in: SandboxWeChat) -> Router:
    """With the deployment's own apps: as whom they sign in, and where their pushes go, which is here."""
    known = deployment.accounts.known_apps
    here = deployment.settings.wechat.base_url.removesuffix(SANDBOX_PATH)

    async def find_address(appid: str) -> Address | None:
        found = await known.wechat_push(appid)
        if found is None:
            return None
        app_id, keys = found
        mode = Mode.safe if keys.aes_key else Mode.plain
        return Address(f"{here}/v1/platforms/wechat/{app_id}/push", keys, mode)

    deployment.pusher = Pusher(deployment.http)
    return wechat_router(stand_in, deployment.pusher, known.wechat_secret, find_address)


def with_sandbox(settings: Settings, address: str) -> Settings:
    import msgspec

    base = f"http://{address}/sandbox"
    wechat = msgspec.structs.replace(settings.wechat, base_url=f"http://{address}{SANDBOX_PATH}")
    return msgspec.structs.replace(settings, wechat=wechat, robots=sites(f"{base}/robots"))


def with_shop_site(settings: Settings, origin: str) -> Settings:
    """The merchant's web site, on a port of its own, uploads what its visitors send."""
    import msgspec

    return msgspec.structs.replace(settings, allowed_origins=[*settings.allowed_origins, origin])


def _listen(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except OSError as error:
        raise _busy(settings, error) from error


def _busy(settings: Settings, error: OSError) -> ConfigError:
    return ConfigError(
        f"Port {settings.port} on {settings.host} can't be opened ({error.strerror}); choose another with PORT=…"
    )


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


def _show_first(first: FirstAdministrator | None) -> None:
    if first is not None:
        print(
            f"\n  First administrator: {first.email}  password: {first.password}\n  (shown only now)\n",
            flush=True,
        )


async def _announce(server: EdgeServer, settings: Settings, port: int, is_tls: bool, job: Job | None) -> None:
    while not server.started:  # noqa: ASYNC110  uvicorn offers no event for it
        await asyncio.sleep(0.01)
    if job is None:
        _say_where(settings, port, is_tls)


def _say_where(settings: Settings, port: int, is_tls: bool) -> None:
    scheme = "https" if is_tls else "http"
    if settings.host in ("0.0.0.0", "::"):  # noqa: S104  the user's own choice
        address = lan_address()
        url = f"{scheme}://{address}:{port}/"
        print(f"\n  Chaguan 茶馆 serves on {url}\n", flush=True)
        _print_qr(url)
        return
    print(f"\n  Chaguan 茶馆 serves on {scheme}://{settings.host}:{port}/\n", flush=True)


def _seen_at(settings: Settings, port: int) -> str:
    """`host:port` for browsers, which may be on other devices of this network."""
    if settings.host in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        return f"{lan_address()}:{port}"
    return settings.own_address(port)


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
