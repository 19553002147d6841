"""What surrounds a process on PostgreSQL: others on its database, clocks, standbys, poolers. Refused at start or warned
of, and found by the doctor beforehand."""

import asyncio
import contextlib
import logging
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chaguan import doctor
from chaguan.app import Deployment, open_deployment
from chaguan.core import clock
from chaguan.core.settings import ConfigError, Settings
from chaguan.health import Health
from chaguan.infra import claims, standing
from chaguan.infra.database import survey
from tests.e2e.deployed import free_port
from tests.e2e.process import Served
from tests.edge_server import until
from tools.servers.postgres import PostgresServer
from tools.servers.valkey import Single


@pytest.fixture
def url(postgres):
    yield postgres.create_database("standing", "migrated")
    postgres.drop_database("standing")


@pytest.fixture(autouse=True)
def in_haste(monkeypatch):
    monkeypatch.setattr(claims, "EVERY_S", 0.05)
    monkeypatch.setattr(claims, "PATIENCE_S", 0.3)
    monkeypatch.setattr(claims, "LOOKS", 1_000)  # Redis is asked no faster than elsewhere


@contextlib.asynccontextmanager
async def serving(folder: Path, url: str, redis_url: str = "") -> AsyncIterator[Deployment]:
    """A process of the deployment; all of them on one folder, as on one machine."""
    settings = Settings(data_dir=str(folder), database_url=url, redis_url=redis_url)
    deployment = await open_deployment(settings)
    try:
        await deployment.start()
    except BaseException:
        await deployment.http.close()
        await deployment.db.close()
        raise
    try:
        yield deployment
    finally:
        await deployment.stop()


async def told(folder: Path, url: str, level: str, **more: str) -> list[str]:
    settings = Settings(data_dir=str(folder), database_url=url, port=free_port(), **more)
    found = await asyncio.to_thread(doctor.examine, settings)
    return [finding.text for finding in found if finding.level == level]


# Who else serves


async def test_a_second_process_without_redis_is_refused_until_the_first_has_gone(tmp_path, url) -> None:
    async with serving(tmp_path, url):
        with pytest.raises(ConfigError, match="give every process the same redis_url, or stop the other one"):
            async with serving(tmp_path, url):
                pass
        (warning,) = [text for text in await told(tmp_path, url, "warn") if "redis_url" in text]
        assert "Another process serves the database" in warning and "unless it is this one" in warning
    async with serving(tmp_path, url):
        pass
    assert not [text for text in await told(tmp_path, url, "warn") if "redis_url" in text]


async def test_processes_that_meet_at_redis_and_one_that_does_not_are_kept_apart(tmp_path, url) -> None:
    with Single() as valkey:
        async with serving(tmp_path, url, valkey.url), serving(tmp_path, url, valkey.url) as second:
            with pytest.raises(ConfigError, match="this one has no redis_url"):
                async with serving(tmp_path, url):
                    pass
            assert second.standing is not None and second.standing.reasons == []
            assert not [
                t for t in await told(tmp_path, url, "warn", redis_url=valkey.url) if "serves the" in t
            ]
        async with serving(tmp_path, url):
            with pytest.raises(ConfigError, match="A process without redis_url serves"):
                async with serving(tmp_path, url, valkey.url):
                    pass
            (warning,) = [
                t for t in await told(tmp_path, url, "warn", redis_url=valkey.url) if "serves the" in t
            ]
            assert "A process without redis_url" in warning


async def test_a_process_whose_session_the_server_ended_takes_its_claim_again(
    tmp_path, url, postgres, monkeypatch
):
    sessions = "FROM pg_stat_activity WHERE application_name LIKE 'chaguan claim%'"
    async with serving(tmp_path, url) as here:
        before = await asyncio.to_thread(postgres.psql, f"SELECT pid {sessions}")
        await asyncio.to_thread(postgres.psql, f"SELECT pg_terminate_backend(pid) {sessions}")

        async def is_back() -> bool:
            now = await asyncio.to_thread(postgres.psql, f"SELECT pid {sessions}")
            return now not in ("", before)

        async with asyncio.timeout(10):
            while not await is_back():
                await asyncio.sleep(0.02)
        with pytest.raises(ConfigError, match="Another process serves"):
            async with serving(tmp_path, url):
                pass
        assert here.standing is not None and here.standing.reasons == []


