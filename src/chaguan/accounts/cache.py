"""Bounded memories, and the guard against remembering what changed while it was being read."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """The least recently used goes first."""

    __slots__ = ("_held", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def find(self, key: K) -> V | None:
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
        return found

    def put(self, key: K, value: V) -> V | None:
        """Returns what had to go."""
        self._held[key] = value
        self._held.move_to_end(key)
        return self._held.popitem(last=False)[1] if len(self._held) > self._limit else None

    def forget(self, key: K) -> V | None:
        return self._held.pop(key, None)

    def clear(self) -> None:
        self._held.clear()

    def values(self) -> list[V]:
        return list(self._held.values())


class OwnedCache(Generic[K, V]):
    """A cache whose entries belong to somebody, and can be forgotten by owner."""

    __slots__ = ("_entries", "_keys")

    def __init__(self, limit: int) -> None:
        self._entries: Cache[K, tuple[K, str, V]] = Cache(limit)
        self._keys: dict[str, set[K]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: K) -> V | None:
        found = self._entries.find(key)
        return None if found is None else found[2]

    def put(self, key: K, owner: str, value: V) -> None:
        self._forget_key(self._entries.forget(key))
        self._keys.setdefault(owner, set()).add(key)
        self._forget_key(self._entries.put(key, (key, owner, value)))

    def owners(self, wanted: Callable[[V], bool]) -> set[str]:
        """Of all entries that are `wanted`: walks through everything, so only for what happens rarely."""
        return {owner for _, owner, value in self._entries.values() if wanted(value)}

    def forget_owner(self, owner: str) -> None:
        for key in self._keys.pop(owner, ()):
            self._entries.forget(key)

    def clear(self) -> None:
        self._entries.clear()
        self._keys.clear()

    def _forget_key(self, gone: tuple[K, str, V] | None) -> None:
        if gone is None:
            return
        key, owner, _ = gone
        keys = self._keys.get(owner)
        if keys is not None:
            keys.discard(key)
            if not keys:
                del self._keys[owner]


EVERYTHING = "*"


class Readings:
    """Which keys changed while something was read: that must not be remembered in its former state."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: list[set[str]] = []

    def changed(self, key: str) -> None:
        for touched in self._open:
            touched.add(key)

    def all_changed(self) -> None:
        """Anything may have changed."""
        for touched in self._open:
            touched.add(EVERYTHING)

    @contextmanager
    def reading(self) -> Iterator[set[str]]:
        touched: set[str] = set()
        self._open.append(touched)
        try:
            yield touched
        finally:
            self._open = [other for other in self._open if other is not touched]
