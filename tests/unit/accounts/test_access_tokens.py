import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.accounts import jws
from chaguan.accounts.access_tokens import (
    ACCESS_LIFE_MS,
    FULL_LIFE_MS,
    IDLE_LIFE_MS,
    LOST_REPLY_MS,
    RefreshRefusal,
    RefreshSession,
    TokenSigner,
    issue_access_token,
    new_refresh_session,
    refresh_session_id,
    refresh_token_of,
    use_refresh_token,
    verify_access_token,
)
from chaguan.accounts.user_tokens import AppSecret, sign_user_token, verify_user_token
from chaguan.core.errors import AppError, ErrorCode

NOW = 1_700_000_000_000
DAY = 24 * 3_600_000
SIGNER = TokenSigner([b"k" * 32])


def session() -> RefreshSession:
    return new_refresh_session("u_1", "d_1", "staff", "app_1", NOW)


def used(current: RefreshSession, token: str, now: int, device_id: str = "d_1") -> RefreshSession:
    result = use_refresh_token(SIGNER, current, token, device_id, now)
    assert isinstance(result, RefreshSession), result
    return result


def reason(text: str, now: int = NOW, signer: TokenSigner = SIGNER) -> str:
    with pytest.raises(AppError) as caught:
        verify_access_token(signer, text, now)
    assert caught.value.code is ErrorCode.unauthenticated
    return str(caught.value.data["reason"])


def test_an_access_token_says_who_and_where_for_an_hour() -> None:
    text = issue_access_token(SIGNER, session(), NOW)
    claims = verify_access_token(SIGNER, text, NOW + ACCESS_LIFE_MS - 1)
    assert (claims.user_id, claims.device_id, claims.kind, claims.app_id) == ("u_1", "d_1", "staff", "app_1")
    assert reason(text, NOW + ACCESS_LIFE_MS) == "token_expired"


def test_an_access_token_does_not_outlive_its_session() -> None:
    near_the_end = msgspec.structs.replace(session(), created_at=NOW - FULL_LIFE_MS + 1000)
    assert reason(issue_access_token(SIGNER, near_the_end, NOW), NOW + 1000) == "token_expired"


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_an_access_token_changed_in_any_place_is_refused(place: int, other: int) -> None:
    text = issue_access_token(SIGNER, session(), NOW)
    place %= len(text)
    if chr(other) != text[place]:
        assert reason(text[:place] + chr(other) + text[place + 1 :]) in ("token_malformed", "token_signature")


@pytest.mark.parametrize("text", ["", "ca_", "ca_a.b", "ca_" + "A" * 5000 + "." + "A" * 43, "茶", "\ud800"])
def test_noise_is_malformed(text: str) -> None:
    assert reason(text) == "token_malformed"
    with pytest.raises(AppError):
        refresh_session_id(text)


def test_a_line_break_behind_a_token_is_not_overlooked() -> None:
    assert reason(issue_access_token(SIGNER, session(), NOW) + "\n") == "token_malformed"
    with pytest.raises(AppError):
        refresh_session_id(refresh_token_of(SIGNER, session()) + "\n")


def test_tokens_of_one_kind_are_not_taken_for_another() -> None:
    current = session()
    access, refresh = issue_access_token(SIGNER, current, NOW), refresh_token_of(SIGNER, current)
    user = sign_user_token(AppSecret("k" * 32), "app_1", "u_1", NOW)  # even with the same key
    assert reason(refresh) == reason(user) == "token_malformed"
    assert reason("ca_" + user.split(".", 1)[1]) == "token_signature"
    assert reason("ca_" + refresh[3:]) in ("token_malformed", "token_signature")
    with pytest.raises(AppError):
        verify_user_token(access, "app_1", [AppSecret("k" * 32)], NOW)


def test_signed_by_another_version_is_malformed_and_not_a_crash() -> None:
    for body in (json.dumps(["u"]), json.dumps({"user_id": "u"}), "[1,2,3,4,5,6]"):
        part = jws.encode_part(body.encode())
        assert reason(f"ca_{part}.{SIGNER.sign('access', part)}") == "token_malformed"


def test_a_key_can_be_replaced_without_signing_anyone_out() -> None:
    both = TokenSigner([b"n" * 32, b"k" * 32])
    current = session()
    old = issue_access_token(SIGNER, current, NOW)
    assert verify_access_token(both, old, NOW).user_id == "u_1"
    assert isinstance(
        use_refresh_token(both, current, refresh_token_of(SIGNER, current), "d_1", NOW), RefreshSession
    )
    assert reason(old, signer=TokenSigner([b"n" * 32])) == "token_signature"
    assert reason(issue_access_token(both, current, NOW)) == "token_signature", "the first key signs"


