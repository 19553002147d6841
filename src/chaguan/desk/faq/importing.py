"""Entries from a merchant's table: good rows are kept, and of each bad row it is said what is wrong with it."""

import csv
import io
from collections.abc import Iterator

from msgspec import Struct

from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.faq.model import Entry

MAX_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 5_000
MAX_QUESTION, MAX_SIMILAR, MAX_ANSWER, MAX_ID = 300, 20, 4_000, 64
MAX_FAULTS = 200
"""Bad rows that are named; of further ones only the number is told."""
LANGUAGES = ("zh", "en")
_COLUMNS = {
    "id": "id", "编号": "id",
    "question": "question", "问题": "question", "标准问题": "question",
    "answer": "answer", "答案": "answer", "回答": "answer",
    "similar": "similar", "相似问题": "similar", "相似问法": "similar",
    "language": "language", "语言": "language",
}  # fmt: skip


class Fault(Struct, frozen=True):
    """What is wrong with a row. `reason` is one of `no_question`, `no_answer`, `question_too_long`,
    `answer_too_long`, `similar_too_many`, `similar_too_long`, `bad_id`, `same_id`, `same_question`, `bad_language`,
    `too_many_entries`, `not_text`; texts in two languages belong to the console."""

    line: int
    """Of the file where the row ends, the heading being line 1."""
    reason: str
    column: str = ""


class Imported(Struct, frozen=True):
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]
    bad_rows: int
    """All of them; `faults` names the first of them only."""


def read_csv(raw: bytes) -> Imported:
    """Entries of a CSV file: UTF-8 (with or without mark) or GB 18030, as spreadsheets save it; comma, semicolon or
    tab between columns. Columns are known by their headings, English or Chinese: `question`, `answer`, and if wanted
    `id`, `language`, `similar` (phrasings on lines of their own or separated by `|`).

    Raises `too_large` for a file above MAX_BYTES, `bad_request` for what is no table of entries at all.
    """
    if len(raw) > MAX_BYTES:
        raise AppError(ErrorCode.too_large, "the file is too large", limit=MAX_BYTES)
    rows = _rows(_decoded(raw))
    columns = _columns(next(rows, (1, []))[1])
    taken = _Taken()
    for line, cells in rows:
        if any(cell.strip() for cell in cells):
            taken.take(line, cells, columns)
    return Imported(tuple(taken.entries), tuple(taken.faults[:MAX_FAULTS]), len(taken.faults))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    # A quote that is never closed swallows rows up to the reader's own limit of a cell; from there it goes on.
    reader = csv.reader(io.StringIO(text.replace("\0", "\ufffd"), newline=""), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = ["\ufffd"]
        yield reader.line_num, cells


def _columns(heading: list[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, cell in enumerate(heading):
        name = _COLUMNS.get(cell.strip().casefold())
        if name is not None:
            columns.setdefault(name, at)
    missing = [name for name in ("question", "answer") if name not in columns]
    if missing:
        raise AppError(ErrorCode.bad_request, "the first line must name the columns", missing=missing)
    return columns


class _Taken:
    """What was taken so far."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.faults: list[Fault] = []
        self._ids: set[str] = set()
        self._questions: set[tuple[str, str]] = set()

    def take(self, line: int, cells: list[str], columns: dict[str, int]) -> None:
        held = {name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()}
        language = held.get("language", "").casefold()
        entry = Entry(
            id=held.get("id") or f"row-{line}",
            question=held["question"],
            answer=held["answer"],
            similar=tuple(
                filter(None, map(str.strip, held.get("similar", "").replace("|", "\n").splitlines()))
            ),
            language="zh" if language.startswith("zh") else language,
        )
        fault = self._fault(entry, cells)
        if fault is not None:
            self.faults.append(Fault(line, *fault))
            return
        self._ids.add(entry.id)
        self._questions.add((entry.language, entry.question.casefold()))
        self.entries.append(entry)

    def _fault(self, entry: Entry, cells: list[str]) -> tuple[str, str] | None:
        return _fault_of(entry, cells) or self._clash(entry)

    def _clash(self, entry: Entry) -> tuple[str, str] | None:
        if entry.id in self._ids:
            return "same_id", "id"
        if (entry.language, entry.question.casefold()) in self._questions:
            return "same_question", "question"
        if len(self.entries) >= MAX_ENTRIES:
            return "too_many_entries", ""
        return None


def _fault_of(entry: Entry, cells: list[str]) -> tuple[str, str] | None:
    checks = (
        ("\ufffd" in "".join(cells), "not_text", ""),
        (not entry.question, "no_question", "question"),
        (not entry.answer, "no_answer", "answer"),
        (len(entry.question) > MAX_QUESTION, "question_too_long", "question"),
        (len(entry.answer) > MAX_ANSWER, "answer_too_long", "answer"),
        (len(entry.similar) > MAX_SIMILAR, "similar_too_many", "similar"),
        (any(len(text) > MAX_QUESTION for text in entry.similar), "similar_too_long", "similar"),
        (len(entry.id) > MAX_ID or not entry.id.isprintable(), "bad_id", "id"),
        (bool(entry.language) and entry.language not in LANGUAGES, "bad_language", "language"),
    )
    return next(((reason, column) for wrong, reason, column in checks if wrong), None)
