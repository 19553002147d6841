"""A bar on a terminal, a line now and then in a log file."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_WIDTH = 30
_ON_TERMINAL_S, _IN_LOG_S = 0.1, 10


class Bar:
    def __init__(self, title: str) -> None:
        self._title = title
        self._is_terminal = sys.stderr.isatty()
        self._shown_at = time.monotonic()
        self._is_shown = False

    def tell(self, done: int, total: int, unit: str = "") -> None:
        now = time.monotonic()
        if now - self._shown_at < (_ON_TERMINAL_S if self._is_terminal else _IN_LOG_S):
            return
        self._shown_at, self._is_shown = now, True
        part = min(1.0, done / total) if total else 1.0
        if self._is_terminal:
            filled = int(part * _WIDTH)
            line = f"\r{self._title} [{'█' * filled}{'·' * (_WIDTH - filled)}] {part:4.0%} {unit}\x1b[K"
            print(line, end="", file=sys.stderr, flush=True)
        else:
            print(f"{self._title}: {part:.0%} {unit}", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._is_shown and self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def bar(title: str) -> Iterator[Bar]:
    shown = Bar(title)
    try:
        yield shown
    finally:
        shown.close()


def in_bytes(size: int) -> str:
    amount, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            break
        amount /= 1024
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
