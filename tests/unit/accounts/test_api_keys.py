import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.accounts.api_keys import (
    LAST_USED_EVERY_MS,
    ApiKey,
    is_use_worth_storing,
    new_api_key,
    parse_api_key,
    rotate_api_key,
    verify_api_key,
)
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode

NOW = 1_700_000_000_000


def made(expires_at: int = 0) -> tuple[ApiKey, str]:
    return new_api_key("订单服务", ["messages:write", "users:read"], NOW, expires_at)


def verified(key: ApiKey | None, text: str, now: int = NOW) -> Caller:
    return verify_api_key(key, parse_api_key(text), now)


def reason(key: ApiKey | None, text: str, now: int = NOW) -> str:
    with pytest.raises(AppError) as caught:
        verified(key, text, now)
    assert caught.value.code is ErrorCode.unauthenticated
    return str(caught.value.data["reason"])


def test_a_key_makes_a_caller_with_its_scopes() -> None:
    key, text = made()
    assert parse_api_key(text).id == key.id
    caller = verified(key, text)
    assert (caller.kind, caller.user_id, caller.expires_at) == ("server", key.id, 0)
    assert caller.scopes == {"messages:write", "users:read"}


def test_the_secret_is_not_stored() -> None:
    key, text = made()
    assert text.rsplit("_", 1)[1] not in repr(key)
    assert len(text.rsplit("_", 1)[1]) == 52


def test_unknown_revoked_and_wrong_keys_look_the_same() -> None:
    key, text = made()
    other, other_text = made()
    revoked = ApiKey(key.id, key.name, key.scopes, key.secrets, NOW, revoked_at=NOW)
    assert reason(None, text) == reason(other, text) == reason(revoked, text) == "key_invalid"
    assert reason(key, f"ck_{key.id}_{other_text.rsplit('_', 1)[1]}") == "key_invalid"


def test_an_expired_key_is_told_only_to_who_holds_it() -> None:
    key, text = made(expires_at=NOW + 1000)
    assert verified(key, text, NOW + 999).expires_at == NOW + 1000
    assert reason(key, text, NOW + 1000) == "key_expired"
    wrong = text[:-4] + ("aaaa" if text[-4:] != "aaaa" else "bbbb")
    assert reason(key, wrong, NOW + 1000) == "key_invalid"


def test_rotation_overlaps_and_then_only_the_new_secret_counts() -> None:
    key, old = made()
    rotated, new = rotate_api_key(key, NOW, overlap_ms=60_000)
    assert rotated.id == key.id
    assert verified(rotated, old, NOW + 59_999).expires_at == NOW + 60_000
    assert verified(rotated, new, NOW + 60_000).expires_at == 0
    assert reason(rotated, old, NOW + 60_000) == "key_expired"


def test_rotating_twice_ends_the_oldest_and_without_overlap_the_last_at_once() -> None:
    key, first = made()
    once, second = rotate_api_key(key, NOW, 60_000)
    twice, third = rotate_api_key(once, NOW + 1, 60_000)
    assert reason(twice, first) == "key_invalid"
    assert verified(twice, second) and verified(twice, third)
    leaked, fourth = rotate_api_key(twice, NOW + 2, 0)
    assert reason(leaked, third) == reason(leaked, second) == "key_invalid"
    assert verified(leaked, fourth)


@given(st.text(max_size=100))
def test_noise_is_refused(noise: str) -> None:
    with pytest.raises(AppError) as caught:
        parse_api_key(noise)
    assert caught.value.code is ErrorCode.unauthenticated


def test_a_key_with_anything_around_it_or_in_other_case_is_refused() -> None:
    _, text = made()
    for twin in (text + "\n", " " + text, text.upper(), text + "a", text[:-1]):
        with pytest.raises(AppError):
            parse_api_key(twin)


@pytest.mark.parametrize(
    ("name", "scopes", "expires_at"),
    [
        ("", ["users:read"], 0),
        ("  ", ["users:read"], 0),
        ("x" * 65, ["users:read"], 0),
        ("a\nb", ["users:read"], 0),
        ("a", [], 0),
        ("a", ["*"], 0),
        ("a", ["users:admin"], 0),
        ("a", ["users:read\n"], 0),
        ("a", [f"{chr(97 + n // 26)}{chr(97 + n % 26)}:read" for n in range(33)], 0),
        ("a", ["users:read"], NOW),
    ],
)
def test_a_key_without_a_proper_name_scope_or_time_is_not_made(
    name: str, scopes: list[str], expires_at: int
) -> None:
    with pytest.raises(AppError) as caught:
        new_api_key(name, scopes, NOW, expires_at)
    assert caught.value.code is ErrorCode.bad_request


def test_last_use_is_stored_once_a_minute() -> None:
    key, _ = made()
    used = ApiKey(key.id, key.name, key.scopes, key.secrets, NOW, last_used_at=NOW)
    assert is_use_worth_storing(key, NOW)
    assert not is_use_worth_storing(used, NOW + LAST_USED_EVERY_MS - 1)
    assert is_use_worth_storing(used, NOW + LAST_USED_EVERY_MS)
