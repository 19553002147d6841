"""A deployment on PostgreSQL: one point across database and blobs, a restore that is whole or not at all, and data that
goes from one engine to the other in a backup."""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from chaguan.app import EPOCH, open_deployment
from chaguan.backup import into_postgres, postgres_snapshot, restoring, table_files
from chaguan.backup.making import back_up
from chaguan.backup.moving import compare_databases
from chaguan.backup.restoring import restore
from chaguan.core.clock import now_ms
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import facts, holds, leases, opening
from chaguan.infra.database.postgres import PostgresDatabase
from chaguan.infra.migrations import newest, upgrade
from tests.domain.backup.conftest import House, blob_files, put_back, taken
from tools.servers.postgres import PostgresServer


class Killed(BaseException):
    """What a test has instead of kill -9."""


async def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in a database but what a restore gives anew."""
    connection = await asyncpg.connect(url)
    try:
        found = {}
        for (table,) in await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ):
            records = await connection.fetch(f'SELECT * FROM "{table}"')
            found[table] = sorted((tuple(record) for record in records), key=repr)
        found["meta"] = [row for row in found["meta"] if row[0] in (opening.ROOT, opening.DEPLOYMENT)]
        return found
    finally:
        await connection.close()


async def test_every_row_and_blob_comes_back_and_the_epoch_is_new(
    town: House, tmp_path: Path, empty: str, database_url: str
) -> None:
    await town.store(b"%PDF a bill")
    await town.deployment.db.write(
        lambda connection: facts.put(connection, leases.fact("search"), b"someone until tomorrow")
    )
    done = await taken(town, tmp_path / "backup.tar")
    assert done.manifest.engine == "postgresql" and done.manifest.blobs == 1
    before = await rows(database_url)
    restored = await put_back(tmp_path / "backup.tar", tmp_path / "new", empty)
    assert await rows(empty) == before
    assert restored.epoch != done.manifest.epoch
    assert blob_files(tmp_path / "new" / "blobs") == blob_files(town.settings.data / "blobs")
    connection = await asyncpg.connect(empty)
    meta = dict(await connection.fetch("SELECT name, value FROM meta"))
    await connection.close()
    assert meta[EPOCH].decode() == restored.epoch
    assert not [name for name in meta if name.startswith("lease:") or name == holds.NAME]


async def test_numbers_given_out_afterwards_are_beyond_all_that_a_consumer_has_read(
    town: House, tmp_path: Path, empty: str
) -> None:
    connection = await asyncpg.connect(town.settings.database_url)
    await connection.execute(
        "INSERT INTO audit (id, at, actor, action, object) VALUES (41, 1, 'a', 'b', 'c')"
    )
    await connection.execute("INSERT INTO consumers (name, position) VALUES ('search', 77)")
    await connection.close()
    await taken(town, tmp_path / "backup")
    await put_back(tmp_path / "backup", tmp_path / "new", empty)
    connection = await asyncpg.connect(empty)
    assert await connection.fetchval("SELECT nextval(pg_get_serial_sequence('audit', 'id'))") == 42
    assert await connection.fetchval("SELECT nextval(pg_get_serial_sequence('entries', 'id'))") == 78
    await connection.close()


async def test_what_is_written_and_deleted_while_the_tables_are_copied_is_not_in_it(
    town: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await town.store(b"%PDF before")
    loop, copy_table = asyncio.get_running_loop(), postgres_snapshot._copy_table
    is_first = True

    async def meanwhile(*arguments: Any) -> table_files.TableFiles:
        """The moment is fixed, and no table is copied yet."""
        nonlocal is_first
        if is_first:
            is_first = False
            for work in (town.store(b"%PDF after"), town.delete(old)):
                asyncio.run_coroutine_threadsafe(work, loop).result(20)
        return await copy_table(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(postgres_snapshot, "_copy_table", meanwhile)
        first = await taken(town, tmp_path / "first")
    assert (first.manifest.blobs, first.manifest.missing, first.manifest.rows["media"]) == (1, [], 1)
    assert [old in name for name in blob_files(tmp_path / "first" / "blobs")] == [True]
    second = await taken(town, tmp_path / "second")
    assert second.manifest.rows["media"] == 2 and second.manifest.blobs == 1
    await town.deployment.db.write(
        lambda connection: facts.put(connection, holds.NAME, str(now_ms()).encode())
    )
    assert await town.deployment.media.sweep() == 1


async def test_a_large_table_goes_through_in_pieces(
    town: House, tmp_path: Path, empty: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO users (id, kind, name, created_at) SELECT 'u_' || n, 'customer', '客', n FROM generate_series(1, 5000) n"
    )
    await connection.close()
    monkeypatch.setattr(table_files, "PART_BYTES", 20_000)
    done = await taken(town, tmp_path / "backup.tar")
    assert done.manifest.rows["users"] >= 5000 and done.manifest.database_bytes > 200_000
    monkeypatch.undo()
    await put_back(tmp_path / "backup.tar", tmp_path / "new", empty)
    assert await rows(empty) == await rows(database_url)


async def test_a_backup_during_which_postgresql_dies_leaves_nothing_under_its_name(
    town: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    copy_table = postgres_snapshot._copy_table

    async def cut(*arguments: Any) -> table_files.TableFiles:
        if arguments[2] == "media":
            postgres.psql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chaguan backup'"
            )
        return await copy_table(*arguments)

    monkeypatch.setattr(postgres_snapshot, "_copy_table", cut)
    (tmp_path / "out").mkdir()
    for name in ("backup", "backup.tar"):
        with pytest.raises(ConfigError, match=r"the backup") as refusal:
            await taken(town, tmp_path / "out" / name)
        assert len(str(refusal.value).splitlines()) == 1
    assert list((tmp_path / "out").iterdir()) == []


async def test_a_full_disk_leaves_nothing_and_is_said(
    town: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(table_files.TableWriter, "add", full)
    (tmp_path / "out").mkdir()
    with pytest.raises(ConfigError, match="can't be written: No space left"):
        await taken(town, tmp_path / "out" / "backup.tar")
    assert list((tmp_path / "out").iterdir()) == []


async def test_a_restore_killed_at_any_step_is_finished_by_running_it_again(
    town: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    await town.store(b"%PDF a bill")
    await taken(town, tmp_path / "backup")
    whole = blob_files(tmp_path / "backup" / "blobs")
    step = 0
    while True:
        into, url = tmp_path / f"into-{step}", postgres.create_database("killed")
        into.mkdir()
        (into / "chaguan.db").write_bytes(b"from before")
        with monkeypatch.context() as patch:
            reached = _die_at(patch, step)
            with suppress(Killed):
                await put_back(tmp_path / "backup", into, url, replace=True)
        if reached():
            if (into / "restoring").exists():
                with pytest.raises(ConfigError, match="`chaguan restore` again"):
                    await opening.open_database(Settings(data_dir=str(into), database_url=url))
            done = await put_back(tmp_path / "backup", into, url, replace=True)
            assert await _epoch_of(url) == done.epoch
        assert blob_files(into / "blobs") == whole and not (into / "restoring").exists()
        assert (into / "master.key").exists() and not (into / "chaguan.db").exists()
        (aside,) = into.glob("replaced-*/chaguan.db")
        assert aside.read_bytes() == b"from before"
        postgres.drop_database("killed")
        if not reached():
            break
        step += 1
    assert step >= 8


async def test_an_interrupted_restore_is_not_finished_into_another_database(
    town: House, tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await taken(town, tmp_path / "backup")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(into_postgres.Link, "commit", _killed)
        await put_back(tmp_path / "backup", tmp_path / "new", empty)
    with pytest.raises(ConfigError, match="finish that first, with the same database_url"):
        await put_back(tmp_path / "backup", tmp_path / "new")
    await put_back(tmp_path / "backup", tmp_path / "new", empty)
    assert not (tmp_path / "new" / "restoring").exists()


async def _killed(*_: object) -> None:
    raise Killed


async def _epoch_of(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        value = await connection.fetchval("SELECT value FROM meta WHERE name = 'epoch'")
        return bytes(value).decode()
    finally:
        await connection.close()


def _die_at(patch: pytest.MonkeyPatch, step: int) -> Callable[[], bool]:
    """Dies before the nth change of a name, and before and after the commit."""
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1
        if calls > step:
            raise Killed

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **named: Any) -> Any:
            count()
            return change(*arguments, **named)

        return changed

    commit = into_postgres.Link.commit

    async def dying_commit(link: into_postgres.Link) -> None:
        count()
        await commit(link)
        count()

    patch.setattr(Path, "rename", dying(Path.rename))
    patch.setattr(restoring.shutil, "move", dying(restoring.shutil.move))
    patch.setattr(restoring.shutil, "rmtree", dying(restoring.shutil.rmtree))
    patch.setattr(into_postgres.Link, "commit", dying_commit)
    return lambda: calls > step


async def test_a_database_that_is_not_empty_or_that_nodes_are_connected_to_is_refused(
    town: House, tmp_path: Path, empty: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.store(b"%PDF a bill")
    await taken(town, tmp_path / "backup")
    before = await rows(database_url)
    with pytest.raises(ConfigError, match=r"is not empty .*Nothing was restored"):
        await put_back(tmp_path / "backup", tmp_path / "new", database_url)
    assert await rows(database_url) == before and not (tmp_path / "new" / "restoring").exists()
    monkeypatch.setattr(into_postgres, "_LEAVE_S", 0.3)
    node = await asyncpg.connect(empty, server_settings={"application_name": "chaguan"})
    with pytest.raises(ConfigError, match="stop every node"):
        await put_back(tmp_path / "backup", tmp_path / "new", empty)
    closing_soon = asyncio.get_running_loop().call_later(0.5, node.terminate)
    monkeypatch.setattr(into_postgres, "_LEAVE_S", 20)
    await put_back(tmp_path / "backup", tmp_path / "left", empty)  # it was just leaving
    closing_soon.cancel()


async def test_a_database_with_tables_of_others_is_refused(town: House, tmp_path: Path, empty: str) -> None:
    await taken(town, tmp_path / "backup")
    theirs = await asyncpg.connect(empty)
    await theirs.execute("CREATE TABLE theirs (id int)")
    with pytest.raises(ConfigError, match=r"is not empty \(theirs\)"):
        await put_back(tmp_path / "backup", tmp_path / "new", empty)
    await theirs.execute("DROP TABLE theirs")
    await theirs.close()
    await put_back(tmp_path / "backup", tmp_path / "new", empty)


async def test_a_node_that_starts_during_a_restore_waits_and_finds_the_restored_deployment(
    town: House, tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not make a deployment of its own in the database that is empty to it."""
    await taken(town, tmp_path / "backup")
    load, loop = into_postgres._load, asyncio.get_running_loop()
    node = Settings(data_dir=str(tmp_path / "node"), database_url=empty)
    (tmp_path / "node").mkdir()
    shutil.copy(town.settings.data / "master.key", tmp_path / "node")
    starting: list[asyncio.Future[Any]] = []

    async def meanwhile(*arguments: Any) -> None:
        if not starting:
            starting.append(asyncio.run_coroutine_threadsafe(open_deployment(node), loop))  # type: ignore[arg-type]
        await load(*arguments)

    monkeypatch.setattr(into_postgres, "_load", meanwhile)
    done = await put_back(tmp_path / "backup", tmp_path / "new", empty)
    deployment = await asyncio.wait_for(asyncio.wrap_future(starting[0]), 30)  # type: ignore[arg-type]
    assert deployment.routes.epoch == done.epoch
    await deployment.http.close()
    await deployment.db.close()


