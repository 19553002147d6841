"""Small reads that many ask for at once."""

import asyncio
from typing import Any

from chaguan.infra.database import Database, gathered
from chaguan.infra.database.gathered import GatheredReads


class Slow:
    """A database whose reads find nothing but what is even, and take as long as the test wants."""

    def __init__(self) -> None:
        self.reads: list[int] = []
        self.go_on = asyncio.Event()
        self.failure: Exception | None = None
        self.is_quick_after = 0

    async def read(self, work: Any) -> dict[int, str]:
        found: dict[int, str] = work(None)
        if not self.is_quick_after or len(self.reads) <= self.is_quick_after:
            await self.go_on.wait()
        if self.failure is not None:
            raise self.failure
        return found

    def look(self, _connection: object, batch: list[int]) -> dict[int, str]:
        self.reads.append(len(batch))
        return {number: str(number) for number in batch if number % 2 == 0}


def reads_of(db: Slow) -> GatheredReads[int, str]:
    stand_in: Any = db
    ready: Database = stand_in
    return GatheredReads(ready, db.look)


async def test_who_asks_during_a_read_shares_the_next_one(monkeypatch) -> None:
    monkeypatch.setattr(gathered, "GATHERING_S", 0.5)
    db = Slow()
    reads = reads_of(db)
    asking = []
    for number in range(250):
        asking.append(asyncio.create_task(reads.find(number)))
        await asyncio.sleep(0)  # each comes in a turn of the loop of its own
    db.go_on.set()
    assert await asyncio.gather(*asking) == [str(n) if n % 2 == 0 else None for n in range(250)]
    assert sum(db.reads) == 250
    assert len(db.reads) <= 4
    assert max(db.reads) == 200


async def test_who_ask_the_same_before_a_read_begins_are_one() -> None:
    db = Slow()
    db.go_on.set()
    reads = reads_of(db)
    assert await asyncio.gather(*(reads.find(2) for _ in range(5))) == ["2"] * 5
    assert db.reads == [1]


async def test_a_read_that_hangs_holds_up_nobody_else() -> None:
    db = Slow()
    db.is_quick_after = 1
    reads = reads_of(db)
    stuck = asyncio.create_task(reads.find(1))
    while not db.reads:
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await reads.find(2) == "2"
    assert not stuck.done()
    db.go_on.set()
    assert await stuck is None


async def test_a_failed_read_is_told_to_those_it_was_for_and_to_nobody_after() -> None:
    db = Slow()
    db.failure = OSError("away")
    reads = reads_of(db)
    asking = [asyncio.create_task(reads.find(number)) for number in range(3)]
    asking[1].cancel()
    db.go_on.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in outcomes] == [OSError, asyncio.CancelledError, OSError]
    db.failure = None
    assert await reads.find(0) == "0"
