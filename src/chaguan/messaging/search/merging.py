"""Keeping the number of segments small: eight of a level become one of the next."""

import asyncio
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy import Connection

from chaguan.infra.database import Database
from chaguan.messaging.search.index import breathe
from chaguan.messaging.search.segments import Reader, Segment, fences_of, pack
from chaguan.messaging.store import search as store

TOGETHER = 8
MAX_MESSAGES = 300_000
"""A larger segment would make a single look into it long; such as it is full."""
FULL = 99
PART_BLOCKS = 24
"""Blocks merged, and then written, in one go: a few milliseconds of the writer."""
TOP = 1 << 64


class Merger:
    def __init__(self, db: Database, worker: ThreadPoolExecutor) -> None:
        self._db = db
        self._worker = worker
        self._lock = asyncio.Lock()
        self.merged = 0

    async def clean(self) -> None:
        """Remove what a crash left half done, or another process that merged before this one."""
        async with self._lock:
            for segment_id in await self._db.write(store.drop_unfinished):
                await self._drop(segment_id)

    async def run(self) -> None:
        """Merge until there is nothing to merge."""
        async with self._lock:
            while await self._step():
                pass

    async def _step(self) -> bool:
        sizes = await self._db.read(store.sizes)
        chosen = choose(sizes)
        if len(chosen) == 1:
            await self._db.write(partial(store.set_level, segment_id=chosen[0], level=FULL))
        elif chosen:
            level = next(level for id, level, _ in sizes if id == chosen[0])
            await self._merge(await self._db.read(partial(store.segments, ids=chosen)), level + 1)
        return bool(chosen)

    async def _merge(self, sources: Sequence[Segment], level: int) -> None:
        new = await self._db.write(lambda c: store.begin(c, sources))
        firsts: list[int] = []
        for low, high in parts(sources):
            blocks = await self._part(sources, low, high)
            number = len(firsts)
            data = [block for _, block in blocks]
            await self._db.write(partial(store.put_blocks, segment_id=new, number=number, blocks=data))
            firsts.extend(first for first, _ in blocks)
        ids = [source.id for source in sources]
        fences = fences_of(firsts)
        await self._db.write(lambda c: store.replace(c, new, level, fences, ids))
        for id in ids:
            await self._drop(id)
        self.merged += 1

    async def _part(self, sources: Sequence[Segment], low: int, high: int) -> list[tuple[int, bytes]]:
        held = await self._db.read(lambda c: _read_blocks(c, sources, low, high))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, _merge_part, sources, held, low, high)

    async def _drop(self, segment_id: int) -> None:
        while await self._db.write(partial(store.drop_blocks, segment_id=segment_id, limit=4 * PART_BLOCKS)):
            pass


def choose(sizes: Sequence[tuple[int, int, int]]) -> list[int]:
    """The segments to merge, of (id, level, messages) from oldest to newest; a single one is only to be marked full.

    Levels fall from old to new, because always the oldest of a level are merged: those of one level are neighbours.
    """
    for level in sorted({level for _, level, _ in sizes if level != FULL}):
        same = [(id, messages) for id, at, messages in sizes if at == level]
        if len(same) < TOGETHER:
            continue
        chosen: list[int] = []
        total = 0
        for id, messages in same[:TOGETHER]:
            total += messages
            if chosen and total > MAX_MESSAGES:
                break
            chosen.append(id)
        return chosen
    return []


def parts(sources: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    """Ranges of tokens that cut the merge into pieces of about PART_BLOCKS blocks."""
    fences = array("Q")
    for source in sources:
        fences.frombytes(source.fences)
    cuts = sorted(set(sorted(fences)[PART_BLOCKS::PART_BLOCKS]))
    yield from zip([0, *cuts], [*cuts, TOP], strict=True)


def _read_blocks(
    connection: Connection, sources: Sequence[Segment], low: int, high: int
) -> list[dict[int, bytes]]:
    held: list[dict[int, bytes]] = []
    for source in sources:
        blocks: dict[int, bytes] = {}
        for number in Reader(source, lambda _number: b"").numbers(low, high):
            blocks[number] = store.block(connection, source.id, number)
        held.append(blocks)
    return held


def _merge_part(
    sources: Sequence[Segment], held: Sequence[dict[int, bytes]], low: int, high: int
) -> list[tuple[int, bytes]]:
    merged: dict[int, bytes] = {}
    for source, blocks in zip(sources, held, strict=True):
        for at, (token, piece) in enumerate(Reader(source, blocks.__getitem__).entries(low, high)):
            if at % 2_000 == 0:
                breathe()
            earlier = merged.get(token)
            merged[token] = earlier + piece if earlier else piece
    return list(pack(_in_order(merged)))


def _in_order(merged: dict[int, bytes]) -> Iterator[tuple[int, bytes]]:
    for at, token in enumerate(sorted(merged)):
        if at % 2_000 == 0:
            breathe()
        yield token, merged[token]
