"""What every database promises to the domains, and what only the shared one is asked."""

import asyncio
import re

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database.postgres import PostgresDatabase


@pytest.fixture
async def db(open_database):
    db = open_database()
    await db.alter(lambda c: c.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)")).close())
    yield db
    await db.close()


@pytest.fixture
async def shared(database_url):
    db = PostgresDatabase(database_url)
    await db.alter(lambda c: c.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)")).close())
    yield db
    await db.close()


def insert(n: int, v: str = ""):
    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO t (n, v) VALUES (:n, :v)"), {"n": n, "v": v})
        return n

    return work


def count(connection: Connection) -> int:
    return connection.execute(text("SELECT count(*) FROM t")).scalar_one()


def insert_next(connection: Connection) -> int:
    """Reads, then decides: right only if nobody writes between."""
    return insert(count(connection) + 1)(connection)


async def test_writes_queued_together_are_all_stored(db):
    assert await asyncio.gather(*(db.write(insert(n)) for n in range(100))) == list(range(100))
    assert await db.read(count) == 100


async def test_a_write_that_reads_before_it_decides_sees_no_other_between(db):
    numbers = await asyncio.gather(*(db.write(insert_next) for _ in range(12)))
    assert sorted(numbers) == list(range(1, 13))


async def test_a_unit_that_fails_takes_nobody_with_it(db):
    def fail(connection: Connection) -> None:
        insert(500)(connection)
        raise ValueError("no")

    results = await asyncio.gather(
        db.write(insert(1)), db.write(fail), db.write(insert(2)), return_exceptions=True
    )
    assert isinstance(results[1], ValueError)
    assert await db.read(count) == 2


async def test_a_broken_constraint_is_an_error_of_its_own_unit_only(db):
    results = await asyncio.gather(
        db.write(insert(1)), db.write(insert(1)), db.write(insert(2)), return_exceptions=True
    )
    assert sum(isinstance(result, Exception) for result in results) == 1
    assert results[2] == 2 and await db.read(count) == 2


async def test_an_inner_savepoint_undoes_only_what_is_inside(db):
    def work(connection: Connection) -> None:
        insert(1)(connection)
        with pytest.raises(ValueError, match="inner"), connection.begin_nested():
            insert(2)(connection)
            raise ValueError("inner")
        insert(3)(connection)

    await db.write(work)
    assert await db.read(lambda c: list(c.execute(text("SELECT n FROM t ORDER BY n")).scalars())) == [1, 3]


async def test_a_read_sees_one_moment_however_many_statements_it_takes(db):
    await db.write(insert(1))
    first = await db.read(lambda c: (count(c), count(c)))
    assert first == (1, 1)


async def test_reads_that_wait_together_each_get_their_own_answer_or_error(db):
    await db.write(insert(1, "one"))

    def value(connection: Connection) -> str:
        return connection.execute(text("SELECT v FROM t WHERE n = 1")).scalar_one()

    def broken(connection: Connection) -> None:
        connection.execute(text("SELECT lacking FROM nowhere"))

    def refuse(_connection: Connection) -> None:
        raise AppError(ErrorCode.not_found, "no such thing")

    reads = [value, count, broken, refuse] * 50
    found = await asyncio.gather(*(db.read(read) for read in reads), return_exceptions=True)
    for read, answer in zip(reads, found, strict=True):
        if read is broken:
            assert isinstance(answer, DBAPIError | AppError) and "nowhere" in str(answer)
        elif read is refuse:
            assert isinstance(answer, AppError) and answer.code is ErrorCode.not_found
        else:
            assert answer == ("one" if read is value else 1)


async def test_a_read_that_waits_sees_what_was_stored_before_it_was_asked_for(db):
    async def store_and_look(n: int) -> int:
        await db.write(insert(n))
        return await db.read(count)

    counts = await asyncio.gather(*(store_and_look(n) for n in range(60)))
    assert all(counts) and max(counts) == 60