async def test_a_backup_of_postgresql_becomes_a_deployment_on_sqlite(town: House, tmp_path: Path) -> None:
    await town.store(b"%PDF a bill")
    db = town.deployment.db
    await db.write(lambda connection: facts.put(connection, "odd", bytes(range(256))))
    connection = await asyncpg.connect(town.settings.database_url)
    await connection.execute("INSERT INTO consumers (name, position) VALUES ('search', 77)")
    await connection.close()
    await taken(town, tmp_path / "backup.tar")
    done = await put_back(tmp_path / "backup.tar", tmp_path / "new")
    settings = Settings(data_dir=str(tmp_path / "new"))
    deployment = await open_deployment(settings)
    assert deployment.routes.epoch == done.epoch
    assert await deployment.db.read(lambda c: facts.find(c, "odd")) == bytes(range(256))
    assert blob_files(tmp_path / "new" / "blobs") == blob_files(town.settings.data / "blobs")
    await deployment.http.close()
    await deployment.db.close()
    with closing(sqlite3.connect(tmp_path / "new" / opening.DATABASE)) as file:
        assert file.execute("SELECT position FROM consumers WHERE name = 'search'").fetchone() == (0,)
    found = await asyncio.to_thread(compare_databases, settings, town.settings.database_url)
    # What a restore gives anew is left out of the comparison; so is, here, what was clamped.
    assert [each.table for each in found if not each.is_same] == ["consumers"]


