"""A segment of the index: a sorted run of tokens, each with the entries that carry it, cut into blocks.

A block is `[number of tokens: 8 bytes][tokens: 8 each][ends: 4 each][postings: 4 each]`; `ends` count postings. A
posting is the lower half of an entry's id: a segment's last id tells the rest. Postings ascend, but may repeat. A
token never spans two blocks. Numbers stand in the machine's own byte order, which is little-endian wherever this runs.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

BLOCK_BYTES = 32 * 1024
LOW = 0xFFFF_FFFF


class Segment(NamedTuple):
    """The entries from `first_id` to `last_id`; `fences` are the first tokens of its blocks."""

    id: int
    level: int
    first_id: int
    last_id: int
    messages: int
    fences: bytes

    @property
    def ascends(self) -> bool:
        """False for the one in four billion entries whose postings start anew from 0 in its midst."""
        return self.first_id >> 32 == self.last_id >> 32

    def full_id(self, posting: int) -> int:
        return self.last_id - ((self.last_id - posting) & LOW)


class Block(NamedTuple):
    tokens: memoryview
    ends: memoryview
    postings: memoryview

    def between(self, low: int, high: int) -> memoryview:
        """The postings of all tokens from `low` up to and without `high`."""
        first = bisect_left(self.tokens, low)
        last = bisect_left(self.tokens, high, first)
        if first == last:
            return self.postings[:0]
        return self.postings[self.ends[first - 1] if first else 0 : self.ends[last - 1]]


ReadBlock = Callable[[int], bytes]
"""Gives the block of a number."""


def parse(data: bytes) -> Block:
    view = memoryview(data)
    count = int.from_bytes(view[:8], "little")
    ends_at = 8 + 8 * count
    postings_at = ends_at + 4 * count
    return Block(view[8:ends_at].cast("Q"), view[ends_at:postings_at].cast("I"), view[postings_at:].cast("I"))


def pack(items: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Blocks, each with its first token, from tokens in order with their postings as bytes."""
    tokens: list[int] = []
    pieces: list[bytes] = []
    size = 0
    for token, piece in items:
        if size and size + len(piece) > BLOCK_BYTES:
            yield tokens[0], _block(tokens, pieces)
            tokens, pieces, size = [], [], 0
        tokens.append(token)
        pieces.append(piece)
        size += 12 + len(piece)
    if tokens:
        yield tokens[0], _block(tokens, pieces)


def _block(tokens: Sequence[int], pieces: Sequence[bytes]) -> bytes:
    ends = array("I", accumulate(len(piece) // 4 for piece in pieces))
    head = len(tokens).to_bytes(8, "little")
    return b"".join([head, array("Q", tokens).tobytes(), ends.tobytes(), *pieces])


def fences_of(firsts: Iterable[int]) -> bytes:
    return array("Q", firsts).tobytes()


class Reader:
    """Looks tokens up in one segment; asking in ascending order reads each block once."""

    def __init__(self, segment: Segment, read: ReadBlock) -> None:
        self._fences = memoryview(segment.fences).cast("Q")
        self._read = read
        self._number = -1
        self._block: Block | None = None

    def find(self, low: int, high: int) -> Iterator[memoryview]:
        """Runs of postings; together they are those of the tokens in the range."""
        for number in self.numbers(low, high):
            found = self._load(number).between(low, high)
            if len(found):
                yield found

    def entries(self, low: int, high: int) -> Iterator[tuple[int, bytes]]:
        """Each token of the range with its postings, in order."""
        for number in self.numbers(low, high):
            yield from _entries(self._load(number), low, high)

    def numbers(self, low: int, high: int) -> range:
        """The blocks in which tokens of the range may stand."""
        return range(max(0, bisect_right(self._fences, low) - 1), bisect_left(self._fences, high))

    def _load(self, number: int) -> Block:
        if self._block is None or number != self._number:
            self._block, self._number = parse(self._read(number)), number
        return self._block


def _entries(block: Block, low: int, high: int) -> Iterator[tuple[int, bytes]]:
    first = bisect_left(block.tokens, low)
    last = bisect_left(block.tokens, high, first)
    if first == last:
        return
    start = 4 * block.ends[first - 1] if first else 0
    data = block.postings.cast("B").tobytes()
    for token, end in zip(block.tokens[first:last], block.ends[first:last], strict=True):
        yield token, data[start : 4 * end]
        start = 4 * end
