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

    def __init__(self, since: int) -> None:
        self.entries: deque[Pending] = deque()
        self.since = since


class Waiting:
    """A conversation is in one batch at a time: what it says meanwhile is not `ready`, as it would overtake."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, _Line] = OrderedDict()
        """The one whose turn is next stands first. In a plain dict, to find the first takes as long as were before."""
        self._held: dict[str, _Line] = {}
        """Those with entries in a batch that is on its way."""
        self.entries = 0
        self.bytes = 0
        self.ready = 0
        """Entries of which a batch could be made."""

    def is_late(self, conversation_id: str, now: int) -> bool:
        """Whether the writer can't keep up, with this conversation or with all."""
        line = self._lines.get(conversation_id) or self._held.get(conversation_id)
        if line is not None and line.entries and now - line.entries[0].append.created_at > MAX_AGE_MS:
            return True
        return bool(self._lines) and now - next(iter(self._lines.values())).since > MAX_AGE_MS

    def put(self, pending: Pending) -> None:
        conversation_id = pending.append.conversation_id
        line = self._held.get(conversation_id)
        if line is None:
            line = self._lines.get(conversation_id)
            if line is None:
                line = self._lines[conversation_id] = _Line(pending.append.created_at)
            self.ready += 1
        line.entries.append(pending)
        self.entries += 1
        self.bytes += pending.size

    def take(self) -> list[Pending]:
        """The next batch: one entry of each conversation, then another of each that has more, and so on."""
        batch: list[Pending] = []
        turn = list(islice(self._lines, MAX_ENTRIES))
        room = MAX_BYTES
        for _ in range(MAX_OF_ONE):
            more: list[str] = []
            for conversation_id in turn:
                if len(batch) == MAX_ENTRIES or room <= 0:
                    return batch
                line = self._held.get(conversation_id) or self._hold(conversation_id)
                pending = line.entries.popleft()
                if line.entries:
                    more.append(conversation_id)
                batch.append(pending)
                room -= pending.size
                self.entries -= 1
                self.bytes -= pending.size
            turn = more
        return batch

    def _hold(self, conversation_id: str) -> _Line:
        line = self._held[conversation_id] = self._lines.pop(conversation_id)
        self.ready -= len(line.entries)
        return line

    def release(self, batch: list[Pending], now: int) -> None:
        """The batch is over: who has more to say takes a place behind the others."""
        for pending in batch:
            line = self._held.pop(pending.append.conversation_id, None)
            if line is not None and line.entries:
                line.since = now
                self._lines[pending.append.conversation_id] = line
                self.ready += len(line.entries)
