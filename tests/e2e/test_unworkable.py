"""Settings and data with which no start can work: one sentence, exit code 2, nothing touched; and doctor's word before."""

import sqlite3
from pathlib import Path

import pytest

from chaguan import doctor
from chaguan.app import open_deployment
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra.migrations import newest
from tests.e2e.deployed import free_port, settled
from tests.e2e.process import chaguan


def faults(folder: Path, **more) -> list[str]:
    settings = Settings(data_dir=str(folder), port=free_port(), **more)
    return [finding.text for finding in doctor.examine(settings) if finding.is_fault]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ({"workers": 2}, "--workers 2 needs a database that several processes may write"),
        ({"nodes": 3}, "nodes = 3 needs a database that several processes may write"),
        ({"nodes": 2, "database_url": "postgresql://im@127.0.0.1:1/im"}, "nodes = 2 needs redis_url"),
        ({"redis_url": "redis://8.8.8.8:6379/0"}, "8.8.8.8 without a password; set requirepass"),
    ],
)
def test_what_the_settings_alone_tell_is_refused_before_anything_is_made(tmp_path, lines, sentence) -> None:
    config = tmp_path / "chaguan.toml"
    written = {name: f'"{value}"' if isinstance(value, str) else value for name, value in lines.items()}
    config.write_text("\n".join(f"{name} = {value}" for name, value in written.items()))
    arguments = ("--config", str(config), "--data-dir", str(tmp_path / "data"))
    done = chaguan("serve", "--port", str(free_port()), *arguments)
    assert done.returncode == 2, done
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("chaguan: ") and sentence in line
    assert not (tmp_path / "data").exists()

    checked = chaguan("doctor", *arguments)
    assert checked.returncode == 1 and sentence.partition(";")[0] in checked.stdout


def make_newer(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def test_an_old_program_on_a_newer_schema_is_refused(tmp_path) -> None:
    settled(tmp_path / "data")
    assert faults(tmp_path / "data") == []
    make_newer(tmp_path / "data" / "chaguan.db")
    done = chaguan("serve", "--port", str(free_port()), "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 2
    assert f"newer Chaguan (schema 9999, this one knows {newest()}); install that version" in done.stderr
    (fault,) = faults(tmp_path / "data")
    assert "newer Chaguan" in fault and "→ Install that version." in fault


async def test_an_old_node_on_a_newer_schema_of_postgresql_is_refused(
    tmp_path, database_url, postgres
) -> None:
    import asyncio

    name = database_url.rpartition("/")[2]
    postgres.psql("UPDATE alembic_version SET version_num = '9999'", name)
    with pytest.raises(ConfigError, match="newer Chaguan"):
        await open_deployment(Settings(data_dir=str(tmp_path / "data"), database_url=database_url))
    (fault,) = await asyncio.to_thread(faults, tmp_path / "data", database_url=database_url)
    assert "→ Install that version." in fault


def test_a_folder_in_the_middle_of_a_restore_and_one_that_was_moved_are_named_by_doctor(tmp_path) -> None:
    settled(tmp_path / "data")
    (tmp_path / "data" / "moved").touch()
    (moved,) = faults(tmp_path / "data")
    assert "was moved to PostgreSQL" in moved and "→ Set database_url." in moved
    (tmp_path / "data" / "moved").unlink()
    (tmp_path / "data" / "restoring").mkdir()
    (restoring,) = faults(tmp_path / "data")
    assert "was interrupted" in restoring and "→ Run the same `chaguan restore` again" in restoring
    (tmp_path / "data" / "restoring").rmdir()
    assert faults(tmp_path / "data") == []
