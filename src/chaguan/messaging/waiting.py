"""What waits for the log writer. Conversations take turns, so that one that is spoken into without end makes others
wait for a share of a batch and not for all that it has to say."""

from collections import OrderedDict, deque
from collections.abc import Sequence
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
        self._left: OrderedDict[str, _Line] = OrderedDict()
        """Those that another node wrote when their turn came. They are tried again apart, so that nobody waits with
        them."""
        self._held: dict[str, _Line] = {}
        """Those with entries in a batch that is on its way."""
        self.entries = 0
        self.bytes = 0
        self.ready = 0
        """Entries of which a batch could be made."""

    @property
    def has_left(self) -> bool:
        return bool(self._left)

    def is_late(self, conversation_id: str, now: int) -> bool:
        """Whether the writer can't keep up, with this conversation or with all."""
        line = self._find(conversation_id)
        if line is not None and line.entries and now - line.entries[0].append.created_at > MAX_AGE_MS:
            return True
        return bool(self._lines) and now - next(iter(self._lines.values())).since > MAX_AGE_MS

    def put(self, pending: Pending) -> None:
        conversation_id = pending.append.conversation_id
        line = self._find(conversation_id)
        if line is None:
            line = self._lines[conversation_id] = _Line(pending.append.created_at)
        line.entries.append(pending)
        self.ready += conversation_id in self._lines
        self.entries += 1
        self.bytes += pending.size

    def _find(self, conversation_id: str) -> _Line | None:
        return (
            self._held.get(conversation_id)
            or self._lines.get(conversation_id)
            or self._left.get(conversation_id)
        )

    def take(self) -> list[Pending]:
        """The next batch: one entry of each conversation, then another of each that has more, and so on."""
        batch = self._take(self._lines)
        self.ready -= len(batch) + sum(
            len(self._held[id].entries) for id in {_room_of(each) for each in batch}
        )
        return batch

    def take_left(self) -> list[Pending]:
        """The same of those that were left."""
        return self._take(self._left)

    def _take(self, lines: OrderedDict[str, _Line]) -> list[Pending]:
        batch: list[Pending] = []
        turn = list(islice(lines, MAX_ENTRIES))
        room = MAX_BYTES
        for _ in range(MAX_OF_ONE):
            more: list[str] = []
            for conversation_id in turn:
                if len(batch) == MAX_ENTRIES or room <= 0:
                    return batch
                line = self._held.get(conversation_id) or self._hold(conversation_id, lines)
                pending = line.entries.popleft()
                if line.entries:
                    more.append(conversation_id)
                batch.append(pending)
                room -= pending.size
                self.entries -= 1
                self.bytes -= pending.size
            turn = more
        return batch

    def _hold(self, conversation_id: str, lines: OrderedDict[str, _Line]) -> _Line:
        line = self._held[conversation_id] = lines.pop(conversation_id)
        return line

    def release(self, batch: Sequence[Pending], now: int, left: Sequence[Pending] = ()) -> None:
        """The batch is over: who has more to say takes a place behind the others. Of it, `left` was not written."""
        for pending in reversed(left):
            self._held[_room_of(pending)].entries.appendleft(pending)
            self.entries += 1
            self.bytes += pending.size
        rooms_left = {_room_of(pending) for pending in left}
        for conversation_id in dict.fromkeys(_room_of(pending) for pending in batch):
            line = self._held.pop(conversation_id)
            if not line.entries:
                continue
            line.since = now
            if conversation_id in rooms_left:
                self._left[conversation_id] = line
            else:
                self._lines[conversation_id] = line
                self.ready += len(line.entries)


def _room_of(pending: Pending) -> str:
    return pending.append.conversation_id
