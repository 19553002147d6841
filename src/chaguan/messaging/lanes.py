"""The way into the log: lanes by conversation, each with a writer of its own, where a database can take several batches.

A conversation always goes by the same lane, so that its entries are written, and given out, in their order.
"""

import asyncio
from zlib import crc32

from chaguan.core.clock import Clock, now_ms
from chaguan.infra.database import Database
from chaguan.messaging.append import Append, Appended, Settle
from chaguan.messaging.writer import LogWriter, WriterFigures


class Lanes:
    def __init__(self, db: Database, clock: Clock = now_ms) -> None:
        self._lanes = [LogWriter(db, clock) for _ in range(db.lanes)]
        self.figures = WriterFigures()
        for lane in self._lanes:
            lane.figures = self.figures

    @property
    def queued(self) -> tuple[int, int]:
        """Entries and bytes that wait for a batch."""
        waiting = [lane.queued for lane in self._lanes]
        return sum(entries for entries, _ in waiting), sum(size for _, size in waiting)

    @property
    def batches(self) -> int:
        return sum(lane.batches for lane in self._lanes)

    @property
    def appended(self) -> int:
        return sum(lane.appended for lane in self._lanes)

    def append(self, append: Append) -> asyncio.Future[Appended]:
        return self._lane(append.conversation_id).append(append)

    def put(self, append: Append, settle: Settle) -> None:
        self._lane(append.conversation_id).put(append, settle)

    async def flush(self) -> None:
        """Wait until all that is queued now has been written."""
        await asyncio.gather(*(lane.flush() for lane in self._lanes))

    def _lane(self, conversation_id: str) -> LogWriter:
        if len(self._lanes) == 1:
            return self._lanes[0]
        return self._lanes[crc32(conversation_id.encode()) % len(self._lanes)]
