"""What a backup asks of a database, whichever it is: all of it as of one moment."""

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.backup.archive import Piece
from chaguan.media import list_blobs

_LIST_AT_ONCE = 1_000


class Copied(Struct, frozen=True, kw_only=True):
    """`database` was put into the backup; `blobs` are those that it names, and whether a message uses them."""

    engine: str
    revision: str
    epoch: str
    database: Piece
    database_bytes: int = 0
    rows: dict[str, int]
    blobs: list[tuple[str, bool]]

    @property
    def size(self) -> int:
        return self.database_bytes or self.database.size


def list_named(connection: Connection) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    after = ""
    while page := list_blobs(connection, after, _LIST_AT_ONCE):
        after = page[-1].media_id
        found += [(name, each.is_used) for each in page for name in each.names]
    return found
