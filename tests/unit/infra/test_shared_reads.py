"""Reads that share a transaction, without a database: how many run, who waits with whom, who is sent away."""

import asyncio

import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import reads
from chaguan.infra.database.reads import TOGETHER, SharedReads
from tests.edge_server import until


class Transactions:
    """Stands in for the database; a gate holds every transaction back."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.open = self.most_open = self.count = 0

    async def run(self, work):
        self.count += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await self.gate.wait()
            return work(None)
        finally:
            self.open -= 1


async def test_those_that_find_no_free_connection_go_together() -> None:
    transactions = Transactions()
    shared = SharedReads(transactions.run, 2)
    asked = [asyncio.ensure_future(shared.read(lambda _c, n=n: n)) for n in range(2 + 3 * TOGETHER)]
    await until(lambda: transactions.open == 2, 5)
    transactions.gate.set()
    assert await asyncio.gather(*asked) == list(range(2 + 3 * TOGETHER))
    assert transactions.most_open == 2
    assert transactions.count <= 5
    await shared.close()


async def test_who_has_gone_is_not_read_for_and_takes_no_answer_from_others() -> None:
    transactions, looked = Transactions(), []
    shared = SharedReads(transactions.run, 1)
    asked = [asyncio.ensure_future(shared.read(lambda _c, n=n: looked.append(n))) for n in range(4)]
    await asyncio.sleep(0)
    asked[2].cancel()
    await asyncio.sleep(0)
    transactions.gate.set()
    await asyncio.gather(*asked, return_exceptions=True)
    assert looked == [0, 1, 3]
    await shared.close()


async def test_a_database_that_hangs_sends_those_away_who_wait_for_it(monkeypatch) -> None:
    monkeypatch.setattr(reads, "WAIT_S", 0.05)
    transactions = Transactions()
    shared = SharedReads(transactions.run, 1)
    first = asyncio.ensure_future(shared.read(lambda _c: "late"))
    await until(lambda: transactions.open == 1, 5)
    async with asyncio.timeout(5):
        for _ in range(2):
            with pytest.raises(AppError) as refused:
                await shared.read(lambda _c: None)
            assert refused.value.code is ErrorCode.unavailable
    transactions.gate.set()
    assert await first == "late"
    assert await shared.read(lambda _c: "next") == "next"
    await shared.close()


async def test_a_server_that_is_away_is_tried_once_for_all_who_wait(monkeypatch) -> None:
    tried = []

    async def run(_work):
        tried.append(1)
        await asyncio.sleep(0)
        raise AppError(ErrorCode.unavailable, "away")

    shared = SharedReads(run, 1)
    found = await asyncio.gather(*(shared.read(lambda _c: None) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(error, AppError) for error in found)
    assert len(tried) <= 2
    await shared.close()
