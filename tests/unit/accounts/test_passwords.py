import asyncio
import threading

import pytest
from argon2 import PasswordHasher

from chaguan.accounts import passwords
from chaguan.accounts.passwords import MAX_LENGTH, Passwords, check_new_password
from chaguan.core.errors import AppError, ErrorCode

PASSWORD = "correct horse battery"


@pytest.fixture
def quick() -> Passwords:
    return Passwords(time_cost=1, memory_kib=64)


async def test_the_right_password_is_verified_and_another_is_not(quick: Passwords) -> None:
    stored = await quick.hash(PASSWORD)
    assert await quick.verify(stored, PASSWORD) == (True, False)
    assert await quick.verify(stored, PASSWORD + "!") == (False, False)
    assert await quick.verify(stored, "") == (False, False)
    assert PASSWORD not in stored


async def test_two_people_with_one_password_have_different_hashes(quick: Passwords) -> None:
    assert await quick.hash(PASSWORD) != await quick.hash(PASSWORD)


async def test_the_default_is_argon2id_with_at_most_64_mib() -> None:
    stored = await Passwords().hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=32768,t=2,p=1$")
    assert await Passwords().verify(stored, PASSWORD) == (True, False)


async def test_a_hash_with_older_parameters_still_verifies_and_asks_to_be_renewed(quick: Passwords) -> None:
    older = PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)
    assert await quick.verify(older, PASSWORD) == (True, True)
    assert await quick.verify(older, "wrong password") == (False, False)


async def test_an_unknown_account_costs_the_same_work_and_never_succeeds(
    quick: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, stored: str, password: bytes) -> bool:
        work.append(stored.rsplit("$", 2)[0])
        return verify(self, stored, password)

    stored = await quick.hash(PASSWORD)
    monkeypatch.setattr(PasswordHasher, "verify", counted)
    await quick.verify(stored, "wrong password")
    assert (await quick.verify(None, "nobody has this password")).ok is False
    assert work[0] == work[1]


async def test_the_same_password_in_another_unicode_form_is_the_same(quick: Passwords) -> None:
    stored = await quick.hash("Ｐassword茶館é1")
    assert (await quick.verify(stored, "Password茶館e\u03011")).ok


async def test_a_lone_surrogate_is_just_a_wrong_password(quick: Passwords) -> None:
    assert not (await quick.verify(await quick.hash(PASSWORD), "\ud800" * 12)).ok


@pytest.mark.parametrize("password", ["short", "x" * (MAX_LENGTH + 1), "aaaaaaaaaaaaaa", "", "1212121212"])
async def test_a_password_that_is_too_short_long_or_simple_is_refused(
    quick: Passwords, password: str
) -> None:
    with pytest.raises(AppError) as caught:
        await quick.hash(password)
    assert caught.value.code is ErrorCode.bad_request
    assert password == "" or password not in str(caught.value)


def test_a_chinese_passphrase_is_fine() -> None:
    check_new_password("春眠不觉晓处处闻啼鸟")


async def test_a_megabyte_of_password_is_not_hashed(
    quick: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await quick.hash(PASSWORD)
    monkeypatch.setattr(PasswordHasher, "verify", lambda *_: pytest.fail("hashed"))
    assert not (await quick.verify(stored, "x" * 1_000_000)).ok


async def test_a_damaged_hash_is_told_apart_from_a_wrong_password(quick: Passwords) -> None:
    with pytest.raises(AppError) as caught:
        await quick.verify("$argon2id$nonsense", PASSWORD)
    assert caught.value.code is ErrorCode.internal


async def test_a_flood_of_sign_ins_runs_two_at_a_time_off_the_loop_and_is_cut_off(
    quick: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await quick.hash(PASSWORD)
    running, most = 0, 0
    lock, release = threading.Lock(), threading.Event()

    def slow(self: PasswordHasher, stored: str, password: bytes) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        assert release.wait(10)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    flood = [asyncio.create_task(quick.verify(stored, PASSWORD)) for _ in range(passwords._WAITING)]
    await asyncio.sleep(0)  # lets every task reach its place in the queue
    with pytest.raises(AppError) as caught:
        await quick.verify(stored, PASSWORD)
    release.set()
    assert all(result.ok for result in await asyncio.gather(*flood))
    assert caught.value.code is ErrorCode.unavailable and caught.value.data["retry_after_ms"]
    assert 1 <= most <= 2
