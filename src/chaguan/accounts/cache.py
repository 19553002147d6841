"""Bounded memories, and the guard against remembering what changed while it was being read."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from msgspec import Struct

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

    def put(self, key: K, value: V) -> None:
        self._held[key] = value
        self._held.move_to_end(key)
        if len(self._held) > self._limit:
            self._held.popitem(last=False)

    def forget(self, key: K) -> None:
        self._held.pop(key, None)

    def clear(self) -> None:
        self._held.clear()

    def values(self) -> list[V]:
        return list(self._held.values())


class _Owned(Struct, Generic[V], frozen=True, gc=False):
    owner: str
    value: V
    age: int


class OwnedCache(Generic[K, V]):
    """A cache whose entries belong to somebody, and can be forgotten by owner.

    What was forgotten stays where it lies until it is asked for, and is told by its age: a list of each owner's
    entries would weigh more than the entries.
    """

    __slots__ = ("_age", "_entries", "_forgotten", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: Cache[K, _Owned[V]] = Cache(limit)
        self._forgotten: dict[str, int] = {}
        self._age = 0

    def find(self, key: K) -> V | None:
        found = self._entries.find(key)
        if found is None or self._is_current(found):
            return None if found is None else found.value
        self._entries.forget(key)
        return None

    def put(self, key: K, owner: str, value: V) -> None:
        self._entries.put(key, _Owned(owner, value, self._age))

    def owners(self, wanted: Callable[[V], bool]) -> set[str]:
        """Of all entries that are `wanted`: walks through everything, so only for what happens rarely."""
        return {
            held.owner for held in self._entries.values() if wanted(held.value) and self._is_current(held)
        }

    def forget_owner(self, owner: str) -> None:
        self._age += 1
        self._forgotten[owner] = self._age
        if len(self._forgotten) > self._limit:
            self.clear()

    def clear(self) -> None:
        self._entries.clear()
        self._forgotten.clear()

    def _is_current(self, held: _Owned[V]) -> bool:
        return held.age >= self._forgotten.get(held.owner, 0)


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
