"""A desk's figures are told only of a run in which no case was lost: here are runs in which one was."""

import pytest

from chaguan.bench.desk_audit import Happened, judged

CAPACITY = {"li": 2, "wang": 1}
OPENED = [Happened("s_1", "k1", "opened", ""), Happened("s_2", "k2", "opened", "")]
GIVEN = [*OPENED, Happened("s_1", "k1", "assigned", "li"), Happened("s_2", "k2", "assigned", "li")]


def test_cases_that_somebody_has_or_that_have_ended_are_neither_lost_nor_too_many() -> None:
    verdict = judged([*GIVEN, Happened("s_1", "k1", "resolved", "li")], CAPACITY, ["s_1", "s_2"])
    assert verdict.is_clean
    assert (verdict.cases, verdict.assignments, verdict.most_load) == (2, 2, 2)


@pytest.mark.parametrize(
    ("history", "found"),
    [
        (OPENED, "lost"),
        (GIVEN[:3], "lost"),
        ([*GIVEN, Happened("s_1", "k1", "returned", "")], "lost"),
        ([*GIVEN, Happened("s_1", "k1", "assigned", "wang")], "twice"),
        ([*GIVEN, Happened("s_3", "k3", "assigned", "li")], "over_capacity"),
        ([*OPENED, Happened("s_1", "k1", "assigned", "wang", 2), *GIVEN[3:]], "over_capacity"),
        ([*OPENED, Happened("s_1", "k1", "assigned", "nobody"), *GIVEN[3:]], "over_capacity"),
    ],
    ids=["waits", "one waits", "given back", "given twice", "too many", "too heavy", "no agent"],
)
def test_what_went_wrong_with_a_case_is_found(history: list[Happened], found: str) -> None:
    verdict = judged(history, CAPACITY, ["s_1", "s_2"])
    assert not verdict.is_clean
    assert getattr(verdict, found) > 0


def test_a_question_that_no_case_was_made_of_is_lost() -> None:
    assert judged(GIVEN, CAPACITY, ["s_1", "s_2", "s_3"]).lost == 1


def test_a_case_may_be_given_again_after_it_came_back() -> None:
    again = [Happened("s_1", "k1", "returned", ""), Happened("s_1", "k1", "assigned", "wang")]
    assert judged([*GIVEN, *again], CAPACITY, ["s_1", "s_2"]).is_clean


def test_a_rating_gives_an_ended_case_to_nobody() -> None:
    ended = [Happened("s_1", "k1", "resolved", "li"), Happened("s_1", "k1", "rated", "li")]
    full = [*GIVEN, *ended, Happened("s_3", "k3", "assigned", "li")]
    assert judged(full, CAPACITY, ["s_1", "s_2", "s_3"]).is_clean
