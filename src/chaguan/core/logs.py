"""The log: one line per event, for people or as JSON. It says where and what kind, never what somebody wrote.

An exception's text may quote a message, a token or a name, so of an exception stand its type and its places.
"""

import json
import logging
import re
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chaguan.core.trace import Trace

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}
_SECRETIVE = ("asyncio",)
"""Loggers of others whose texts hold the representation of objects, and so perhaps what somebody wrote."""


def places(error: BaseException) -> str:
    """Where it was raised, innermost first."""
    return " < ".join(
        f"{place.filename}:{place.lineno} {place.name}"
        for place in reversed(traceback.extract_tb(error.__traceback__))
    )


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = {name: value for name, value in vars(record).items() if name not in _OWN}
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields |= {"error": type(error).__name__, "at": places(error)}
    return fields


def _text(record: logging.LogRecord) -> str:
    if record.name in _SECRETIVE:
        return re.split(r"[(\n]", str(record.msg), maxsplit=1)[0]
    return record.getMessage()


class JsonLines(logging.Formatter):
    """`{"time", "level", "logger", "message", …}`: further fields are those of the event, `trace_id` among them."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _text(record),
        }
        return json.dumps(line | _fields(record), ensure_ascii=False, default=str)


class HumanLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        text = _text(record)
        said = {name: str(value) for name, value in _fields(record).items()}
        fields = "".join(f" {name}={value}" for name, value in said.items() if value not in text)
        return f"{when},{int(record.msecs):03d} {record.levelname} {record.name}: {text}{fields}"


def set_up(form: str, level: str) -> None:
    """To stderr, for all loggers of the process."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else HumanLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log each address it asks


class Sparing:
    """Lets so many through in each span and counts the others: a storm must not fill the disk with its own report."""

    def __init__(
        self, most: int = 20, span_s: float = 10, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._span_s = span_s
        self._clock = clock
        self._until = 0.0
        self._passed = 0
        self.withheld = 0

    def lets_through(self) -> bool:
        now = self._clock()
        if now >= self._until:
            self._until, self._passed = now + self._span_s, 0
        self._passed += 1
        if self._passed <= self._most:
            return True
        self.withheld += 1
        return False


class Stages:
    """Writes down how a command went, when that is worth a line: it was slow, it broke, or everything is asked for.

    One line for each stage, all with the same `trace_id`: the command, the batch that stored it, its push.
    """

    def __init__(self, logger: logging.Logger, slow_s: float, sparing: Sparing | None = None) -> None:
        self._logger = logger
        self._slow_s = slow_s
        self._sparing = sparing or Sparing()
        self.slow = 0

    def told(self, trace: Trace, what: str, outcome: str, seconds: float) -> None:
        is_slow = seconds >= self._slow_s
        if is_slow:
            self.slow += 1
        level = logging.WARNING if is_slow or outcome == "internal" else logging.DEBUG
        if self._logger.isEnabledFor(level) and (level == logging.DEBUG or self._sparing.lets_through()):
            self._write(level, trace, f"slow {what}" if is_slow else what, outcome, seconds)

    def _write(self, level: int, trace: Trace, what: str, outcome: str, seconds: float) -> None:
        known = {"trace_id": trace.id}
        took = {**known, "outcome": outcome, "ms": _ms(seconds)}
        self._logger.log(level, what, extra=took)
        batch = trace.batch
        if batch is None:
            return
        stored = {**known, "batch": batch.number, "entries": batch.entries, "wait_ms": _ms(batch.wait_s)}
        if batch.commit_s < 0:
            self._logger.log(level, "log writer: the batch was not stored", extra=stored)
            return
        self._logger.log(
            level, "log writer: batch stored", extra={**stored, "commit_ms": _ms(batch.commit_s)}
        )
        if batch.push_s >= 0:
            pushed = {**known, "batch": batch.number, "push_ms": _ms(batch.push_s)}
            self._logger.log(level, "pushes handed out", extra=pushed)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
