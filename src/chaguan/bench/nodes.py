"""Several `chaguan serve` and a `chaguan worker` on one PostgreSQL and one Valkey."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chaguan.bench.processes import (
    START_S,
    BenchFailed,
    Process,
    end_process,
    free_port,
    ours,
    raised_limits,
    server_environment,
)

STOP_S = 45
_READY = b"serves on"


class Node:
    """A process, or a supervisor with its workers, that can be stopped and started again on its port."""

    def __init__(self, folder: Path, name: str, *arguments: str, port: int = 0) -> None:
        self.name = name
        self.port = port
        self._folder = folder
        self._log = folder / f"{name}.log"
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._is_told = False

    @property
    def process(self) -> Process:
        """The one that was started."""
        assert self._process is not None, "not started"
        return Process(self._process.pid)

    @property
    def processes(self) -> list[Process]:
        """With those that it has started itself."""
        return [self.process, *self.process.children()]

    def start(self) -> None:
        """Returns at once; `wait` waits for it."""
        self._is_told = False
        command = [sys.executable, "-m", "chaguan.cli", *self._arguments]
        command += ["--config", str(self._folder / "chaguan.toml")]
        command += ["--port", str(self.port)] if self.port else []
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=server_environment(), preexec_fn=ours()
            )

    def wait(self) -> None:
        """Until it says that it serves; of one without a port nobody hears that."""
        deadline = time.monotonic() + START_S
        while self.port and _READY not in self._log.read_bytes():
            if self._process is None or self._process.poll() is not None:
                raise BenchFailed(f"{self.name} ended: {self._log.read_text()[-500:]}")
            if time.monotonic() > deadline:
                raise BenchFailed(f"{self.name} did not start: {self._log.read_text()[-500:]}")
            time.sleep(0.02)

    def stop(self) -> float:
        """As a rolling restart does; the seconds that it took."""
        begun = time.perf_counter()
        self.terminate()
        if self._process is not None:
            end_process(self._process, STOP_S)
        return time.perf_counter() - begun

    def restart(self) -> None:
        """On the same port. Returns when it serves."""
        self.stop()
        self.start()
        self.wait()

    def terminate(self) -> None:
        """Tell it to stop, once: a second signal would end it at once."""
        if self._process is not None and not self._is_told:
            self._is_told = True
            self._process.terminate()

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


class Place:
    """Where a deployment's nodes are configured: one folder, one database, one Valkey."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.redis_url = redis_url

    def configure(self, nodes: int, *, consumers: bool) -> None:
        file = self.folder / "chaguan.toml"
        file.touch(mode=0o600)
        file.write_text(
            f'data_dir = "{self.folder / "data"}"\n'
            f'database_url = "{self.database_url}"\nredis_url = "{self.redis_url}"\n'
            f"nodes = {nodes}\nconsumers = {str(consumers).lower()}\n"
            f'trusted_proxies = ["127.0.0.1"]\n\n{raised_limits()}'
        )

    @contextlib.contextmanager
    def nodes(self, count: int) -> Iterator[list[Node]]:
        """So many nodes, and one worker for the consumers of the log, which comes last."""
        self.configure(count, consumers=False)
        names = [f"node-{nth + 1}" for nth in range(count)]
        made = [Node(self.folder, name, "serve", port=free_port()) for name in names]
        with _running([*made, Node(self.folder, "worker", "worker")]) as running:
            yield running

    @contextlib.contextmanager
    def workers(self, count: int) -> Iterator[Node]:
        """One node of several processes behind one port, and one more for the consumers."""
        self.configure(count, consumers=True)
        node = Node(self.folder, "serve", "serve", "--workers", str(count), port=free_port())
        with _running([node]):
            yield node


@contextlib.contextmanager
def _running(nodes: Sequence[Node]) -> Iterator[list[Node]]:
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait()
        yield list(nodes)
    finally:
        for node in nodes:
            node.terminate()
        for node in nodes:
            node.stop()
