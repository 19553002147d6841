"""A shop's list of questions, and what else is settled about its automation, in SQL."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection

from chaguan.infra.database.sql import Statement
from chaguan.protocol.automation import FaqEntry

T = TypeVar("T")

_COLUMNS = "shop_id, id, position, enabled, texts, bytes, search, spec, changed_at"
_PUT = Statement(
    f"INSERT INTO faq_entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (shop_id, id) DO UPDATE SET position = excluded.position, enabled = excluded.enabled, "
    "texts = excluded.texts, bytes = excluded.bytes, search = excluded.search, spec = excluded.spec, "
    "changed_at = excluded.changed_at"
)
_FIND = Statement("SELECT spec FROM faq_entries WHERE shop_id = ? AND id = ?")
_REMOVE = Statement("DELETE FROM faq_entries WHERE shop_id = ? AND id = ?")
_CLEAR = Statement("DELETE FROM faq_entries WHERE shop_id = ?")
_IDS = Statement("SELECT id FROM faq_entries WHERE shop_id = ?")
_ENABLED = Statement("SELECT spec FROM faq_entries WHERE shop_id = ? AND enabled ORDER BY position, id")
_ALL = Statement("SELECT spec FROM faq_entries WHERE shop_id = ? ORDER BY position, id")
_PAGE = Statement(
    "SELECT spec FROM faq_entries WHERE shop_id = ? AND search LIKE ? ESCAPE '!' "
    "ORDER BY position, id LIMIT ? OFFSET ?"
)
_COUNT = Statement("SELECT COUNT(*) FROM faq_entries WHERE shop_id = ? AND search LIKE ? ESCAPE '!'")
_SIZE = Statement(
    "SELECT COALESCE(SUM(texts), 0), COALESCE(SUM(bytes), 0), COALESCE(MAX(position), 0) "
    "FROM faq_entries WHERE shop_id = ?"
)
_NEXT_VERSION = Statement(
    "INSERT INTO faq_versions (shop_id, version) VALUES (?, 1) "
    "ON CONFLICT (shop_id) DO UPDATE SET version = faq_versions.version + 1"
)
_VERSION = Statement("SELECT version FROM faq_versions WHERE shop_id = ?")
_SETTINGS = Statement("SELECT spec FROM automation_settings WHERE shop_id = ? AND kind = ?")
_OF_KIND = Statement("SELECT shop_id, spec FROM automation_settings WHERE kind = ?")
_PUT_SETTINGS = Statement(
    "INSERT INTO automation_settings (shop_id, kind, spec) VALUES (?, ?, ?) "
    "ON CONFLICT (shop_id, kind) DO UPDATE SET spec = excluded.spec"
)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(FaqEntry).decode


class Size(NamedTuple):
    """What a shop's list takes of its bounds."""

    texts: int
    bytes: int
    last_position: int


def put(connection: Connection, shop_id: str, entries: Sequence[FaqEntry]) -> None:
    _PUT.run_many(connection, [_row(shop_id, entry) for entry in entries])
    _NEXT_VERSION.run(connection, shop_id)


def _row(shop_id: str, entry: FaqEntry) -> tuple[object, ...]:
    spec = _encode(entry)
    words = [word for text in entry.texts.values() for word in (text.question, *text.similar, text.answer)]
    return (
        shop_id,
        entry.id,
        entry.position,
        entry.enabled,
        len(entry.texts),
        len(spec),
        "\n".join(words).lower(),
        spec.decode(),
        entry.changed_at,
    )


def find(connection: Connection, shop_id: str, entry_id: str) -> FaqEntry | None:
    row = _FIND.first(connection, shop_id, entry_id)
    return _decode(row[0]) if row else None


def remove(connection: Connection, shop_id: str, entry_id: str) -> bool:
    _NEXT_VERSION.run(connection, shop_id)
    return _REMOVE.run(connection, shop_id, entry_id) > 0


def clear(connection: Connection, shop_id: str) -> None:
    _CLEAR.run(connection, shop_id)


def ids(connection: Connection, shop_id: str) -> set[str]:
    return {row[0] for row in _IDS.rows(connection, shop_id)}


def enabled(connection: Connection, shop_id: str) -> list[FaqEntry]:
    return [_decode(row[0]) for row in _ENABLED.rows(connection, shop_id)]


def everything(connection: Connection, shop_id: str) -> list[FaqEntry]:
    return [_decode(row[0]) for row in _ALL.rows(connection, shop_id)]


def page(
    connection: Connection, shop_id: str, words: str, limit: int, offset: int
) -> tuple[list[FaqEntry], int]:
    """Those whose texts contain the words, and how many there are."""
    escaped = words.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = _PAGE.rows(connection, shop_id, f"%{escaped}%", limit, offset)
    counted = _COUNT.first(connection, shop_id, f"%{escaped}%")
    return [_decode(row[0]) for row in rows], int(counted[0]) if counted else 0


def size(connection: Connection, shop_id: str) -> Size:
    row = _SIZE.first(connection, shop_id)
    return Size(*map(int, row)) if row else Size(0, 0, 0)


def version(connection: Connection, shop_id: str) -> int:
    row = _VERSION.first(connection, shop_id)
    return int(row[0]) if row else 0


def settings(connection: Connection, shop_id: str, kind: str, type_: type[T]) -> T:
    """As nothing was settled yet: the defaults."""
    row = _SETTINGS.first(connection, shop_id, kind)
    return msgspec.json.decode(row[0] if row else "{}", type=type_)


def settings_of_all(connection: Connection, kind: str, type_: type[T]) -> dict[str, T]:
    """By shop, of those that settled something."""
    return {row[0]: msgspec.json.decode(row[1], type=type_) for row in _OF_KIND.rows(connection, kind)}


def put_settings(connection: Connection, shop_id: str, kind: str, spec: object) -> None:
    _PUT_SETTINGS.run(connection, shop_id, kind, _encode(spec).decode())
