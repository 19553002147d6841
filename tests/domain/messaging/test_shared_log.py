"""The log where many write at once: nothing is lost to a commit that comes late, and conversations keep their order."""

import asyncio

import pytest
from sqlalchemy.util import await_only

from chaguan.core.errors import AppError
from chaguan.core.ids import uuid7
from chaguan.messaging import feed as feed_module
from chaguan.messaging import marks as marks_module
from chaguan.messaging.append import Append
from chaguan.messaging.batch import append_batch
from chaguan.messaging.feed import Feed
from chaguan.messaging.horizon import Horizon
from chaguan.messaging.marks import NOTED_AFTER, POSITION
from chaguan.messaging.store import log
from chaguan.messaging.store.log import Tail
from chaguan.messaging.writer import LogWriter
from chaguan.protocol import commands as c
from tests.domain.messaging.conftest import World, key, until


def entry(world: World, room: str) -> Append:
    return Append(
        conversation_id=room,
        kind=0,
        actor_id="u_anna",
        client_msg_id=uuid7(),
        fingerprint=b"f",
        created_at=world.now,
        member_version=0,
        countable=True,
    )


class OnPostgres(World):
    async def rooms(self, count: int) -> list[str]:
        anna = self.people.add("anna")
        return [await self.direct(anna, self.people.add(f"p{n}")) for n in range(count)]


@pytest.fixture
async def world(tmp_path, database_url):
    from chaguan.infra.database.postgres import PostgresDatabase

    world = OnPostgres(tmp_path, lambda: PostgresDatabase(database_url))
    await world.open()
    yield world
    await world.close()


class Late:
    """A transaction that has written and does not commit until it is let."""

    def __init__(self, world: World, room: str) -> None:
        self.wrote, self.may_commit = asyncio.Event(), asyncio.Event()

        def work(connection) -> None:
            append_batch(connection, [entry(world, room)])
            self.wrote.set()
            await_only(self.may_commit.wait())

        self._task = asyncio.create_task(world.db.write_locking(work))

    async def commit(self) -> None:
        self.may_commit.set()
        await self._task


class Watched(Horizon):
    looks = 0

    def after(self, tail: Tail) -> int:
        self.looks += 1
        return super().after(tail)


async def read_past_a_late_commit(world: OnPostgres) -> list[str]:
    """What a consumer was given, in order, when the first of two entries was committed last."""
    slow, fast = await world.rooms(2)
    given: list[str] = []

    async def handle(rows) -> None:
        given.extend("slow" if row.conversation_id == slow else "fast" for row in rows)

    feed = Feed(world.db, "test", handle)
    feed._horizon = horizon = Watched()
    await feed.start()
    late = Late(world, slow)
    await late.wrote.wait()
    await world.messaging.writer.append(entry(world, fast))
    looks = horizon.looks
    await until(lambda: feed.wake() or horizon.looks > looks + 3)  # a wrong reader has run past it by then
    before = list(given)
    await late.commit()
    feed.wake()
    async with asyncio.timeout(5):
        await feed.caught_up()
    await feed.stop()
    return [*before, "|", *given[len(before) :]]


async def test_an_entry_whose_commit_comes_late_is_read_all_the_same(world) -> None:
    assert await read_past_a_late_commit(world) == ["|", "slow", "fast"]


async def test_a_reader_that_takes_ids_as_they_appear_would_lose_it(world, monkeypatch) -> None:
    """That the test above can fail."""
    monkeypatch.setattr(Horizon, "after", lambda _self, tail: tail.last_id)
    assert await read_past_a_late_commit(world) == ["fast", "|"]


async def test_the_newest_transaction_of_all_is_waited_for_too(world) -> None:
    """Its number is not below the end of any snapshot while it runs: nothing that began after it is over."""
    slow, _ = await world.rooms(2)
    given: list[str] = []

    async def handle(rows) -> None:
        given.extend(row.conversation_id for row in rows)

    feed = Feed(world.db, "test", handle)
    feed._horizon = horizon = Watched()
    await feed.start()
    await feed.caught_up()
    late = Late(world, slow)
    await late.wrote.wait()
    looks = horizon.looks
    await until(lambda: feed.wake() or horizon.looks > looks + 3)  # a wrong reader has run past it by then
    await late.commit()
    async with asyncio.timeout(5):
        await feed.caught_up()
    await feed.stop()
    assert given == [slow]