async def test_processes_at_two_redises_are_told_of_in_health(tmp_path, url, monkeypatch) -> None:
    monkeypatch.setattr(claims, "LOOKS", 3)
    with Single() as one, Single() as other:
        async with serving(tmp_path, url, one.url) as here, serving(tmp_path, url, other.url):
            assert here.standing is not None
            await until(lambda: here.standing.reasons, 10)
            (reason,) = here.standing.reasons
            assert "2 processes serve" in reason and "1 of them" in reason and "same redis_url" in reason
            report = await Health(here).report()
            assert report.status == "degraded" and reason in report.reasons


async def test_a_process_that_was_killed_holds_nobody_up(tmp_path, postgres) -> None:
    url = postgres.create_database("killed")
    config = tmp_path / "chaguan.toml"
    config.write_text(f'database_url = "{url}"\n')
    served = Served(tmp_path / "data", "--config", str(config))
    try:
        await served.start()
        with pytest.raises(ConfigError, match="Another process serves"):
            async with serving(tmp_path / "data", url):
                pass
        served.kill()
        async with serving(tmp_path / "data", url):
            pass
    finally:
        served.kill()
        postgres.drop_database("killed")


# Clocks


async def test_a_clock_far_off_is_refused_and_one_a_little_off_is_warned_of(
    tmp_path, url, monkeypatch
) -> None:
    async with serving(tmp_path, url):
        assert not [text for text in await told(tmp_path, url, "warn") if "clock" in text]
    real = clock.now_ms
    monkeypatch.setattr(clock, "now_ms", lambda: real() - 90_000)
    with pytest.raises(
        ConfigError, match=r"clock is (89|90) s behind that of the database .*; have both follow"
    ):
        async with serving(tmp_path, url):
            pass
    (fault,) = [text for text in await told(tmp_path, url, "fault") if "clock" in text]
    assert "→ Have both follow a time server" in fault
    monkeypatch.setattr(clock, "now_ms", lambda: real() + 20_000)
    async with serving(tmp_path, url) as here:
        assert "ahead of" in (await Health(here).report()).reasons[0]
        assert [text for text in await told(tmp_path, url, "warn") if "ahead of" in text]
        monkeypatch.setattr(clock, "now_ms", real)
        monkeypatch.setattr(standing, "LOOK_S", 0.01)
        assert here.standing is not None
        await here.standing._look_at_clock()
        assert (await Health(here).report()).status == "ok"


# Standbys


def warned(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.message for record in caplog.records if record.levelno == logging.WARNING)


async def test_a_standby_that_nobody_waits_for_is_warned_of_most_where_it_takes_over_by_itself(
    tmp_path, caplog
) -> None:
    primary = PostgresServer(tmp_path / "primary", durable=True).start()
    standby = PostgresServer.standby_of(primary, tmp_path / "standby")
    url = primary.create_database("chat")
    several = url.replace(f":{primary.port}/", f":{primary.port},127.0.0.1:{standby.port}/")
    several += "?target_session_attrs=read-write"
    try:
        async with serving(tmp_path / "data", url):
            assert warned(caplog) == ""
        assert not [text for text in await told(tmp_path / "data", several, "warn") if "standby" in text]
        standby.start()
        async with asyncio.timeout(20):
            while not primary.psql("SELECT 1 FROM pg_stat_replication"):
                await asyncio.sleep(0.05)
        async with serving(tmp_path / "data", several):
            assert "names several servers and a standby follows without being waited for" in warned(caplog)
        (automatic,) = [text for text in await told(tmp_path / "data", several, "warn") if "standby" in text]
        assert "lacks the last messages" in automatic and "synchronous_standby_names" in automatic
        (by_hand,) = [text for text in await told(tmp_path / "data", url, "warn") if "standby" in text]
        assert "before anything promotes it" in by_hand

        primary.psql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        primary.psql("SELECT pg_reload_conf()")
        assert not [text for text in await told(tmp_path / "data", several, "warn") if "standby" in text]
        standby.stop()
        async with asyncio.timeout(20):
            while primary.psql("SELECT 1 FROM pg_stat_replication"):
                await asyncio.sleep(0.05)
        (alone,) = [text for text in await told(tmp_path / "data", several, "warn") if "standby" in text]
        assert "no message can be sent" in alone and "Start the standby" in alone
    finally:
        for server in (standby, primary):
            server.stop(at_once=True)


