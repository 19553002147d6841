"""What a report says, from what was measured. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import fmean, median

from msgspec import Struct

from chaguan.desk import hours
from chaguan.desk.times.facts import Span, SpanKind
from chaguan.desk.times.ratings import Rated
from chaguan.protocol.desk import Hours, Target

_PER_CASE = (SpanKind.waited, SpanKind.handled, SpanKind.resolved)
"""Several of one case are one figure: who gives a case back does not look quick by it."""


class By(StrEnum):
    """What a line of a report is about."""

    day = "day"
    queue = "queue"
    agent = "agent"
    tag = "tag"


class Figure(Struct):
    """How long something took: of `count` cases (of replies: as many replies), in milliseconds. -1: nothing to say."""

    count: int = 0
    mean_ms: int = -1
    median_ms: int = -1
    p90_ms: int = -1


class ReportRow(Struct, kw_only=True):
    """One line. `key`: the day (`2027-02-06`), the id of queue or agent, or the tag; empty: of none. `missed_…`: targets
    that were missed. `rating`: the mean of `rated` customers' stars, 0 without any. What each figure measures:
    docs/explanation/service-times.md."""

    key: str
    opened: int
    reopened: int
    resolved: int
    abandoned: int
    messages_left: int
    transferred: int
    wait: Figure
    first_reply: Figure
    reply: Figure
    handling: Figure
    resolution: Figure
    missed_wait: int
    missed_first_reply: int
    missed_resolution: int
    rated: int
    rating: float


class Clock:
    """How long something took: by the clock, or as far as the shop was open."""

    def __init__(self, times: Hours, *, in_open_hours: bool) -> None:
        self._times = times
        self._counts_all = not in_open_hours or not (times.week or times.holidays)

    def ms(self, span: Span) -> int:
        if self._counts_all:
            return span.at - span.from_at
        return hours.open_ms(self._times, span.from_at, span.at)


class Tally:
    """What one line is made of."""

    def __init__(self) -> None:
        self._counts: Counter[SpanKind] = Counter()
        self._missed: Counter[str] = Counter()
        self._sums: dict[SpanKind, Counter[str]] = defaultdict(Counter)
        self._each: dict[SpanKind, list[int]] = defaultdict(list)
        self._stars: list[int] = []

    def add(self, span: Span, ms: int) -> None:
        self._counts[span.kind] += 1
        if span.kind is SpanKind.breached:
            self._missed[span.target] += 1
        elif span.kind in _PER_CASE:
            self._sums[span.kind][span.case_id] += ms
        else:
            self._each[span.kind].append(ms)

    def rate(self, stars: int) -> None:
        self._stars.append(stars)

    def row(self, key: str) -> ReportRow:
        sums = {kind: list(self._sums[kind].values()) for kind in _PER_CASE}
        return ReportRow(
            key=key,
            opened=self._counts[SpanKind.opened],
            reopened=self._counts[SpanKind.reopened],
            resolved=self._counts[SpanKind.resolved],
            abandoned=self._counts[SpanKind.abandoned],
            messages_left=self._counts[SpanKind.message_left],
            transferred=self._counts[SpanKind.transferred],
            wait=figure(sums[SpanKind.waited]),
            first_reply=figure(self._each[SpanKind.first_reply]),
            reply=figure(self._each[SpanKind.reply]),
            handling=figure(sums[SpanKind.handled]),
            resolution=figure(sums[SpanKind.resolved]),
            missed_wait=self._missed[Target.wait.value],
            missed_first_reply=self._missed[Target.first_reply.value],
            missed_resolution=self._missed[Target.resolution.value],
            rated=len(self._stars),
            rating=round(fmean(self._stars), 2) if self._stars else 0.0,
        )


class Case(Struct, frozen=True):
    """Of a case, what its spans don't say: where its rating counts, and what it is called."""

    queue_id: str = ""
    agent_id: str = ""
    tags: Sequence[str] = ()


class Lines:
    """The lines of a report, filled piece by piece."""

    def __init__(self, by: By, times: Hours, *, in_open_hours: bool) -> None:
        self._by = by
        self._times = times
        self._clock = Clock(times, in_open_hours=in_open_hours)
        self._lines: dict[str, Tally] = defaultdict(Tally)
        self._total = Tally()

    def add(self, spans: Iterable[Span], cases: Mapping[str, Case]) -> None:
        for span in spans:
            ms = self._clock.ms(span)
            self._total.add(span, ms)
            case = cases.get(span.case_id, Case())
            for key in self._keys(span.at, span.queue_id, span.agent_id, case):
                self._lines[key].add(span, ms)

    def rate(self, rated: Iterable[Rated], cases: Mapping[str, Case]) -> None:
        for each in rated:
            self._total.rate(each.stars)
            case = cases.get(each.case_id, Case())
            for key in self._keys(each.at, case.queue_id, case.agent_id, case):
                self._lines[key].rate(each.stars)

    def rows(self, always: Iterable[str] = ()) -> list[ReportRow]:
        """`always`: the lines that are there though nothing happened, in their order; then the others."""
        keys = dict.fromkeys([*always, *sorted(self._lines)])
        return [self._lines[key].row(key) for key in keys]

    def total(self) -> ReportRow:
        return self._total.row("")

    def _keys(self, at: int, queue_id: str, agent_id: str, case: Case) -> Sequence[str]:
        match self._by:
            case By.day:
                return (hours.local_day(self._times, at).isoformat(),)
            case By.queue:
                return (queue_id,)
            case By.agent:
                return (agent_id,) if agent_id else ()
            case By.tag:
                return case.tags or ("",)


def figure(took: list[int]) -> Figure:
    if not took:
        return Figure()
    in_order = sorted(took)
    return Figure(
        len(took), round(fmean(took)), round(median(in_order)), in_order[-(-len(took) * 9 // 10) - 1]
    )
