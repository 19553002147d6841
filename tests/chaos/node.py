"""`chaguan` with a clock that may be wrong and, on demand, with a fault planted in it.

CLOCK_FILE=…  a file with the offset in milliseconds, read twice a second
PLANT=…       one of PLANTS: what the play has to catch

It always has one consumer more, which writes down what it was given, and where several write at once it holds back a
commit now and then, so that entries become visible in another order than that of their ids.
"""

import asyncio
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chaguan.core import clock
from tests.chaos.witness import Witness

HELD_EVERY_S = 1 if os.environ.get("PLANT") == "late_commit_skipped" else 4
HELD_S = 0.8
"""Longer than a consumer waits before it looks."""


def _shift_clock(file: Path) -> None:
    """Before anything takes the clock by name."""
    real, offset = clock.now_ms, [0]

    def watch() -> None:
        while True:
            offset[0] = int(file.read_text() or 0)
            time.sleep(0.5)

    threading.Thread(target=watch, daemon=True).start()
    clock.now_ms = lambda: real() + offset[0]


def _acknowledge_before_commit() -> None:
    """Now and then an append is answered and never stored."""
    from chaguan.messaging import writer
    from chaguan.messaging.append import Appended

    real, count = writer.LogWriter.put, [0]

    def put(self: Any, append: Any, settle: Any) -> None:
        count[0] += 1
        if count[0] % 97 or not append.countable:
            real(self, append, settle)
        else:
            settle(Appended(10**9 + count[0], 1, append.created_at))

    writer.LogWriter.put = put  # type: ignore[method-assign]


def _lose_dedupe() -> None:
    """What was sent again is stored again, under another key."""
    from chaguan.messaging import batch

    real = batch._Batch._place

    def place(self: Any, append: Any) -> Any:
        if append.key in self._seen:
            append.client_msg_id = os.urandom(16)
        return real(self, append)

    batch._Batch._place = place  # type: ignore[method-assign]


def _skip_late_commits() -> None:
    """Consumers take the ids that they see for all there are."""
    from chaguan.messaging.horizon import Horizon

    Horizon.after = lambda _self, tail: tail.last_id  # type: ignore[method-assign]


PLANTS: dict[str, Callable[[], None]] = {
    "ack_before_commit": _acknowledge_before_commit,
    "dedupe_lost": _lose_dedupe,
    "late_commit_skipped": _skip_late_commits,
}


def _hold_commits_back() -> None:
    """The last statement of a batch waits: meanwhile other lanes and nodes commit what has larger ids."""
    from sqlalchemy.util import await_only

    from chaguan.messaging import writer

    real, held_at = writer.append_batch, [time.monotonic()]

    def append_batch(connection: Any, appends: Any, **how: Any) -> Any:
        outcomes = real(connection, appends, **how)
        if connection.dialect.name != "sqlite" and time.monotonic() > held_at[0] + HELD_EVERY_S:
            held_at[0] = time.monotonic()
            await_only(asyncio.sleep(HELD_S))
        return outcomes

    writer.append_batch = append_batch


def _add_witness() -> None:
    from chaguan.app import Deployment

    real = Deployment.start

    async def start(self: Any, *arguments: Any, consumers: bool = True) -> None:
        await real(self, *arguments, consumers=consumers)
        if consumers:
            self.witness = Witness(self.db)
            await self.witness.start()

    Deployment.start = start  # type: ignore[method-assign]


def _tell_where_it_stands(*_: object) -> None:
    """On SIGUSR1: every task's stack, into the log."""
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:  # the loop does not run
        faulthandler.dump_traceback()
        return
    for task in tasks:
        task.print_stack(limit=8)


def main() -> int:
    signal.signal(signal.SIGUSR1, _tell_where_it_stands)
    if "CLOCK_FILE" in os.environ:
        _shift_clock(Path(os.environ["CLOCK_FILE"]))
    if os.environ.get("PLANT"):
        PLANTS[os.environ["PLANT"]]()
    _hold_commits_back()
    _add_witness()
    from chaguan.cli import main as chaguan

    return chaguan(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
