"""How a shop's desk stands, kept by what changed: the work of an update does not grow with the cases that are open."""

import heapq
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from chaguan.desk.times.facts import Fact, Span, SpanKind
from chaguan.desk.times.ratings import Rated
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import Queue, Wall, WallQueue

_COUNTED = (
    SpanKind.opened,
    SpanKind.resolved,
    SpanKind.abandoned,
    SpanKind.breached,
)


class Board:
    def __init__(self, shop_id: str, day_at: int) -> None:
        self.shop_id = shop_id
        self.day_at = day_at
        self.seen = 0
        """The last entry of the log that anything here comes from."""
        self._places: dict[str, Fact] = {}
        self._in_queue: Counter[str] = Counter()
        self._open: Counter[str] = Counter()
        self._with_bot = 0
        self._oldest: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._today: Counter[SpanKind] = Counter()
        self._breached: Counter[str] = Counter()
        self._first_replies: list[int] = []

    def take(self, facts: Iterable[Fact], spans: Iterable[Span]) -> None:
        """What the log told since the last time. Facts may be told again, spans not."""
        for fact in facts:
            self.seen = max(self.seen, fact.entry_id)
            self._place(fact)
        for span in spans:
            self.seen = max(self.seen, span.entry_id)
            if span.at >= self.day_at:
                self._count(span)

    def shown(self, queues: Sequence[Queue], rated: Sequence[Rated], at: int) -> Wall:
        known = {queue.id: queue for queue in queues if queue.shop_id == self.shop_id}
        others = {id for id in (*self._in_queue, *self._open, *self._breached) if id not in known}
        own = [self._queue(queue.id, queue) for queue in known.values()]
        stray = self._sum([self._queue(id, None) for id in sorted(others)])
        lines = [*own, stray] if stray.waiting or stray.open or stray.breached else own
        oldest = [line.oldest_at for line in lines if line.oldest_at]
        stars = [each.stars for each in rated]
        return Wall(
            shop_id=self.shop_id,
            at=at,
            day_at=self.day_at,
            queues=lines,
            waiting=sum(line.waiting for line in lines),
            oldest_at=min(oldest, default=0),
            open=sum(line.open for line in lines),
            with_bot=self._with_bot,
            opened=self._today[SpanKind.opened],
            resolved=self._today[SpanKind.resolved],
            abandoned=self._today[SpanKind.abandoned],
            breached=self._today[SpanKind.breached],
            replied=len(self._first_replies),
            first_reply_ms=round(median(self._first_replies)) if self._first_replies else -1,
            rated=len(stars),
            rating=round(sum(stars) / len(stars), 2) if stars else 0.0,
        )

    def _place(self, fact: Fact) -> None:
        before = self._places.pop(fact.case_id, None)
        if before is not None:
            self._add(before, -1)
        if fact.is_alive:
            self._places[fact.case_id] = fact
            self._add(fact, 1)
            if fact.waiting_at:
                heapq.heappush(self._oldest[fact.queue_id], (fact.waiting_at, fact.case_id))

    def _add(self, fact: Fact, by: int) -> None:
        if fact.status == CaseStatus.open.value:
            self._open[fact.queue_id] += by
        elif fact.with_bot:
            self._with_bot += by
        else:
            self._in_queue[fact.queue_id] += by

    def _count(self, span: Span) -> None:
        if span.kind in _COUNTED:
            self._today[span.kind] += 1
        if span.kind is SpanKind.breached:
            self._breached[span.queue_id] += 1
        elif span.kind is SpanKind.first_reply:
            insort(self._first_replies, span.at - span.from_at)

    def _oldest_in(self, queue_id: str) -> int:
        heap = self._oldest[queue_id]
        while heap:
            since, case_id = heap[0]
            fact = self._places.get(case_id)
            if fact is not None and fact.queue_id == queue_id and fact.waiting_at == since:
                return since
            heapq.heappop(heap)
        return 0

    def _queue(self, id: str, queue: Queue | None) -> WallQueue:
        return WallQueue(
            queue_id=id,
            name=queue.name if queue else "",
            waiting=self._in_queue[id],
            oldest_at=self._oldest_in(id),
            open=self._open[id],
            breached=self._breached[id],
            target_wait_s=queue.target_wait_s if queue else 0,
        )

    @staticmethod
    def _sum(lines: Sequence[WallQueue]) -> WallQueue:
        """Of no queue, or of queues that are gone."""
        return WallQueue(
            waiting=sum(line.waiting for line in lines),
            oldest_at=min((line.oldest_at for line in lines if line.oldest_at), default=0),
            open=sum(line.open for line in lines),
            breached=sum(line.breached for line in lines),
        )
