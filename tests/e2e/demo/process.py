"""`chaguan serve --demo` as a process of its own: started, killed, started again on the same data."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tools.servers import children

ROOT = Path(__file__).parents[3]
DEADLINE_S = 40


class DemoProcess:
    """Binds two ports next to each other: its own, and the tea shop's."""

    def __init__(self, folder: Path, certificate: Path | None = None) -> None:
        """`certificate`: a PEM chain with its key, for TLS."""
        self.folder = folder
        self.port = _two_free_ports()
        self._scheme = "https" if certificate else "http"
        self._tls = ("--tls", str(certificate), str(certificate)) if certificate else ()
        self.url = f"{self._scheme}://127.0.0.1:{self.port}"
        self._log = folder / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        asked = (
            "serve",
            "--demo",
            "--port",
            str(self.port),
            "--data-dir",
            str(self.folder / "data"),
            *self._tls,
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        with self._log.open("ab") as log:
            self._process = children.start(
                [sys.executable, "-m", "chaguan.cli", *asked], env=environment, stdout=log, stderr=log
            )
        self._wait_for(f"{self.url}/health")
        self._wait_for(f"{self._scheme}://127.0.0.1:{self.port + 1}/api/products")

    def kill(self) -> None:
        """As a power cut would: no goodbye to anyone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def _wait_for(self, url: str) -> None:
        assert self._process is not None
        until = time.monotonic() + DEADLINE_S
        while time.monotonic() < until:
            assert self._process.poll() is None, self.log
            try:
                if httpx.get(url, timeout=2, verify=False, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise TimeoutError(f"{url} did not answer:\n{self.log}")


def _two_free_ports() -> int:
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise OSError("no two free ports next to each other")
