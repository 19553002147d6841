"""How far down the log is finished: no entry with an id up to there can still appear.

Ids are given out before transactions commit, so with several writers a smaller id may appear after a larger one. Two
looks at the log settle it: whatever had an id at the first look was written by a transaction that had its number by
then, hence below the number that the second look takes for itself; once every transaction below that has ended, all
of it can be read. Ids of one conversation ascend with its entries, as `log.lock` sees to that.
"""

from collections import deque

from chaguan.messaging.store.log import Tail

MOST = 64
"""Looks that are remembered while some transaction takes long."""


class Horizon:
    """Belongs to one reader. Nothing of it is stored: a position is an id, on every engine and in every copy."""

    def __init__(self) -> None:
        self.settled = 0
        self._seen: int | None = None
        self._open: deque[tuple[int, int]] = deque()
        """(last id, the number below which all must have ended)"""

    def after(self, tail: Tail) -> int:
        """The last id up to which the log is finished, by one more look at it. What the snapshot of that look shows
        up to there is complete."""
        if not tail.oldest_running:
            self.settled = tail.last_id
            return self.settled
        newest = self._open[-1][0] if self._open else self.settled
        if tail.own_number and self._seen is not None and self._seen > newest and len(self._open) < MOST:
            self._open.append((self._seen, tail.own_number))
        self._seen = tail.last_id
        while self._open and self._open[0][1] <= tail.oldest_running:
            self.settled = self._open.popleft()[0]
        return self.settled
