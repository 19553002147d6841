"""What the FAQ bot has to reach on questions that its authors did not see."""

from pathlib import Path

import pytest

from tests.faq import evaluate

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "faq.md"


@pytest.fixture(scope="module")
def measured() -> evaluate.Totals:
    return evaluate.measure("held_out")["all"]


@pytest.mark.xfail(
    strict=True, reason="62.8 % (201 of 320): what shares neither words nor matter is not found"
)
def test_four_of_five_questions_find_their_entry_first(measured: evaluate.Totals) -> None:
    assert measured.top_1 >= 0.80


@pytest.mark.xfail(strict=True, reason="83.4 % (267 of 320); 87.5 % in Chinese, 77.3 % in English")
def test_of_a_hundred_questions_ninety_two_find_their_entry_among_three(measured: evaluate.Totals) -> None:
    assert measured.top_3 >= 0.92


@pytest.mark.xfail(
    strict=True, reason="7.5 % (6 of 80); 13.8 % before the bound was raised from 0.74 to 0.85"
)
def test_at_most_one_in_twenty_questions_without_an_answer_gets_one(measured: evaluate.Totals) -> None:
    assert measured.false_share <= 0.05


def test_it_is_as_good_as_the_page_about_it_says(measured: evaluate.Totals) -> None:
    assert str(measured) in PAGE.read_text(encoding="utf-8").replace("\n> ", " ")
