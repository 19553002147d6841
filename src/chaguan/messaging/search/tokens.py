"""From text to the keyed tokens by which it is found. A token tells nothing to who lacks the key but how often it
occurs and where.

Scripts that don't put spaces between words (and everything else from U+0E00 up, emoji too) are cut into pairs of
neighbours; a run's last character is paired with its end. The upper half of a pair's token depends on its first
character alone, so all pairs that begin with one character are neighbours in the index, and looking for a single
character is looking for that range. Other scripts are cut into words, found by their beginnings.

A token has 63 bits; those of conversations stand above them all, so that a segment's are neighbours too.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import NamedTuple

END = "\0"
PREFIX = 8
"""Longer beginnings than this are not told apart by the index; the text itself decides."""
FIRST_OF_PAIRS = "\u0e00"
MEMO = 30_000

_WORD = re.compile(r"[^\W_\u0e00-\U0010ffff]+")
_RUN = re.compile(r"[\u0e00-\U0010ffff]+")
_CONVERSATION = 1 << 63
_MARKS = [(mark, unicodedata.normalize("NFKC", mark)) for mark in "，？！：；（）"]

words_of: Callable[[str], list[str]] = _WORD.findall


class Term(NamedTuple):
    """What a query asks of the index: a token from `low` up to and without `high`."""

    low: int
    high: int


class Query(NamedTuple):
    """`words` must all be contained in a folded text; `terms` are what the index knows of them."""

    words: list[str]
    terms: list[Term]


def fold(text: str) -> str:
    """Text as it is compared: widths and cases made equal."""
    if text.isascii():
        return text.lower()
    # Full-width marks are nearly all that NFKC finds to do in Chinese, and it takes ten times as long about it.
    for wide, narrow in _MARKS:
        text = text.replace(wide, narrow)
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return text.casefold()


def is_paired(character: str) -> bool:
    """Whether the character is one that people look for, in a script without spaces."""
    if character < FIRST_OF_PAIRS:
        return False
    category = unicodedata.category(character)
    return category[0] in "LMN" or category in ("So", "Sk")


class Tokens:
    """Computes tokens, and remembers what comes again and again."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._characters: dict[str, tuple[int, int, int]] = {}
        self._prefixes: dict[str, int] = {}
        self._end = self._make_character(END)[2]

    def conversation(self, conversation_id: str) -> int:
        return self._hash(conversation_id, b"conversation") | _CONVERSATION

    def pair(self, pair: str) -> int:
        """The token of two neighbours; 0 if the first is nothing that is looked for."""
        # Texts have too many different pairs to hash each with blake2b (1.3 µs) or to remember them. Characters are
        # hashed so; a pair's lower half is the middle of the product of two secret numbers, one of each character
        # for each place in the pair.
        half, first, _ = self._character(pair[0])
        if not half:
            return 0
        known, _, second = self._character(pair[1])
        return half << 32 | (first * (second if known else self._end)) >> 48 & 0xFFFF_FFFF

    def prefix(self, prefix: str) -> int:
        token = self._prefixes.get(prefix)
        if token is None:
            if len(self._prefixes) >= MEMO:
                self._prefixes.clear()
            token = self._prefixes[prefix] = self._hash(prefix, b"word") >> 1
        return token

    def prefixes(self, word: str) -> list[int]:
        return [self.prefix(word[:end]) for end in range(1, min(len(word), PREFIX) + 1)]

    def query(self, text: str) -> Query:
        words = fold(text).split()
        terms: dict[Term, None] = {}
        for word in words:
            for part in words_of(word):
                terms[_exactly(self.prefix(part[:PREFIX]))] = None
            for run in _paired_runs(word):
                terms.update(dict.fromkeys(self._run_terms(run)))
        return Query(words, list(terms))

    def _run_terms(self, run: str) -> Iterable[Term]:
        if len(run) > 1:
            return [_exactly(self.pair(run[at : at + 2])) for at in range(len(run) - 1)]
        half = self._character(run)[0]
        return [Term(half << 32, half + 1 << 32)]

    def _character(self, character: str) -> tuple[int, int, int]:
        made = self._characters.get(character)
        if made is None:
            if len(self._characters) >= MEMO:
                self._characters.clear()
            made = self._make_character(character) if is_paired(character) else (0, 0, 0)
            self._characters[character] = made
        return made

    def _make_character(self, character: str) -> tuple[int, int, int]:
        half = (self._hash(character, b"character") >> 33) or 1
        return half, self._hash(character, b"first") | 1, self._hash(character, b"second") | 1

    def _hash(self, text: str, purpose: bytes) -> int:
        # A lone surrogate is no text, but must not stop the index.
        raw = text.encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(raw, digest_size=8, key=self._key, person=purpose).digest(), "big")


def _exactly(token: int) -> Term:
    return Term(token, token + 1)


def _paired_runs(word: str) -> Iterable[str]:
    for found in _RUN.findall(word):
        yield from "".join(c if is_paired(c) else " " for c in found).split()
