"""A deployment whose data stands in PostgreSQL: it chats, and what can't work is said before anything is written."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chaguan import doctor
from chaguan.app import open_deployment
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra.keyring import MasterKeyError
from tests.e2e.deployed import free_port
from tests.e2e.server import run
from tests.e2e.test_chat import Town, play_a_case


@pytest.fixture
def url(postgres):
    """A database without a table."""
    yield postgres.create_database("served")
    postgres.drop_database("served")


async def made(folder: Path, url: str) -> None:
    deployment = await open_deployment(Settings(data_dir=str(folder), database_url=url))
    await deployment.http.close()
    await deployment.db.close()


def faults(folder: Path, url: str) -> list[str]:
    settings = Settings(data_dir=str(folder), database_url=url, port=free_port())
    return [finding.text for finding in doctor.examine(settings) if finding.is_fault]


async def test_a_customer_and_an_agent_chat_on_postgresql(tmp_path, url) -> None:
    town = Town(await run(tmp_path / "data", database_url=url))
    try:
        await town.settle()
        await play_a_case(town)
    finally:
        for client in town.clients:
            await client.close()
        await town.running.stop()


def test_chaguan_serve_says_what_is_wrong_in_one_line_and_without_the_password(tmp_path) -> None:
    url = f"postgresql://tea:very-secret@127.0.0.1:{free_port()}/chat"
    command = [
        sys.executable,
        "-m",
        "chaguan.cli",
        "serve",
        "--port",
        "0",
        "--data-dir",
        str(tmp_path / "data"),
    ]
    done = subprocess.run(
        command,
        env={**os.environ, "CHAGUAN_DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("chaguan: ")]
    assert "can't be reached" in line and "/chat" in line and "very-secret" not in done.stdout + done.stderr


def test_two_deployments_on_one_database_are_refused(tmp_path, url) -> None:
    asyncio.run(made(tmp_path / "first", url))
    (tmp_path / "second").mkdir(mode=0o700)
    (tmp_path / "second" / "deployment").write_text("of-another\n")
    with pytest.raises(ConfigError, match="belongs to another deployment"):
        asyncio.run(made(tmp_path / "second", url))
    (fault,) = faults(tmp_path / "second", url)
    assert "belongs to another deployment" in fault and "database" in fault.splitlines()[1]
    assert faults(tmp_path / "first", url) == []


def test_a_master_key_that_doesn_t_match_is_refused(tmp_path, url) -> None:
    asyncio.run(made(tmp_path / "first", url))
    asyncio.run(made(tmp_path / "on-sqlite", ""))
    (tmp_path / "node").mkdir(mode=0o700)
    with pytest.raises(MasterKeyError, match="missing"):
        asyncio.run(made(tmp_path / "node", url))
    shutil.copy(tmp_path / "on-sqlite" / "master.key", tmp_path / "node")
    with pytest.raises(MasterKeyError, match="Put the right key back"):
        asyncio.run(made(tmp_path / "node", url))
    (fault,) = faults(tmp_path / "node", url)
    assert "sealed with master key" in fault
    shutil.copy(tmp_path / "first" / "master.key", tmp_path / "node")
    asyncio.run(made(tmp_path / "node", url))
    assert faults(tmp_path / "node", url) == []


def test_a_folder_with_a_deployment_on_sqlite_does_not_start_anew_on_an_empty_database(tmp_path, url) -> None:
    asyncio.run(made(tmp_path / "data", ""))
    with pytest.raises(ConfigError, match="on SQLite"):
        asyncio.run(made(tmp_path / "data", url))


def test_a_standby_is_refused_until_it_is_promoted(tmp_path, url, postgres) -> None:
    from tools.servers.postgres import PostgresServer

    standby = PostgresServer.standby_of(postgres, tmp_path / "standby").start()
    try:
        with pytest.raises(ConfigError, match="standby"):
            asyncio.run(made(tmp_path / "data", standby.url("served")))
        standby.promote()
        asyncio.run(made(tmp_path / "data", standby.url("served")))
    finally:
        standby.stop(at_once=True)


def test_a_database_that_is_not_utf8_is_refused(tmp_path, postgres) -> None:
    postgres.psql("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(ConfigError, match="LATIN1"):
        asyncio.run(made(tmp_path / "data", postgres.url("latin")))
    postgres.drop_database("latin")
