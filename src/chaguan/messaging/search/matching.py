"""Walking the index from new to old, for one searcher.

What a walk costs, and where it stops to go on another time, depends on the searcher's own conversations and on the
size of the log, never on what others said: a cursor must not tell whether they use a word.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from chaguan.messaging.search.index import breathe
from chaguan.messaging.search.segments import Reader, Segment
from chaguan.messaging.search.tokens import Term
from chaguan.messaging.store import search as store

SEGMENTS_AT_ONCE = 8
SKIPPED, LOOKED_INTO = 64, 2_000
"""What a segment costs without and with entries of the searcher's conversations, in postings; the latter's own
entries come on top."""
RUN = 16_384
"""Postings gone through between two pauses."""


class Walk(NamedTuple):
    """Candidates, newest first; everything at or above `before` was looked at. `ended`: nothing is left below."""

    ids: list[int]
    before: int
    cost: int
    ended: bool


def walk(
    connection: Connection, terms: Sequence[Term], own: Sequence[int], before: int, limit: int, budget: int
) -> Walk:
    """`own` are the tokens of the searcher's conversations, ascending."""
    ids: list[int] = []
    cost = 0
    segments = store.newest(connection, before, SEGMENTS_AT_ONCE)
    for segment in segments:
        found, spent = _look(connection, segment, terms, own, before)
        cost += spent
        room = limit - len(ids)
        ids += found[:room]
        if len(found) > room:
            return Walk(ids, ids[-1], cost, False)
        before = segment.first_id
        if cost >= budget:
            return Walk(ids, before, cost, False)
    return Walk(ids, before, cost, len(segments) < SEGMENTS_AT_ONCE)


def _look(
    connection: Connection, segment: Segment, terms: Sequence[Term], own: Sequence[int], before: int
) -> tuple[list[int], int]:
    reader = Reader(segment, lambda number: store.block(connection, segment.id, number))
    held = _held(reader, own)
    if not held:
        return [], SKIPPED
    cost = LOOKED_INTO + len(held)
    for term in sorted(terms):
        held = _common(held, reader, term, segment.ascends and term.high - term.low == 1)
        if not held:
            return [], cost
    ids = sorted((segment.full_id(posting) for posting in held), reverse=True)
    return [id for id in ids if id < before], cost


def _held(reader: Reader, own: Sequence[int]) -> set[int]:
    held: set[int] = set()
    for at, token in enumerate(own):
        if at % 500 == 0:
            breathe()
        for run in reader.find(token, token + 1):
            held.update(run)
    return held


def _common(held: set[int], reader: Reader, term: Term, is_sorted: bool) -> set[int]:
    common: set[int] = set()
    for run in reader.find(*term):
        if is_sorted and 16 * len(held) < len(run):
            common.update(posting for posting in held if _contains(run, posting))
            continue
        for start in range(0, len(run), RUN):
            common |= held.intersection(run[start : start + RUN])
            breathe()
    return common


def _contains(run: memoryview, posting: int) -> bool:
    at = bisect_left(run, posting)
    return at < len(run) and run[at] == posting
