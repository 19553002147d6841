"""PostgreSQL and Valkey under measurement: databases of the bench's own on that server, and what both do without us."""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import hiredis

from chaguan.bench.limits import BODY, round_trips_ms
from chaguan.bench.processes import BenchFailed, Process
from chaguan.core.settings import ConfigError
from chaguan.infra.broker.place import RedisPlace, parse_redis_url

T = TypeVar("T")
TOGETHER = 256
_TABLE = "CREATE TABLE raw_limit (id bigserial PRIMARY KEY, body bytea NOT NULL)"
_INSERT = "INSERT INTO raw_limit (body) VALUES ($1)"
_MANY = "INSERT INTO raw_limit (body) SELECT unnest($1::bytea[])"
_CHUNK = 200
_CHUNKS_ON_THE_WAY = 4


class Engines:
    """`database_url` names a server on which its user may make databases; those that are there are left alone."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self._url = database_url
        self.redis_url = redis_url
        try:
            self._place = parse_redis_url(redis_url)
        except ConfigError as error:
            raise BenchFailed(str(error)) from error
        if self._place.primary or self._place.is_tls:
            raise BenchFailed("--redis-url: the bench speaks to one server, without TLS")

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """A new one's address; it is dropped in the end."""
        name = f"chaguan_bench_{secrets.token_hex(4)}"
        self._run(_execute(self._url, f"CREATE DATABASE {name}"))
        try:
            yield urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))
        finally:
            self._run(_execute(self._url, f"DROP DATABASE {name} WITH (FORCE)"))

    def analyze(self, url: str) -> None:
        """What a server that had lived with these rows would know of them."""
        self._run(_execute(url, "VACUUM ANALYZE"))

    def processes(self) -> list[Process]:
        """Those of both engines, if they run on this machine; else none."""
        found = [*self._run(_postgres_pids(self._url)), self._valkey_pid()]
        names = ("postgres", "valkey-server", "redis-server")
        return [Process(pid) for pid in found if pid and _name_of(pid) in names]

    def rows_per_s(self, together: int = TOGETHER, seconds: float = 1.0) -> float:
        """Rows of a message's size by one connection, `together` in a transaction that is synced."""
        with self.database() as url:
            return self._run(_rows_per_s(url, together, seconds))

    def acknowledgement_ms(self) -> tuple[float, float]:
        """Median and 99th percentile of a loopback round trip and, after it, a synced transaction of one row."""
        with self.database() as url:
            commits = self._run(_commits_ms(url, 400))
        both = sorted(echo + commit for echo, commit in zip(round_trips_ms(400), commits, strict=True))
        return both[len(both) // 2], both[int(len(both) * 0.99)]

    def messages_per_s(self, size: int = 400, seconds: float = 1.0) -> float:
        """Through Valkey's publish and subscribe: one who says and one who hears, messages of a relayed push's size."""
        with _valkey(self._place) as says, _valkey(self._place) as hears:
            return _published_per_s(says, hears, size, seconds)

    def valkey_bytes(self) -> int:
        with _valkey(self._place) as connection:
            return int(connection.info("memory")["used_memory"])

    def _valkey_pid(self) -> int:
        with _valkey(self._place) as connection:
            return int(connection.info("server")["process_id"])

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return asyncio.run(work)
        except (OSError, asyncpg.PostgresError) as error:
            raise BenchFailed(f"PostgreSQL: {error}") from error


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _postgres_pids(url: str) -> list[int]:
    connection = await asyncpg.connect(url)
    try:  # looked at while the backend is there to be looked at
        return _family_of(int(await connection.fetchval("SELECT pg_backend_pid()")))
    finally:
        await connection.close()


def _family_of(backend: int) -> list[int]:
    """The postmaster and all that it has started: backends, the writer of the log, the checkpointer …"""
    try:
        parent = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return []  # it runs elsewhere
    return [parent, *map(int, children)]


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


async def _rows_per_s(url: str, together: int, seconds: float) -> float:
    connection = await asyncpg.connect(url, server_settings={"synchronous_commit": "on"})
    try:
        await connection.execute(_TABLE)
        statement = await connection.prepare(_MANY)
        rows, count, begun = [BODY] * together, 0, time.perf_counter()
        while (took := time.perf_counter() - begun) < seconds:
            await statement.fetch(rows)
            count += together
        return count / took
    finally:
        await connection.close()


async def _commits_ms(url: str, turns: int) -> list[float]:
    connection = await asyncpg.connect(url, server_settings={"synchronous_commit": "on"})
    try:
        await connection.execute(_TABLE)
        statement = await connection.prepare(_INSERT)
        took = []
        for _ in range(turns):
            begun = time.perf_counter()
            await statement.fetch(BODY)
            took.append((time.perf_counter() - begun) * 1_000)
        return took
    finally:
        await connection.close()


class _Valkey:
    """A blocking connection, as lean as the limit demands."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._reader = hiredis.Reader(replyError=BenchFailed)

    def ask(self, *command: str | bytes | int) -> Any:
        self.socket.sendall(hiredis.pack_command(command))  # type: ignore[arg-type]  # its stub knows one argument only
        return self.read(1)[0]

    def read(self, count: int) -> list[Any]:
        """So many replies or pushes."""
        found: list[Any] = []
        while True:
            while len(found) < count and (item := self._reader.gets()) is not False:
                if isinstance(item, BenchFailed):
                    raise item
                found.append(item)
            if len(found) == count:
                return found
            data = self.socket.recv(262_144)
            if not data:
                raise BenchFailed("Valkey closed the connection")
            self._reader.feed(data)

    def info(self, section: str) -> dict[str, str]:
        lines = self.ask("INFO", section).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)


@contextlib.contextmanager
def _valkey(place: RedisPlace) -> Iterator[_Valkey]:
    try:
        sock = socket.create_connection(place.hosts[0], 10)
    except OSError as error:
        raise BenchFailed(f"Valkey can't be reached ({error.strerror}); check --redis-url") from error
    with sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Valkey(sock)
        if place.password:
            connection.ask("AUTH", place.username or "default", place.password)
        yield connection


def _published_per_s(says: _Valkey, hears: _Valkey, size: int, seconds: float) -> float:
    channel = f"chaguan:bench:{secrets.token_hex(4)}"
    hears.ask("SUBSCRIBE", channel)
    chunk = hiredis.pack_command(("PUBLISH", channel, b"x" * size)) * _CHUNK  # type: ignore[arg-type]
    for _ in range(_CHUNKS_ON_THE_WAY):
        says.socket.sendall(chunk)
    count, begun = 0, time.perf_counter()
    while (took := time.perf_counter() - begun) < seconds:
        says.read(_CHUNK)
        hears.read(_CHUNK)
        says.socket.sendall(chunk)
        count += _CHUNK
    return count / took
