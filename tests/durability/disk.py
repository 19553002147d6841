"""A disk that loses power: what of the recorded operations is there when it comes back."""

import random
from collections.abc import Sequence
from pathlib import Path

from tests.durability.recorder import Operation

SECTOR = 512


class Disk:
    """Takes operations in order. A sync makes a file's content durable; a synced folder, that it exists.

    SQLite counts on no more than this and on a sector that is not written staying as it was.
    """

    def __init__(self) -> None:
        self._taken = 0
        self._durable: dict[str, bytearray] = {}
        self._waiting: dict[str, list[Operation]] = {}
        self._entries: set[str] = set()
        self._present: set[str] = set()
        self._former: dict[str, bytearray] = {}
        """Deleted files whose names are taken again, while the folder still may lead to them."""

    def advance(self, operations: Sequence[Operation], until: int) -> None:
        for operation in operations[self._taken : until]:
            self._take(operation)
        self._taken = until

    def _take(self, operation: Operation) -> None:
        name = operation.file
        match operation.kind:
            case "sync":
                content = self._durable.setdefault(name, bytearray())
                for waiting in self._waiting.pop(name, []):
                    _apply(content, waiting)
            case "sync_folder":
                self._entries = set(self._present)
                self._former.clear()
                for gone in set(self._durable) - self._present:
                    del self._durable[gone]
            case "delete":
                self._present.discard(name)
                self._waiting.pop(name, None)
            case _:
                if name not in self._present and name in self._durable:
                    self._former[name] = self._durable.pop(name)
                self._present.add(name)
                self._waiting.setdefault(name, []).append(operation)

    def restore(self, folder: Path, chance: random.Random | None) -> None:
        """Write what survived: with `chance`, also random sectors of what was not synced; else none of it."""
        folder.mkdir()
        names = self._entries if chance is None else self._entries | self._present
        for name in names:
            if name in self._former and (chance is None or chance.random() < 0.5):
                (folder / name).write_bytes(self._former[name])
                continue
            content = bytearray(self._durable.get(name, b""))
            if chance is not None:
                for operation in self._waiting.get(name, []):
                    _apply_some(content, operation, chance)
            (folder / name).write_bytes(content)


def _apply(content: bytearray, operation: Operation) -> None:
    if operation.kind == "truncate":
        del content[operation.offset :]
        return
    end = operation.offset + len(operation.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[operation.offset : end] = operation.data


def _apply_some(content: bytearray, operation: Operation, chance: random.Random) -> None:
    if operation.kind == "truncate":
        if chance.random() < 0.5:
            _apply(content, operation)
        return
    kind = chance.choice(("all", "none", "torn"))
    if kind == "none":
        return
    at, data = operation.offset, operation.data
    while data:
        size = SECTOR - at % SECTOR
        if kind == "all" or chance.random() < 0.5:
            _apply(content, Operation("write", operation.file, at, data[:size]))
        at, data = at + size, data[size:]