async def test_two_nodes_that_write_the_same_conversations_keep_them_in_order_and_gapless(world) -> None:
    rooms = await world.rooms(5)
    other = world.database()
    here, there = world.messaging.writer, LogWriter(other, lambda: world.now)
    given: dict[str, list[int]] = {room: [] for room in rooms}

    async def handle(rows) -> None:
        for row in rows:
            given[row.conversation_id].append(row.seq)

    feed = Feed(world.db, "test", handle, chunk=7)
    await feed.start()
    for _ in range(20):
        appends = [(here, room) for room in rooms for _ in range(3)] + [(there, room) for room in rooms] * 3
        await asyncio.gather(*(node.append(entry(world, room)) for node, room in appends))
        feed.wake()
    await feed.caught_up()
    await feed.stop()
    await there.flush()
    await other.close()
    assert given == {room: list(range(1, 121)) for room in rooms}


async def test_a_conversation_that_another_node_writes_keeps_nobody_else_waiting(world) -> None:
    held, free = await world.rooms(2)
    other = Late(world, held)
    await other.wrote.wait()
    writer = world.messaging.writer
    answers = [writer.append(entry(world, room)) for room in (free, held, held, free)]
    async with asyncio.timeout(5):
        first, last = await answers[0], await answers[3]
    assert (first.seq, last.seq) == (1, 2)
    assert not answers[1].done() and not answers[2].done()
    later = writer.append(entry(world, held))
    await other.commit()
    assert [(await each).seq for each in (*answers[1:3], later)] == [2, 3, 4]


async def test_two_processes_that_read_for_the_same_consumer_write_its_effects_once(
    world, monkeypatch
) -> None:
    monkeypatch.setattr(feed_module, "POLL_S", 0.01)
    (room,) = await world.rooms(1)
    wrote: list[int] = []

    async def handle(rows):
        seqs = [row.seq for row in rows]
        return lambda connection: (
            connection.exec_driver_sql(
                "INSERT INTO blocks (user_id, peer_id) SELECT 'seen', unnest($1::text[])",
                ([str(s) for s in seqs],),
            ).close()
            or wrote.extend(seqs)
        )

    feeds = [Feed(world.db, "test", handle, chunk=3) for _ in range(2)]
    for feed in feeds:
        await feed.start()
    for _ in range(30):
        await world.messaging.writer.append(entry(world, room))
    await until(lambda: any(feed.position >= 30 for feed in feeds))
    (owner,) = [feed for feed in feeds if feed.is_owned]
    (other,) = [feed for feed in feeds if feed is not owner]
    await owner.stop()
    await until(lambda: other.is_owned, 20)
    for _ in range(5):
        await world.messaging.writer.append(entry(world, room))
    await until(lambda: other.position >= 35)
    await other.stop()
    assert owner.failures == other.failures == 0
    assert sorted(wrote) == list(range(1, 36))

    def seen(connection) -> int:
        return connection.exec_driver_sql("SELECT count(*) FROM blocks WHERE user_id = 'seen'").scalar_one()

    assert await world.db.read(seen) == 35


def test_the_horizon_waits_for_whoever_had_a_number_when_the_id_was_seen() -> None:
    horizon = Horizon()
    assert horizon.after(Tail(10, 100, 105)) == 0, "one look tells nothing"
    assert horizon.after(Tail(12, 100, 107)) == 0, "transaction 100 may have written 10"
    assert horizon.after(Tail(12, 106, 107)) == 0, "106 may have: it had its number when 10 was seen again"
    assert horizon.after(Tail(15, 107, 120)) == 12
    assert horizon.after(Tail(15, 120, 120)) == 15


def test_with_one_writer_ids_are_in_order_of_commits() -> None:
    assert Horizon().after(Tail(10, 0, 0)) == 10


@pytest.fixture
async def other(world, tmp_path):
    """Another node, beside that of `world`; neither flushes by itself."""
    other = OnPostgres(tmp_path, world.open_database)
    other.people, other.keyring, other.root = world.people, world.keyring, world.root
    other.build()
    await other.open()
    for each in (world, other):
        each.messaging._flushing.cancel()
    yield other
    await other.close()


