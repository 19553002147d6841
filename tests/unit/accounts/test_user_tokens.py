import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from chaguan.accounts.user_tokens import (
    AppSecret,
    active_secrets,
    claimed_app,
    new_app_secret,
    rotate_app_secret,
    sign_user_token,
    verify_user_token,
)
from chaguan.core.errors import AppError, ErrorCode

NOW = 1_700_000_000_000
SECONDS = NOW // 1000
SECRET = AppSecret("k" * 43)
WEEK = 7 * 24 * 3600


def claims(**changes: Any) -> dict[str, Any]:
    said = {"sub": "customer-7", "app": "app_1", "iat": SECONDS, "exp": SECONDS + 3600} | changes
    return {name: value for name, value in said.items() if value is not None}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def forge(payload: bytes, header: bytes = b'{"alg":"HS256"}', key: str = SECRET.text) -> str:
    """Signs any bytes correctly, so that only what they say can be the reason for a refusal."""
    signed = f"{b64(header)}.{b64(payload)}"
    return f"{signed}.{b64(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}"


def token(**changes: Any) -> str:
    return forge(json.dumps(claims(**changes)).encode())


def refusal(text: str, now: int = NOW, app_id: str = "app_1") -> str:
    with pytest.raises(AppError) as caught:
        verify_user_token(text, app_id, [SECRET], now)
    assert caught.value.code is ErrorCode.unauthenticated
    assert text == "" or text not in f"{caught.value} {caught.value.data}"
    return str(caught.value.data["reason"])


def test_a_token_of_the_business_is_verified() -> None:
    text = token(name="王小明 👨‍👩‍👧", avatar="https://cdn.example/a.png", kind="customer", extra={"x": 1})
    assert claimed_app(text) == "app_1"
    got = verify_user_token(text, "app_1", [SECRET], NOW)
    assert (got.subject, got.name, got.avatar) == ("customer-7", "王小明 👨‍👩‍👧", "https://cdn.example/a.png")
    assert (got.issued_at, got.expires_at) == (NOW, NOW + 3_600_000)


def test_another_librarys_tokens_are_read_and_ours_by_it() -> None:
    key = OctKey.import_key(SECRET.text)
    theirs = jwt.encode({"alg": "HS256"}, claims(), key)
    assert verify_user_token(theirs, "app_1", [SECRET], NOW).subject == "customer-7"
    ours = sign_user_token(SECRET, "app_1", "客户", NOW)
    assert jwt.decode(ours, key, algorithms=["HS256"]).claims["sub"] == "客户"
    assert verify_user_token(ours, "app_1", [SECRET], NOW).subject == "客户"


@pytest.mark.parametrize("audience", ["app_1", ["app_1"]])
def test_the_app_may_stand_in_aud(audience: object) -> None:
    assert verify_user_token(token(app=None, aud=audience), "app_1", [SECRET], NOW).app_id == "app_1"
    assert verify_user_token(token(aud=audience), "app_1", [SECRET], NOW).app_id == "app_1"


@pytest.mark.parametrize(
    "changes",
    [
        {"app": "app_2"},
        {"app": None},
        {"app": None, "aud": "app_2"},
        {"app": None, "aud": ["app_1", "app_2"]},
        {"app": "app_1", "aud": "app_2"},
        {"app": "app_1", "aud": ["app_1", "app_2"]},
        {"app": ["app_1"]},
        {"app": 1},
        {"app": ""},
    ],
)
def test_a_token_for_another_app_is_refused(changes: dict[str, Any]) -> None:
    assert refusal(token(**changes)) == "token_of_another_app"


def test_a_token_that_was_good_does_not_open_another_app_with_the_same_secret() -> None:
    text = token()
    verify_user_token(text, "app_1", [SECRET], NOW)
    with pytest.raises(AppError):
        verify_user_token(text, "app_2", [SECRET], NOW)


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none"}',
        b'{"alg":"None"}',
        b'{"alg":"hs256"}',
        b'{"alg":"HS512"}',
        b'{"alg":"RS256"}',
        b'{"alg":["HS256"]}',
        b'{"typ":"JWT"}',
        b"{}",
    ],
)
def test_any_algorithm_but_hs256_is_refused_even_if_the_signature_is_right(header: bytes) -> None:
    assert refusal(forge(json.dumps(claims()).encode(), header)) == "token_algorithm"