async def test_a_backup_of_sqlite_becomes_a_deployment_on_postgresql(
    house: House, tmp_path: Path, empty: str
) -> None:
    await house.store(b"%PDF a bill")
    await taken(house, tmp_path / "backup.tar")
    done = await put_back(tmp_path / "backup.tar", tmp_path / "new", empty)
    deployment = await open_deployment(Settings(data_dir=str(tmp_path / "new"), database_url=empty))
    assert deployment.routes.epoch == done.epoch
    await deployment.http.close()
    await deployment.db.close()
    found = await asyncio.to_thread(compare_databases, house.settings, empty)
    assert [each.table for each in found if not each.is_same] == []
    assert blob_files(tmp_path / "new" / "blobs") == blob_files(house.settings.data / "blobs")


COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"


async def make_older(url: str, model_url: str, revision: str) -> None:
    """Takes away what later migrations added, by the model of a database that was made at this revision."""
    model = PostgresDatabase(model_url)
    await model.alter(lambda connection: upgrade(connection, revision))
    await model.close()
    older, here = await asyncpg.connect(model_url), await asyncpg.connect(url)
    columns = {tuple(row) for row in await older.fetch(COLUMNS)}
    indexes = {row[0]: row[1] for row in await older.fetch(INDEXES)}
    tables = {table for table, _ in columns}
    added = {tuple(row) for row in await here.fetch(COLUMNS)} - columns
    for table in {table for table, _ in added} - tables:
        await here.execute(f'DROP TABLE "{table}"')
    for name, _ in await here.fetch(INDEXES):
        if name not in indexes:
            await here.execute(f'DROP INDEX "{name}"')
    for table, column in added:
        if table in tables:  # the indexes over it go with it
            await here.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
    left = {row[0] for row in await here.fetch(INDEXES)}
    for name in indexes.keys() - left:
        await here.execute(indexes[name])
    await here.execute("UPDATE alembic_version SET version_num = $1", revision)
    await older.close()
    await here.close()


