"""What agents called cases lately, in SQL."""

from collections.abc import Iterable

from sqlalchemy import Connection

from chaguan.infra.database.sql import Statement

_USE = Statement(
    "INSERT INTO shop_tags (shop_id, tag, used_at) VALUES (?, ?, ?) "
    "ON CONFLICT (shop_id, tag) DO UPDATE SET used_at = excluded.used_at"
)
_LATELY = Statement("SELECT tag FROM shop_tags WHERE shop_id = ? ORDER BY used_at DESC, tag LIMIT ?")


def use(connection: Connection, shop_id: str, tags: Iterable[str], at: int) -> None:
    for tag in tags:
        _USE.run(connection, shop_id, tag, at)


def lately(connection: Connection, shop_id: str, limit: int) -> list[str]:
    """The last used first."""
    return [row[0] for row in _LATELY.rows(connection, shop_id, limit)]
