"""What words mean in shop talk, in both languages.

The files of `words/` hold a concept on each line: `name < parent ~0.5: 中文 词 | english, two words`. The parent is
what it is a kind of; the number, 1 if absent, is how much the concept tells of what is asked. `fillers.txt` lists words
that tell nothing. A longer expression wins over the shorter ones inside it, which still count a little.
"""

import re
from functools import cache
from typing import NamedTuple

from chaguan.desk.faq.english import Speller, stem
from chaguan.desk.faq.script import fold, is_chinese, read_data, sounds, units

SUBJECTS = (
    "delivery.txt",
    "aftersales.txt",
    "paying.txt",
    "goods.txt",
    "service.txt",
    "talk.txt",
    "trades.txt",
)
PARENT, INNER = 0.4, 0.35
"""What a parent, and what an expression inside a longer one, count for."""
LONGEST_WORD, LONGEST_PHRASE = 8, 7
WORTH = [length**1.6 for length in range(LONGEST_WORD + 1)]
FILLER_WORTH = [0.8 * worth for worth in WORTH]
"""What covering so many characters is worth. A filler is worth less than a word: 会员 is not 会 and a stray character."""
_LINE = re.compile(r"(?P<name>\w+)(?: < (?P<parent>\w+))?(?: ~(?P<weight>[\d.]+))?:(?P<zh>[^|]*)\|(?P<en>.*)")

Meaning = dict[str, float]
"""Concepts of an expression and how much of each; empty for a filler."""


class Span(NamedTuple):
    """Part of a text: from `start` up to and without `end`; `meaning` is None if the lexicon does not know it."""

    start: int
    end: int
    meaning: Meaning | None


class Lexicon:
    def __init__(self) -> None:
        self._chinese: dict[str, Meaning] = {}
        self._phrases: dict[tuple[str, ...], Meaning] = {}
        self._sounds: dict[str, Meaning] = {}
        self._typed: dict[str, Meaning] = {}
        self.weights: dict[str, float] = {}
        self._load_fillers()
        for name in SUBJECTS:
            for line in read_data(name).splitlines():
                self._load(line)
        self._add_inner()
        self._add_sounds()
        self.speller = Speller({word for phrase in self._phrases for word in phrase})

    def _load_fillers(self) -> None:
        for line in read_data("fillers.txt").splitlines():
            language, _, words = line.partition(":")
            for word in words.split():
                if language == "zh":
                    self._chinese[fold(word)] = {}
                else:
                    self._phrases[(stem(word),)] = {}

    def _load(self, line: str) -> None:
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"not a line of the lexicon: {line[:60]}")
        name, parent = found["name"], found["parent"]
        self.weights[name] = float(found["weight"] or 1)
        if parent:
            self.weights.setdefault(parent, 0.5)
        for word in found["zh"].split():
            self._mean(name, parent, fold(word))
        for phrase in found["en"].split(","):
            if phrase.strip():
                self._mean(name, parent, fold(phrase.strip()))

    def _mean(self, name: str, parent: str | None, text: str) -> None:
        parts = units(text)
        if len(parts) == 1 and is_chinese(text):
            meaning = self._chinese.setdefault(text, {})
        else:
            meaning = self._phrases.setdefault(tuple(map(stem, parts)), {})
        meaning[name] = 1.0
        if parent:
            meaning[parent] = max(PARENT, meaning.get(parent, 0))

    def _add_inner(self) -> None:
        """What is said inside an expression: a fee for sending back has to do with fees and with sending back."""
        inner = {word: self._inner_of(word) for word in self._chinese if len(word) > 2}
        for word, meaning in inner.items():
            self._chinese[word] = meaning | self._chinese[word]

    def _inner_of(self, word: str) -> Meaning:
        parts = self.split_chinese(word, whole=False)
        found: Meaning = {}
        for part in parts:
            if part.end - part.start > 1:
                for concept, share in (part.meaning or {}).items():
                    found[concept] = max(found.get(concept, 0), share * INNER)
        return found

    def _add_sounds(self) -> None:
        for word, meaning in self._chinese.items():
            if len(word) > 1 and meaning:
                self._sounds.setdefault(sounds(word), meaning)

    def split_chinese(self, run: str, *, whole: bool = True) -> list[Span]:
        """Cuts a run so that long expressions cover as much of it as they can."""
        best: list[tuple[float, Span | None]] = [(0.0, None)]
        for end in range(1, len(run) + 1):
            choice = (best[end - 1][0], Span(end - 1, end, None))
            for start in range(max(0, end - LONGEST_WORD), end):
                meaning = self._chinese.get(run[start:end])
                if meaning is not None and (whole or end - start < len(run)):
                    worth = best[start][0] + (WORTH if meaning else FILLER_WORTH)[end - start]
                    if worth > choice[0]:
                        choice = (worth, Span(start, end, meaning))
            best.append(choice)
        spans: list[Span] = []
        at = len(run)
        while at and (span := best[at][1]) is not None:
            spans.append(span)
            at = span.start
        return spans[::-1]

    def split_words(self, words: list[str]) -> list[Span]:
        """The same for words of other scripts, given as stems."""
        spans: list[Span] = []
        at = 0
        while at < len(words):
            for end in range(min(len(words), at + LONGEST_PHRASE), at, -1):
                meaning = self._phrases.get(tuple(words[at:end]))
                if meaning is not None:
                    break
            spans.append(Span(at, end, meaning))
            at = end
        return spans

    def inner_words(self, words: list[str]) -> list[Meaning]:
        """What the single words of a phrase mean by themselves."""
        return [self._phrases.get((word,), {}) for word in words]

    def heard(self, run: str) -> Meaning:
        """What a run of characters would mean if it were written by its sound only."""
        return self._sounds.get(sounds(run), {})


@cache
def lexicon() -> Lexicon:
    return Lexicon()