async def test_marks_are_found_again_while_serving_and_in_small_transactions(
    world, other, monkeypatch
) -> None:
    """Of many in one, nodes that serve would always have moved some."""
    monkeypatch.setattr(marks_module, "CHUNK", 3)
    sizes: list[int] = []
    real = marks_module._write
    monkeypatch.setattr(
        marks_module, "_write", lambda con, marks: sizes.append(len(marks)) or real(con, marks)
    )
    a = world.people.add("a")
    rooms = [await world.direct(a, world.people.add(f"p{n}")) for n in range(8)]
    for room in rooms:
        await world.say(a, room, "一")  # and its node is never heard of again
    marks = other.messaging.marks
    await marks.recover()
    assert sizes == [], "others are in the way of who starts, and the log grows meanwhile"
    await marks.adopt()
    assert [(await other.view(a, room)).inbox.read_seq for room in rooms] == [1] * 8
    assert sizes == [3, 3, 2]


async def test_the_mark_of_a_sender_whose_node_is_gone_is_found_again_by_another(world, other) -> None:
    gone, left = world.messaging.marks, other.messaging.marks
    a, b = world.people.add("a"), world.people.add("b")
    room = await world.direct(a, b)
    await world.say(a, room, "一")  # and its node is never heard of again
    await left.adopt()
    for n in range(NOTED_AFTER + 1):
        await other.say(b, room, str(n))
        await left.flush_and_note()
    assert (await other.view(a, room)).inbox.read_seq == 0
    assert gone.position in await other.db.read(lambda c: log.positions(c, POSITION))

    await left.adopt()
    assert (await other.view(a, room)).inbox.read_seq == 1
    assert gone.position not in await other.db.read(lambda c: log.positions(c, POSITION))

    # It had only slept: what it writes late moves nothing back, and it stands among the others again.
    await gone.flush()
    await gone.adopt()
    assert (await other.view(a, room)).inbox.read_seq == 1
    assert gone.position in await other.db.read(lambda c: log.positions(c, POSITION))


async def test_who_was_removed_is_shown_nothing_after_it_by_a_node_that_has_not_heard_of_it(
    world, other
) -> None:
    a, b = world.people.add("a"), world.people.add("b")
    group = await world.group(a, b)
    await world.say(a, group, "之前说的")
    remembered = await other.pull(b, group)  # from here on this node remembers that b belongs to it
    await world.messaging.members.remove(
        a, c.RemoveMember(id=1, conversation_id=group, client_msg_id=key(), user_id=b.user_id)
    )
    left_at = (await world.pull(a, group)).head_seq
    after = (await world.say(a, group, "之后说的")).seq
    await other.say(a, group, "这里也说")

    assert remembered.head_seq < left_at
    assert (await other.pull(b, group, remembered.head_seq)).head_seq == left_at
    sync = other.messaging.sync
    history = await sync.history(b, c.GetHistory(id=1, conversation_id=group))
    assert [message.content.text for message in history.messages] == ["之前说的"]
    assert history.head_seq == left_at
    assert (await sync.messages(b, c.GetMessages(id=1, conversation_id=group, seqs=[after]))).messages == []
    scope = await other.messaging.search.access_scope(b, group)
    assert not scope[group].sees(after)
    with pytest.raises(AppError, match="not a member"):
        await other.messaging.members.page(b, c.ListMembers(id=1, conversation_id=group))


async def test_who_is_back_is_let_in_by_a_node_that_remembers_them_as_gone(world, other) -> None:
    other.messaging.rooms.is_current = lambda _room: True
    a, b = world.people.add("a"), world.people.add("b")
    group = await world.group(a, b)
    await world.messaging.members.remove(
        a, c.RemoveMember(id=1, conversation_id=group, client_msg_id=key(), user_id=b.user_id)
    )
    with pytest.raises(AppError, match="not a member"):
        await other.say(b, group, "还在吗")  # from here on this node remembers that b has left
    await world.messaging.members.add(
        a, c.AddMembers(id=1, conversation_id=group, client_msg_id=key(), user_ids=[b.user_id])
    )
    assert (await other.say(b, group, "回来了")).seq == (await world.pull(a, group)).head_seq
