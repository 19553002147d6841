"""The database behind a few verbs: each runs a plain synchronous function on a connection, as one unit of work.

Functions given to `write` and `write_locking` may run twice, so they do no I/O of their own, read no clock and touch
no shared object. What they raise undoes what they wrote.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection, MetaData

T = TypeVar("T")
Work = Callable[[Connection], T]

metadata = MetaData()
"""Every domain's tables register here, so that a check can hold them against the migrations."""


class Database(Protocol):
    """The port. Its adapters are `SqliteDatabase`, embedded, and `PostgresDatabase`, shared by many processes.

    Busy is an `AppError`: `unavailable` when nothing was written, `timeout` when the commit may have happened.
    """

    dialect: str
    lanes: int
    """How many `write_locking` get something done at the same time."""
    last_error: str
    """What the last write failed of, for the machine's own reasons; empty while writing works."""

    async def write(self, work: Work[T]) -> T:
        """As if no other write ran at the same time."""

    async def write_locking(self, work: Work[T]) -> T:
        """For work that begins by taking locks of its own: what it reads after that is what the former holders of
        these locks have committed."""

    async def read(self, work: Work[T]) -> T:
        """On one snapshot of what is committed."""

    async def alter(self, work: Work[T]) -> T:
        """In a transaction without time limits, for migrations."""

    async def close(self) -> None: ...
