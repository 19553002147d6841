import asyncio
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.gateway import hub as hub_module
from chaguan.gateway.crowd import Crowd, Pacing
from chaguan.gateway.hub import Hub
from chaguan.gateway.outbox import Outflow
from chaguan.gateway.websocket import payload_of, text_frame
from tests.edge_server import until


class Turns:
    """The loop's `call_soon`, turned by hand."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, callback: Callable[[], None]) -> None:
        self.waiting.append(callback)

    def one(self) -> None:
        for callback in [self.waiting.pop(0) for _ in range(len(self.waiting))]:
            callback()

    def all(self) -> None:
        for _ in range(10_000):
            if not self.waiting:
                return
            self.one()
        raise AssertionError("it never ends")


class Ear:
    """A listener that keeps what it is given."""

    def __init__(self, user_id: str = "", device_id: str = "") -> None:
        self.topics: list[str] = []
        self.user_id = user_id
        self.device_id = device_id
        self.frames: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.behind = 0

    def push(self, frame: bytes, is_transient: bool = False) -> None:
        if not (is_transient and self.behind):
            self.frames.append(frame)

    def deliver(self, frame: bytes) -> None:
        self.frames.append(frame)

    def close(self, code: int, reason: str = "") -> None:
        self.closed.append((code, reason))

    def drain(self, delay_ms: int) -> None:
        self.closed.append((4000, str(delay_ms)))

    def waiting(self) -> int:
        return self.behind

    def heard(self) -> list[int]:
        return [number for frame in self.frames for number in numbers(frame)]


def numbers(data: bytes) -> list[int]:
    """The JSON numbers in a run of text frames, arrays laid open."""
    found: list[int] = []
    while data:
        size, head = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4], "big"), 4)
        value = json.loads(data[head : head + size])
        found += value if isinstance(value, list) else [value]
        data = data[head + size :]
    return found


def number_frame(number: int) -> bytes:
    return text_frame(b"%d" % number)


def hub_and_turns(pacing: Pacing) -> tuple[Hub, Turns]:
    turns = Turns()
    return Hub(Outflow(turns, budget_s=0), lambda wait, callback: turns(callback), pacing), turns


EAGER = Pacing(sweep_from=5, tick_s=0)
step = st.tuples(st.sampled_from(["join", "leave", "publish", "publish", "turn"]), st.integers(0, 119))


@given(st.lists(step, max_size=150), st.booleans(), st.booleans())
def test_a_session_hears_what_is_published_between_joining_and_leaving(
    steps: list[tuple[str, int]], is_merging: bool, is_room: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub_module, "_CROWD_FROM", 4)
        hub, turns = hub_and_turns(EAGER._replace(is_merging=is_merging))
        ears = [Ear() for _ in range(120)]
        wanted: list[list[int]] = [[] for _ in ears]
        inside: set[int] = set()
        if is_room:
            hub.merge("room")
        for at in range(90):  # enough for a sweep of several slices
            hub.subscribe(ears[at], "room")
            inside.add(at)
        for count, (what, who) in enumerate(steps):
            if what == "join":
                assert hub.subscribe(ears[who], "room") is (who not in inside)
                inside.add(who)
            elif what == "leave":
                hub.unsubscribe(ears[who], "room")
                inside.discard(who)
            elif what == "publish":
                hub.publish("room", number_frame(count))
                for at in inside:
                    wanted[at].append(count)
            else:
                turns.one()
        turns.all()
        assert [ear.heard() for ear in ears] == wanted
        for at in inside:
            hub.drop(ears[at])
        turns.all()
        assert hub.local_topics() == []


def test_a_large_topic_is_swept_in_slices_and_one_session_gets_its_reply_between_them() -> None:
    hub, turns = hub_and_turns(EAGER)
    ears = [Ear() for _ in range(1000)]
    for ear in ears:
        hub.subscribe(ear, "room")
    hub.publish("room", number_frame(1))
    turns.one()
    assert 0 < sum(bool(ear.frames) for ear in ears) <= 32
    hub.publish("user:x", number_frame(2))
    turns.all()
    assert all(ear.heard() == [1] for ear in ears)


def test_what_comes_during_a_sweep_becomes_one_array_for_everyone() -> None:
    hub, turns = hub_and_turns(EAGER)
    ears = [Ear() for _ in range(200)]
    for ear in ears:
        hub.subscribe(ear, "room")
    for number in range(5):
        hub.publish("room", number_frame(number))
    hub.publish("room", text_frame(b"[5,6]"))
    turns.all()
    first, second = ears[0].frames
    assert json.loads(payload_of(first)) == 0
    assert json.loads(payload_of(second)) == [1, 2, 3, 4, 5, 6]
    assert all(ear.frames[1] is second for ear in ears), "the same bytes for all"


def test_a_merged_array_stays_within_its_limit() -> None:
    hub, turns = hub_and_turns(EAGER._replace(array_limit=100))
    ears = [Ear() for _ in range(200)]
    for ear in ears:
        hub.subscribe(ear, "room")
    for number in range(200):
        hub.publish("room", number_frame(number))
    turns.all()
    assert ears[7].heard() == list(range(200))
    assert len(ears[7].frames) == 2


async def test_a_busy_room_flushes_at_once_when_idle_and_then_once_a_tick() -> None:
    loop = asyncio.get_running_loop()
    hub = Hub(Outflow(loop.call_soon), loop.call_later, Pacing(tick_s=0.05))
    ear = Ear()
    hub.merge("room")
    hub.subscribe(ear, "room")
    begun = loop.time()
    for number in range(1, 4):
        hub.publish("room", number_frame(number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert ear.heard() == [1]
    await until(lambda: len(ear.frames) == 2)
    assert loop.time() - begun > 0.04
    assert ear.heard() == [1, 2, 3] and len(ear.frames) == 2


def test_a_session_that_is_behind_gets_the_durable_part_of_a_tick_only() -> None:
    hub, turns = hub_and_turns(EAGER)
    ears = [Ear() for _ in range(200)]
    for ear in ears:
        hub.subscribe(ear, "room")
    ears[3].behind = 1000
    hub.publish("room", number_frame(0))
    hub.publish("room", number_frame(1), is_transient=True)
    hub.publish("room", number_frame(2))
    turns.all()
    assert ears[2].heard() == [0, 1, 2]
    assert ears[3].heard() == [0, 2]
    hub.publish("room", number_frame(3), is_transient=True)
    turns.all()
    assert ears[2].heard() == [0, 1, 2, 3]
    assert ears[3].heard() == [0, 2]


def test_the_dropped_session_is_forgotten_in_every_topic() -> None:
    hub, _ = hub_and_turns(EAGER)
    stays, goes = Ear(), Ear()
    for ear in (stays, goes):
        hub.add(ear)
        for topic in ("a", "b", f"user:{id(ear)}"):
            hub.subscribe(ear, topic)
    hub.drop(goes)
    assert sorted(hub.local_topics()) == sorted(["a", "b", f"user:{id(stays)}"])
    assert hub.sessions_of("a") == [stays]
    assert hub.stats().sessions == 1


def test_draining_gives_each_session_its_own_delay_within_the_window() -> None:
    hub, turns = hub_and_turns(EAGER)
    ears = [Ear() for _ in range(300)]
    for ear in ears:
        hub.add(ear)
    hub.drain(window_s=2.0)
    turns.all()
    delays = [int(ear.closed[0][1]) for ear in ears]
    assert all(0 <= delay < 2000 for delay in delays) and len(set(delays)) > 100


def test_topics_share_one_string_and_small_ones_have_no_set() -> None:
    hub, _ = hub_and_turns(EAGER)
    ears = [Ear() for _ in range(10)]
    for ear in ears:
        hub.subscribe(ear, "".join(["conversation:", "c_1"]))
    assert len({id(ear.topics[0]) for ear in ears}) == 1
    assert not isinstance(hub._topics["conversation:c_1"], Crowd)
