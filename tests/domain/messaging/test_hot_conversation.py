"""What a conversation that is spoken into without end costs the others: by order, not by time."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.util import await_only

from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import uuid7
from chaguan.messaging.append import Append
from chaguan.messaging.model import LEFT
from chaguan.messaging.store import log
from chaguan.messaging.waiting import MAX_OF_ONE
from chaguan.messaging.writer import LogWriter
from tests.domain.messaging.conftest import World


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


async def test_what_is_said_elsewhere_waits_for_one_batch_and_not_for_all_that_a_hot_one_has_to_say(
    world: World,
) -> None:
    anna = world.people.add("anna")
    hot, calm = [await world.direct(anna, world.people.add(name)) for name in ("hot", "calm")]
    world.db.lanes = 1  # of two batches beside each other, either may be the first to be stored
    writer = LogWriter(world.db, lambda: world.now)
    told: list[tuple[str, int]] = []

    def tell(room: str) -> Any:
        return lambda outcome: told.append((room, outcome.seq))

    for _ in range(500):
        writer.put(entry(world, hot), tell("hot"))
    await asyncio.sleep(0)  # the first batch is taken
    writer.put(entry(world, calm), tell("calm"))
    await writer.flush()
    at = told.index(("calm", 1))
    assert at <= 2 * MAX_OF_ONE
    assert [seq for room, seq in told if room == "hot"] == list(range(1, 501))


async def test_a_batch_that_waits_for_another_node_is_passed_by_the_others(world: World) -> None:
    if world.db.dialect == "sqlite":
        return  # there is no other node
    anna = world.people.add("anna")
    hot, calm = [await world.direct(anna, world.people.add(name)) for name in ("hot", "calm")]
    writer = LogWriter(world.db, lambda: world.now)
    locked, may_end = asyncio.Event(), asyncio.Event()

    def hold(connection: Any) -> None:
        log.lock(connection, [hot], wait=True)
        locked.set()
        await_only(may_end.wait())

    other_node = asyncio.create_task(world.db.write(hold))
    await locked.wait()
    held = writer.append(entry(world, hot))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert (await writer.append(entry(world, calm))).seq == 1
    assert not held.done()
    may_end.set()
    await other_node
    assert (await held).seq == 1


async def test_what_comes_while_the_last_batch_ends_is_written_too(world: World) -> None:
    anna = world.people.add("anna")
    room = await world.direct(anna, world.people.add("b"))
    writer = LogWriter(world.db, lambda: world.now)
    async with asyncio.timeout(10):
        for turns in range(12):
            await writer.append(entry(world, room))
            for _ in range(turns):  # somewhere between the last look for more and the end of the task
                await asyncio.sleep(0)
        await writer.append(entry(world, room))
    await writer.flush()
    assert writer.appended == 13


async def test_whom_a_defect_keeps_from_being_told_costs_the_others_of_the_batch_no_answer(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    room = await world.direct(world.people.add("anna"), world.people.add("ben"))
    writer = LogWriter(world.db, lambda: world.now)
    told: list[int] = []

    def breaks(_outcome: object) -> None:
        raise RuntimeError("defect")

    writer.put(entry(world, room), breaks)
    writer.put(entry(world, room), lambda outcome: told.append(outcome.seq))
    await writer.flush()
    assert told == [2]
    assert "was not answered" in caplog.text


async def test_an_effect_that_writes_and_then_refuses_is_a_defect(world: World) -> None:
    if world.db.dialect != "sqlite":
        return  # it keeps no count of what was written
    room = await world.direct(world.people.add("anna"), world.people.add("ben"))
    append = entry(world, room)

    def refuses_late(connection: Any, _seq: int, _at: int) -> None:
        log.set_position(connection, "x", 1)
        raise AppError(ErrorCode.conflict, "too late")

    append.effect = refuses_late
    with pytest.raises(RuntimeError, match="after it had written"):
        await LogWriter(world.db, lambda: world.now).append(append)
    assert await world.db.read(lambda con: log.position(con, "x")) == 0


async def test_who_is_removed_by_the_same_batch_says_nothing_after_it(world: World) -> None:
    anna, ben = world.people.add("anna"), world.people.add("ben")
    room = await world.group(anna, ben)
    writer = LogWriter(world.db, lambda: world.now)

    def not_any_more(_connection: Any) -> None:
        raise AppError(ErrorCode.forbidden, "not a member any more")

    version = (await world.db.read(lambda con: log.heads(con, [room])))[room].member_version
    left, said = entry(world, room), entry(world, room)
    left.kind, said.recheck = LEFT, not_any_more
    left.member_version = said.member_version = version
    answers = [writer.append(left), writer.append(said)]
    assert (await answers[0]).is_new
    with pytest.raises(AppError, match="not a member"):
        await answers[1]
