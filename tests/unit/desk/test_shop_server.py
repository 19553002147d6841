"""A shop's own server that answers, is slow, dead, or answers nonsense: what the desk is told, and how often it asks."""

import asyncio

import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.shop_server import FRESH_MS, KEPT_MS, LONGEST_PAUSE_MS, PAUSE_MS, ShopServers, Told

SERVER, URL = "https://shop.example/context", "https://shop.example/context?user=17"
SLOW = AppError(ErrorCode.timeout, "slow", reason="too_slow")


class Scene:
    def __init__(self) -> None:
        self.now = 1_790_000_000_000
        self.answers: list[bytes | AppError] = []
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None
        self.servers = ShopServers(self.fetch, lambda: self.now)

    async def fetch(self, url: str, _headers: dict[str, str]) -> bytes:
        self.asked.append(url)
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, AppError):
            raise answer
        return answer

    async def ask(self, *, anew: bool = False, head_seq: int = 1, url: str = URL) -> Told:
        return await self.servers.ask(SERVER, url, dict, head_seq, anew=anew)


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.answers = [b'{"cart": []}']
    return scene


async def test_an_answer_is_good_for_a_minute_and_then_given_with_its_age(scene: Scene):
    first = await scene.ask()
    assert (bytes(first.business or b""), first.at, first.problem) == (b'{"cart": []}', scene.now, "")
    scene.now += FRESH_MS + 5_000
    assert (await scene.ask()).at == scene.now - FRESH_MS - 5_000
    assert len(scene.asked) == 1
    assert (await scene.ask(anew=True)).at == scene.now
    assert len(scene.asked) == 2


async def test_what_was_said_since_asks_anew(scene: Scene):
    await scene.ask(head_seq=1)
    await scene.ask(head_seq=2)
    assert len(scene.asked) == 2


async def test_many_who_ask_the_same_ask_once(scene: Scene):
    scene.gate = asyncio.Event()
    asking = [asyncio.create_task(scene.ask()) for _ in range(20)]
    await asyncio.sleep(0)
    asking[0].cancel()
    scene.gate.set()
    told = await asyncio.gather(*asking[1:])
    assert len(scene.asked) == 1
    assert all(one.business is not None for one in told)


async def test_a_slow_server_leaves_the_old_answer_and_says_why_there_is_no_newer(scene: Scene):
    await scene.ask()
    at, scene.now = scene.now, scene.now + FRESH_MS
    scene.answers = [SLOW]
    told = await scene.ask(anew=True)
    assert (told.business is not None, told.at, told.problem) == (True, at, "slow")
    scene.now += KEPT_MS
    told = await scene.ask(anew=True)
    assert (told.business, told.problem) == (None, "slow")


async def test_a_dead_server_is_let_alone_and_asked_again_after_a_while(scene: Scene):
    scene.answers = [SLOW]
    for n in range(3):
        assert (await scene.ask(url=f"{URL}{n}")).problem == "slow"
    for n in range(100):
        told = await scene.ask(url=f"{URL}x{n}")
        assert (told.problem, told.retry_after_ms) == ("paused", PAUSE_MS)
    assert len(scene.asked) == 3
    scene.now += PAUSE_MS
    assert (await scene.ask()).problem == "slow"
    assert (await scene.ask()).retry_after_ms == 2 * PAUSE_MS
    for _ in range(20):
        scene.now += LONGEST_PAUSE_MS
        await scene.ask()
    assert (await scene.ask()).retry_after_ms == LONGEST_PAUSE_MS
    scene.now += LONGEST_PAUSE_MS
    scene.answers = [b"{}"]
    assert (await scene.ask()).problem == ""
    scene.answers = [SLOW]
    assert (await scene.ask(url=f"{URL}y")).retry_after_ms == 0


async def test_who_presses_the_button_reaches_a_server_that_is_let_alone_every_few_seconds(scene: Scene):
    scene.answers = [SLOW]
    for n in range(3):
        await scene.ask(url=f"{URL}{n}")
    assert (await scene.ask(anew=True)).problem == "paused"
    scene.now += 5_000
    scene.answers = [b"{}"]
    assert (await scene.ask(anew=True)).problem == ""


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"[1, 2]", "not_json"),
        (b"<html>", "not_json"),
        (b"[" * 60_000, "not_json"),
        (b'"' + b"x" * 70_000 + b'"', "too_large"),
        (AppError(ErrorCode.unavailable, "", reason="answer_too_large"), "too_large"),
        (AppError(ErrorCode.unavailable, "", reason="redirected"), "redirected"),
        (AppError(ErrorCode.unavailable, "", reason="unexpected_status"), "answered"),
        (AppError(ErrorCode.forbidden, "", reason="address_not_allowed"), "not_allowed"),
        (AppError(ErrorCode.unavailable, "", reason="tls_failed"), "unreachable"),
    ],
)
async def test_what_can_not_be_shown_is_told_in_a_word(scene: Scene, answer: bytes | AppError, problem: str):
    scene.answers = [answer]
    told = await scene.ask()
    assert (told.business, told.problem) == (None, problem)


async def test_a_mistake_of_the_shop_is_asked_again_at_once_when_it_was_mended(scene: Scene):
    """Nonsense is no reason to let a server alone: whoever mends it presses the button right away."""
    scene.answers = [b"<html>"]
    for _ in range(5):
        await scene.ask(anew=True)
    scene.answers = [b"{}"]
    assert (await scene.ask(anew=True)).problem == ""
