"""What was said lately, as the clients were told it: most absences are short, and most of a group missed the same.

Holds plain messages of text in their first state only. Whatever changes one, or carries a link that ages, makes the
conversation's tail begin anew after it, so that nothing recalled is ever served from here.
"""

from collections import OrderedDict

TAIL = 200
"""Entries that a pull may lack before it is answered by a reset."""
BYTES = 32 * 1024 * 1024


class _Tail:
    __slots__ = ("entries", "last_seq", "size")

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.last_seq = 0
        self.size = 0


class Recent:
    """Tails of the logs of conversations that spoke last, within `limit` bytes. It belongs to the loop."""

    def __init__(self, limit: int = BYTES) -> None:
        self._limit = limit
        self._tails: OrderedDict[str, _Tail] = OrderedDict()
        self._size = 0

    def add(self, conversation_id: str, seq: int, entry: bytes) -> None:
        """The newest entry of the log, encoded."""
        tail = self._tails.get(conversation_id)
        if tail is None or tail.last_seq + 1 != seq:
            self.forget(conversation_id)
            tail = self._tails[conversation_id] = _Tail()
        tail.entries.append(entry)
        tail.last_seq = seq
        self._grow(tail, len(entry))
        if len(tail.entries) >= 2 * TAIL:
            self._grow(tail, -sum(map(len, tail.entries[:TAIL])))
            del tail.entries[:TAIL]
        self._keep(conversation_id)

    def restore(self, conversation_id: str, last_seq: int, entries: list[bytes]) -> None:
        """The end of the log as it was read, encoded: the last of them is the newest, at `last_seq`."""
        held = self._tails.get(conversation_id)
        if held is not None and (held.last_seq, len(held.entries)) >= (last_seq, len(entries)):
            return
        self.forget(conversation_id)
        if entries:
            tail = self._tails[conversation_id] = _Tail()
            tail.entries, tail.last_seq = entries, last_seq
            self._grow(tail, sum(map(len, entries)))
            self._keep(conversation_id)

    def forget(self, conversation_id: str) -> None:
        tail = self._tails.pop(conversation_id, None)
        if tail is not None:
            self._size -= tail.size

    def after(self, conversation_id: str, seq: int, head_seq: int) -> bytes | None:
        """All entries above `seq` up to the head, joined by commas; None when they are not all here."""
        tail = self._tails.get(conversation_id)
        if tail is None or tail.last_seq != head_seq or not 0 < head_seq - seq <= len(tail.entries):
            return None
        return b",".join(tail.entries[seq - head_seq :])

    def _keep(self, conversation_id: str) -> None:
        self._tails.move_to_end(conversation_id)
        while self._size > self._limit:
            self.forget(next(iter(self._tails)))

    def _grow(self, tail: _Tail, size: int) -> None:
        tail.size += size
        self._size += size
