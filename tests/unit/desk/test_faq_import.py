"""A merchant's table with good rows and bad ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.faq import Fault, Index, read_csv
from chaguan.desk.faq.importing import MAX_ANSWER, MAX_BYTES, MAX_ENTRIES, MAX_FAULTS, MAX_QUESTION

HEADING = "id,language,question,similar,answer\n"


def faults(table: str) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.reason, fault.column) for fault in read_csv(table.encode()).faults]


def test_good_rows_are_kept_and_each_bad_one_is_named() -> None:
    table = HEADING + (
        "a,zh-CN,多久发货？,几天发出|什么时候寄,两天内。\n"
        "b,zh,,,没有问题\n"
        "c,zh,没有答案,,\n"
        "a,zh,编号重复,,行\n"
        "d,fr,Quand?,,oui\n"
        ",en,How long?,,Two days.\n"
        "e,zh,多久发货？,,问题重复\n"
    )
    read = read_csv(table.encode())
    assert [entry.id for entry in read.entries] == ["a", "row-7"]
    assert read.entries[0].similar == ("几天发出", "什么时候寄")
    assert read.entries[0].language == "zh"
    assert faults(table) == [
        (3, "no_question", "question"),
        (4, "no_answer", "answer"),
        (5, "same_id", "id"),
        (6, "bad_language", "language"),
        (8, "same_question", "question"),
    ]


def test_a_row_with_a_bad_cell_spoils_no_neighbour() -> None:
    table = (
        HEADING + f"a,zh,{'长' * (MAX_QUESTION + 1)},,x\nb,zh,问,,{'长' * (MAX_ANSWER + 1)}\nc,zh,好,,好\n"
    )
    assert [entry.id for entry in read_csv(table.encode()).entries] == ["c"]
    assert faults(table) == [(2, "question_too_long", "question"), (3, "answer_too_long", "answer")]


def test_lines_and_commas_inside_quotes_belong_to_the_cell() -> None:
    read = read_csv((HEADING + 'a,en,"Hello, how?","one\ntwo","First line\nsecond"\n').encode())
    assert read.entries[0].question == "Hello, how?"
    assert read.entries[0].similar == ("one", "two")
    assert read.entries[0].answer == "First line\nsecond"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_are_read_as_spreadsheets_save_them(encoding: str, delimiter: str) -> None:
    table = delimiter.join(["问题", "答案"]) + "\r\n" + delimiter.join(["几点开门", "九点"]) + "\r\n"
    read = read_csv(table.encode(encoding))
    assert [(entry.question, entry.answer) for entry in read.entries] == [("几点开门", "九点")]


def test_a_quote_that_is_never_closed_costs_only_what_it_swallows() -> None:
    read = read_csv((HEADING + 'a,zh,好,,好\nb,zh,"坏,,坏\nc,zh,也坏,,坏\n').encode())
    assert [entry.id for entry in read.entries] == ["a"]
    assert read.bad_rows == 1


def test_a_table_without_the_two_columns_is_refused() -> None:
    with pytest.raises(AppError) as refused:
        read_csv(b"question;reply\na;b\n")
    assert refused.value.code is ErrorCode.bad_request
    assert refused.value.data["missing"] == ["answer"]


def test_a_file_too_large_is_refused_unread() -> None:
    with pytest.raises(AppError) as refused:
        read_csv(b"x" * (MAX_BYTES + 1))
    assert refused.value.code is ErrorCode.too_large


def test_entries_and_named_faults_are_bounded() -> None:
    table = "question,answer\n" + "".join(f"q{n},a\n" for n in range(MAX_ENTRIES + MAX_FAULTS + 5))
    read = read_csv(table.encode())
    assert len(read.entries) == MAX_ENTRIES
    assert len(read.faults) == MAX_FAULTS
    assert read.bad_rows == MAX_FAULTS + 5
    assert read.faults[0] == Fault(MAX_ENTRIES + 2, "too_many_entries")


@given(
    st.binary(max_size=400)
    | st.text(max_size=300).map(lambda text: (HEADING + text).encode(errors="replace"))
)
def test_any_bytes_are_read_or_refused_and_what_is_read_can_be_asked(raw: bytes) -> None:
    try:
        read = read_csv(raw)
    except AppError as error:
        assert error.code is ErrorCode.bad_request
        return
    assert len(Index(read.entries)) == len(read.entries)
    assert len(read.faults) == read.bad_rows
