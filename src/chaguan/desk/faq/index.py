"""The merchant's list, ready to be asked."""

from collections.abc import Iterable
from heapq import nlargest
from math import log, sqrt
from typing import NamedTuple

from chaguan.desk.faq.deciding import Signs, decide, evidence
from chaguan.desk.faq.english import Speller
from chaguan.desk.faq.features import Features, Reader
from chaguan.desk.faq.lexicon import lexicon
from chaguan.desk.faq.model import Entry, Reply
from chaguan.desk.faq.phrasebook import phrasebook, whole
from chaguan.desk.faq.script import language_of

ANSWER = 0.45
"""What is said in an answer only, compared with what is said in a question."""
PRIOR = 10
"""Entries that a list is imagined to have more, so that a short one does not take each word for a rare one."""
UNSEEN = 0.6
"""What a word of the query counts that no entry has; unless it means something that no entry is about."""
VISITS, LOOKED_AT = 4_000, 30
"""Bounds of a query's work: postings gone through, entries compared exactly."""


class _Asked(NamedTuple):
    """A query as it was understood."""

    weights: Features
    total: float
    squares: float
    matters: Features
    language: str
    near: float
    strange: float


class _Overlap(NamedTuple):
    likeness: float
    covered: float


class _Sizes(NamedTuple):
    """Of an entry's texts as they weigh in a list; what they are compared with in every question."""

    wholes: list[float]
    lengths: list[float]
    matters: Features
    matters_squares: float


class _Indexed:
    __slots__ = ("answer", "entry", "language", "matters", "sizes", "union", "variants", "words")

    def __init__(self, entry: Entry, reader: Reader) -> None:
        self.entry = entry
        self.language = (entry.language or language_of(entry.question))[:2]
        texts = (entry.question, *entry.similar)
        phrases = [reader.read_phrase(text) for text in texts]
        self.variants = [features for features, _ in phrases]
        self.answer = reader.read(entry.answer)
        self.words = set[str]().union(*map(reader.words_of, texts))
        self.matters = _union(phrasebook().matters(whole(*phrase)) for phrase in phrases)
        self.union = _union(self.variants)
        self.sizes: tuple[int, _Sizes] | None = None
        """With the state of the list that they were taken in."""


