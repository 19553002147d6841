import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra import links

KEY = b"k" * 32
HOUR_MS = 3600 * 1000
texts = st.text(max_size=20)


@given(target=texts, variant=texts, now=st.integers(0, 2**42))
def test_a_signed_link_holds_for_twelve_to_twenty_four_hours(target: str, variant: str, now: int) -> None:
    exp = links.expiry(now)
    signature = links.sign(KEY, target, variant, exp)
    links.verify(KEY, target, variant, exp, signature, now + 12 * HOUR_MS - 1000)
    with pytest.raises(AppError, match="expired") as caught:
        links.verify(KEY, target, variant, exp, signature, now + 24 * HOUR_MS)
    assert caught.value.code is ErrorCode.forbidden


def test_links_made_within_a_window_are_the_same() -> None:
    start = links.WINDOW_S * 1000 * 40_000
    assert links.expiry(start) == links.expiry(start + 12 * HOUR_MS - 1)
    assert links.expiry(start) != links.expiry(start + 12 * HOUR_MS)


@given(
    first=st.tuples(texts, texts, st.integers(0, 2**40)),
    second=st.tuples(texts, texts, st.integers(0, 2**40)),
)
def test_a_signature_fits_one_target_variant_and_expiry_only(
    first: tuple[str, str, int], second: tuple[str, str, int]
) -> None:
    assert (links.sign(KEY, *first) == links.sign(KEY, *second)) == (first == second)


@pytest.mark.parametrize("signature", ["", "x", "茶", "A" * 24, "A" * 10_000])
def test_a_forged_signature_is_refused_even_for_an_expired_link(signature: str) -> None:
    for exp in (1, 2**33):
        with pytest.raises(AppError, match="not signed here"):
            links.verify(KEY, "m_1", "thumb", exp, signature, 1_000_000)


def test_another_key_signs_nothing_here() -> None:
    signature = links.sign(b"o" * 32, "m_1", "thumb", 2**33)
    with pytest.raises(AppError, match="not signed here"):
        links.verify(KEY, "m_1", "thumb", 2**33, signature, 0)