async def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    town: House, tmp_path: Path, empty: str, postgres: PostgresServer
) -> None:
    await make_older(town.settings.database_url, postgres.create_database("model"), "0002")
    connection = await asyncpg.connect(town.settings.database_url)
    await connection.execute("INSERT INTO heads (conversation_id, head_seq) VALUES ('c', 3)")
    await connection.execute('CREATE TABLE "Theirs" (id int)')
    await connection.close()
    done = await taken(town, tmp_path / "backup")
    assert done.manifest.revision == "0002" != newest()
    for url in (empty, ""):
        await put_back(tmp_path / "backup", tmp_path / f"new{bool(url)}", url)
    connection = await asyncpg.connect(empty)
    assert tuple(await connection.fetchrow("SELECT head_seq, entry_at FROM heads")) == (3, 0)
    await connection.close()
    with closing(sqlite3.connect(tmp_path / "newFalse" / opening.DATABASE)) as file:
        assert file.execute("SELECT head_seq, entry_at FROM heads").fetchone() == (3, 0)


async def test_a_deleted_epoch_is_given_anew_at_the_next_start(town: House) -> None:
    """What the manual says of a database that was taken back by PostgreSQL's own means."""
    page = Path(__file__).parents[3] / "docs" / "how-to" / "back-up-and-restore.md"
    (statement,) = re.findall(r"```sql\n(.*)\n```", page.read_text(encoding="utf-8"))
    connection = await asyncpg.connect(town.settings.database_url)
    assert await connection.execute(statement) == "DELETE 1"
    await connection.close()
    again = await open_deployment(town.settings)
    assert again.routes.epoch not in ("", town.deployment.routes.epoch)
    await again.http.close()
    await again.db.close()


async def test_the_password_is_in_no_error(town: House, tmp_path: Path, database_url: str) -> None:
    await taken(town, tmp_path / "backup")
    wrong = database_url.replace("@", "Sesam-öffne@")
    settings = Settings(data_dir=str(town.settings.data), database_url=wrong)
    for attempt in (
        lambda: back_up(settings, tmp_path / "b", with_key=False, say=str),
        lambda: restore(
            Settings(data_dir=str(tmp_path / "new"), database_url=wrong),
            tmp_path / "backup",
            replace=False,
            key_file=None,
            say=str,
        ),
    ):
        with pytest.raises(ConfigError, match="can't be reached") as refusal:
            await asyncio.to_thread(attempt)
        assert "Sesam" not in str(refusal.value)
    manifest = (tmp_path / "backup" / "manifest.json").read_bytes()
    assert b"postgres:" not in manifest and msgspec.json.decode(manifest)["engine"] == "postgresql"
