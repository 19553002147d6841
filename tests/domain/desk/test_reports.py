"""A report agrees with the log in every figure, on both databases."""

import contextlib
import csv
import io
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from statistics import fmean, median

import pytest

from chaguan.core.caller import Role
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import Asked, By, as_csv
from chaguan.desk.store import cases as case_store
from chaguan.desk.store import ratings
from chaguan.desk.times.report import Figure, ReportRow
from chaguan.desk.times.table import harmless
from chaguan.protocol import commands as c
from chaguan.protocol.desk import Hours
from tests.domain.desk.conftest import SHOP, Shop
from tests.domain.desk.day import Day
from tests.domain.desk.recount import Measured, read, recount

SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture
async def measured(shop: Shop):
    await shop.desk.times.feed.start()
    yield shop
    await shop.desk.times.stop()


def day_of(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(SHANGHAI).date().isoformat()


def figure(spans: list[Measured], kind: str, *, per_case: bool) -> Figure:
    took: dict[object, int] = defaultdict(int)
    for n, span in enumerate(spans):
        if span.kind == kind:
            took[span.case if per_case else n] += span.at - span.since
    if not took:
        return Figure()
    values = sorted(took.values())
    nine_of_ten = next(v for v in values if sum(each <= v for each in values) * 10 >= 9 * len(values))
    return Figure(len(values), round(fmean(values)), round(median(values)), nine_of_ten)


def row_of(key: str, spans: list[Measured], missed: dict[int, str], rated: list[int]) -> ReportRow:
    def count(kind: str) -> int:
        return sum(span.kind == kind for span in spans)

    def late(target: str) -> int:
        return sum(span.kind == "breached" and missed[span.entry] == target for span in spans)

    return ReportRow(
        key=key,
        opened=count("opened"),
        reopened=count("reopened"),
        resolved=count("resolved"),
        abandoned=count("abandoned"),
        messages_left=count("message_left"),
        transferred=count("transferred"),
        wait=figure(spans, "waited", per_case=True),
        first_reply=figure(spans, "first_reply", per_case=False),
        reply=figure(spans, "reply", per_case=False),
        handling=figure(spans, "handled", per_case=True),
        resolution=figure(spans, "resolved", per_case=True),
        missed_wait=late("wait"),
        missed_first_reply=late("first_reply"),
        missed_resolution=late("resolution"),
        rated=len(rated),
        rating=round(fmean(rated), 2) if rated else 0.0,
    )


@pytest.mark.parametrize("seed", [21, 22])
async def test_every_figure_of_every_report_is_what_the_log_tells(measured: Shop, seed: int):
    shop, day = measured, Day(measured, seed)
    await day.begin()
    for _ in range(5):
        await day.live(16)
        await shop.desk.times.feed.caught_up()
        await shop.desk.alarms.step()
        case = day.draw.choice(await shop.cases() or [None])
        if case is not None:
            tags = day.draw.sample(["退货", "发票", "物流"], 2)
            await shop.desk.tags.set_tags(day.agents[0], c.SetCaseTags(id=1, case_id=case.id, add=tags))
        await shop.later(6 * 3_600)
    await shop.settle()
    for _ in range(5):
        with contextlib.suppress(AppError):  # too late for this one
            await day.rates()
    await shop.desk.times.feed.caught_up()

    entries, customers = await shop.db.read(read)
    spans = recount(entries, customers)
    missed = {
        each.id: each.reason.data["target"] for each in entries if each.kind == "breached" and each.reason
    }
    assert {"abandoned", "reopened", "transferred", "breached", "first_reply"} <= {
        each.kind for each in spans
    }
    cases = {
        id: await shop.db.read(lambda con, id=id: case_store.find(con, id)) for id in {s.case for s in spans}
    }
    rated = await shop.db.read(lambda con: ratings.between(con, SHOP, 0, 1 << 62))
    assert rated

    keys = {
        By.day: lambda span: [day_of(span.at)],
        By.queue: lambda span: [span.queue],
        By.agent: lambda span: [span.agent] if span.agent else [],
        By.tag: lambda span: cases[span.case].case.tags or [""],
    }
    rating_keys = {
        By.day: lambda r: [day_of(r.at)],
        By.queue: lambda r: [cases[r.case_id].case.queue_id],
        By.agent: lambda r: [cases[r.case_id].case.agent_id] if cases[r.case_id].case.agent_id else [],
        By.tag: lambda r: cases[r.case_id].case.tags or [""],
    }
    boss = shop.staff("boss", Role.owner)
    for by, keys_of in keys.items():
        asked = Asked(shop_id=SHOP, by=by, first_day=day_of(entries[0].at), last_day=day_of(entries[-1].at))
        report = await shop.desk.reports.report(boss, asked)
        assert report.total == row_of("", spans, missed, [r.stars for r in rated])
        found = {row.key: row for row in report.rows}
        assert {key for span in spans for key in keys_of(span)} <= set(found)
        for key, row in found.items():
            own = [span for span in spans if key in keys_of(span)]
            stars = [r.stars for r in rated if key in rating_keys[by](r)]
            assert row == row_of(key, own, missed, stars), (by, key)
    assert [row.key for row in report.rows] == sorted(row.key for row in report.rows)


async def test_what_ended_before_somebody_asked_is_in_their_report(measured: Shop):
    shop, mei = measured, measured.staff("mei")
    room = await shop.asks(shop.customer("wang"))
    await shop.take(mei, await shop.case(room))
    await shop.resolve(mei, await shop.case(room))
    today = day_of(shop.now)
    asked = Asked(shop_id=SHOP, by=By.agent, first_day=today, last_day=today)
    report = await shop.desk.reports.report(shop.staff("boss", Role.owner), asked)
    assert (report.total.opened, report.total.resolved) == (1, 1)


async def test_only_what_was_open_counts_where_that_is_asked(measured: Shop):
    shop, mei = measured, measured.staff("mei")
    await shop.settle_for(hours=Hours(timezone="Asia/Shanghai", week=[[(540, 1080)]] * 7))
    await shop.queue()
    shop.now = 1_700_042_400_000 - 600_000  # 17:50 in Shanghai
    await shop.asks(shop.customer("wang"))
    await shop.later(15 * 3_600 + 1_200)  # 09:10 the next day
    await shop.is_(mei)
    await shop.settle()
    await shop.desk.times.feed.caught_up()
    boss = shop.staff("boss", Role.owner)
    asked = {"shop_id": SHOP, "by": By.day, "first_day": "2023-11-15", "last_day": "2023-11-16"}
    whole = await shop.desk.reports.report(boss, Asked(**asked))
    open_only = await shop.desk.reports.report(boss, Asked(**asked, in_open_hours=True))
    assert (whole.total.wait.mean_ms, open_only.total.wait.mean_ms) == (55_200_000, 1_200_000)
    assert [row.key for row in whole.rows] == ["2023-11-15", "2023-11-16"]
    assert [row.wait.count for row in whole.rows] == [0, 1], "it counts on the day on which it ended"


async def test_a_report_is_for_administrators_and_of_days_that_there_are(measured: Shop):
    boss = measured.staff("boss", Role.owner)
    good = {"shop_id": SHOP, "by": By.day, "first_day": "2023-11-15", "last_day": "2023-11-15"}
    with pytest.raises(AppError) as refused:
        await measured.desk.reports.report(measured.staff("mei"), Asked(**good))
    assert refused.value.code is ErrorCode.forbidden
    for wrong in ({"first_day": "yesterday"}, {"first_day": "2023-11-16"}, {"last_day": "2025-11-15"}):
        with pytest.raises(AppError) as refused:
            await measured.desk.reports.report(boss, Asked(**(good | wrong)))
        assert refused.value.code is ErrorCode.bad_request


async def test_the_table_is_for_spreadsheets_and_no_name_in_it_is_a_formula(measured: Shop):
    shop = measured
    await shop.queue('=HYPERLINK("http://evil","茶")')
    await shop.asks(shop.customer("wang"))
    await shop.desk.times.feed.caught_up()
    asked = Asked(shop_id=SHOP, by=By.queue, first_day="2023-11-15", last_day="2023-11-15")
    report = await shop.desk.reports.report(shop.staff("boss", Role.owner), asked)
    text = as_csv(report, "zh-CN")
    assert text.encode().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert [row[0] for row in rows] == ["队列", '\'=HYPERLINK("http://evil","茶")', "合计"]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[1][1] == "1"
    assert as_csv(report, "en").splitlines()[0].startswith("\ufeffQueue,Opened,")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1"])
def test_what_begins_like_a_formula_becomes_a_text(text: str):
    assert harmless(text) == f"'{text}"
