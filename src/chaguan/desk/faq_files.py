"""Lists of questions as files: CSV as spreadsheets have it, or JSON with everything. Read and written in a thread."""

import asyncio
import csv
import hashlib
import io
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import faq
from chaguan.protocol.automation import FaqEntry, FaqFault, FaqSpec, FaqText, Language

MAX_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 5_000
MAX_FAULTS = 200
_FORMULA = ("=", "+", "-", "@", "\t")
"""What a spreadsheet would take for a formula if a cell began with it."""


class Read(Struct):
    """`place` counts entries in the order of the file, from 1."""

    entry: FaqEntry
    place: int


class Reading(Struct):
    entries: list[Read]
    faults: list[FaqFault]
    bad_rows: int = 0


class _Given(FaqSpec, kw_only=True):
    id: str = ""


class _Whole(Struct):
    entries: list[msgspec.Raw]


async def read(file: bytes, *, is_csv: bool) -> Reading:
    """Raises `too_large` above 8 MiB, and `bad_request` for what is no list of entries at all."""
    if len(file) > MAX_BYTES:
        raise AppError(ErrorCode.too_large, "the file is too large", limit=MAX_BYTES)
    return await asyncio.to_thread(_read_csv if is_csv else _read_json, file)


async def write(entries: Sequence[FaqEntry], *, is_csv: bool) -> bytes:
    return await asyncio.to_thread(_write_csv if is_csv else _write_json, entries)


def _read_csv(file: bytes) -> Reading:
    """A row is a question in one language. Rows whose ids are the same before a `#` are one entry in several."""
    table = faq.read_csv(file)
    reading = Reading([], [FaqFault(each.line, each.reason, each.column) for each in table.faults])
    reading.bad_rows = table.bad_rows
    by_id: dict[str, FaqEntry] = {}
    for row in table.entries:
        language: Language = "en" if _language(row) == "en" else "zh-CN"
        question, answer, *similar = map(_plain, (row.question, row.answer, *row.similar))
        text = FaqText(question=question, answer=answer, similar=similar)
        name = _own_id(row, language)
        held = by_id.get(name)
        if held is not None and language not in held.texts:
            held.texts[language] = text
            continue
        name = name if held is None else row.id  # "a" and "a#b" in the same language are two after all
        by_id[name] = entry = FaqEntry(id=name, texts={language: text})
        reading.entries.append(Read(entry, len(reading.entries) + 1))
    return reading


def _plain(cell: str) -> str:
    """Without the mark that `_guarded` put before it."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _own_id(row: faq.Entry, language: Language) -> str:
    """An id that the file does not name is made of the question, so that the same file taken in again changes what it
    made."""
    if row.id.startswith("row-"):
        digest = hashlib.blake2b(f"{language}\x00{row.question.casefold()}".encode(), digest_size=10)
        return f"f_{digest.hexdigest()}"
    return row.id.partition("#")[0] or row.id


def _language(row: faq.Entry) -> str:
    if row.language:
        return row.language[:2]
    return "zh" if any("\u2e80" <= sign <= "\u9fff" for sign in row.question) else "en"


def _read_json(file: bytes) -> Reading:
    reading = Reading([], [])
    seen: set[str] = set()
    for line, raw in enumerate(_items(file), 1):
        given = _given(raw)
        if isinstance(given, _Given) and given.id in seen:
            given = FaqFault(line, "same_id", "id")
        if isinstance(given, _Given) and len(reading.entries) >= MAX_ENTRIES:
            given = FaqFault(line, "too_many_entries")
        if isinstance(given, FaqFault):
            reading.bad_rows += 1
            if len(reading.faults) < MAX_FAULTS:
                reading.faults.append(FaqFault(line, given.reason, given.column))
            continue
        seen.add(given.id)
        entry = FaqEntry(id=given.id, texts=given.texts, enabled=given.enabled)
        reading.entries.append(Read(entry, len(reading.entries) + 1))
    return reading


def _items(file: bytes) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(file, type=_Whole).entries
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise AppError(ErrorCode.bad_request, "no JSON object with `entries`", reason="not_json") from error


def _given(raw: msgspec.Raw) -> _Given | FaqFault:
    try:
        given = msgspec.json.decode(raw, type=_Given)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return FaqFault(0, "not_an_entry", _place(error))
    if not given.id:
        language, text = next(iter(given.texts.items()))
        row = faq.Entry(id="row-0", question=text.question)
        return msgspec.structs.replace(given, id=_own_id(row, language))
    if len(given.id) > 64 or not given.id.isprintable():
        return FaqFault(0, "bad_id", "id")
    return given


def _place(error: Exception) -> str:
    """Where in the entry: `texts[...].answer` of "… - at `$.texts[...].answer`"."""
    return str(error).rpartition("`$")[2].strip("`.")[:100] if "`$" in str(error) else ""


def _write_csv(entries: Sequence[FaqEntry]) -> bytes:
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(["id", "language", "question", "similar", "answer"])
    for entry in entries:
        for place, (language, text) in enumerate(entry.texts.items()):
            name = entry.id if place == 0 else f"{entry.id}#{language}"
            cells = [name, language[:2], text.question, "\n".join(text.similar), text.answer]
            table.writerow(map(_guarded, cells))
    # With its mark, without which spreadsheets take Chinese for something else.
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _write_json(entries: Sequence[FaqEntry]) -> bytes:
    return msgspec.json.format(msgspec.json.encode({"entries": list(entries)}), indent=1)