async def test_a_server_that_forgets_in_a_power_cut_is_warned_of(tmp_path, url, caplog) -> None:
    """The tests' own server is one."""
    async with serving(tmp_path, url):
        assert "without fsync" in warned(caplog)
    assert [text for text in await told(tmp_path, url, "warn") if "fsync" in text and "power cut" in text]


# What is no PostgreSQL to rely on


async def test_a_postgresql_too_old_is_refused(tmp_path, url, monkeypatch) -> None:
    monkeypatch.setattr(survey, "OLDEST", 99)
    with pytest.raises(ConfigError, match="Chaguan needs 99 or newer"):
        async with serving(tmp_path, url):
            pass
    assert [text for text in await told(tmp_path, url, "fault") if "needs 99 or newer" in text]


class Pooler:
    """Passes on what comes, but for what a connection wants set: as PgBouncer, which refuses that or, told to
    `ignore_startup_parameters`, forgets it."""

    def __init__(self, port: int, *, refuses: bool) -> None:
        self._behind = port
        self._refuses = refuses

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            first = await self._startup(reader, writer)
            named = dict(zip(*[iter(first[8:].rstrip(b"\0").split(b"\0"))] * 2, strict=True))
            if self._refuses:
                said = b"SFATAL\0C08P01\0Munsupported startup parameter: statement_timeout\0\0"
                writer.write(b"E" + struct.pack("!I", 4 + len(said)) + said)
                await writer.drain()
            else:
                kept = {name: value for name, value in named.items() if name in (b"user", b"database")}
                await self._pass_on(kept, reader, writer)
        writer.close()

    async def _startup(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        while True:
            (size,) = struct.unpack("!I", await reader.readexactly(4))
            rest = await reader.readexactly(size - 4)
            if rest[:4] != struct.pack("!I", 80877103):  # asks for TLS
                return struct.pack("!I", size) + rest
            writer.write(b"N")

    async def _pass_on(
        self, named: dict[bytes, bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        behind, ahead = await asyncio.open_connection("127.0.0.1", self._behind)
        body = b"".join(name + b"\0" + value + b"\0" for name, value in named.items()) + b"\0"
        ahead.write(struct.pack("!II", 8 + len(body), 196608) + body)

        async def relay(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65_536):
                    target.write(data)
            target.close()

        await asyncio.gather(relay(reader, ahead), relay(behind, writer))


@pytest.mark.parametrize("refuses", [True, False])
async def test_a_pooler_that_forgets_what_a_connection_is_set_to_is_refused(
    tmp_path, url, postgres, refuses
) -> None:
    async with Pooler(postgres.port, refuses=refuses) as port:
        pooled = url.replace(f":{postgres.port}/", f":{port}/")
        with pytest.raises(ConfigError, match=r"PgBouncer.*; name PostgreSQL itself in database_url"):
            async with serving(tmp_path, pooled):
                pass
        assert [text for text in await told(tmp_path, pooled, "fault") if "pooler" in text]
