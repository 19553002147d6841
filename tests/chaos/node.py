"""`chaguan` with a clock that may be wrong and, on demand, with a fault planted in it.

CLOCK_FILE=…  a file with the offset in milliseconds, read twice a second
PLANT=…       one of PLANTS: what the play has to catch
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chaguan.core import clock


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

    real, count = writer.LogWriter.append, [0]

    def append(self: Any, append: Any) -> Any:
        count[0] += 1
        future = real(self, append)
        if count[0] % 97 or not append.countable:
            return future
        self._queue.pop()
        future.set_result(writer.Appended(10**9 + count[0], 1, append.created_at))
        return future

    writer.LogWriter.append = append  # type: ignore[method-assign]


def _lose_dedupe() -> None:
    """What was sent again is stored again, under another key."""
    from chaguan.messaging import writer

    real = writer._Batch._place

    def place(self: Any, append: Any) -> Any:
        if append.key in self._seen:
            append.client_msg_id = os.urandom(16)
        return real(self, append)

    writer._Batch._place = place  # type: ignore[method-assign]


PLANTS: dict[str, Callable[[], None]] = {
    "ack_before_commit": _acknowledge_before_commit,
    "dedupe_lost": _lose_dedupe,
}


def main() -> int:
    if "CLOCK_FILE" in os.environ:
        _shift_clock(Path(os.environ["CLOCK_FILE"]))
    if os.environ.get("PLANT"):
        PLANTS[os.environ["PLANT"]]()
    from chaguan.cli import main as chaguan

    return chaguan(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
