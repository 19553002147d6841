"""From SQLite to PostgreSQL: every row and blob, whatever interrupts it, and never two deployments that go on."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chaguan.app import EPOCH, open_deployment
from chaguan.backup import moving, rows, tables
from chaguan.backup.move_target import Target
from chaguan.backup.moving import Moved, compare_databases, copy_database
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import facts, opening
from tests.domain.backup.conftest import House, blob_files
from tools.servers.postgres import PostgresServer

USERS = 300


class Killed(BaseException):
    """What a test has instead of kill -9."""


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A database without a table."""
    yield postgres.create_database("moved")
    postgres.drop_database("moved")


def change(house: House, statement: str, *rows: tuple[object, ...]) -> None:
    with closing(sqlite3.connect(house.settings.data / opening.DATABASE)) as connection, connection:
        connection.executemany(statement, rows or [()])


def add_users(house: House, count: int = USERS, kind: str = "customer") -> None:
    rows = [(f"u_{kind}_{n:05}", kind, f"客{n}", n) for n in range(count)]
    change(house, "INSERT INTO users (id, kind, name, created_at) VALUES (?, ?, ?, ?)", *rows)


async def copied(house: House, url: str, wait_s: float = 5) -> Moved:
    return await asyncio.to_thread(copy_database, house.settings, url, say=str, wait_s=wait_s)


async def differences(house: House, url: str) -> dict[str, tuple[int, int, int]]:
    found = await asyncio.to_thread(compare_databases, house.settings, url)
    return {each.table: (each.lacking, each.different, each.surplus) for each in found if not each.is_same}


def on_postgres(house: House, url: str) -> Settings:
    return Settings(data_dir=house.settings.data_dir, database_url=url)


async def opened(settings: Settings) -> str:
    """Opens and closes it as a server would; gives its epoch."""
    deployment = await open_deployment(settings)
    await deployment.http.close()
    await deployment.db.close()
    return deployment.routes.epoch


async def test_every_row_and_blob_arrives_and_only_postgresql_serves_afterwards(
    house: House, url: str
) -> None:
    await house.store(b"%PDF a bill")
    add_users(house)
    old = await house.deployment.db.read(lambda connection: facts.find(connection, EPOCH))
    before = (house.settings.data / opening.DATABASE).read_bytes()
    done = await copied(house, url)
    assert done.rows["users"] >= USERS and done.blobs == 1 and done.bad_blobs == []
    assert (house.settings.data / opening.DATABASE).read_bytes() == before
    assert await differences(house, url) == {}
    with pytest.raises(ConfigError, match="was moved to PostgreSQL"):
        await opened(house.settings)
    assert await opened(on_postgres(house, url)) == done.epoch != (old or b"").decode()
    assert (await copied(house, url)).is_old_news


async def test_numbers_given_out_afterwards_are_beyond_the_copied_ones(
    house: House, url: str, postgres: PostgresServer
) -> None:
    change(house, "INSERT INTO audit (id, at, actor, action, object) VALUES (41, 1, 'a', 'b', 'c')")
    change(house, "INSERT OR REPLACE INTO consumers (name, position) VALUES ('search', 77)")
    await copied(house, url)
    assert postgres.psql("SELECT nextval(pg_get_serial_sequence('audit', 'id'))", "moved") == "42"
    assert postgres.psql("SELECT nextval(pg_get_serial_sequence('entries', 'id'))", "moved") == "78"


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE users SET name = '别人' WHERE id = 'u_customer_00007'", {"users": (0, 1, 0)}),
        ("DELETE FROM users WHERE id = 'u_customer_00299'", {"users": (1, 0, 0)}),
        ("INSERT INTO blocks (user_id, peer_id) VALUES ('a', 'b')", {"blocks": (0, 0, 1)}),
        ("UPDATE apps SET disabled_at = 0", {"apps": (0, 1, 0)}),
    ],
)
async def test_a_tampered_row_at_the_target_is_found(
    house: House, url: str, postgres: PostgresServer, tampering: str, found: dict[str, tuple[int, int, int]]
) -> None:
    add_users(house)
    change(house, "INSERT INTO apps (id, shop_id, kind, name, created_at) VALUES ('a_1', 's', 'web', 'w', 1)")
    await copied(house, url)
    postgres.psql(tampering, "moved")
    assert await differences(house, url) == found


