"""The form of the corpus that the FAQ bot is judged by; what the bot scores on it is tested elsewhere."""

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "faq"
KINDS = {"chit-chat", "other-business", "near-miss", "abuse", "fragment", "injection", "gibberish"}
# Sentences that have nothing to do with each other share 1 % of their character bigrams in
# Chinese and 16 % in English, so "little" and "much" in common lie higher in English.
LITTLE_AND_MUCH = {"zh": (0.10, 0.40), "en": (0.25, 0.55)}

Row = dict[str, Any]


def rows(name: str) -> list[Row]:
    loaded: list[Row] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


ENTRIES = {entry["id"]: entry for entry in rows("entries")}
HELD_OUT = rows("held_out")
HELD_OUT_2 = rows("held_out_2")
TUNING = rows("tuning")
# Of another shop, but the matcher's author has read it all the same.
DEVELOPMENT: list[Row] = json.loads((FOLDER / "development.json").read_text(encoding="utf-8"))["asks"]
QUESTIONS = pytest.mark.parametrize(
    "questions", [HELD_OUT, HELD_OUT_2, TUNING], ids=["held-out", "held-out-2", "tuning"]
)
EITHER_HELD_OUT = pytest.mark.parametrize("questions", [HELD_OUT, HELD_OUT_2], ids=["held-out", "held-out-2"])


def normal(text: str) -> str:
    return re.sub(r"\W+", "", unicodedata.normalize("NFKC", text).casefold())


def bigrams(text: str) -> set[str]:
    plain = normal(text)
    return {plain[at : at + 2] for at in range(len(plain) - 1)}


def phrasings(entry: Row) -> list[str]:
    return [entry["question"], *entry["similar"]]


def in_common(question: Row) -> float:
    """The share of the question's bigrams found in the nearest phrasing of its entry."""
    own = bigrams(question["text"])
    return max(len(own & bigrams(phrasing)) / len(own) for phrasing in phrasings(ENTRIES[question["entry"]]))


def test_the_faq_has_120_entries_in_chinese_and_80_in_english() -> None:
    assert len(ENTRIES) == len(rows("entries")) == 200
    assert Counter(entry["language"] for entry in ENTRIES.values()) == {"zh": 120, "en": 80}


def test_every_entry_has_the_fields_a_merchant_fills_in() -> None:
    for name, entry in ENTRIES.items():
        assert list(entry) == ["id", "language", "question", "similar", "answer"], name
        assert name.startswith(entry["language"] + "-")
        assert len(entry["similar"]) <= 3
        assert all(text == text.strip() != "" for text in [*phrasings(entry), entry["answer"]]), name


def test_about_half_of_the_entries_have_no_further_phrasing() -> None:
    assert 0.4 <= sum(not entry["similar"] for entry in ENTRIES.values()) / len(ENTRIES) <= 0.6


def test_no_two_entries_are_asked_in_the_same_words() -> None:
    said = Counter(normal(phrasing) for entry in ENTRIES.values() for phrasing in phrasings(entry))
    assert [text for text, times in said.items() if times > 1] == []


@pytest.mark.parametrize(
    ("questions", "count", "without"),
    [(HELD_OUT, 400, 80), (HELD_OUT_2, 400, 80), (TUNING, 80, 16)],
    ids=["held-out", "held-out-2", "tuning"],
)
def test_a_fifth_of_the_questions_has_no_answer(questions: list[Row], count: int, without: int) -> None:
    assert (len(questions), sum(row["entry"] is None for row in questions)) == (count, without)


@QUESTIONS
def test_every_label_is_an_entry_of_the_questions_language(questions: list[Row]) -> None:
    for row in questions:
        for name in [row["entry"], *row.get("also", [])] if row["entry"] else []:
            assert ENTRIES[name]["language"] == row["language"], row


@QUESTIONS
def test_a_question_has_other_right_answers_or_a_kind_but_never_both(questions: list[Row]) -> None:
    for row in questions:
        if row["entry"] is None:
            assert set(row) == {"text", "language", "entry", "kind"} and row["kind"] in KINDS, row
        else:
            assert set(row) <= {"text", "language", "entry", "also"}, row
            assert row["entry"] not in row.get("also", [])


@QUESTIONS
def test_other_right_answers_are_rare(questions: list[Row]) -> None:
    assert sum("also" in row for row in questions) <= len(questions) * 0.03


@QUESTIONS
def test_three_fifths_of_the_questions_are_chinese(questions: list[Row]) -> None:
    for answered in (True, False):
        languages = [row["language"] for row in questions if (row["entry"] is not None) is answered]
        assert languages.count("zh") / len(languages) == pytest.approx(0.6, abs=0.03)
        assert set(languages) == {"zh", "en"}


@EITHER_HELD_OUT
def test_the_held_out_questions_ask_for_at_least_150_entries(questions: list[Row]) -> None:
    assert len({row["entry"] for row in questions} - {None}) >= 150


def test_no_question_repeats_another_or_a_phrasing_of_the_faq() -> None:
    asked = Counter(normal(row["text"]) for row in [*HELD_OUT, *HELD_OUT_2, *TUNING])
    assert [text for text, times in asked.items() if times > 1] == []
    assert not asked.keys() & {normal(text) for entry in ENTRIES.values() for text in phrasings(entry)}


def test_no_question_of_the_second_held_out_set_was_read_while_the_matcher_was_made() -> None:
    read = {normal(row["text"]) for row in [*DEVELOPMENT, *TUNING, *HELD_OUT]}
    # A number, so that a failure does not print the questions to whoever must not read them.
    repeated = len(read & {normal(row["text"]) for row in HELD_OUT_2})
    assert repeated == 0


@EITHER_HELD_OUT
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_third_has_little_in_common_with_its_entry_and_a_third_something(
    language: str, questions: list[Row]
) -> None:
    little, much = LITTLE_AND_MUCH[language]
    shares = [in_common(row) for row in questions if row["entry"] and row["language"] == language]
    assert sum(share < little for share in shares) >= len(shares) / 3
    assert sum(little <= share < much for share in shares) >= len(shares) / 3
