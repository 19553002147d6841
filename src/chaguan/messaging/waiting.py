"""What waits for the log writer. Conversations take turns, so that one that is spoken into without end makes others
wait for a share of a batch and not for all that it has to say."""

from collections import OrderedDict, deque
from itertools import islice

from chaguan.messaging.append import Append, Settle

MAX_ENTRIES = 256
MAX_BYTES = 1024 * 1024
MAX_OF_ONE = 32
MAX_AGE_MS = 2_000


class Pending:
    __slots__ = ("append", "settle", "size")

    def __init__(self, append: Append, settle: Settle) -> None:
        self.append = append
        self.settle = settle
        self.size = append.size


class _Line:
    """The entries of one conversation, in their order. `since`: when it took its place behind the others."""

    __slots__ = ("entries", "since")

    def __init__(self, first: Pending) -> None:
        self.entries = deque((first,))
        self.since = first.append.created_at


class Waiting:
    def __init__(self) -> None:
        self._lines: OrderedDict[str, _Line] = OrderedDict()
        """The one whose turn is next stands first. In a plain dict, to find the first takes as long as were before."""
        self.entries = 0
        self.bytes = 0

    def is_late(self, conversation_id: str, now: int) -> bool:
        """Whether the writer can't keep up, with this conversation or with all."""
        if not self._lines:
            return False
        line = self._lines.get(conversation_id)
        if line is not None and now - line.entries[0].append.created_at > MAX_AGE_MS:
            return True
        return now - next(iter(self._lines.values())).since > MAX_AGE_MS

    def put(self, pending: Pending) -> None:
        line = self._lines.get(pending.append.conversation_id)
        if line is None:
            self._lines[pending.append.conversation_id] = _Line(pending)
        else:
            line.entries.append(pending)
        self.entries += 1
        self.bytes += pending.size

    def take(self, now: int) -> list[Pending]:
        """The next batch: one entry of each conversation, then another of each that has more, and so on."""
        batch: list[Pending] = []
        turn = list(islice(self._lines, MAX_ENTRIES))
        room = MAX_BYTES
        for _ in range(MAX_OF_ONE):
            more: list[str] = []
            for conversation_id in turn:
                if len(batch) == MAX_ENTRIES or room <= 0:
                    return batch
                pending = self._take_one(conversation_id, more, now)
                batch.append(pending)
                room -= pending.size
            turn = more
        return batch

    def _take_one(self, conversation_id: str, more: list[str], now: int) -> Pending:
        line = self._lines[conversation_id]
        pending = line.entries.popleft()
        if line.entries:
            line.since = now
            self._lines.move_to_end(conversation_id)
            more.append(conversation_id)
        else:
            del self._lines[conversation_id]
        self.entries -= 1
        self.bytes -= pending.size
        return pending