async def test_rows_tampered_with_between_two_passes_are_mended_before_anything_serves(
    house: House, url: str, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_users(house)
    finish = moving._Move._finish
    monkeypatch.setattr(moving._Move, "_finish", _killed)
    with pytest.raises(Killed):
        await copied(house, url)
    postgres.psql(
        "UPDATE users SET name = '别人'; INSERT INTO blocks (user_id, peer_id) VALUES ('a', 'b')", "moved"
    )
    monkeypatch.setattr(moving._Move, "_finish", finish)
    await copied(house, url)
    assert await differences(house, url) == {}


async def _killed(*_: object) -> None:
    raise Killed


@pytest.mark.parametrize("step", ["rows", "mark", "claim", "finish", "finished"])
async def test_a_copy_killed_at_any_step_is_finished_by_running_it_again(
    house: House, url: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await house.store(b"%PDF a bill")
    add_users(house)
    monkeypatch.setattr(rows, "CHUNK_ROWS", 40)
    finish, flush, put = Target.finish, tables.Mender.flush, moving._put
    flushes = 0

    async def flush_some(self: tables.Mender) -> None:
        nonlocal flushes
        flushes += self._layout.name == "users"
        if step == "rows" and flushes > 3:
            raise Killed
        await flush(self)

    def put_some(path: Path, data: bytes) -> None:
        put(path, data)
        if (step, path.name) in {("mark", opening.MOVED), ("claim", opening.DEPLOYMENT)}:
            raise Killed

    async def finish_or_not(self: Target, names: object) -> None:
        if step == "finished":
            await finish(self, names)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(tables.Mender, "flush", flush_some)
    monkeypatch.setattr(moving, "_put", put_some)
    monkeypatch.setattr(Target, "finish", finish_or_not)
    with pytest.raises(Killed):
        await copied(house, url)
    monkeypatch.undo()
    await _serves_in_one_place_at_most(house, url, step)
    done = await copied(house, url)
    assert done.is_old_news is (step == "finished")
    assert await differences(house, url) == {}
    assert await opened(on_postgres(house, url)) == done.epoch


async def _serves_in_one_place_at_most(house: House, url: str, step: str) -> None:
    is_begun = step != "rows"
    for settings, refused in ((house.settings, is_begun), (on_postgres(house, url), step != "finished")):
        if refused:
            with pytest.raises(ConfigError, match=r"was moved|being copied"):
                await opened(settings)
        else:
            await opened(settings)


async def test_while_a_server_runs_the_last_pass_waits_and_takes_what_was_written_meanwhile(
    house: House, url: str
) -> None:
    add_users(house)
    lock = opening.lock_folder(house.settings.data)
    loop, asked = asyncio.get_running_loop(), asyncio.Event()

    def say(text: str) -> None:
        if "STOP THE SERVER" in text:
            loop.call_soon_threadsafe(asked.set)

    copying = asyncio.create_task(asyncio.to_thread(copy_database, house.settings, url, say=say, wait_s=30))
    await asyncio.wait_for(asked.wait(), 30)
    add_users(house, 20, "late")
    change(house, "DELETE FROM users WHERE id = 'u_customer_00003'")
    change(house, "UPDATE users SET name = '改名' WHERE id = 'u_customer_00004'")
    await house.store(b"%PDF late")
    opening.unlock_folder(lock)
    done = await copying
    assert done.passes >= 3 and done.blobs >= 1
    assert await differences(house, url) == {}


async def test_a_server_that_is_not_stopped_in_time_is_no_loss(house: House, url: str) -> None:
    lock = opening.lock_folder(house.settings.data)
    with pytest.raises(ConfigError, match="not stopped in time"):
        await copied(house, url, wait_s=0)
    opening.unlock_folder(lock)
    await opened(house.settings)
    await copied(house, url)


async def test_rows_that_stand_in_one_anothers_way_arrive_all_the_same(
    house: House, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = "INSERT INTO staff (user_id, email, role, must_change_password) VALUES (?, ?, 'agent', 0)"
    change(house, staff, ("u_a", "a@shop"), ("u_b", "b@shop"))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(moving._Move, "_finish", _killed)
        await copied(house, url)
    change(house, "UPDATE staff SET email = user_id WHERE email LIKE '%@shop'")
    change(house, "UPDATE staff SET email = 'b@shop' WHERE user_id = 'u_a'")
    change(house, "UPDATE staff SET email = 'a@shop' WHERE user_id = 'u_b'")
    await copied(house, url)
    assert await differences(house, url) == {}


async def test_a_missing_and_a_damaged_blob_are_named(house: House, url: str) -> None:
    for text in (b"%PDF lost", b"%PDF hurt", b"%PDF well"):
        await house.store(text)
    folder = house.settings.data / "blobs"
    lost, hurt, _ = sorted(blob_files(folder))
    (folder / lost).unlink()
    data = bytearray((folder / hurt).read_bytes())
    data[-1] ^= 1
    (folder / hurt).write_bytes(data)
    done = await copied(house, url)
    assert sorted(done.bad_blobs) == sorted([f"{lost} (missing)", f"{hurt} (damaged)"])


async def test_a_name_with_a_nul_arrives_with_a_sign_in_its_place(
    house: House, url: str, postgres: PostgresServer
) -> None:
    change(
        house, "INSERT INTO users (id, kind, name, created_at) VALUES ('u_n', 'customer', ?, 1)", ("a\0b",)
    )
    await copied(house, url)
    assert postgres.psql("SELECT name FROM users WHERE id = 'u_n'", "moved") == "a\ufffdb"
    assert await differences(house, url) == {}


async def test_what_cannot_be_right_is_refused_and_writes_nothing(
    house: House, url: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    async def refused(settings: Settings, says: str) -> None:
        with pytest.raises(ConfigError, match=says):
            await asyncio.to_thread(copy_database, settings, url, say=str, wait_s=0)

    await refused(Settings(data_dir=str(tmp_path / "none")), "no SQLite deployment")
    for schema, says in (("0001", "older Chaguan"), ("9999", "newer Chaguan")):
        found = await house.deployment.db.read(
            lambda it: it.exec_driver_sql("SELECT * FROM alembic_version").scalar()
        )
        change(house, f"UPDATE alembic_version SET version_num = '{schema}'")
        await refused(house.settings, says)
        change(house, f"UPDATE alembic_version SET version_num = '{found}'")
    postgres.psql("CREATE TABLE theirs (id int)", "moved")
    await refused(house.settings, "is not empty")
    postgres.psql("DROP TABLE theirs", "moved")
    assert postgres.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", "moved") == "0"
    other = Settings(data_dir=str(tmp_path / "other"), database_url=url)
    await opened(other)
    await refused(house.settings, "is not empty")


async def test_the_unfinished_copy_of_another_deployment_is_refused(
    house: House, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(moving._Move, "_finish", _killed)
        await copied(house, url)
    other = Settings(data_dir=str(tmp_path / "other"))
    await opened(other)
    with pytest.raises(ConfigError, match="of another deployment"):
        await asyncio.to_thread(copy_database, other, url, say=str, wait_s=0)
