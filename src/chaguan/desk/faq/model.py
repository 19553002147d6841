"""What goes in and what comes out: entries, candidates, replies."""

from enum import StrEnum

from msgspec import Struct


class Entry(Struct, frozen=True, kw_only=True):
    """One question of the merchant's list with its answer. `language` is a tag such as `zh-CN` or `en`; left empty, it
    is told from the question's script."""

    id: str
    question: str
    answer: str = ""
    similar: tuple[str, ...] = ()
    language: str = ""


class Decision(StrEnum):
    answer = "answer"
    """The first candidate answers; the others stand behind "was this it?"."""
    offer = "offer"
    """Nothing is sure enough: ask which of the candidates was meant."""
    unknown = "unknown"
    """Nothing fits; a person is needed. There are no candidates."""


class Candidate(Struct, frozen=True):
    entry_id: str
    score: float
    """How probable it is that this entry answers the question, from 0 to 1."""


class Reply(Struct, frozen=True):
    decision: Decision
    candidates: tuple[Candidate, ...]
    """At most three, the best first."""
