"""What wall and report must say: counted from the log's file alone, by code that shares none with theirs."""

from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

from sqlalchemy import create_engine

from chaguan.desk.times.report import By, ReportRow
from chaguan.protocol.desk import Wall
from tests.domain.desk.recount import Entry, read, recount
from tests.domain.desk.test_reports import day_of, row_of

COUNTED_TODAY = ("opened", "resolved", "abandoned", "breached")


class Rated(NamedTuple):
    stars: int
    at: int
    queue: str
    agent: str


class Ledger:
    def __init__(self, database: Path) -> None:
        engine = create_engine(f"sqlite:///{database}")
        try:
            with engine.connect() as con:
                self.entries, customers = read(con)
        finally:
            engine.dispose()
        self.spans = recount(self.entries, customers)
        self.cases = list(dict.fromkeys(entry.case for entry in self.entries if entry.case))
        self.rated = [rated for rated in map(self._rated, self.cases) if rated is not None]
        self._missed = {
            entry.id: entry.reason.data["target"]
            for entry in self.entries
            if entry.kind == "breached" and entry.reason
        }

    @property
    def first_day(self) -> str:
        return day_of(self.entries[0].at)

    @property
    def last_day(self) -> str:
        return day_of(self.entries[-1].at)

    def missing_kinds(self) -> set[str]:
        """Of which nothing was measured: they would agree because nothing happened."""
        wanted = {
            *("opened", "waited", "first_reply", "reply"),
            *("handled", "transferred", "resolved", "reopened"),
        }
        return wanted - {span.kind for span in self.spans}

    def row(self, by: By, key: str) -> ReportRow:
        spans = [span for span in self.spans if key == _key(by, span.at, span.queue, span.agent)]
        stars = [each.stars for each in self.rated if key == _key(by, each.at, each.queue, each.agent)]
        return row_of(key, spans, self._missed, stars)

    def total(self) -> ReportRow:
        return row_of("", self.spans, self._missed, [each.stars for each in self.rated])

    def agree(self, wall: Wall) -> None:
        spans = [span for span in self.spans if span.at >= wall.day_at]
        replies = [span.at - span.since for span in spans if span.kind == "first_reply"]
        stars = [each.stars for each in self.rated if each.at >= wall.day_at]
        last = [self._of(case)[-1].status for case in self.cases]
        counted = {kind: sum(span.kind == kind for span in spans) for kind in COUNTED_TODAY}
        assert {kind: getattr(wall, kind) for kind in COUNTED_TODAY} == counted
        assert (wall.waiting, wall.open) == (last.count("waiting"), last.count("open"))
        assert wall.replied == len(replies)
        assert wall.first_reply_ms == (round(median(replies)) if replies else -1)
        assert (wall.rated, wall.rating) == (len(stars), round(fmean(stars), 2) if stars else 0.0)

    def _of(self, case: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.case == case]

    def _rated(self, case: str) -> Rated | None:
        """What was said last, on the day on which something was said first, of who had the case at its end."""
        own = self._of(case)
        said = [
            (entry.at, entry.reason.data["stars"]) for entry in own if entry.kind == "rated" and entry.reason
        ]
        if not said:
            return None
        queues, agents = [entry.queue for entry in own if entry.queue], [e.agent for e in own if e.agent]
        return Rated(said[-1][1], said[0][0], queues[-1] if queues else "", agents[-1] if agents else "")


def _key(by: By, at: int, queue: str, agent: str) -> str:
    return {By.day: day_of(at), By.queue: queue, By.agent: agent}[by]