def test_an_unsigned_token_is_refused() -> None:
    head, body, _ = token().split(".")
    none = b64(b'{"alg":"none"}')
    for text in (f"{none}.{body}.", f"{none}.{body}", f"{head}.{body}.", f"{head}.{body}"):
        assert refusal(text) in ("token_malformed", "token_algorithm")


def test_a_token_signed_with_a_public_key_is_not_taken_for_hs256() -> None:
    text = jwt.encode({"alg": "RS256"}, claims(), RSAKey.generate_key(2048))
    assert refusal(text) == "token_malformed"  # its signature is not even of an HMAC's length


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"HS256","alg":"none"}',
        b'{"alg":"none","alg":"HS256"}',
        b'{"alg":"HS256","crit":["exp"],"exp":1}',
        b'{"alg":"HS256","typ":"at+jwt"}',
        b'["HS256"]',
        b"null",
        b"\xff",
        b"[" * 1500,
    ],
)
def test_a_strange_header_is_refused(header: bytes) -> None:
    assert refusal(forge(json.dumps(claims()).encode(), header)) == "token_malformed"


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(claims()).encode()[:-1] + b', "sub": "admin"}',
        json.dumps(claims()).encode()[:-1] + b', "x": {"a": 1, "a": 2}}',
        json.dumps(claims(exp=None)).encode()[:-1] + b', "exp": NaN}',
        b"[]",
        b"",
        b"\x00",
        b'{"a":' * 500,
    ],
)
def test_a_payload_with_two_meanings_or_none_is_refused(payload: bytes) -> None:
    assert refusal(forge(payload)) == "token_malformed"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": None}, "token_exp"),
        ({"iat": None}, "token_iat"),
        ({"exp": True}, "token_exp"),
        ({"exp": str(SECONDS + 60)}, "token_exp"),
        ({"exp": -1}, "token_exp"),
        ({"exp": 10**300}, "token_exp"),
        ({"nbf": "soon"}, "token_nbf"),
        ({"exp": SECONDS + WEEK + 1}, "token_life"),
        ({"exp": SECONDS}, "token_life"),
        ({"exp": SECONDS - 10}, "token_life"),
        ({"iat": SECONDS - 3600, "exp": SECONDS - 60}, "token_expired"),
        ({"iat": SECONDS + 61, "exp": SECONDS + 100}, "token_not_yet_valid"),
        ({"iat": SECONDS + 10 * WEEK, "exp": SECONDS + 11 * WEEK}, "token_not_yet_valid"),
        ({"nbf": SECONDS + 61}, "token_not_yet_valid"),
        ({"sub": None}, "token_sub"),
        ({"sub": ""}, "token_sub"),
        ({"sub": "  "}, "token_sub"),
        ({"sub": 7}, "token_sub"),
        ({"sub": "x" * 129}, "token_sub"),
        ({"sub": "a\x00b"}, "token_sub"),
        ({"sub": "a\nb"}, "token_sub"),
        ({"sub": "\ud800"}, "token_sub"),
        ({"name": "x" * 65}, "token_name"),
        ({"name": "\u202eevil"}, "token_name"),
        ({"avatar": "javascript:alert(1)"}, "token_avatar"),
        ({"avatar": "http://x.example/"}, "token_avatar"),
        ({"kind": "staff"}, "token_kind"),
        ({"kind": "bot"}, "token_kind"),
        ({"kind": None, "role": "owner"}, ""),
    ],
)
def test_each_claim_is_checked(changes: dict[str, Any], reason: str) -> None:
    if reason:
        assert refusal(token(**changes)) == reason
    else:
        assert not hasattr(verify_user_token(token(**changes), "app_1", [SECRET], NOW), "role")


def test_clocks_may_differ_by_a_minute_and_a_token_may_last_a_week() -> None:
    assert verify_user_token(token(iat=SECONDS + 60, exp=SECONDS + 90), "app_1", [SECRET], NOW)
    assert verify_user_token(token(iat=SECONDS - 90, exp=SECONDS - 59), "app_1", [SECRET], NOW)
    assert verify_user_token(token(iat=SECONDS + 0.5, exp=SECONDS + WEEK), "app_1", [SECRET], NOW)


def test_a_token_that_was_good_expires_all_the_same() -> None:
    text = token()
    verify_user_token(text, "app_1", [SECRET], NOW)
    with pytest.raises(AppError) as caught:
        verify_user_token(text, "app_1", [SECRET], NOW + 3_660_000)
    assert caught.value.data["reason"] == "token_expired"


