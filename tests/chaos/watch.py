"""What a device checks while it lives: the order of pushes, marks that only move forward, and what it was not to see."""

import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
MARKS = ("read_seq", "peer_read_seq")
MOST = 100
"""Faults of one device that are told."""


def digest(created_at: int, actor_id: str, target_seq: int) -> int:
    """What an entry was, in four bytes: a device that saw another entry under the same seq is found by it."""
    return zlib.crc32(f"{created_at} {actor_id} {target_seq}".encode())


def digest_of(entry: Json) -> int:
    actor = entry.get("sender_id") or entry.get("actor_id", "")
    return digest(entry["created_at"], actor, entry.get("target_seq", 0))


class Seen:
    """Every entry that arrived, as runs of consecutive seqs."""

    def __init__(self) -> None:
        self.runs: list[tuple[int, array[int]]] = []

    def add(self, seq: int, value: int) -> None:
        if not self.runs or self.runs[-1][0] + len(self.runs[-1][1]) != seq:
            self.runs.append((seq, array("I")))
        self.runs[-1][1].append(value)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for first, values in self.runs:
            yield from enumerate(values, first)


class Watch:
    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[str] = []
        self.seen: dict[str, Seen] = defaultdict(Seen)
        self._pushed: dict[str, int] = {}
        self._marks: dict[str, list[int]] = {}

    def entry(self, room: str, entry: Json) -> None:
        """An entry was told, by whichever way."""
        if entry["type"] != "entry_hidden":
            self.seen[room].add(entry["seq"], digest_of(entry))

    def connected(self) -> None:
        self._pushed.clear()

    def pushed(self, push: Json) -> None:
        """On one connection the entries of a conversation come in their order, each once."""
        if "seq" not in push:
            return
        room, seq = push["conversation_id"], push["seq"]
        if seq <= self._pushed.get(room, 0):
            self._fault(f"{room} {seq} was pushed after {self._pushed[room]}")
        self._pushed[room] = seq

    def row(self, room: str, row: Json | None) -> None:
        """What the list shows now of a conversation; None when it is not listed any more."""
        if row is None:
            self._marks.pop(room, None)
            return
        marks = [row["inbox"].get(name, 0) for name in MARKS]
        for name, before, now in zip(MARKS, self._marks.get(room, [0, 0]), marks, strict=True):
            if now < before:
                self._fault(f"{room}: {name} went back from {before} to {now}")
        self._marks[room] = marks

    def rows(self, rows: dict[str, Json]) -> None:
        for room in self._marks.keys() - rows.keys():
            self.row(room, None)
        for room, row in rows.items():
            self.row(room, row)

    def _fault(self, text: str) -> None:
        if len(self.faults) < MOST:
            self.faults.append(f"{self.name}: {text}")
