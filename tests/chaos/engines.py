"""The engines below the nodes, each as its operator would run it, and what can happen to them.

Everything here waits for programs: it runs in a thread of the scene's own.
"""

import contextlib
import random
import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import valkey

from tests.chaos.faults import NotMended
from tools.servers.postgres import PostgresFailed, PostgresServer, run
from tools.servers.valkey import NAME, PASSWORD, Valkey

STANDBY = "standby"
SETTINGS: dict[str, Any] = {
    "synchronous_standby_names": STANDBY,
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
}
SENTINELS = 3
SETTLED_S = 60
FENCED_S = 2
MIB = 1 << 20


class Primary:
    """PostgreSQL: a primary that answers no commit before its synchronous standby has it. Whichever serves at the
    moment is `server`; what was fenced never comes back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._servers = 0
        self.server = PostgresServer(self._next(), **SETTINGS)
        self._standby: PostgresServer | None = None

    def _next(self) -> Path:
        self._servers += 1
        return self.folder / f"postgres-{self._servers}"

    def start(self) -> None:
        self.server.start()
        self.follow()
        self.server.create_database("chaguan")

    def follow(self) -> None:
        """A new standby; until it is there no commit is answered."""
        self._standby = PostgresServer.standby_of(self.server, self._next(), name=STANDBY, **SETTINGS).start()

    def fail_over(self, lead_away: Callable[[], object]) -> None:
        """Its first commits wait until somebody follows the new one."""
        old = self.server
        old.kill()
        self._promote()
        lead_away()
        self.follow()
        shutil.rmtree(old.folder, ignore_errors=True)

    def _promote(self) -> None:
        assert self._standby is not None
        self._standby.promote()
        self.server = self._standby

    def take_over(self, lead_away: Callable[[], object]) -> None:
        """The standby is promoted while the old primary lives on unseen. `lead_away` is the fence: nothing reaches
        the old one any more. And were it reached, it would answer no commit, because nobody follows it."""
        old = self.server
        old.pause()
        self._promote()
        lead_away()
        try:
            old.resume()
            self._try_to_write(old)
        finally:
            old.kill()
        self.follow()
        shutil.rmtree(old.folder, ignore_errors=True)

    def _try_to_write(self, old: PostgresServer) -> None:
        """The commit waits as long as anybody listens. (A cancelled one would be answered: psql is killed.)"""
        statement = ("-X", "-q", "-c", "CREATE TABLE written_behind_the_fence ()", old.url("chaguan"))
        with contextlib.suppress(PostgresFailed, subprocess.TimeoutExpired):
            run("psql", *statement, as_is=True, seconds=FENCED_S)
            raise NotMended("the old primary answered a commit after another one had been promoted")

    def is_full(self, rng: random.Random) -> None:
        """No file grows beyond some size, for a while. A small one stops the log of the database itself, which takes
        the whole server down; a larger one only the tables that have grown so far."""
        self._limit(rng.choice((4 * MIB, 24 * MIB)))
        time.sleep(rng.uniform(0.5, 2))
        self._limit(None)
        until = time.monotonic() + 3
        while self.server.is_running and time.monotonic() < until:
            time.sleep(0.05)  # it may be on its way down
        if not self.server.is_running:
            self.server.start()

    def _limit(self, size: int | None) -> None:
        for pid in _family(self.server.pid):
            with contextlib.suppress(ProcessLookupError):
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def stop(self) -> None:
        for server in (self._standby, self.server):
            if server is not None:
                server.stop(at_once=True)


def _family(pid: int) -> list[int]:
    """A process before its children: what is forked meanwhile has the new limit already."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    with contextlib.suppress(FileNotFoundError):
        return [pid, *map(int, children.read_text().split())]
    return []


class Redis:
    """Two Valkeys, one of which follows the other, and three sentinels. `doors`: the ports at which each server is
    reached by everybody, the other and the sentinels too."""

    def __init__(self, folder: Path, ports: list[int], doors: list[int]) -> None:
        self._doors = doors
        common = ("--requirepass", PASSWORD, "--primaryauth", PASSWORD, "--repl-diskless-sync-delay", "0")
        self.servers = [
            Valkey(
                folder / f"valkey-{number}",
                *common,
                *("--replica-announce-ip", "127.0.0.1", "--replica-announce-port", str(door)),
                port=port,
            )
            for number, (port, door) in enumerate(zip(ports, doors, strict=True))
        ]
        self._sentinels = [self._sentinel(folder, number) for number in range(SENTINELS)]
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self._sentinels)
        self.url = f"redis+sentinel://:{PASSWORD}@{hosts}/{NAME}/0"

    def _sentinel(self, folder: Path, number: int) -> Valkey:
        lines = [
            f"sentinel monitor {NAME} 127.0.0.1 {self._doors[0]} 2",
            f"sentinel auth-pass {NAME} {PASSWORD}",
            f"sentinel down-after-milliseconds {NAME} 1000",
            f"sentinel failover-timeout {NAME} 3000",
            "",
        ]
        return Valkey(folder / f"sentinel-{number}", "--sentinel", conf="\n".join(lines))

    def start(self) -> None:
        for server in self.servers:
            server.start()
        self._tell(self.servers[1], "REPLICAOF", "127.0.0.1", str(self._doors[0]))
        for sentinel in self._sentinels:
            sentinel.start()
        self.settle()

    @property
    def primary(self) -> int:
        """Which of the two, as the sentinels see it."""
        _, port = self._tell(self._sentinels[0], "SENTINEL", "GET-PRIMARY-ADDR-BY-NAME", NAME)
        return self._doors.index(int(port))

    def settle(self) -> None:
        """Until one follows the other and the sentinels know it: before that nobody could take over."""
        until = time.monotonic() + SETTLED_S
        while not self._is_settled():
            if time.monotonic() > until:
                raise NotMended("no Valkey follows the other")
            time.sleep(0.1)

    def _is_settled(self) -> bool:
        try:
            other = self.servers[1 - self.primary]
            role = self._tell(other, "ROLE")
            known = [self._known(sentinel) for sentinel in self._sentinels]
        except (valkey.ValkeyError, OSError):
            return False
        return bool(role[0] == b"slave" and role[3] == b"connected") and all(known)

    def _known(self, sentinel: Valkey) -> bool:
        (fields,) = self._tell(sentinel, "SENTINEL", "PRIMARIES")
        known = dict(zip(fields[::2], fields[1::2], strict=True))
        return bool(known[b"num-other-sentinels"] == b"2" and known[b"num-slaves"] == b"1")

    def _tell(self, server: Valkey, *command: str) -> Any:
        password = PASSWORD if server in self.servers else None
        client: Any = valkey.Valkey(port=server.port, password=password, socket_timeout=1)  # it has no types
        try:
            # What it makes of an answer depends on the command; as it came is simpler here.
            client.response_callbacks.clear()
            return client.execute_command(*command)
        finally:
            client.close()

    def stop(self) -> None:
        for server in (*self._sentinels, *self.servers):
            server.kill()