@pytest.mark.parametrize("size", [4097, 1_000_000])
def test_an_oversized_token_is_refused_before_any_work(size: int) -> None:
    head, body, signature = token().split(".")
    assert refusal(f"{head}.{body}{'A' * size}.{signature}") == "token_malformed"
    with pytest.raises(AppError):
        claimed_app("x" * size)


@pytest.mark.parametrize("mangle", ["{} ", " {}", "{}\n", "{}=", "{}.x", "{}\x00", "{}茶"])
def test_a_token_with_anything_around_it_is_refused(mangle: str) -> None:
    assert refusal(mangle.format(token())) == "token_malformed"


def test_another_spelling_of_the_same_signature_is_refused() -> None:
    text = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]  # the last two bits are not of the 256
    assert base64.urlsafe_b64decode(twin.split(".")[2] + "=") == base64.urlsafe_b64decode(
        text.split(".")[2] + "="
    )
    assert refusal(twin) == "token_signature"


def test_a_part_that_no_encoder_writes_is_refused_though_it_is_signed() -> None:
    body = b64(json.dumps(claims()).encode() + b" " * (1 + -len(json.dumps(claims())) % 3))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(body) % 4 == 2, "the last letter carries four bits that mean nothing"
    twin = body[:-1] + alphabet[alphabet.index(body[-1]) | 1]
    signed = b64(b'{"alg":"HS256"}') + "." + twin
    assert refusal(f"{signed}.{b64(hmac.digest(SECRET.text.encode(), signed.encode(), 'sha256'))}") == (
        "token_malformed"
    )


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_token_changed_in_any_place_is_refused(place: int, other: int) -> None:
    text = token()
    place %= len(text)
    if chr(other) == text[place]:
        return
    with pytest.raises(AppError):
        verify_user_token(text[:place] + chr(other) + text[place + 1 :], "app_1", [SECRET], NOW)


@given(st.text(max_size=300))
def test_noise_gets_the_defined_error(noise: str) -> None:
    for act in (lambda: claimed_app(noise), lambda: verify_user_token(noise, "app_1", [SECRET], NOW)):
        with pytest.raises(AppError) as caught:
            act()
        assert caught.value.code is ErrorCode.unauthenticated


@given(st.dictionaries(st.sampled_from(["sub", "app", "aud", "iat", "exp", "nbf", "name", "avatar", "kind"]), st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3))))  # fmt: skip
def test_signed_nonsense_is_either_valid_or_gets_the_defined_error(said: dict[str, Any]) -> None:
    try:
        got = verify_user_token(forge(json.dumps(claims() | said).encode()), "app_1", [SECRET], NOW)
    except AppError as error:
        assert error.code is ErrorCode.unauthenticated
    else:
        assert got.app_id == "app_1" and 0 < len(got.subject) <= 128


def test_during_a_rotation_both_secrets_count_and_then_only_the_new_one() -> None:
    both = rotate_app_secret([SECRET], NOW, overlap_ms=60_000)
    new = both[0]
    old_token, new_token = token(), sign_user_token(new, "app_1", "customer-7", NOW)
    for text in (old_token, new_token):
        assert verify_user_token(text, "app_1", both, NOW + 59_999)
    assert verify_user_token(new_token, "app_1", both, NOW + 60_000)
    with pytest.raises(AppError) as caught:
        verify_user_token(old_token, "app_1", both, NOW + 60_000)
    assert caught.value.data["reason"] == "token_signature", "though it is remembered"


def test_a_leaked_secret_is_out_at_once_and_never_more_than_two_are_in() -> None:
    assert len(rotate_app_secret([SECRET], NOW, overlap_ms=0)) == 1
    twice = rotate_app_secret(rotate_app_secret([SECRET], NOW, 60_000), NOW + 1, 60_000)
    assert len(active_secrets(twice, NOW + 2)) == 2
    assert SECRET.text not in [secret.text for secret in twice]


def test_an_app_without_secrets_accepts_nothing() -> None:
    with pytest.raises(AppError):
        verify_user_token(forge(json.dumps(claims()).encode(), key=""), "app_1", [], NOW)


def test_a_secret_is_256_bits_and_does_not_show_itself() -> None:
    secret = new_app_secret()
    assert len(base64.urlsafe_b64decode(secret.text + "=")) == 32
    assert secret.text not in repr(secret)
