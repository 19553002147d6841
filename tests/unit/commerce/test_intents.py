import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.commerce import intents
from chaguan.commerce.intents import Intent

KEY = b"k" * 32
INTENT = Intent("c_card", 3, 7, "confirm_receipt", 1_700_000_000_000)
TOKEN = intents.sign(KEY, "s_room", "u_amy", INTENT)


def test_an_intent_is_read_back_where_it_was_signed_for():
    assert intents.read(KEY, "s_room", "u_amy", TOKEN) == INTENT
    assert len(TOKEN) <= intents.MAX_TOKEN


@pytest.mark.parametrize(
    ("key", "room", "customer"),
    [(b"x" * 32, "s_room", "u_amy"), (KEY, "s_other", "u_amy"), (KEY, "s_room", "u_bob")],
)
def test_in_another_conversation_or_for_another_customer_it_is_nothing(key, room, customer):
    assert intents.read(key, room, customer, TOKEN) is None


def test_names_that_run_into_one_another_are_not_the_same():
    token = intents.sign(KEY, "s_a", "bc", INTENT)
    assert intents.read(KEY, "s_ab", "c", token) is None


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_not_a_bit_of_it_can_be_changed(place, mask):
    raw = bytearray(base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4)))
    raw[place % len(raw)] ^= mask
    assert intents.read(KEY, "s_room", "u_amy", base64.urlsafe_b64encode(raw).decode().rstrip("=")) is None


@given(st.text(max_size=300))
def test_whatever_else_is_sent_is_no_intent(text):
    if text != TOKEN:
        assert intents.read(KEY, "s_room", "u_amy", text) is None
