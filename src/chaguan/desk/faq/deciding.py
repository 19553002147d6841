"""From what speaks for each entry to what is said. The weights are fitted to the questions of
`tests/faq/development.json` and `tuning.json` by logistic regression; the bounds are chosen by hand, on those and on
`practice.json`, `clothes.json` and `school.json`."""

from collections.abc import Sequence
from math import exp

from msgspec import Struct

from chaguan.desk.faq.model import Candidate, Decision, Reply

OFFERED = 3


class Signs(Struct, frozen=True):
    """What speaks for an entry, each from 0 to 1; the last two are of the query alone."""

    likeness: float
    """Of the query and the nearest of the entry's questions."""
    covered: float
    """How much of that question the query says."""
    said: float
    """How much of the query the entry's questions say."""
    answered: float
    """How much of the query only its answer says."""
    matter: float
    """How alike the matters are that the query and the entry are near to."""
    same_language: bool
    near: float
    """How near the query is to any matter of the phrasebook."""
    strange: float
    """How much of the query neither the entries nor the phrasebook know."""


def evidence(signs: Signs) -> float:
    """What the order of entries goes by."""
    return (
        0.42 * signs.likeness
        + 0.83 * signs.covered
        + 2.68 * signs.said
        + 1.69 * signs.answered
        + 5.18 * signs.matter
        + 4.02 * signs.same_language
    )


CLEAR = 2.0
"""A lead above this makes nothing surer."""
SURE, POSSIBLE = 0.88, 0.13
"""Enough of the first to answer; enough of all three together to offer them. The first leaves room for what was fitted too
closely; the second withholds one right list of 118 in `tests/faq/development.json` with `--unlike`."""


def probability(signs: Signs, lead: float) -> float:
    """That the entry is right; `lead` is how much more evidence it has than the next, negative if it has less."""
    missed = signs.near * (1 - signs.matter)
    """The query is clearly about something, and the entry about something else."""
    total = (
        -5.68
        + 0.761 * evidence(signs)
        + 0.676 * max(-CLEAR, min(lead, CLEAR))
        - 0.713 * signs.likeness
        - 1.045 * signs.covered
        + 1.069 * signs.said
        + 0.886 * signs.answered
        - 2.12 * signs.matter
        + 1.766 * signs.near
        - 3.983 * signs.strange
        - 2.792 * missed
    )
    return round(1 / (1 + exp(-total)), 4)


def decide(ranked: Sequence[tuple[str, Signs]]) -> Reply:
    """Of entries by evidence, the strongest first."""
    strengths = [evidence(signs) for _, signs in ranked[: OFFERED + 1]]
    candidates: list[Candidate] = []
    for at, (entry_id, signs) in enumerate(ranked[:OFFERED]):
        lead = strengths[at] - max([*strengths[:at], *strengths[at + 1 :]], default=strengths[at] - CLEAR)
        most = candidates[-1].score if candidates else 1.0
        candidates.append(Candidate(entry_id, min(most, probability(signs, lead))))
    # A list is worth reading if the right one is probably on it, whichever it is.
    if sum(candidate.score for candidate in candidates) < POSSIBLE:
        return Reply(Decision.unknown, ())
    decision = Decision.answer if candidates[0].score >= SURE else Decision.offer
    return Reply(decision, tuple(candidates))
