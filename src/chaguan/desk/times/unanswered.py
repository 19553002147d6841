"""Tells agents since when customers are without an answer: as soon as it changes, and then twice a second at most."""

import asyncio
from collections.abc import Callable, Sequence

from chaguan.desk.times.facts import Fact
from chaguan.messaging.ports import Publisher
from chaguan.protocol.desk import Unanswered
from chaguan.protocol.pushes import UnansweredChanged

EVERY_S = 0.5


class UnansweredTeller:
    """A timer runs only while there is something to tell."""

    def __init__(self, publisher: Publisher, topic_of: Callable[[str], str]) -> None:
        self._publisher = publisher
        self._topic_of = topic_of
        self._news: dict[str, dict[str, Unanswered]] = {}
        self._pause: asyncio.TimerHandle | None = None

    def take(self, turned: Sequence[Fact]) -> None:
        for fact in turned:
            # Of a case that has ended its change tells.
            if fact.is_alive and self._publisher.is_followed(self._topic_of(fact.shop_id)):
                self._news.setdefault(fact.shop_id, {})[fact.case_id] = shown(fact)
        if self._pause is None:
            self._tell()

    def stop(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._news = {}

    def _tell(self) -> None:
        self._pause = None
        if not self._news:
            return
        news, self._news = self._news, {}
        self._pause = asyncio.get_running_loop().call_later(EVERY_S, self._tell)
        for shop_id, cases in news.items():
            push = UnansweredChanged(shop_id=shop_id, unanswered=list(cases.values()))
            self._publisher.publish(self._topic_of(shop_id), push)


def shown(fact: Fact) -> Unanswered:
    return Unanswered(fact.case_id, seq=fact.asked_seq, at=fact.asked_at, ordinal=fact.asked_ordinal)
