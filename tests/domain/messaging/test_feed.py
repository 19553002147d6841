"""What a consumer of the log does with entries it can't handle."""

import asyncio
import logging

import pytest

from chaguan.infra import leases
from chaguan.infra.database.postgres import PostgresDatabase
from chaguan.messaging import feed as feed_module
from chaguan.messaging.feed import Feed
from chaguan.messaging.store import log
from tests.domain.messaging.conftest import People, World
from tests.edge_server import until


async def test_a_consumer_that_keeps_failing_is_logged_once_a_streak_and_loses_nothing(
    world: World, people: People, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_seconds: float) -> None:
        await real_sleep(0)

    real_sleep = asyncio.sleep
    monkeypatch.setattr(feed_module.asyncio, "sleep", at_once)
    seen: list[int] = []
    broken = True

    async def handle(rows) -> None:
        if broken:
            raise ValueError("a secret sentence")
        seen.extend(row.seq for row in rows)

    feed = Feed(world.db, "test", handle)
    caplog.set_level(logging.INFO, logger="chaguan.feed")
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    await world.say(lin, room, "一")
    await feed.start()
    async with asyncio.timeout(5):
        while feed.failures < 5:
            await real_sleep(0.001)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    text = errors[0].getMessage()
    assert "test fails" in text and "ValueError" in text and "handle" in text and "secret" not in text
    broken = False
    await feed.caught_up()
    assert seen == [1] and feed.failures == 0
    assert "works again" in caplog.records[-1].getMessage()

    broken = True
    await world.say(lin, room, "二")
    feed.wake()
    async with asyncio.timeout(5):
        while not feed.failures:
            await real_sleep(0.001)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2
    await feed.stop()


async def test_what_is_said_elsewhere_wakes_a_consumer_of_one_kind_seldom(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "PASSED", 3)

    async def handle(_rows) -> None:
        raise AssertionError("nothing here is for this consumer")

    feed = Feed(world.db, "test", handle, prefix="s_")
    await feed.start()
    await feed.caught_up()
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    for nth in range(1, 4):
        await world.say(lin, room, "一")
        feed.wake(room)
        assert feed._idle.is_set() and feed.position < nth
    feed.wake(room)
    assert not feed._idle.is_set()
    await feed._idle.wait()
    assert feed.position >= 3
    for _ in range(2):
        feed.wake("s_one")
        assert not feed._idle.is_set()
        await feed._idle.wait()
    await feed.stop()


async def test_of_two_processes_one_consumes_and_the_other_takes_over_when_it_goes(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "EVERY_S", 0.05)
    dbs = [PostgresDatabase(database_url) for _ in range(2)]
    feeds = [Feed(db, "test", handle_nothing) for db in dbs]
    try:
        for feed in feeds:
            await feed.start()
        assert [feed.is_owned for feed in feeds] == [True, False]
        feeds[1].wake()
        assert feeds[1].lag_ms == 0  # what it hears of is another's work
        await feeds[0].stop()
        await until(lambda: feeds[1].is_owned)
    finally:
        for feed, db in zip(feeds, dbs, strict=True):
            await feed.stop()
            await db.close()


async def test_an_owner_that_is_silent_for_a_lease_loses_it_and_what_it_does_late_is_undone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "EVERY_S", 0.05)
    monkeypatch.setattr(leases, "LIFE_S", 0.5)
    first, second = PostgresDatabase(database_url), PostgresDatabase(database_url)
    asleep, heir = Feed(first, "test", handle_nothing), Feed(second, "test", handle_nothing)
    try:
        await asleep.start()
        assert asleep._lease._task is not None
        asleep._lease._task.cancel()  # as after SIGSTOP: it prolongs nothing, and believes itself the owner
        await heir.start()
        assert not heir.is_owned
        await until(lambda: heir.is_owned)
        assert asleep.is_owned
        await second.write(lambda con: log.set_position(con, "test", 7))
        with pytest.raises(feed_module._Overtaken):
            await asleep._store(None, 9)
        assert await second.read(lambda con: log.position(con, "test")) == 7
    finally:
        for feed, db in ((asleep, first), (heir, second)):
            await feed.stop()
            await db.close()


async def handle_nothing(_rows) -> None:
    return None


async def test_a_consumer_for_whom_there_is_nothing_reads_the_log_in_pieces_and_never_twice(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[tuple[int, int]] = []
    since_of = log.since_of

    def watched(connection, position, until, limit, prefix):
        looks.append((position, until))
        return since_of(connection, position, until, limit, prefix)

    monkeypatch.setattr(feed_module, "SPAN", 10)
    monkeypatch.setattr(log, "since_of", watched)
    lin, chen = people.add("lin"), people.add("chen")
    room = await world.direct(lin, chen)
    for nth in range(35):
        await world.say(lin, room, str(nth))
    seen: list[int] = []

    async def handle(rows) -> None:
        seen.extend(row.id for row in rows)

    feed = Feed(world.db, "test", handle, prefix="s_")
    await feed.start()
    await feed.caught_up()
    await feed.stop()
    assert not seen
    assert max(until - position for position, until in looks) == 10
    assert await world.db.read(lambda c: log.position(c, "test")) >= 30

    looks.clear()
    again = Feed(world.db, "test", handle, prefix="s_")
    await again.start()
    await again.caught_up()
    await again.stop()
    assert min(position for position, _ in looks) >= 30


async def test_what_a_consumer_waits_for_is_found_behind_many_pieces_that_hold_nothing_for_it(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "SPAN", 5)
    lin, chen, mei = people.add("lin"), people.add("chen"), people.add("mei")
    theirs, others = await world.direct(lin, chen), await world.direct(lin, mei)
    for nth in range(23):
        await world.say(lin, others, str(nth))
    await world.say(lin, theirs, "终于")
    seen: list[str] = []

    async def handle(rows) -> None:
        seen.extend(row.conversation_id for row in rows)

    feed = Feed(world.db, "test", handle, prefix=theirs)
    await feed.start()
    await feed.caught_up()
    await feed.stop()
    assert seen == [theirs]
