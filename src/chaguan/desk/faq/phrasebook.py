"""What customers ask about, in the words they use: `asked_*.txt` of `words/` has a line for each matter, the same in
both languages. Two texts that share no word are alike if they come near phrases of the same matter."""

import re
from collections.abc import Collection, Sequence
from functools import cache
from heapq import nlargest
from math import log, sqrt

from chaguan.desk.faq.features import Features, Reader
from chaguan.desk.faq.lexicon import lexicon
from chaguan.desk.faq.script import read_data

SUBJECTS = (
    "asked_delivery.txt", "asked_aftersales.txt", "asked_paying.txt", "asked_shop.txt", "asked_using.txt",
    "asked_wearing.txt", "asked_learning.txt", "asked_visiting.txt", "asked_beside.txt",
)  # fmt: skip
NEAREST = 6
"""Matters that a text is taken to be near to."""
CLOSE, BESIDE, SHARPNESS = 0.12, 0.35, 3.5
"""Likeness below which a text is not near to a matter; and the same as a share of the nearest one's."""
PHRASES, NEAR = 1.0, 2.0
"""What the nearest phrases count beside the middle of them all; and the sum that is as near as can be."""
COMMON, HEAVIEST, LOOKED_AT = 200, 24, 40
"""A feature that stands in more phrases than this leads to none of them; it would cost much and tell little. How many of
a text's features lead to phrases, and how many phrases are looked at in the end."""
TELLING = 0.04
"""The share of a text below which a feature is left out: words that stand everywhere cost most and tell least."""
EMPHASIS = {"c": 1.5, "w": 0.6, "b": 0.7}
"""Of kinds of features, found by leaving out each phrase in turn and looking for its matter."""


class Phrasebook:
    """A text is near to a matter by the phrases of it that are most like the text and by the middle of them all."""

    def __init__(self) -> None:
        reader = Reader(lexicon())
        phrases: list[Features] = []
        self._of: list[str] = []
        for name in SUBJECTS:
            for matter, texts in map(_load, read_data(name).splitlines()):
                phrases += (whole(*reader.read_phrase(text)) for text in texts)
                self._of += [matter] * len(texts)
        self._worth = _worths(phrases, self._of)
        self._unseen = log(len(phrases))
        self._postings: dict[str, list[tuple[int, float]]] = {}
        middles: dict[str, Features] = {}
        for number, (matter, phrase) in enumerate(zip(self._of, phrases, strict=True)):
            middle = middles.setdefault(matter, {})
            for name, weight in self._direction(phrase).items():
                self._postings.setdefault(name, []).append((number, weight))
                middle[name] = middle.get(name, 0.0) + weight
        self._middles: dict[str, list[tuple[str, float]]] = {}
        for matter, middle in middles.items():
            length = sqrt(_squares(middle))
            for name, weight in middle.items():
                self._middles.setdefault(name, []).append((matter, weight / length))

    def matters(self, text: Features) -> Features:
        """The matters that a text is near to, the nearest with at most 1."""
        nearness = self._nearness(self._direction(text))
        near = nlargest(NEAREST, nearness.items(), key=lambda pair: (pair[1], pair[0]))
        top = near[0][1] if near else 1.0
        least = max(CLOSE, BESIDE * top)
        return {
            "m:" + matter: (value / top) ** SHARPNESS * min(1.0, value / NEAR)
            for matter, value in near
            if value >= least
        }

    def __contains__(self, feature: str) -> bool:
        return feature in self._worth

    def _nearness(self, text: Features) -> dict[str, float]:
        nearness: dict[str, float] = {}
        for name, weight in text.items():
            for matter, held in self._middles.get(name, ()):
                nearness[matter] = nearness.get(matter, 0.0) + weight * held
        taken: dict[str, int] = {}
        for number, likeness in self._nearest_phrases(text):
            matter = self._of[number]
            taken[matter] = taken.get(matter, 0) + 1
            if taken[matter] <= 2:
                nearness[matter] += PHRASES * likeness / taken[matter]
        return nearness

    def _nearest_phrases(self, text: Features) -> list[tuple[int, float]]:
        likeness: dict[int, float] = {}
        before = likeness.get
        for weight, name in nlargest(HEAVIEST, zip(text.values(), text, strict=True)):
            postings = self._postings.get(name, ())
            if len(postings) <= COMMON:
                for number, held in postings:
                    likeness[number] = before(number, 0.0) + weight * held
        near = nlargest(LOOKED_AT, zip(likeness.values(), likeness, strict=True))
        return [(number, value) for value, number in near]

    def _direction(self, text: Features) -> Features:
        weights = {
            name: weight * EMPHASIS.get(name[0], 1.0) * self._worth.get(name, 0.5 * self._unseen)
            for name, weight in text.items()
        }
        length = sqrt(_squares(weights)) or 1.0
        return {name: weight / length for name, weight in weights.items() if weight >= TELLING * length}


def _load(line: str) -> tuple[str, list[str]]:
    matter, _, both = line.partition(": ")
    return matter, [text for text in re.split("[;；|]", both) if text.strip()]


def _squares(weights: Features) -> float:
    return sum(weight * weight for weight in weights.values())


def whole(features: Features, turns: Features) -> Features:
    """What a phrase is known by: what it says, and how."""
    return features | turns


def _worths(phrases: Sequence[Features], matters: Sequence[str]) -> dict[str, float]:
    """A feature is worth more the rarer it is and the fewer matters share it evenly."""
    counts: dict[str, dict[str, int]] = {}
    for phrase, matter in zip(phrases, matters, strict=True):
        for name in phrase:
            held = counts.setdefault(name, {})
            held[matter] = held.get(matter, 0) + 1
    most = log(len(set(matters)))
    return {
        name: log(len(phrases) / sum(held.values())) * (1.05 - _entropy(held.values()) / most)
        for name, held in counts.items()
    }


def _entropy(counts: Collection[int]) -> float:
    total = sum(counts)
    return -sum(count / total * log(count / total) for count in counts)


@cache
def phrasebook() -> Phrasebook:
    return Phrasebook()
