"""Years of messages in minutes: rows as the product would have stored them, put in past it."""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator

from chaguan.app import open_deployment
from chaguan.bench import corpus
from chaguan.bench.stores import PORTION, Row, Store
from chaguan.bench.world import Portion, World, insert
from chaguan.core.clock import now_ms
from chaguan.core.ids import new_id, partition_of
from chaguan.core.settings import Settings
from chaguan.infra.sealing import DataKey, Vault
from chaguan.messaging.model import MESSAGE, binding

IN_ONE = 250
"""Messages in a conversation, on average: so many conversations stand beside those that are written."""
RUN = 5
"""Messages that somebody's visit leaves one after the other."""
FULL = 99
"""The level of a segment of the search index that is merged no more (`messaging/search/merging.py`)."""
_CREATED = 2_000


class Filler:
    """Knows every conversation's key and head while the log grows."""

    def __init__(self, world: World, vault: Vault, keys: dict[str, bytes], store: Store) -> None:
        self._world = world
        self._vault = vault
        self._store = store
        self._random = random.Random(1)
        self._numbers = itertools.count(1)
        self._texts = itertools.cycle(corpus.contents())
        self._ids: list[str] = []
        self._people: dict[str, tuple[str, str]] = {}
        self._keys: dict[str, DataKey] = {}
        self._seqs: dict[str, int] = {}
        self._pairs = len(world.pairs)
        for nth, id in enumerate(world.pairs):
            self._know(id, nth, keys[id])

    def _know(self, id: str, pair: int, wrapped: bytes) -> None:
        self._ids.append(id)
        self._people[id] = self._world.users[2 * pair], self._world.users[2 * pair + 1]
        self._keys[id] = self._vault.unwrap(id, wrapped)
        self._seqs[id] = 0

    def stored(self) -> int:
        return sum(self._seqs.values())

    def refresh(self) -> None:
        """What was said over the wire meanwhile moved heads too."""
        self._seqs.update(
            (id, seq)
            for id, seq in self._store.run("SELECT conversation_id, head_seq FROM heads")
            if id in self._seqs
        )

    def grow(self, settings: Settings, total: int) -> None:
        """Until `total` messages are stored, in as many conversations as that makes."""
        asyncio.run(self._open_more(settings, total // IN_ONE - len(self._ids)))
        while (missing := total - self.stored()) > 0:
            self._store.fill(self.rows(min(missing, PORTION), self._ids))
        self.write_heads()

    def write_heads(self) -> None:
        now = now_ms()
        heads = [(id, seq, now) for id, seq in self._seqs.items()]
        for at in range(0, len(heads), PORTION):
            self._store.move_heads(heads[at : at + PORTION])

    async def _open_more(self, settings: Settings, count: int) -> None:
        deployment = await open_deployment(settings)
        try:
            while count > 0:
                portion = Portion(deployment, self._world, now_ms())
                for _ in range(min(count, _CREATED)):
                    pair = len(self._ids) % self._pairs
                    id = new_id("g")
                    portion.add(id, range(2 * pair, 2 * pair + 2))
                    self._know(id, pair, portion.conversations[-1]["data_key"])
                rows = portion.rows()
                await deployment.db.write(lambda connection, rows=rows: insert(connection, rows))  # type: ignore[misc]
                count -= _CREATED
        finally:
            await deployment.stop()

    def rows(self, count: int, ids: list[str]) -> list[Row]:
        """The next `count` messages, in the order in which they are said."""
        return list(itertools.islice(self._say(ids), count))

    def raw_rows(self, count: int) -> list[Row]:
        """In the conversations that the clients write."""
        return self.rows(count, self._world.pairs)

    def _say(self, ids: list[str]) -> Iterator[Row]:
        choose = self._random.choice
        while True:
            id = choose(ids)
            partition, key = partition_of(id), self._keys[id]
            at = now_ms()  # or the keys of what is said later would not come after these in their index
            for nth in range(RUN):
                seq = self._seqs[id] + 1
                person = self._people[id][nth % 2]
                number = next(self._numbers)
                message_id = _key(at, number)
                body = key.seal(next(self._texts), binding(id, message_id, person))
                fingerprint = number.to_bytes(8, "big")
                self._seqs[id] = seq
                yield (
                    *(id, seq, partition, MESSAGE, True, seq, person, message_id, fingerprint, at),
                    *(0, 0, "", body),
                )


def _key(at: int, number: int) -> bytes:
    """A UUIDv7."""
    noise = number * 0x9E37_79B9_7F4A_7C15 & 0x3FFF_FFFF_FFFF_FFFF
    return at.to_bytes(6, "big") + b"\x70\x00" + (noise | 1 << 63).to_bytes(8, "big")


def make_filler(world: World, settings: Settings, store: Store) -> Filler:
    vault = asyncio.run(_vault(settings))
    found = store.run("SELECT id, data_key FROM conversations")
    return Filler(world, vault, {id: bytes(key) for id, key in found if key}, store)


async def _vault(settings: Settings) -> Vault:
    deployment = await open_deployment(settings)
    await deployment.stop()
    return deployment.vault


def index_by_copies(store: Store, last_id: int) -> None:
    """The part of the search index for messages that no server saw: copies of its largest segment. What they say is
    wrong, so nothing is looked for in them; what later segments are written beside is as large as it would be."""
    store.run("UPDATE search_segments SET level = ?", FULL)
    model = store.run("SELECT id, messages, fences FROM search_segments ORDER BY messages DESC LIMIT 1")
    ((position,),) = store.run("SELECT coalesce(max(position), 0) FROM consumers WHERE name = 'search'")
    at = position + 1
    while model and at <= last_id:
        id, messages, fences = model[0]
        end = min(last_id, at + messages - 1)
        ((copy,),) = store.run(
            "INSERT INTO search_segments (level, first_id, last_id, messages, fences) VALUES (?, ?, ?, ?, ?) "
            "RETURNING id",
            *(FULL, at, end, messages, fences),
        )
        store.run(
            "INSERT INTO search_blocks (segment_id, number, data) SELECT CAST(? AS BIGINT), number, data "
            "FROM search_blocks WHERE segment_id = ?",
            *(copy, id),
        )
        at = end + 1
    store.run("UPDATE consumers SET position = ?", last_id)


def wait_until_indexed(store: Store, patience_s: float) -> bool:
    """Until search has read the log and merges nothing more; false: not in time."""
    deadline, quiet_since, seen = time.monotonic() + patience_s, 0.0, -1
    while time.monotonic() < deadline:
        ((last,),) = store.run("SELECT coalesce(max(id), 0) FROM entries")
        ((position,),) = store.run("SELECT coalesce(max(position), 0) FROM consumers WHERE name = 'search'")
        ((segments,),) = store.run("SELECT count(*) FROM search_segments")
        now = time.monotonic()
        if position < last or segments != seen:
            quiet_since, seen = now, segments
        elif now - quiet_since > 1.5:
            return True
        time.sleep(0.25)
    return False
