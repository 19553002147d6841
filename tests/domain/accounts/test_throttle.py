"""Guesses count together, wherever they are made."""

import asyncio
from pathlib import Path

from chaguan.accounts.rules import ACCOUNT
from chaguan.accounts.throttle import Throttle
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import SqliteDatabase, metadata

NOW = 1_790_000_000_000


async def test_guesses_at_two_nodes_at_once_are_no_more_than_at_one(tmp_path: Path) -> None:
    nodes = [SqliteDatabase(tmp_path / "chaguan.db") for _ in range(2)]
    nodes[0].run(metadata.create_all)
    try:
        guesses = [
            Throttle(db).attempt("owner@tea.example", f"10.0.{number}.1", NOW)
            for number in range(20)
            for db in nodes
        ]
        answers = await asyncio.gather(*guesses, return_exceptions=True)
    finally:
        for db in nodes:
            await db.close()
    refused = [answer for answer in answers if isinstance(answer, AppError)]
    assert {error.code for error in refused} == {ErrorCode.rate_limited}
    assert len(answers) - len(refused) == ACCOUNT.burst
