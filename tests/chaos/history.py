"""One conversation's log as the database holds it, and what follows from it alone."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from chaguan.messaging.model import EDIT, JOINED, LEFT, MESSAGE, REACTION, RECALL, unpack_state

CHANGES = (EDIT, RECALL, REACTION)
Spans = list[list[int]]
"""`[from_seq, until_seq]`; 0: it lasts."""


class Row(NamedTuple):
    """A stored entry, without what it says."""

    conversation_id: str
    seq: int
    kind: int
    countable: bool
    ordinal: int
    actor_id: str
    client_msg_id: bytes
    created_at: int
    target_seq: int
    changed_seq: int
    state: str


COLUMNS = ", ".join(Row._fields)


class History:
    def __init__(self, room: str, rows: Sequence[Row]) -> None:
        self.room = room
        self.rows = rows
        self.changes: dict[int, list[Row]] = defaultdict(list)
        """target → what changed it, in order."""
        for row in rows:
            if row.kind in CHANGES:
                self.changes[row.target_seq].append(row)

    def at(self, seq: int) -> Row | None:
        return self.rows[seq - 1] if 0 < seq <= len(self.rows) else None

    @property
    def head_seq(self) -> int:
        return len(self.rows)

    @property
    def head_ordinal(self) -> int:
        return self.rows[-1].ordinal if self.rows else 0

    def ordinal_at(self, seq: int) -> int:
        """Of the last entry up to there."""
        place = bisect_right(self.rows, seq, key=lambda row: row.seq)
        return self.rows[place - 1].ordinal if place else 0

    def reactions(self, seq: int) -> list[list[object]]:
        """On a message: `[[emoji, [user, …]], …]`, as they were put."""
        found: dict[str, list[str]] = {}
        for row in self.changes.get(seq, []):
            if row.kind == RECALL:
                found.clear()
            elif row.kind == REACTION:
                fields = unpack_state(row.state).fields
                emoji = fields["emoji"]
                users = [user for user in found.get(emoji, []) if user != row.actor_id]
                if fields["on"]:
                    users.append(row.actor_id)
                if users:
                    found[emoji] = users
                else:
                    found.pop(emoji, None)
        return [[emoji, users] for emoji, users in found.items()]

    def moves(self) -> dict[str, list[tuple[int, int]]]:
        """user → (kind, seq) of each time they joined or left."""
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in self.rows:
            if row.kind in (JOINED, LEFT):
                found[unpack_state(row.state).fields["user_id"]].append((row.kind, row.seq))
        return found

    # What is wrong with it by itself

    def faults(self) -> Iterator[str]:
        yield from self._misplaced()
        yield from self._miscounted()
        yield from self._mischanged()

    def _misplaced(self) -> Iterator[str]:
        at, keys = 0, set[tuple[bytes, str]]()
        for place, row in enumerate(self.rows, 1):
            if row.seq != place:
                yield f"{self.room}: {row.seq} stands where {place} should"
            if row.created_at < at:
                yield f"{self.room} {row.seq}: earlier than the one before it"
            at = row.created_at
            if (row.client_msg_id, row.actor_id) in keys:
                yield f"{self.room} {row.seq}: its key was there before"
            keys.add((row.client_msg_id, row.actor_id))

    def _miscounted(self) -> Iterator[str]:
        ordinal = 0
        for row in self.rows:
            ordinal += bool(row.countable)
            if row.ordinal != ordinal:
                yield f"{self.room} {row.seq}: ordinal {row.ordinal}, not {ordinal}"

    def _mischanged(self) -> Iterator[str]:
        for seq, changes in self.changes.items():
            target = self.at(seq)
            if target is None or target.kind != MESSAGE or changes[0].seq <= seq:
                yield f"{self.room} {changes[0].seq}: changes {seq}, which is no message before it"
                continue
            for before, change in pairwise(changes):
                if before.kind == RECALL:
                    yield f"{self.room} {change.seq}: changes {seq}, which was recalled before"
            for change in changes:
                if change.kind == EDIT and change.actor_id != target.actor_id:
                    yield f"{self.room} {change.seq}: edits another's message"
        for row in self.rows:
            last = self.changes[row.seq][-1].seq if row.seq in self.changes else 0
            if row.kind == MESSAGE and row.changed_seq != last:
                yield f"{self.room} {row.seq}: changed by {row.changed_seq}, not by {last}"


def spans(moves: Sequence[tuple[int, int]]) -> Spans | None:
    """When somebody was in it, by the log; None where it makes no sense. Who first leaves was there from the start."""
    found: Spans = [] if moves and moves[0][0] == JOINED else [[1, 0]]
    for kind, seq in moves:
        is_in = bool(found) and not found[-1][1]
        if is_in == (kind == JOINED):
            return None
        if kind == JOINED:
            found.append([seq, 0])
        else:
            found[-1][1] = seq
    return found


def includes(spans: Spans, seq: int) -> bool:
    return any(first <= seq and (not last or seq <= last) for first, last in spans)