async def test_what_was_begun_goes_on_when_whoever_asked_has_gone(db):
    asked = asyncio.create_task(db.write(insert(7)))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    async with asyncio.timeout(5):
        while await db.read(count) == 0:
            await asyncio.sleep(0.005)


async def test_a_text_that_can_t_be_stored_is_the_callers_fault(shared):
    with pytest.raises(AppError) as refused:
        await shared.write(insert(1, "a\0b"))
    assert refused.value.code == "bad_request"


async def test_connections_that_were_cut_cost_nobody_anything(shared, postgres):
    await asyncio.gather(*(shared.read(count) for _ in range(8)))
    postgres.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chaguan' AND "
        f"datname = '{shared.where.rpartition('/')[2]}'"
    )
    assert await asyncio.gather(*(shared.read(count) for _ in range(8))) == [0] * 8
    assert await shared.write(insert(1)) == 1


async def test_a_connection_lost_before_the_commit_is_tried_again(shared, postgres):
    attempts = []

    def work(connection: Connection) -> int:
        insert(1)(connection)
        attempts.append(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        if len(attempts) == 1:
            postgres.psql(f"SELECT pg_terminate_backend({attempts[0]}, 5000)")
            count(connection)
        return len(attempts)

    assert await shared.write(work) == 2
    assert await shared.read(count) == 1


async def test_a_connection_lost_during_the_commit_is_neither_done_nor_refused(shared, monkeypatch):
    """The commit arrives, its answer does not."""
    real = shared._commit

    class Torn:
        def __init__(self, transaction):
            self._transaction = transaction

        def commit(self):
            self._transaction.commit()
            raise ConnectionResetError("the network went")

    def commit(connection, transaction):
        real(connection, Torn(transaction))

    monkeypatch.setattr(shared, "_commit", commit)
    with pytest.raises(AppError) as unknown:
        await shared.write(insert(1))
    assert unknown.value.code == "timeout" and unknown.value.data["retry_after_ms"]
    monkeypatch.undo()
    assert await shared.read(count) == 1
    assert shared.last_error


async def test_two_that_lock_each_other_out_both_get_through(shared):
    await shared.write(lambda c: [insert(n)(c) for n in (1, 2)])
    both_are_in = asyncio.Barrier(2)
    waited: set[int] = set()

    async def change(first: int, second: int) -> None:
        from sqlalchemy.util import await_only

        def work(connection: Connection) -> None:
            statement = text("UPDATE t SET v = v || 'x' WHERE n = :n")
            connection.execute(statement, {"n": first})
            if first not in waited:
                waited.add(first)
                await_only(both_are_in.wait())
            connection.execute(statement, {"n": second})

        await shared.write_locking(work)

    async with asyncio.timeout(20):
        await asyncio.gather(change(1, 2), change(2, 1))
    assert await shared.read(lambda c: c.execute(text("SELECT v FROM t")).scalars().all()) == ["xx", "xx"]


async def test_a_server_that_is_gone_is_unavailable_and_one_that_is_back_is_used(tmp_path):
    from tools.servers.postgres import PostgresServer

    server = PostgresServer(tmp_path / "pg").start()
    db = PostgresDatabase(server.url())
    try:
        await db.alter(lambda c: c.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)")).close())
        await db.write(insert(1))
        server.kill()
        for verb in (db.read(count), db.write(insert(2)), db.write_locking(insert(2))):
            with pytest.raises(AppError) as refused:
                await verb
            assert refused.value.code == "unavailable" and refused.value.data["retry_after_ms"]
        assert db.last_error and server.password not in db.last_error
        server.start()
        assert await db.write(insert(2)) == 2 and db.last_error == ""
        assert await db.read(count) == 2
    finally:
        await db.close()
        server.stop()


async def test_neither_address_nor_error_tells_the_password(shared, postgres):
    assert postgres.password not in shared.where
    assert re.fullmatch(r"127\.0\.0\.1:\d+/test_\d+", shared.where)
