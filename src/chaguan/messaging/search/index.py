"""The consumer: a batch of the log becomes one segment, written in the transaction of the consumer's position."""

import asyncio
import contextlib
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import add

from sqlalchemy import Connection

from chaguan.infra.database import Database
from chaguan.infra.sealing import DamagedError, DataKey, Vault
from chaguan.messaging.model import EDIT, MESSAGE, Stored, open_content, unpack_state
from chaguan.messaging.search.segments import LOW, fences_of, pack
from chaguan.messaging.search.texts import text_of
from chaguan.messaging.search.tokens import END, Tokens, fold, words_of
from chaguan.messaging.store import search as store
from chaguan.protocol.content import Text

SLICE = 64
"""Messages between two pauses, about half a millisecond of work."""
Postings = dict[int, list[int]]


class Indexer:
    """An edit is indexed as an entry of its own, so that postings only ever grow at their end; whether a message
    found by it still says so is looked at when it is found."""

    def __init__(self, db: Database, vault: Vault, tokens: Tokens, worker: ThreadPoolExecutor) -> None:
        self._db = db
        self._vault = vault
        self._tokens = tokens
        self._worker = worker
        self.messages = 0
        self.busy_s = 0.0
        """Seconds of the worker's processor time spent on them."""

    async def handle(self, rows: list[Stored]) -> Callable[[Connection], None] | None:
        said = [row for row in rows if row.body is not None and row.kind in (MESSAGE, EDIT)]
        if not said:
            return None
        keys = await self._keys({row.conversation_id for row in said})
        loop = asyncio.get_running_loop()
        blocks, fences = await loop.run_in_executor(self._worker, self._build, said, keys)
        self.messages += len(said)
        first, last, count = rows[0].id, rows[-1].id, len(said)
        return lambda connection: store.add(connection, first, last, count, fences, blocks)

    async def _keys(self, conversation_ids: set[str]) -> dict[str, DataKey]:
        keys: dict[str, DataKey] = {}
        for id in conversation_ids:
            key = self._vault.cached(id)
            if key is not None:
                keys[id] = key
        missing = list(conversation_ids - keys.keys())
        if missing:
            for id, wrapped in await self._db.read(lambda c: store.keys(c, missing)):
                # A damaged key costs its own conversation, which nobody can read either, and not the whole index.
                with contextlib.suppress(DamagedError):
                    keys[id] = self._vault.unwrap(id, wrapped)
        return keys

    def _build(self, rows: Sequence[Stored], keys: Mapping[str, DataKey]) -> tuple[list[bytes], bytes]:
        began = time.thread_time()
        postings = postings_of(rows, keys, self._tokens)
        firsts, blocks = [], []
        for first, block in pack(_pieces(postings)):
            firsts.append(first)
            blocks.append(block)
        self.busy_s += time.thread_time() - began
        return blocks, fences_of(firsts)


def postings_of(rows: Sequence[Stored], keys: Mapping[str, DataKey], tokens: Tokens) -> Postings:
    """The lower halves of the entries' ids by token, ascending."""
    # What runs per character is all inside the interpreter's C: pairs are gathered as they stand, and those that are
    # no pairs of letters are sorted out once for each different one.
    pairs: defaultdict[str, list[int]] = defaultdict(list)
    words: defaultdict[str, list[int]] = defaultdict(list)
    rooms: defaultdict[str, list[int]] = defaultdict(list)
    of_pair = pairs.__getitem__
    for at, row in enumerate(rows):
        if at % SLICE == 0:
            breathe()
        text = fold(_text(row, keys.get(row.conversation_id)))
        if not text:
            continue
        posting = row.id & LOW
        rooms[row.conversation_id].append(posting)
        if not text.isascii():
            for ids in map(of_pair, map(add, text, text[1:] + END)):
                ids.append(posting)
        for word in words_of(text):
            words[word].append(posting)
    return _by_token(tokens, pairs, words, rooms)


def _text(row: Stored, key: DataKey | None) -> str:
    if key is None:
        return ""
    content = open_content(row, key, unpack_state(row.state))
    return content.text if type(content) is Text else text_of(content)


def _by_token(
    tokens: Tokens,
    pairs: Mapping[str, list[int]],
    words: Mapping[str, list[int]],
    rooms: Mapping[str, list[int]],
) -> Postings:
    found: Postings = {tokens.conversation(id): ids for id, ids in rooms.items()}
    mixed: set[int] = set()
    for token, ids in _tokens_of(tokens, pairs, words):
        held = found.get(token)
        if held is None:
            found[token] = ids
        else:
            found[token] = held + ids
            mixed.add(token)
    for token in mixed:
        found[token] = sorted(set(found[token]))
    return found


def _tokens_of(
    tokens: Tokens, pairs: Mapping[str, list[int]], words: Mapping[str, list[int]]
) -> Iterator[tuple[int, list[int]]]:
    for at, (pair, ids) in enumerate(pairs.items()):
        if at % 1_000 == 0:
            breathe()
        token = tokens.pair(pair)
        if token:
            yield token, ids
    for at, (word, ids) in enumerate(words.items()):
        if at % 100 == 0:
            breathe()
        for token in tokens.prefixes(word):
            yield token, ids


def _pieces(postings: Postings) -> Iterator[tuple[int, bytes]]:
    for at, (token, ids) in enumerate(sorted(postings.items())):
        if at % 2_000 == 0:
            breathe()
        yield token, array("I", ids).tobytes()


def breathe() -> None:
    """Lets the thread with the connections have the interpreter: it would otherwise wait 5 ms for each turn."""
    time.sleep(0.00005)
