"""Shops' lists of questions, ready to be asked: an index a shop, made and asked in threads of its own, so that neither a
large list nor a hostile question holds the loop up."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import faq
from chaguan.desk.store import answers as store
from chaguan.infra.database import Database
from chaguan.protocol.automation import FaqEntry, FaqRanked, FaqTrial, Language

SHELVES = 200
"""Shops whose index is held; of others it is made again when somebody asks."""
MAX_ASKED = 300
"""Characters of a question that are looked at."""
RANKED = 10
GLANCES = 16
"""Texts of people who still type that wait to be looked at; who has sent a question is kept waiting by no more."""


class Found(Struct, frozen=True):
    """An entry's text that may answer."""

    entry_id: str
    language: Language
    score: float

    @property
    def ref(self) -> str:
        return ref_of(self.entry_id, self.language)


class Shelf(Struct, frozen=True):
    """A list as it was at `version`. Never changed: a newer one takes its place."""

    version: int
    entries: dict[str, FaqEntry]
    index: faq.Index

    def ask(self, text: str) -> tuple[faq.Decision, list[Found]]:
        """What is to be done, with each entry once: the best of its texts."""
        reply = self.index.ask(text[:MAX_ASKED])
        found: dict[str, Found] = {}
        for candidate in reply.candidates:
            entry_id, language = parts_of(candidate.entry_id)
            found.setdefault(entry_id, Found(entry_id, language, candidate.score))
        return reply.decision, list(found.values())

    def explain(self, text: str) -> FaqTrial:
        reply = self.index.ask(text[:MAX_ASKED])
        scores = {candidate.entry_id: candidate.score for candidate in reply.candidates}
        ranked = [
            self._ranked(id, scores.get(id, 0.0), msgspec.structs.asdict(signs))
            for id, signs in self.index.rank(text[:MAX_ASKED])[:RANKED]
        ]
        return FaqTrial(reply.decision.value, ranked, len(self.index))

    def _ranked(self, ref: str, score: float, signs: dict[str, float]) -> FaqRanked:
        entry_id, language = parts_of(ref)
        question = self.entries[entry_id].texts[language].question
        rounded = {name: round(float(value), 3) for name, value in signs.items()}
        return FaqRanked(entry_id, language, question, score, rounded)


class Shelves:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._held: OrderedDict[str, Shelf] = OrderedDict()
        self._making: dict[str, asyncio.Lock] = {}
        # One that makes, one that asks: a large list being read does not keep others' customers waiting.
        self._maker = ThreadPoolExecutor(1, "faq-maker")
        self._asker = ThreadPoolExecutor(1, "faq-asker")
        self._glances = 0

    def close(self) -> None:
        self._maker.shutdown(wait=False, cancel_futures=True)
        self._asker.shutdown(wait=False, cancel_futures=True)

    async def ask(self, shop_id: str, text: str) -> tuple[faq.Decision, list[Found], Shelf]:
        shelf = await self.of(shop_id)
        decision, found = await asyncio.get_running_loop().run_in_executor(self._asker, shelf.ask, text)
        return decision, found, shelf

    async def glance(self, shelf: Shelf, text: str) -> tuple[list[Found], float]:
        """For who still types: what may answer, and how many seconds of a core that took."""
        if self._glances >= GLANCES:
            raise AppError(ErrorCode.unavailable, "too many type", retry_after_ms=1_000)
        self._glances += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._asker, _timed, shelf, text)
        finally:
            self._glances -= 1

    async def explain(self, shop_id: str, text: str) -> FaqTrial:
        shelf = await self.of(shop_id)
        return await asyncio.get_running_loop().run_in_executor(self._asker, shelf.explain, text)

    async def of(self, shop_id: str) -> Shelf:
        """The list as it is stored now. While a newer one is being made, who asks waits for it: what an administrator
        has just saved is what the next customer is told."""
        version = await self._db.read(lambda con: store.version(con, shop_id))
        held = self._held.get(shop_id)
        if held is not None and held.version == version:
            self._held.move_to_end(shop_id)
            return held
        async with self._making.setdefault(shop_id, asyncio.Lock()):
            return await self._make(shop_id, version)

    async def _make(self, shop_id: str, version: int) -> Shelf:
        held = self._held.get(shop_id)
        if held is not None and held.version >= version:
            return held

        def read(con: Connection) -> tuple[int, list[FaqEntry]]:
            return store.version(con, shop_id), store.enabled(con, shop_id)

        now, entries = await self._db.read(read)
        shelf = await asyncio.get_running_loop().run_in_executor(self._maker, shelf_of, now, entries)
        self._held[shop_id] = shelf
        while len(self._held) > SHELVES:
            gone, _ = self._held.popitem(last=False)
            self._making.pop(gone, None)
        return shelf


def _timed(shelf: Shelf, text: str) -> tuple[list[Found], float]:
    began = time.thread_time()
    _, found = shelf.ask(text)
    return found, time.thread_time() - began


def shelf_of(version: int, entries: Sequence[FaqEntry]) -> Shelf:
    texts = (
        faq.Entry(
            id=ref_of(entry.id, language),
            question=text.question,
            answer=text.answer,
            similar=tuple(text.similar),
            language=language,
        )
        for entry in entries
        for language, text in entry.texts.items()
    )
    return Shelf(version, {entry.id: entry for entry in entries}, faq.Index(texts))


def ref_of(entry_id: str, language: Language) -> str:
    return f"{entry_id}#{language}"


def parts_of(ref: str) -> tuple[str, Language]:
    entry_id, _, language = ref.rpartition("#")
    return entry_id, "en" if language == "en" else "zh-CN"
