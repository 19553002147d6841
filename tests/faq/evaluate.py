"""How often the FAQ bot is right: `python -m tests.faq.evaluate [held_out_2|held_out|practice|clothes|…]`.

Prints totals only, so that nobody who works on the matcher sees what they are judged by. With `--unlike`, phrases of the
phrasebook that are nearly the question itself are left out: for questions that were written beside them.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from msgspec import Struct

from chaguan.desk.faq import Decision, Entry, Index
from chaguan.desk.faq.features import Features
from chaguan.desk.faq.phrasebook import Phrasebook

HERE = Path(__file__).parent
OTHER_SHOPS = ("clothes", "school", "development")
"""Files that hold a list of entries of their own."""


NEARLY_THE_SAME = 0.62


class Question(Struct, frozen=True):
    text: str
    language: str
    right: frozenset[str]
    """Entries that answer it; empty if none does."""


class Totals(Struct):
    inside: int = 0
    first: int = 0
    among_three: int = 0
    answered: int = 0
    answered_wrongly: int = 0
    silent: int = 0
    outside: int = 0
    false_answers: int = 0
    offered_outside: int = 0

    def count(self, question: Question, index: Index) -> None:
        reply = index.ask(question.text)
        ids = [candidate.entry_id for candidate in reply.candidates]
        is_answer = reply.decision is Decision.answer
        if not question.right:
            self.outside += 1
            self.false_answers += is_answer
            self.offered_outside += reply.decision is Decision.offer
            return
        is_first = bool(ids) and ids[0] in question.right
        self.inside += 1
        self.first += is_first
        self.among_three += bool(question.right.intersection(ids))
        self.answered += is_answer
        self.answered_wrongly += is_answer and not is_first
        self.silent += not ids

    @property
    def top_1(self) -> float:
        return self.first / self.inside

    @property
    def top_3(self) -> float:
        return self.among_three / self.inside

    @property
    def false_share(self) -> float:
        return self.false_answers / self.outside

    def __str__(self) -> str:
        return (
            f"top-1 {self.top_1:.1%} ({self.first}/{self.inside}), "
            f"top-3 {self.top_3:.1%} ({self.among_three}/{self.inside}), "
            f"false answers {self.false_share:.1%} ({self.false_answers}/{self.outside}); "
            f"answered at once {self.answered}, of them wrongly {self.answered_wrongly}, silent {self.silent}; "
            f"offered without an answer {self.offered_outside}/{self.outside}"
        )


def load(name: str) -> tuple[list[Entry], list[Question]]:
    if name in OTHER_SHOPS:
        both = _read(name)
        return _entries(both["entries"]), [
            _question(item | {"entry": item["expect"]}) for item in both["asks"]
        ]
    return _entries(_read("entries")), [_question(item) for item in _read(name)]


def measure(name: str, *, unlike: bool = False) -> dict[str, Totals]:
    """By language, and of `all`."""
    entries, questions = load(name)
    index = Index(entries)
    totals = {"all": Totals()}
    with unlike_phrases_only() if unlike else nullcontext():
        for question in questions:
            totals["all"].count(question, index)
            totals.setdefault(question.language, Totals()).count(question, index)
    return totals


@contextmanager
def unlike_phrases_only() -> Iterator[None]:
    every = Phrasebook._nearest_phrases

    def unlike(book: Phrasebook, text: Features) -> list[tuple[int, float]]:
        return [(number, likeness) for number, likeness in every(book, text) if likeness < NEARLY_THE_SAME]

    with patch.object(Phrasebook, "_nearest_phrases", unlike):
        yield


def _read(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def _entries(items: list[dict[str, Any]]) -> list[Entry]:
    names = ("id", "language", "question", "answer")
    return [Entry(**{name: item[name] for name in names}, similar=tuple(item["similar"])) for item in items]


def _question(item: dict[str, Any]) -> Question:
    right = [item["entry"], *item.get("also", [])] if item["entry"] else []
    language = item.get("language") or ("en" if item["text"].isascii() else "zh")
    return Question(item["text"], language, frozenset(right))


if __name__ == "__main__":
    names = [argument for argument in sys.argv[1:] if argument != "--unlike"] or ["held_out_2"]
    for name in names:
        for language, totals in measure(name, unlike="--unlike" in sys.argv).items():
            print(f"{name}, {language}: {totals}")
