"""What a conversation that is spoken into without end costs those who share its lane: by order, not by time."""

import asyncio
from typing import Any

from chaguan.core.ids import uuid7
from chaguan.messaging.append import Append
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
    lane = LogWriter(world.db, lambda: world.now)  # the one lane that both go by
    told: list[tuple[str, int]] = []

    def tell(room: str) -> Any:
        return lambda outcome: told.append((room, outcome.seq))

    for _ in range(500):
        lane.put(entry(world, hot), tell("hot"))
    await asyncio.sleep(0)  # the first batch is taken
    lane.put(entry(world, calm), tell("calm"))
    await lane.flush()
    at = told.index(("calm", 1))
    assert at <= 2 * MAX_OF_ONE
    assert [seq for room, seq in told if room == "hot"] == list(range(1, 501))
    assert lane.batches == -(-500 // MAX_OF_ONE)