class Index:
    """Entries by what their questions mean. Changing one costs what the one costs; asking changes nothing."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[str, _Indexed] = {}
        self._postings: dict[str, dict[str, float]] = {}
        self._asked_in: dict[str, int] = {}
        self._rarities: dict[str, float] = {}
        self._changes = 0
        self._vocabulary = Speller(())
        self._reader = Reader(lexicon())
        self._asking = Reader(lexicon(), self._vocabulary)
        for entry in entries:
            self.put(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: Entry) -> None:
        """Add an entry, or change the one with its id."""
        self.remove(entry.id)
        self._change()
        indexed = self._entries[entry.id] = _Indexed(entry, self._reader)
        for word in indexed.words:
            self._vocabulary.add(word)
        for name, weight in (indexed.union | indexed.matters).items():
            self._asked_in[name] = self._asked_in.get(name, 0) + 1
            self._postings.setdefault(name, {})[entry.id] = weight
        for name, weight in indexed.answer.items():
            self._postings.setdefault(name, {}).setdefault(entry.id, ANSWER * weight)

    def remove(self, entry_id: str) -> None:
        """Forget an entry; nothing happens if there is none of this id."""
        indexed = self._entries.pop(entry_id, None)
        if indexed is None:
            return
        self._change()
        for word in indexed.words:
            self._vocabulary.remove(word)
        for name in indexed.union | indexed.matters:
            self._asked_in[name] -= 1
        for name in indexed.union.keys() | indexed.matters.keys() | indexed.answer.keys():
            postings = self._postings[name]
            del postings[entry_id]
            if not postings:
                del self._postings[name]

    def _change(self) -> None:
        self._rarities.clear()
        self._changes += 1

    def ask(self, query: str) -> Reply:
        return decide(self.rank(query))

    def rank(self, query: str) -> list[tuple[str, Signs]]:
        """The nearest entries, the one with most evidence first, with what speaks for each."""
        asked = self._understand(query)
        ranked = [(id, self._compare(asked, self._entries[id])) for id in self._near(asked)]
        ranked.sort(key=lambda pair: (-evidence(pair[1]), pair[0]))
        return ranked

    def _understand(self, query: str) -> _Asked:
        read, turns = self._asking.read_phrase(query)
        matters = phrasebook().matters(whole(read, turns))
        weights = self._weighed(read)
        return _Asked(
            weights=weights,
            total=sum(weights.values()) or 1.0,
            squares=_squares(weights),
            matters=self._weighed(matters),
            language=language_of(query),
            near=max(matters.values(), default=0.0),
            strange=self._strange(weights),
        )

    def _weighed(self, features: Features) -> Features:
        return {name: weight * self._rarity(name) for name, weight in features.items()}

    def _rarity(self, name: str) -> float:
        held = self._rarities.get(name)
        if held is None:
            count = self._asked_in.get(name, 0)
            held = log((len(self._entries) + PRIOR) / (count + 1))
            if not count:
                if name[0] not in "cm":
                    held *= UNSEEN
                return held  # not kept: strangers could fill the memory with words of theirs
            self._rarities[name] = held
        return held

    def _strange(self, weights: Features) -> float:
        known = phrasebook()
        strange = sum(
            weight for name, weight in weights.items() if name not in self._postings and name not in known
        )
        return strange / sum(weights.values()) if weights else 1.0

    def _near(self, asked: _Asked) -> list[str]:
        weights = asked.weights | asked.matters
        found: dict[str, float] = {}
        visits = 0
        for name in sorted(weights, key=lambda name: (len(self._postings.get(name, ())), name)):
            postings = self._postings.get(name, {})
            visits += len(postings)
            if visits > VISITS and found:
                break
            weight = weights[name]
            for id, held in postings.items():
                found[id] = found.get(id, 0.0) + weight * held
        return [id for _, id in nlargest(LOOKED_AT, zip(found.values(), found, strict=True))]

    def _compare(self, asked: _Asked, indexed: _Indexed) -> Signs:
        sizes = self._sizes(indexed)
        best = max(
            self._overlap(asked, variant, whole, length)
            for variant, whole, length in zip(indexed.variants, sizes.wholes, sizes.lengths, strict=True)
        )
        said = answered = 0.0
        for name, weight in asked.weights.items():
            if name in indexed.union:
                said += weight
            elif name in indexed.answer:
                answered += weight
        both = sum(
            weight * sizes.matters[name] for name, weight in asked.matters.items() if name in sizes.matters
        )
        return Signs(
            likeness=best.likeness,
            covered=best.covered,
            said=said / asked.total,
            answered=answered / asked.total,
            matter=both / sqrt(_squares(asked.matters) * sizes.matters_squares) if both else 0.0,
            same_language=asked.language == indexed.language,
            near=asked.near,
            strange=asked.strange,
        )

    def _sizes(self, indexed: _Indexed) -> _Sizes:
        if indexed.sizes is None or indexed.sizes[0] != self._changes:
            weighed = [self._weighed(variant) for variant in indexed.variants]
            matters = self._weighed(indexed.matters)
            sizes = _Sizes(
                wholes=[sum(variant.values()) for variant in weighed],
                lengths=[sqrt(_squares(variant)) for variant in weighed],
                matters=matters,
                matters_squares=_squares(matters),
            )
            indexed.sizes = (self._changes, sizes)
        return indexed.sizes[1]

    def _overlap(self, asked: _Asked, variant: Features, whole: float, length: float) -> _Overlap:
        both = covered = 0.0
        for name, weight in asked.weights.items():
            if name in variant:
                held = variant[name] * self._rarity(name)
                both += held * weight
                covered += held
        if not both:
            return _Overlap(0.0, 0.0)
        return _Overlap(both / (length * sqrt(asked.squares)), covered / whole)


def _union(texts: Iterable[Features]) -> Features:
    found: Features = {}
    for text in texts:
        for name, weight in text.items():
            found[name] = max(weight, found.get(name, 0.0))
    return found


def _squares(weights: Features) -> float:
    return sum(weight * weight for weight in weights.values())
