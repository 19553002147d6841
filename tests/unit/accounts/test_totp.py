from base64 import b32decode
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.accounts.totp import (
    STEP_MS,
    find_recovery_code,
    new_recovery_codes,
    new_totp_secret,
    otpauth_uri,
    recovery_hash,
    totp_code,
    verify_totp,
)

SECRET = b"12345678901234567890"
NOW = 1_700_000_000_000
STEP = NOW // STEP_MS


@pytest.mark.parametrize(
    ("seconds", "sha1", "sha256", "sha512"),
    [
        (59, "94287082", "46119246", "90693936"),
        (1111111109, "07081804", "68084774", "25091201"),
        (1111111111, "14050471", "67062674", "99943326"),
        (1234567890, "89005924", "91819424", "93441116"),
        (2000000000, "69279037", "90698825", "38618901"),
        (20000000000, "65353130", "77737706", "47863826"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, sha1: str, sha256: str, sha512: str) -> None:
    step = seconds // 30
    assert totp_code(SECRET, step, digits=8) == sha1
    assert totp_code((SECRET * 2)[:32], step, "sha256", 8) == sha256
    assert totp_code((SECRET * 4)[:64], step, "sha512", 8) == sha512


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_code_one_step_off_is_accepted(offset: int) -> None:
    assert verify_totp(SECRET, totp_code(SECRET, STEP + offset), NOW, 0) == STEP + offset


@pytest.mark.parametrize("offset", [-2, 2, -100])
def test_a_code_two_steps_off_is_refused(offset: int) -> None:
    assert verify_totp(SECRET, totp_code(SECRET, STEP + offset), NOW, 0) is None


def test_a_code_seen_over_the_shoulder_is_worth_nothing_after_its_use() -> None:
    code = totp_code(SECRET, STEP)
    used = verify_totp(SECRET, code, NOW, 0)
    assert used == STEP
    assert verify_totp(SECRET, code, NOW, used) is None
    assert verify_totp(SECRET, totp_code(SECRET, STEP - 1), NOW, used) is None
    assert verify_totp(SECRET, totp_code(SECRET, STEP + 1), NOW, used) == STEP + 1


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "12345\n", "0x1234"]
)
def test_what_is_not_six_ascii_digits_is_refused(code: str) -> None:
    assert verify_totp(SECRET, code, NOW, 0) is None


def test_spaces_as_apps_show_them_are_accepted() -> None:
    code = totp_code(SECRET, STEP)
    assert verify_totp(SECRET, f"{code[:3]} {code[3:]}", NOW, 0) == STEP


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**40), st.integers(-1, 1), st.integers(0, 2**36))
def test_an_accepted_step_is_near_now_and_after_the_last(
    secret: bytes, now: int, off: int, last: int
) -> None:
    step = now // STEP_MS + off
    if step < 0:
        return
    accepted = verify_totp(secret, totp_code(secret, step), now, last)
    if step > last:
        assert accepted is not None
    if accepted is not None:
        assert accepted > last and abs(accepted - now // STEP_MS) <= 1


def test_the_uri_holds_what_an_authenticator_needs() -> None:
    uri = urlsplit(otpauth_uri(SECRET, "mei@example.com", "茶馆: shop & co"))
    query = parse_qs(uri.query)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/茶馆  shop & co:mei@example.com"
    assert b32decode(query["secret"][0] + "=" * (-len(query["secret"][0]) % 8)) == SECRET
    assert (query["issuer"], query["digits"], query["period"]) == (["茶馆  shop & co"], ["6"], ["30"])


def test_secrets_are_160_bits_and_differ() -> None:
    assert len(new_totp_secret()) == 20 and new_totp_secret() != new_totp_secret()


def test_a_recovery_code_is_found_however_it_is_typed_and_only_once() -> None:
    codes = new_recovery_codes()
    hashes = [recovery_hash(code) for code in codes]
    assert len(set(codes)) == 10
    found = find_recovery_code(codes[3].upper().replace("-", " "), hashes)
    assert found == hashes[3]
    hashes.remove(found)
    assert find_recovery_code(codes[3], hashes) is None
    for wrong in ("", "----", "\ud800", hashes[0]):
        assert find_recovery_code(wrong, hashes) is None