@pytest.mark.parametrize("keys", [[], [b"short"], [b"k" * 32, b""]])
def test_a_weak_signing_key_is_refused_at_start(keys: list[bytes]) -> None:
    with pytest.raises(ValueError):
        TokenSigner(keys)


def test_each_use_gives_the_next_refresh_token() -> None:
    first = session()
    token = refresh_token_of(SIGNER, first)
    assert refresh_session_id(token) == first.id
    second = used(first, token, NOW + DAY)
    assert refresh_token_of(SIGNER, second) != token
    third = used(second, refresh_token_of(SIGNER, second), NOW + 2 * DAY)
    assert (third.generation, third.rotated_at) == (2, NOW + 2 * DAY)


def test_a_phone_whose_reply_was_lost_asks_again_and_gets_the_same() -> None:
    first = session()
    token = refresh_token_of(SIGNER, first)
    second = used(first, token, NOW)
    again = used(second, token, NOW + LOST_REPLY_MS - 1)
    assert again == second and refresh_token_of(SIGNER, again) == refresh_token_of(SIGNER, second)


@pytest.mark.parametrize("rotations", [1, 2, 5])
def test_a_used_token_that_comes_back_later_betrays_a_thief(rotations: int) -> None:
    current = session()
    stolen = refresh_token_of(SIGNER, current)
    for number in range(rotations):
        current = used(current, refresh_token_of(SIGNER, current), NOW + number)
    late = NOW + rotations + LOST_REPLY_MS
    assert use_refresh_token(SIGNER, current, stolen, "d_1", late) is RefreshRefusal.reused


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2 * LOST_REPLY_MS)), min_size=1, max_size=30))
def test_owner_and_thief_cannot_both_go_on(steps: list[tuple[bool, int]]) -> None:
    """Whoever refreshes, and whenever: once both have used what they hold, more than a minute apart from the
    other's last rotation, the device is revoked. Neither keeps a session the other does not know of."""
    current, now = session(), NOW
    held = {True: refresh_token_of(SIGNER, current), False: refresh_token_of(SIGNER, current)}
    for who, later in steps:
        now += later
        behind = held[who] != refresh_token_of(SIGNER, current)
        in_time = now - current.rotated_at < LOST_REPLY_MS and held[who].split(".")[1] == str(
            current.generation - 1
        )
        result = use_refresh_token(SIGNER, current, held[who], "d_1", now)
        if isinstance(result, RefreshRefusal):
            assert result is RefreshRefusal.reused and behind and not in_time
            return
        assert not behind or in_time
        current = result
        held[who] = refresh_token_of(SIGNER, current)


def test_a_refresh_token_on_another_device_betrays_a_thief() -> None:
    current = session()
    token = refresh_token_of(SIGNER, current)
    assert use_refresh_token(SIGNER, current, token, "d_2", NOW) is RefreshRefusal.reused


def test_a_made_up_token_signs_nobody_out() -> None:
    current = session()
    genuine = refresh_token_of(SIGNER, current)
    head, mac = genuine.rsplit(".", 1)
    other = session()
    for token in (
        f"{head}.{'A' * 43}",
        f"cr_{current.id}.5.{mac}",
        f"cr_{other.id}.0.{mac}",
        refresh_token_of(SIGNER, other),
        refresh_token_of(TokenSigner([b"x" * 32]), current),
    ):
        assert use_refresh_token(SIGNER, current, token, "d_1", NOW) is RefreshRefusal.invalid


def test_a_database_restored_to_an_earlier_state_signs_out_and_accuses_nobody() -> None:
    earlier = session()
    later = used(earlier, refresh_token_of(SIGNER, earlier), NOW)
    ahead = refresh_token_of(SIGNER, used(later, refresh_token_of(SIGNER, later), NOW))
    assert use_refresh_token(SIGNER, earlier, ahead, "d_1", NOW) is RefreshRefusal.invalid


def test_a_session_ends_after_30_idle_days_and_after_180_in_all() -> None:
    current = session()
    token = refresh_token_of(SIGNER, current)
    assert use_refresh_token(SIGNER, current, token, "d_1", NOW + IDLE_LIFE_MS) is RefreshRefusal.expired
    now = NOW
    while now + 20 * DAY < NOW + FULL_LIFE_MS:
        now += 20 * DAY
        current = used(current, refresh_token_of(SIGNER, current), now)
    token = refresh_token_of(SIGNER, current)
    assert use_refresh_token(SIGNER, current, token, "d_1", NOW + FULL_LIFE_MS) is RefreshRefusal.expired


def test_the_stored_session_alone_makes_no_token_and_does_not_show_its_salt() -> None:
    current: Any = session()
    assert refresh_token_of(TokenSigner([b"guess" * 7]), current) != refresh_token_of(SIGNER, current)
    assert current.salt not in repr(current)
