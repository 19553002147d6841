"""What an error of PostgreSQL means for the unit of work that met it."""

from enum import Enum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chaguan.core.errors import AppError, ErrorCode


class Fate(Enum):
    again = "again"
    """Others were in the way: the same work may succeed at once."""
    lost = "lost"
    """The connection or its server went: the work may succeed on another."""
    busy = "busy"
    """The server can't do it now."""
    refused = "refused"
    """A text that no database can hold."""
    defect = "defect"


_AGAIN = {"40001", "40P01", "55P03"}
"""Serialization failure, deadlock, a lock that was not to be had in time."""
_LOST = {"57P01", "57P02", "57P03", "57P05", "25006", "53300"}
"""Shutdown, crash, starting up, ended, a server that became a standby, no connection left."""
_REFUSED = {"22021", "22P05"}
_BUSY_CLASSES = {"28", "3D", "53", "58", "XX"}
"""Not let in, no such database, out of something (disk, memory), the system failed, data is damaged."""
_CANCELLED = "57014"


def fate_of(error: BaseException) -> Fate:
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    if state is None:
        return _without_state(original)
    if state in _AGAIN or (state == "0A000" and "cached" in str(original)):
        # A newer node has altered a table below a statement that this one had prepared.
        return Fate.again
    if state in _LOST or state[:2] == "08":
        return Fate.lost
    if state in _REFUSED:
        return Fate.refused
    return Fate.busy if state == _CANCELLED or state[:2] in _BUSY_CLASSES else Fate.defect


def _without_state(error: BaseException | None) -> Fate:
    if isinstance(error, PoolTimeout):
        return Fate.busy
    if isinstance(error, OSError):  # refused, reset, unknown host; TimeoutError too
        return Fate.lost
    name = type(error).__name__
    if name == "InternalClientError" or (name == "InterfaceError" and "clos" in str(error)):
        # The former is what the driver says between the server's farewell and the end of the connection.
        return Fate.lost
    if name == "InvalidCachedStatementError":
        return Fate.again
    return Fate.defect


def translate(error: BaseException, fate: Fate) -> BaseException:
    """What the caller is told: busy and refused are the edge's words, a defect stays itself."""
    if fate is Fate.defect:
        return error
    if fate is Fate.refused:
        return AppError(ErrorCode.bad_request, "a text holds a character that can't be stored")
    return AppError(ErrorCode.unavailable, f"database: {summary(error)}", retry_after_ms=1_000)


def summary(error: BaseException) -> str:
    """In a line, without the statement and its values."""
    original = error.orig if isinstance(error, DBAPIError) else error
    text = str(original) or type(original).__name__
    # The driver's adapter puts the class before the message.
    return text.split(">: ", 1)[-1].splitlines()[0]
