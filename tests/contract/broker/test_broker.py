"""What the gateway expects of a broker, of the one in memory and of real Valkey alike."""

import time
from collections.abc import AsyncIterator

import pytest

from chaguan.infra.broker.redis import SILENCE_S
from tests.contract.broker.stages import Stage, staged
from tests.edge_server import until


@pytest.fixture(params=["memory", "valkey"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with staged(request.param) as made:
        yield made


async def test_a_message_reaches_who_listens_in_order_and_not_its_sender(stage: Stage) -> None:
    here, there, elsewhere = [await stage.node() for _ in range(3)]
    await here.follow("g_1")
    await there.follow("g_1", "g_2")
    await elsewhere.follow("g_3")
    for number in range(300):
        here.broker.publish("g_1", b"%d" % number)
    assert await there.until_heard(300) == [("g_1", b"%d" % number) for number in range(300)]
    assert here.messages == elsewhere.messages == []


async def test_any_bytes_pass(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    await there.follow("desk:s_1")
    wild = bytes(range(256)) * 300 + b"\r\n$-1\r\n"
    here.broker.publish("desk:s_1", wild)
    here.broker.publish("desk:s_1", b"")
    assert await there.until_heard(2) == [("desk:s_1", wild), ("desk:s_1", b"")]


async def test_what_is_published_after_the_confirmation_arrives(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    for number in range(50):
        await there.follow(f"g_{number}")
        here.broker.publish(f"g_{number}", b"first")
    assert len(await there.until_heard(50)) == 50


async def test_twenty_thousand_topics_are_followed_within_seconds(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    started = time.thread_time()  # what it costs, however busy the machine is
    await there.follow(*(f"u_{number}" for number in range(20_000)))
    assert time.thread_time() - started < 5
    here.broker.publish("u_19999", b"x")
    await there.until_heard(1)


async def test_who_left_a_topic_hears_nothing_more_of_it(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    await there.follow("g_1", "g_2")
    there.broker.unsubscribe("g_1")
    assert there.broker.since("g_1") is None
    await there.follow("g_3")
    here.broker.publish("g_1", b"unheard")
    here.broker.publish("g_2", b"heard")
    assert await there.until_heard(1) == [("g_2", b"heard")]
    await there.follow("g_1")
    here.broker.publish("g_1", b"again")
    assert (await there.until_heard(2))[1:] == [("g_1", b"again")]


async def test_since_is_later_than_the_asking_and_gone_with_the_link(stage: Stage) -> None:
    there = await stage.node()
    before = time.monotonic()
    await there.follow("g_1")
    since = there.broker.since("g_1")
    assert since is not None and since >= before
    await stage.cut()
    assert there.broker.since("g_1") is None
    assert not await there.broker.confirmed(["g_1"])
    await stage.mend()
    assert await there.broker.confirmed(["g_1"])
    again = there.broker.since("g_1")
    assert again is not None and again > since


async def test_a_broken_link_says_so_and_comes_back_with_all_its_topics(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    await there.follow("g_1", "g_2")
    await stage.cut()
    assert here.broker.trouble and there.broker.trouble
    here.broker.publish("g_1", b"nobody hears this")
    there.broker.subscribe("g_3")
    await stage.mend()
    assert here.broker.trouble == ""
    assert here.links == there.links == [True, False, True]
    assert await there.broker.confirmed(["g_1", "g_2", "g_3"])
    here.broker.publish("g_3", b"heard")
    assert await there.until_heard(1) == [("g_3", b"heard")]


async def test_what_is_to_be_kept_outlives_the_break(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    await there.follow("nodes")
    await stage.cut()
    here.broker.publish("nodes", b"signed out", keep=True)
    await stage.mend()
    await there.broker.confirmed(["nodes"])
    # Both come back at their own pace; what is kept may be sent before the other listens again.
    if not there.messages:
        here.broker.publish("nodes", b"later", keep=True)
        await there.until_heard(1)
    await until(lambda: here.broker.figures["kept"] == 0)


async def test_a_tally_is_the_sum_of_all_and_ends_with_its_life(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    sums: list[int] = []
    for number in range(20):
        (here if number % 2 else there).broker.tally("rate:g_1:17", 1, sums.append)
    await until(lambda: len(sums) == 20)
    assert max(sums) == 20
    assert sorted(sums) == list(range(1, 21))

    async def counts_anew() -> bool:
        sums.clear()
        here.broker.tally("rate:g_1:17", 1, sums.append)
        await until(lambda: bool(sums))
        return sums[0] == 1

    await _eventually(counts_anew)


async def test_notes_are_seen_by_all_and_erased_one_by_one(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    here.broker.note("presence:u_1", "here", "1", 60)
    there.broker.note("presence:u_1", "there", "2", 60)

    async def found() -> dict[str, str]:
        notes = await here.broker.notes(["presence:u_1", "presence:u_2"])
        assert notes is not None and notes[1] == {}
        return notes[0]

    async def both() -> bool:
        return await found() == {"here": "1", "there": "2"}

    await _eventually(both)
    there.broker.erase("presence:u_1", "there")

    async def one() -> bool:
        return await found() == {"here": "1"}

    await _eventually(one)


async def test_of_two_who_want_a_lease_one_gets_it_and_may_prolong_it(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    assert await here.broker.lease("announcer", 1)
    assert not await there.broker.lease("announcer", 1)
    assert await here.broker.lease("announcer", 1)
    await _eventually(lambda: there.broker.lease("announcer", 1))
    assert not await here.broker.lease("announcer", 1)


async def test_without_the_link_questions_are_answered_at_once_as_for_somebody_alone(stage: Stage) -> None:
    here = await stage.node()
    await stage.cut()
    started = time.monotonic()
    here.broker.note("presence:u_1", "here", "1", 60)
    here.broker.tally("rate", 1, lambda _sum: pytest.fail("nobody counted"))
    assert await here.broker.notes(["presence:u_1"]) is None
    assert not await here.broker.lease("announcer", 5)
    assert time.monotonic() - started < SILENCE_S, "it waited for a link that it knew to be broken"


async def test_who_lives_is_known_to_all(stage: Stage) -> None:
    here, there = await stage.node(), await stage.node()
    everybody = {here.broker.node, there.broker.node}
    assert await here.broker.ask_peers() == everybody
    await until(lambda: here.broker.peers == there.broker.peers == everybody)


async def _eventually(check: object) -> None:
    assert callable(check)
    until_ = time.monotonic() + 5
    while not await check():
        assert time.monotonic() < until_
