"""When agents are told since when customers are without an answer: at once, then at most twice a second."""

import asyncio
from collections.abc import Callable

import pytest
from msgspec import Struct

from chaguan.desk.times import unanswered as module
from chaguan.desk.times.facts import Fact
from chaguan.desk.times.unanswered import UnansweredTeller
from chaguan.protocol.pushes import UnansweredChanged


class Ears:
    def __init__(self, *followed: str) -> None:
        self.followed = followed
        self.heard: list[tuple[str, Struct]] = []

    def publish(self, topic: str, push: Struct, _encoded: bytes | None = None) -> None:
        self.heard.append((topic, push))

    def is_followed(self, topic: str) -> bool:
        return topic in self.followed

    def told(self) -> list[list[tuple[str, int]]]:
        """Case and time, push by push."""
        pushes = [push for _, push in self.heard if isinstance(push, UnansweredChanged)]
        return [[(each.case_id, each.at) for each in push.unanswered] for push in pushes]


def fact(case_id: str, at: int, shop_id: str = "s_tea", **more: int) -> Fact:
    return Fact(case_id=case_id, conversation_id="c", shop_id=shop_id, asked_at=at, asked_seq=at, **more)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.02)


def teller(ears: Ears) -> UnansweredTeller:
    return UnansweredTeller(ears, lambda shop_id: f"desk:{shop_id}")  # type: ignore[arg-type]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.usefixtures("quick")
async def test_the_first_news_goes_out_at_once_and_what_follows_soon_after_comes_as_one():
    ears = Ears("desk:s_tea")
    own = teller(ears)
    own.take([fact("a", 1)])
    assert ears.told() == [[("a", 1)]]
    own.take([fact("b", 2)])
    own.take([fact("c", 3), fact("b", 0)])
    assert len(ears.told()) == 1
    await until(lambda: len(ears.told()) > 1)
    assert ears.told()[1:] == [[("b", 0), ("c", 3)]]
    own.stop()


@pytest.mark.usefixtures("quick")
async def test_while_nothing_changes_no_timer_runs():
    ears = Ears("desk:s_tea")
    own = teller(ears)
    own.take([])
    assert own._pause is None
    own.take([fact("a", 1)])
    assert own._pause is not None
    await until(lambda: own._pause is None)
    own.take([fact("a", 0)])
    assert ears.told() == [[("a", 1)], [("a", 0)]]
    own.stop()


@pytest.mark.usefixtures("quick")
async def test_each_shop_hears_its_own_and_nothing_is_kept_for_who_does_not_listen():
    ears = Ears("desk:s_tea")
    own = teller(ears)
    own.take([fact("a", 1), fact("b", 2, "s_lake"), fact("c", 3, ended_at=4)])
    assert [topic for topic, _ in ears.heard] == ["desk:s_tea"]
    assert ears.told() == [[("a", 1)]]
    own.take([fact("d", 5)])
    waiting = own._pause
    own.stop()
    assert waiting is not None and waiting.cancelled()
    assert len(ears.told()) == 1
