"""Canned replies as a file: CSV for a spreadsheet, JSON for everything else. A broken row is named and harms no other."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from chaguan.core.errors import AppError
from chaguan.desk.canned.rules import cleaned
from chaguan.protocol.canned import CannedFault, CannedSpec

MAX_ROWS = 2_000
_FIXED = ("shortcut", "title", "folder", "tags")
_TEXT = "text_"
_CONTENTS = "contents"
_LANGUAGES = ("zh-CN", "en")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins so."""


class Format(StrEnum):
    csv = "csv"
    json = "json"


class Row(Struct, frozen=True):
    line: int
    spec: CannedSpec


class Read(Struct):
    rows: list[Row]
    faults: list[CannedFault]


def write(specs: Sequence[CannedSpec], form: Format) -> bytes:
    """What `read` takes back as it was."""
    return (
        _write_csv(specs)
        if form is Format.csv
        else msgspec.json.format(msgspec.json.encode({"replies": specs}))
    )


def read(raw: bytes, form: Format) -> Read:
    found = Read([], [])
    taken: set[str] = set()
    for line, raw_row in _csv_rows(raw, found) if form is Format.csv else _json_rows(raw, found):
        if line > MAX_ROWS + 1:
            found.faults.append(CannedFault(line, "too_many", {"limit": str(MAX_ROWS)}))
            break
        spec = _spec(line, raw_row, found)
        if spec is None:
            continue
        if spec.shortcut in taken:
            found.faults.append(CannedFault(line, "twice", {"shortcut": spec.shortcut}))
            continue
        taken.add(spec.shortcut)
        found.rows.append(Row(line, spec))
    return found


def _spec(line: int, raw_row: Any, found: Read) -> CannedSpec | None:
    try:
        return cleaned(msgspec.convert(raw_row, CannedSpec))
    except msgspec.ValidationError as error:
        # "Expected `str` of length <= 32 - at `$.shortcut`"
        field = str(error).rpartition("`$.")[2].rstrip("`")
        found.faults.append(CannedFault(line, "field", {"field": field[:60]}))
    except AppError as error:
        data = {name: str(value) for name, value in error.data.items() if name != "reason"}
        found.faults.append(CannedFault(line, str(error.data["reason"]), data))
    return None


def _json_rows(raw: bytes, found: Read) -> Iterator[tuple[int, Any]]:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        body = None
    rows = body.get("replies") if isinstance(body, dict) else body
    if not isinstance(rows, list):
        found.faults.append(CannedFault(1, "json"))
        return
    yield from enumerate(rows, 1)


def _csv_rows(raw: bytes, found: Read) -> Iterator[tuple[int, Any]]:
    reader = csv.reader(io.StringIO(_decoded(raw).replace("\0", ""), newline=""), delimiter=_delimiter(raw))
    heading: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            found.faults.append(CannedFault(line, "columns"))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if heading is None:
            heading = [cell.strip() for cell in cells]
            if not {"shortcut", "title"} <= set(heading):
                found.faults.append(CannedFault(line, "columns"))
                return
        elif len(cells) > len(heading):
            found.faults.append(CannedFault(line, "columns"))
        else:
            yield line, _from_cells(dict(zip(heading, map(_plain, cells), strict=False)))


def _from_cells(cells: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: cells[name] for name in ("shortcut", "title", "folder") if name in cells}
    row["tags"] = [tag.strip() for tag in cells.get("tags", "").split(",") if tag.strip()]
    row["texts"] = {
        name.removeprefix(_TEXT): value
        for name, value in cells.items()
        if name.startswith(_TEXT) and value.strip()
    }
    if cells.get(_CONTENTS, "").strip():
        try:
            row[_CONTENTS] = msgspec.json.decode(cells[_CONTENTS])
        except (msgspec.DecodeError, RecursionError):
            row[_CONTENTS] = cells[_CONTENTS]  # which no list is
    return row


def _write_csv(specs: Sequence[CannedSpec]) -> bytes:
    languages = list(dict.fromkeys([*_LANGUAGES, *(name for spec in specs for name in spec.texts)]))
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*_FIXED, *(f"{_TEXT}{language}" for language in languages), _CONTENTS])
    for spec in specs:
        contents = msgspec.json.encode(spec.contents).decode() if spec.contents else ""
        texts = [spec.texts.get(language, "") for language in languages]
        cells = [spec.shortcut, spec.title, spec.folder, ", ".join(spec.tags), *texts, contents]
        writer.writerow([_quoted(cell) for cell in cells])
    # Spreadsheets take a file without the mark for one in the machine's own encoding.
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _quoted(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in (*_FORMULA, "'") else cell


def _decoded(raw: bytes) -> str:
    """UTF-8, or what Excel in China writes."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace")


def _delimiter(raw: bytes) -> str:
    heading = raw.split(b"\n", 1)[0]
    return max((",", ";", "\t"), key=lambda sign: heading.count(sign.encode()))
