"""Whom user tokens speak for, when many come at once."""

import asyncio
from typing import Any

from chaguan.accounts import recognition as recognition_module
from chaguan.accounts.recognition import Recognition
from chaguan.infra.database import Database


class Slow:
    """A database whose reads find nobody, and take as long as the test wants."""

    def __init__(self) -> None:
        self.reads: list[int] = []
        self.go_on = asyncio.Event()
        self.failure: Exception | None = None
        self.is_quick_after = 0

    async def read(self, work: Any) -> dict[str, Any]:
        self.reads.append(len(work.keywords["batch"]))
        if not self.is_quick_after or len(self.reads) <= self.is_quick_after:
            await self.go_on.wait()
        if self.failure is not None:
            raise self.failure
        return {}


def recognition(db: Slow) -> Recognition:
    stand_in: Any = db
    ready: Database = stand_in
    return Recognition(ready)


async def test_who_asks_during_a_read_shares_the_next_one(monkeypatch) -> None:
    monkeypatch.setattr(recognition_module, "_GATHERING_S", 0.5)
    db = Slow()
    found = recognition(db)
    asking = []
    for number in range(250):
        asking.append(asyncio.create_task(found.find("a_1", f"u{number}", "d")))
        await asyncio.sleep(0)  # each comes in a turn of the loop of its own
    db.go_on.set()
    assert await asyncio.gather(*asking) == [None] * 250
    assert sum(db.reads) == 250
    assert len(db.reads) <= 4
    assert max(db.reads) == 200


async def test_a_read_that_hangs_holds_up_nobody_else() -> None:
    db = Slow()
    db.is_quick_after = 1
    found = recognition(db)
    stuck = asyncio.create_task(found.find("a_1", "first", "d"))
    while not db.reads:
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await found.find("a_1", "second", "d") is None
    assert not stuck.done()
    db.go_on.set()
    assert await stuck is None


async def test_a_failed_read_is_told_to_those_it_was_for_and_to_nobody_after() -> None:
    db = Slow()
    db.failure = OSError("away")
    found = recognition(db)
    asking = [asyncio.create_task(found.find("a_1", f"u{number}", "d")) for number in range(3)]
    asking[1].cancel()
    db.go_on.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in outcomes] == [OSError, asyncio.CancelledError, OSError]
    db.failure = None
    assert await found.find("a_1", "u0", "d") is None


async def test_a_user_on_two_devices_is_looked_up_for_each() -> None:
    db = Slow()
    db.go_on.set()
    found = recognition(db)
    async with asyncio.timeout(5):
        await asyncio.gather(found.find("a_1", "u", "phone"), found.find("a_1", "u", "web"))
    assert db.reads == [1, 1]
