"""`make cluster`: two nodes behind Caddy with a worker, on real PostgreSQL, Valkey and S3, with the demo on them.

Every process's pid is printed: kill any one and go on chatting; it is started again after some seconds. Everything is
on loopback, in a folder that goes when it ends.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.servers import s3
from tools.servers.postgres import PostgresServer
from tools.servers.valkey import PASSWORD, Valkey
from tools.steps import ROOT

AGAIN_S = 3.0
"""How long something stays away after it was killed: long enough to see what goes on without it."""
LOOK_S = 0.2
START_S = 60
SET_DEATH_SIGNAL = 1
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Program:
    """A process of ours, with its log; it never outlives this one."""

    def __init__(self, command: Sequence[str], log: Path, env: dict[str, str] | None = None) -> None:
        self._command = list(command)
        self._log = log
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self._process

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, env=self._env, stdout=out, stderr=out, preexec_fn=_die_with_parent
            )

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)


def _die_with_parent() -> None:
    os.setsid()  # Ctrl-C reaches only the one that ends the others in their order
    ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGTERM)


class Part:
    """One process of the cluster: how it is started, again if need be, and stopped."""

    def __init__(
        self,
        name: str,
        start: Callable[[], object],
        stop: Callable[[], None],
        process: Callable[[], subprocess.Popen[bytes] | None],
    ) -> None:
        self.name = name
        self._start = start
        self._stop = stop
        self._process = process
        self._gone_at = 0.0

    @property
    def pid(self) -> int:
        process = self._process()
        return process.pid if process is not None else 0

    @property
    def is_running(self) -> bool:
        process = self._process()
        return process is not None and process.poll() is None

    def start(self) -> None:
        self._start()
        self._gone_at = 0.0

    def stop(self) -> None:
        self._stop()

    def look(self, now: float) -> str:
        """What there is to say of it now: that it went, that it is back."""
        if self.is_running:
            return ""
        if not self._gone_at:
            self._gone_at = now
            return f"{self.name} (pid {self.pid}) is gone"
        if now - self._gone_at < AGAIN_S:
            return ""
        self._gone_at = now
        try:
            self.start()
        except Exception as error:  # noqa: BLE001  it is tried again, and said
            return f"{self.name} does not start yet: {error}"
        return f"{self.name} is back, pid {self.pid}"


class Cluster:
    """`port`: the one address; the demo's shop takes the next one."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}/"
        self.parts: list[Part] = []
        self._postgres = PostgresServer(folder / "postgres")
        self._valkey = Valkey(folder / "valkey", "--requirepass", PASSWORD)
        self._s3 = s3.S3Server(folder / "s3")
        self._node_ports = s3.free_ports(3)

    def start(self, say: Callable[[str], None] = lambda _: None) -> None:
        """Engines first, then one node, which fills the demo, then the others."""
        self._add_engines()
        for part in self.parts:
            self._begin(part, say)
        self._configure(self._postgres.create_database("chaguan"))
        for number in (1, 2):
            node = self._add_node(number)
            self._begin(node, say)
            self.wait_for(f"http://127.0.0.1:{self._node_ports[number - 1]}/ready")
        worker = self._program("worker", *self._chaguan("worker"))
        self._begin(worker, say)
        self._write_caddyfile()
        caddy = str(Path(sys.executable).parent / "caddy")
        arguments = ("run", "--adapter", "caddyfile", "--config", str(self.folder / "Caddyfile"))
        self._begin(self._program("caddy", caddy, *arguments), say)
        self.wait_for(f"{self.url}health")

    def look(self) -> list[str]:
        """Starts again what was killed; gives what there is to say."""
        now = time.monotonic()
        return [news for part in self.parts if (news := part.look(now))]

    def stop(self) -> None:
        for part in reversed(self.parts):
            with contextlib.suppress(subprocess.TimeoutExpired):
                part.stop()

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    def wait_for(self, url: str) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError), _OPENER.open(url, timeout=5) as answer:
                if answer.status == 200:
                    return
            for part in self.parts:
                if not part.is_running:
                    raise RuntimeError(f"{part.name} ended; see {self.folder / part.name}.log")
            time.sleep(0.1)
        raise TimeoutError(f"{url} did not answer within {START_S} s")

    def _begin(self, part: Part, say: Callable[[str], None]) -> None:
        part.start()
        say(f"  {part.name:<10} pid {part.pid}")

    def _add_engines(self) -> None:
        for name, server, process in (
            ("postgres", self._postgres, lambda: self._postgres.process),
            ("valkey", self._valkey, lambda: self._valkey.process),
            ("s3", self._s3, lambda: self._s3.process),
        ):
            self.parts.append(Part(name, server.start, server.stop, process))

    def _add_node(self, number: int) -> Part:
        port = str(self._node_ports[number - 1])
        return self._program(f"node{number}", *self._chaguan("serve", "--demo", "--port", port))

    def _program(self, name: str, *command: str) -> Part:
        environment = {"PYTHONPATH": str(ROOT / "src"), "HOME": str(self.folder)}
        program = Program(command, self.folder / f"{name}.log", environment)
        self.parts.append(Part(name, program.start, program.stop, lambda: program.process))
        return self.parts[-1]

    def _chaguan(self, *arguments: str) -> list[str]:
        config = ("--config", str(self.folder / "chaguan.toml"), "--data-dir", str(self.folder / "data"))
        return [sys.executable, "-m", "chaguan.cli", *arguments, *config]

    def _configure(self, database_url: str) -> None:
        text = f"""\
database_url = "{database_url}"
redis_url = "{self._valkey.url}"
blobs_url = "s3://{s3.BUCKET}"
public_url = "{self.url.rstrip("/")}"
trusted_proxies = ["127.0.0.1"]
nodes = 2
consumers = false
metrics_token = "{secrets.token_hex(16)}"

[s3]
endpoint = "{self._s3.endpoint}"
region = "{s3.REGION}"
access_key_id = "{s3.ACCESS_KEY}"
secret_access_key = "{s3.SECRET_KEY}"
"""
        file = self.folder / "chaguan.toml"
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")

    def _write_caddyfile(self) -> None:
        nodes = " ".join(f"127.0.0.1:{port}" for port in self._node_ports[:2])
        again = "lb_try_duration 10s\n\t\tlb_try_interval 100ms\n\t\tfail_duration 1s"
        text = f"""\
{{
	admin off
	auto_https off
	persist_config off
	default_bind 127.0.0.1
}}

http://127.0.0.1:{self.port} {{
	# The stand-in for WeChat remembers its codes in one process.
	@wechat path /sandbox/* /demo/wechat-code
	reverse_proxy @wechat {nodes} {{
		lb_policy first
		{again}
	}}
	reverse_proxy {nodes} {{
		lb_policy round_robin
		{again}
	}}
}}
"""
        (self.folder / "Caddyfile").write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=8080, help="the one address (default: 8080)")
    port = parser.parse_args().port
    for each in (port, port + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", each))
            except OSError:
                print(f"Port {each} is taken; choose another with PORT=…", file=sys.stderr)
                return 1
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: asked.append(number))
    folder = Path(tempfile.mkdtemp(prefix="chaguan-cluster-"))
    cluster = Cluster(folder, port)
    try:
        cluster.start(lambda line: print(line, flush=True))
        print(f"\n  Chaguan 茶馆 serves on {cluster.url}\n", flush=True)
        print(f"  Kill any of these and go on chatting. Logs: {folder}. Ctrl-C ends all.\n", flush=True)
        while not asked:
            for news in cluster.look():
                print(f"  {news}", flush=True)
            time.sleep(LOOK_S)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
