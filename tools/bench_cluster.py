"""`make bench-cluster`: `chaguan bench` on PostgreSQL and Valkey of its own, which sync to disk and go when it ends."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.servers.postgres import PostgresServer
from tools.servers.valkey import PASSWORD, Valkey

POSTGRES: dict[str, str | int] = {"shared_buffers": "1GB", "max_connections": 400, "max_wal_size": "4GB"}
"""As for a machine of its own; each process of ours holds up to 16 connections."""
STOP_S = 60


@contextlib.contextmanager
def engines(folder: Path) -> Iterator[tuple[str, str]]:
    """The addresses of a PostgreSQL that is durable and of a Valkey, both real."""
    postgres = PostgresServer(folder / "postgres", durable=True, **POSTGRES)
    valkey = Valkey(folder / "valkey", "--requirepass", PASSWORD)
    try:
        postgres.start()
        valkey.start()
        yield postgres.url(), valkey.url
    finally:
        valkey.stop()
        postgres.stop()


def _run(command: list[str]) -> int:
    """To its end; told to stop meanwhile, it is told too, and takes its nodes with it."""
    process = subprocess.Popen(command)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_S)


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="chaguan-bench-engines-"))
    try:
        with engines(folder) as (database_url, redis_url):
            command = [sys.executable, "-m", "chaguan.cli", "bench", *arguments]
            command += ["--database-url", database_url, "--redis-url", redis_url]
            command += [] if "--nodes" in arguments else ["--nodes"]
            return _run(command)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
