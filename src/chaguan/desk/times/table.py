"""A report as a file for spreadsheets: UTF-8 with a mark at its beginning, by which Excel knows it. Pure."""

import csv
import io
from collections.abc import Iterator, Mapping

from chaguan.desk.times.report import By, Figure, ReportRow
from chaguan.desk.times.reports import ServiceReport

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_TIMES = ("wait", "first_reply", "reply", "handling", "resolution")
_COUNTS = ("opened", "reopened", "resolved", "abandoned", "messages_left", "transferred")
_MISSED = ("missed_wait", "missed_first_reply", "missed_resolution")
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "day": "Day",
        "queue": "Queue",
        "agent": "Agent",
        "tag": "Tag",
        "none": "(none)",
        "total": "Total",
        "opened": "Opened",
        "reopened": "Reopened",
        "resolved": "Resolved",
        "abandoned": "Abandoned",
        "messages_left": "Left a message",
        "transferred": "Passed on",
        "wait": "Wait",
        "first_reply": "First reply",
        "reply": "Reply",
        "handling": "Handling",
        "resolution": "Resolution",
        "count": "{}: count",
        "mean": "{}: mean (s)",
        "median": "{}: median (s)",
        "p90": "{}: 90 % within (s)",
        "missed_wait": "Wait target missed",
        "missed_first_reply": "First reply target missed",
        "missed_resolution": "Resolution target missed",
        "rated": "Ratings",
        "rating": "Stars (mean)",
    },
    "zh-CN": {
        "day": "日期",
        "queue": "队列",
        "agent": "客服",
        "tag": "标签",
        "none": "（无）",
        "total": "合计",
        "opened": "新开",
        "reopened": "重新打开",
        "resolved": "已解决",
        "abandoned": "放弃",
        "messages_left": "留言",
        "transferred": "转出",
        "wait": "等待",
        "first_reply": "首次回复",
        "reply": "回复",
        "handling": "经手",
        "resolution": "办结",
        "count": "{}：次数",
        "mean": "{}：平均（秒）",
        "median": "{}：中位数（秒）",
        "p90": "{}：90% 不超过（秒）",
        "missed_wait": "等待超时",
        "missed_first_reply": "首次回复超时",
        "missed_resolution": "办结超时",
        "rated": "评价数",
        "rating": "平均星级",
    },
}


def as_csv(report: ServiceReport, language: str) -> str:
    words = WORDS.get(language, WORDS["en"])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_head(report.by, words))
    for row in report.rows:
        name = report.names.get(row.key, row.key) or words["none"]
        writer.writerow([harmless(name), *_cells(row)])
    writer.writerow([words["total"], *_cells(report.total)])
    return "\ufeff" + out.getvalue()


def harmless(text: str) -> str:
    """Spreadsheets compute what begins like a formula; a name that a stranger chose must stay a text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _head(by: By, words: Mapping[str, str]) -> Iterator[str]:
    yield words[by.value]
    yield from (words[name] for name in _COUNTS)
    for name in _TIMES:
        yield from (words[kind].format(words[name]) for kind in ("count", "mean", "median", "p90"))
    yield from (words[name] for name in (*_MISSED, "rated", "rating"))


def _cells(row: ReportRow) -> Iterator[str]:
    yield from (str(getattr(row, name)) for name in _COUNTS)
    for name in _TIMES:
        took: Figure = getattr(row, name)
        yield str(took.count)
        yield from (_seconds(ms) for ms in (took.mean_ms, took.median_ms, took.p90_ms))
    yield from (str(getattr(row, name)) for name in _MISSED)
    yield str(row.rated)
    yield f"{row.rating:g}" if row.rated else ""


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.1f}" if ms >= 0 else ""
