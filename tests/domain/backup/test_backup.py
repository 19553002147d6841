"""One point across database and blobs; a restore that is whole or not at all."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chaguan.backup import making, restoring, sqlite_snapshot
from chaguan.core.clock import now_ms
from chaguan.core.settings import ConfigError
from chaguan.infra import holds, opening
from tests.domain.backup.conftest import House, blob_files, put_back, taken


class Killed(BaseException):
    """What a test has instead of kill -9."""


async def test_a_blob_deleted_while_a_backup_runs_is_in_it_and_goes_afterwards(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media_id = await house.store(b"%PDF a bill")
    loop, count = asyncio.get_running_loop(), sqlite_snapshot.count_rows

    def meanwhile(path: Path) -> dict[str, int]:
        """After the database was copied, before the blobs are."""
        assert asyncio.run_coroutine_threadsafe(house.delete(media_id), loop).result(10) == 0
        return count(path)

    monkeypatch.setattr(sqlite_snapshot, "count_rows", meanwhile)
    done = await taken(house, tmp_path / "backup")
    assert done.manifest.blobs == 1 and done.manifest.missing == []
    assert len(blob_files(tmp_path / "backup" / "blobs")) == 1
    await house.deployment.db.write(
        lambda connection: holds.facts.put(connection, "blobs held until", str(now_ms()).encode())
    )
    assert await house.deployment.media.sweep() == 1
    assert blob_files(house.settings.data / "blobs") == {}


async def test_what_is_uploaded_after_the_point_waits_for_the_next_backup(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.store(b"%PDF before")
    loop, count = asyncio.get_running_loop(), sqlite_snapshot.count_rows

    def meanwhile(path: Path) -> dict[str, int]:
        asyncio.run_coroutine_threadsafe(house.store(b"%PDF after"), loop).result(10)
        return count(path)

    monkeypatch.setattr(sqlite_snapshot, "count_rows", meanwhile)
    first = await taken(house, tmp_path / "first")
    monkeypatch.undo()
    second = await taken(house, tmp_path / "second.tar")
    assert (first.manifest.blobs, second.manifest.blobs) == (1, 2)


async def test_a_blob_that_the_store_had_lost_is_named_and_stops_nothing(
    house: House, tmp_path: Path
) -> None:
    await house.store(b"%PDF lost")
    await house.store(b"%PDF kept")
    (name, *_) = sorted(blob_files(house.settings.data / "blobs"))
    (house.settings.data / "blobs" / name).unlink()
    done = await taken(house, tmp_path / "backup")
    assert done.manifest.missing == [name] and done.manifest.blobs == 1
    restored = await put_back(tmp_path / "backup", tmp_path / "new")
    assert restored.manifest.missing == [name]


async def test_a_backup_that_breaks_off_leaves_nothing_under_its_name(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "_write_blobs", broken)
    (tmp_path / "out").mkdir()
    for name in ("backup", "backup.tar"):
        with pytest.raises(ConfigError, match="can't be written: No space left"):
            await taken(house, tmp_path / "out" / name)
    assert list((tmp_path / "out").iterdir()) == []


async def test_a_damaged_database_does_not_become_a_backup(house: House, tmp_path: Path) -> None:
    for _ in range(30):
        await house.store(b"%PDF a bill")
    await house.close()
    file = house.settings.data / "chaguan.db"
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'media'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(file.read_bytes())
    data[(page - 1) * size : (page - 1) * size + 200] = b"\xff" * 200
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=r"damaged|malformed"):
        await taken(house, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


async def test_a_restore_killed_at_any_step_is_finished_by_running_it_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.store(b"%PDF a bill")
    target = tmp_path / "backup"
    await taken(house, target)
    whole = blob_files(target / "blobs")
    for old in (False, True):
        step = 0
        while True:
            into = tmp_path / f"into-{old}-{step}"
            if old:
                await put_back(target, into)
            with monkeypatch.context() as patch:
                reached = _die_at(patch, step)
                with suppress(Killed):
                    await put_back(target, into, replace=old)
            if not reached():
                break
            if (into / "restoring").exists():
                with pytest.raises(ConfigError, match="`chaguan restore` again"):
                    opening.open_file(into)
            done = await put_back(target, into, replace=old)
            assert blob_files(into / "blobs") == whole and not (into / "restoring").exists()
            assert sqlite_snapshot.fact(into / "chaguan.db", "epoch").decode() == done.epoch
            assert (into / "master.key").read_bytes().splitlines()[-1]
            if old:
                assert (into / "chaguan.db").exists() and any(into.glob("replaced-*/chaguan.db"))
            step += 1
        assert step >= 4


def _die_at(patch: pytest.MonkeyPatch, step: int) -> Callable[[], bool]:
    """Dies before the nth change of a name; what kill -9 leaves is not tidied up either."""
    calls = 0

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > step:
                raise Killed
            return change(*arguments, **named)

        return changed

    patch.setattr(Path, "rename", dying(Path.rename))
    patch.setattr(restoring.shutil, "move", dying(restoring.shutil.move))
    patch.setattr(restoring.shutil, "rmtree", dying(restoring.shutil.rmtree))
    return lambda: calls > step


async def test_data_of_a_newer_release_is_refused(house: House, tmp_path: Path) -> None:
    with closing(sqlite3.connect(house.settings.data / "chaguan.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    await taken(house, tmp_path / "backup")
    with pytest.raises(ConfigError, match="written by a newer Chaguan"):
        await put_back(tmp_path / "backup", tmp_path / "new")
    assert not (tmp_path / "new" / "chaguan.db").exists()
    assert not (tmp_path / "new" / "restoring").exists()


async def test_names_in_a_forged_backup_lead_nowhere_else(house: House, tmp_path: Path) -> None:
    await taken(house, tmp_path / "backup")
    index = tmp_path / "backup" / "blobs.jsonl"
    index.write_bytes(b'{"name":"../../evil","size":1,"sha256":""}\n')
    manifest = msgspec.json.decode((tmp_path / "backup" / "manifest.json").read_bytes())
    data = index.read_bytes()
    manifest["index"] = {
        "name": "blobs.jsonl",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    (tmp_path / "backup" / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    with pytest.raises(ConfigError, match=r"names '\.\./\.\./evil'"):
        await put_back(tmp_path / "backup", tmp_path / "new")
    assert not (tmp_path / "evil").exists()
