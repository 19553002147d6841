"""Cutting text into what it is found by."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.messaging.search.segments import Reader, Segment, fences_of, pack
from chaguan.messaging.search.tokens import Term, Tokens, fold, is_paired, words_of

TOKENS = Tokens(b"k" * 32)


def pairs(text: str) -> set[int]:
    folded = fold(text)
    return {TOKENS.pair(folded[at] + (folded + "\0")[at + 1]) for at in range(len(folded))} - {0}


def in_index(text: str) -> set[int]:
    return pairs(text) | {token for word in words_of(fold(text)) for token in TOKENS.prefixes(word)}


def finds(query: str, text: str) -> bool:
    tokens = in_index(text)
    return all(any(term.low <= token < term.high for token in tokens) for term in TOKENS.query(query).terms)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("龙井", "明前龙井到货"),
        ("井", "龙井"),
        ("龙", "龙井"),
        ("tea", "Hot TEA-pot"),
        ("ｔｅａ", "teapot"),
        ("手机", "新iPhone手机壳"),
        ("iphone", "新iPhone手机壳"),
        ("🍵", "来杯🍵吧"),
        ("ありがとう", "どうもありがとうございます"),
        ("straße", "Strasse 5"),
        ("20240513001", "订单20240513001"),
    ],
)
def test_what_stands_in_a_text_is_found(query: str, text: str) -> None:
    assert TOKENS.query(query).terms
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "text"), [("龙井", "井龙"), ("井", "龙"), ("pot", "teapot"), ("茶", "tea"), ("龙井", "龙，井")]
)
def test_what_does_not_stand_there_is_not_found(query: str, text: str) -> None:
    assert not finds(query, text)


def test_marks_and_spaces_ask_for_nothing() -> None:
    assert TOKENS.query("，。！ - ").terms == []
    assert not is_paired("。")


def test_another_key_gives_other_tokens() -> None:
    other = Tokens(b"l" * 32)
    assert not in_index("龙井茶") & {other.pair(pair) for pair in ("龙井", "井茶", "茶\0")}
    assert other.prefix("tea") != TOKENS.prefix("tea")
    assert other.conversation("d_x") != TOKENS.conversation("d_x")


def test_conversations_stand_above_all_words() -> None:
    assert TOKENS.conversation("d_x") >= 1 << 63 > max(in_index("龙井 tea 🍵"))


@given(st.text())
def test_folding_is_nfkc_without_case(text: str) -> None:
    expected = unicodedata.normalize("NFKC", text).casefold()
    assert fold(text) == expected


@given(st.text(min_size=1, max_size=20), st.text(max_size=5), st.text(max_size=5))
def test_a_text_is_found_by_itself_wherever_it_stands_alone(text: str, before: str, after: str) -> None:
    assert finds(text, f"{before}\n{text}\n{after}")


postings = st.dictionaries(
    st.integers(0, (1 << 64) - 1), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4), max_size=40
)


@given(postings, st.lists(st.integers(0, 1 << 64), min_size=2, max_size=2).map(sorted))
def test_a_segment_gives_back_what_was_put_in(entries: dict[int, list[int]], bounds: list[int]) -> None:
    items = [(token, b"".join(n.to_bytes(4, "little") for n in entries[token])) for token in sorted(entries)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chaguan.messaging.search.segments.BLOCK_BYTES", 60)
        packed = list(pack(items))
    segment = Segment(1, 0, 1, 9, 9, fences_of(first for first, _ in packed))
    low, high = bounds
    reader = Reader(segment, lambda number: packed[number][1])
    found = [posting for run in reader.find(low, high) for posting in run]
    assert found == [n for token in sorted(entries) if low <= token < high for n in entries[token]]
    assert [token for token, _ in reader.entries(low, high)] == [t for t, _ in items if low <= t < high]


def test_a_posting_tells_its_entry_when_ids_pass_four_billion() -> None:
    segment = Segment(1, 0, (1 << 32) - 5, (1 << 32) + 5, 10, b"")
    for id in (segment.first_id, 1 << 32, segment.last_id):
        assert segment.full_id(id & 0xFFFF_FFFF) == id
    assert not segment.ascends
    assert Term(1, 2).low == 1
