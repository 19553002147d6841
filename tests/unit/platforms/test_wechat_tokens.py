import asyncio

import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.platforms.wechat.tokens import EARLY_MS, FORCE_APART_MS, Token, TokenSource

HOUR_MS = 3_600_000


class Vendor:
    """Hands out t1, t2 … and keeps giving the current one until told to turn or forced."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.asked: list[bool] = []
        self.number = 1
        self.fails = False
        self.entered = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, force: bool) -> Token:
        self.asked.append(force)
        self.entered.set()
        await self.gate.wait()
        if self.fails:
            raise AppError(ErrorCode.unavailable, retry_after_ms=1)
        self.number += force
        return Token(f"t{self.number}", 7200)

    def source(self) -> TokenSource:
        return TokenSource(self.fetch, lambda: self.now)


async def test_a_hundred_callers_at_once_ask_the_vendor_once() -> None:
    vendor = Vendor()
    source = vendor.source()
    assert set(await asyncio.gather(*(source.current() for _ in range(100)))) == {"t1"}
    assert vendor.asked == [False]


async def test_a_caller_who_gives_up_does_not_take_the_token_from_the_others() -> None:
    vendor = Vendor()
    vendor.gate.clear()
    source = vendor.source()
    first = asyncio.create_task(source.current())
    second = asyncio.create_task(source.current())
    await vendor.entered.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    vendor.gate.set()
    assert await second == "t1"
    assert vendor.asked == [False]


async def test_a_token_is_renewed_before_it_ends_and_not_earlier() -> None:
    vendor = Vendor()
    source = vendor.source()
    await source.current()
    vendor.now += 2 * HOUR_MS - EARLY_MS - 1
    await source.current()
    assert len(vendor.asked) == 1
    vendor.now += 1
    vendor.number = 2
    assert await source.current() == "t2"


async def test_while_the_vendor_is_down_the_old_token_serves_to_its_end() -> None:
    vendor = Vendor()
    source = vendor.source()
    await source.current()
    vendor.fails = True
    vendor.now += 2 * HOUR_MS - 1
    assert await source.current() == "t1"
    vendor.now += 1
    with pytest.raises(AppError):
        await source.current()


async def test_a_failure_is_not_remembered() -> None:
    vendor = Vendor()
    vendor.fails = True
    source = vendor.source()
    with pytest.raises(AppError):
        await source.current()
    vendor.fails = False
    assert await source.current() == "t1"


async def test_a_refused_token_is_replaced_without_force_when_the_vendor_has_another() -> None:
    vendor = Vendor()
    source = vendor.source()
    await source.current()
    vendor.number = 2
    assert set(await asyncio.gather(*(source.replacing("t1") for _ in range(10)))) == {"t2"}
    assert vendor.asked == [False, False]


async def test_force_is_used_only_if_the_refused_token_comes_back_and_rarely() -> None:
    vendor = Vendor()
    source = vendor.source()
    await source.current()
    assert await source.replacing("t1") == "t2"
    assert vendor.asked == [False, False, True]
    assert await source.replacing("t2") == "t2", "a broken account must not use up the day's forced renewals"
    vendor.now += FORCE_APART_MS
    assert await source.replacing("t2") == "t3"


async def test_someone_refused_with_an_older_token_gets_the_current_one_without_asking() -> None:
    vendor = Vendor()
    source = vendor.source()
    await source.current()
    assert await source.replacing("t0") == "t1"
    assert vendor.asked == [False]


def test_a_token_does_not_show_itself() -> None:
    assert "t0k3n" not in repr(Token("t0k3n", 7200))
