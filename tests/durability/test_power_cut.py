"""An acknowledged message is in the log, once, with a gapless seq, after a power cut too (DESIGN §10.1).

A kill proves nothing here, since the page cache survives it. So every write and sync of a real run is recorded, and
the files are rebuilt as they may be found when the power comes back after a cut at any point of it.
"""

import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from chaguan.infra.database import SqliteDatabase
from chaguan.messaging.model import MESSAGE, STORED_COLUMNS, Stored, open_content, unpack_state, uuid_bytes
from chaguan.protocol.content import Text
from tests.domain.messaging.conftest import World
from tests.durability.disk import Disk
from tests.durability.recorder import Operation, Recorder, recording
from tests.durability.workload import Acknowledged, Workload


class CutWorld(World):
    """Checkpoints come often, so that a short run has many; `synchronous` as the test wants it."""

    def __init__(self, path: Path, synchronous: str) -> None:
        self.synchronous = synchronous
        super().__init__(path)

    def database(self) -> SqliteDatabase:
        db = SqliteDatabase(self.path, synchronous=self.synchronous)

        @event.listens_for(db._engine, "connect")
        def checkpoint_often(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA wal_autocheckpoint=60").close()

        return db


async def run(folder: Path, rounds: int, synchronous: str) -> tuple[World, Recorder, list[Acknowledged]]:
    folder.mkdir()  # noqa: ASYNC240
    with recording(folder) as recorder:
        world = CutWorld(folder / "chaguan.db", synchronous)
        await world.open()
        workload = Workload(world, lambda: len(recorder.operations), seed=rounds)
        await workload.prepare()
        await workload.run(rounds // 2)
        await world.restart()
        await workload.run(rounds - rounds // 2)
        end = len(recorder.operations)
        await world.close()
    # After the orderly close everything is on disk, whatever `synchronous` says.
    del recorder.operations[end:]
    return world, recorder, workload.acknowledged


def cuts(operations: list[Operation], count: int, chance: random.Random) -> list[int]:
    """Random points, and among them those right after a sync, where the most may have been promised."""
    syncs = [n + 1 for n, each in enumerate(operations) if each.kind == "sync"]
    points = [chance.randrange(len(operations)) for _ in range(count - count // 3)]
    return sorted(points + [chance.choice(syncs or [len(operations)]) for _ in range(count // 3)])


class Found:
    """The log as it stands in rebuilt files."""

    def __init__(self, connection: Connection) -> None:
        rows = connection.connection.cursor().execute(f"SELECT {STORED_COLUMNS} FROM entries ORDER BY id")
        self.rows: dict[str, list[Stored]] = {}
        for row in rows:
            self.rows.setdefault(row[1], []).append(Stored(*row))
        heads = connection.execute(text("SELECT conversation_id, head_seq FROM heads")).fetchall()
        self.heads: dict[str, int] = dict(tuple(row) for row in heads)
        self.sound = connection.execute(text("PRAGMA integrity_check")).scalar()


async def faults(world: World, folder: Path, promised: list[Acknowledged]) -> list[str]:
    """What is wrong in the rebuilt files, by a fresh start of messaging on them."""
    world.path = folder / "chaguan.db"
    world.build()
    await world.open()
    try:
        return [fault async for fault in _look(world, promised)]
    finally:
        await world.close()


async def _look(world: World, promised: list[Acknowledged]) -> AsyncIterator[str]:
    found = await world.db.read(Found)
    if found.sound != "ok":
        yield f"damaged: {found.sound}"
    for id, rows in found.rows.items():
        seqs = [row.seq for row in rows]
        if seqs != list(range(1, len(rows) + 1)) or found.heads.get(id) != len(rows):
            yield f"{id} is not gapless: {seqs[-3:]}, head {found.heads.get(id)}"
        room = await world.messaging.rooms.room(id)
        for row in rows:
            content = open_content(row, room.open_key(), unpack_state(row.state))
            if row.kind == MESSAGE and row.body is not None and not isinstance(content, Text):
                yield f"{id} {row.seq} can't be opened"
    for each in promised:
        for fault in _missing(found, each):
            yield fault


def _missing(found: Found, promise: Acknowledged) -> Iterator[str]:
    rows = found.rows.get(promise.conversation_id, [])
    if len(rows) < promise.seq:
        yield f"{promise.kind} {promise.seq} was acknowledged and is lost"
        return
    row = rows[promise.seq - 1]
    if promise.client_msg_id and row.client_msg_id != uuid_bytes(promise.client_msg_id):
        yield f"{promise.kind} {promise.seq} is another entry"
    if promise.target_seq and rows[promise.target_seq - 1].changed_seq < promise.seq:
        yield f"{promise.kind} {promise.seq} did not reach its message"
    if promise.client_msg_id and sum(each.client_msg_id == row.client_msg_id for each in rows) != 1:
        yield f"{promise.kind} {promise.seq} is there twice"


async def cut_often(tmp_path: Path, rounds: int, count: int, synchronous: str = "FULL") -> list[str]:
    world, recorder, acknowledged = await run(tmp_path / "run", rounds, synchronous)
    assert len(acknowledged) > 5 * rounds
    chance = random.Random(int(os.environ.get("CHAGUAN_SEED", "0")) or rounds)
    disk, wrong = Disk(), []
    for number, point in enumerate(cuts(recorder.operations, count, chance)):
        disk.advance(recorder.operations, point)
        promised = [each for each in acknowledged if each.position <= point]
        folder = tmp_path / f"cut{number}"
        disk.restore(folder, chance if number % 2 else None)
        wrong += [f"cut at {point}: {fault}" for fault in await faults(world, folder, promised)]
        for file in folder.iterdir():
            file.unlink()
    return wrong


async def test_the_recorded_run_is_worth_cutting(tmp_path):
    _, recorder, acknowledged = await run(tmp_path / "run", 30, "FULL")
    kinds = {each.kind for each in acknowledged}
    assert kinds >= {
        "message_sent", "message_edited", "message_recalled", "reaction_set", "member_left", "member_joined",
    }  # fmt: skip
    checkpoints = [each for each in recorder.operations if each.kind == "sync" and each.file == "chaguan.db"]
    assert len(checkpoints) > 3
    assert any(each.kind == "delete" and each.file.endswith("-wal") for each in recorder.operations)
    assert sum(each.kind == "sync" for each in recorder.operations) < len(acknowledged)  # batches formed


async def test_after_a_power_cut_every_acknowledged_entry_is_there(tmp_path):
    assert await cut_often(tmp_path, rounds=40, count=30) == []


@pytest.mark.soak
async def test_after_a_thousand_power_cuts_every_acknowledged_entry_is_there(tmp_path):
    assert await cut_often(tmp_path, rounds=300, count=1_000) == []


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
async def test_the_check_notices_a_database_that_does_not_wait_for_the_disk(tmp_path, synchronous):
    wrong = await cut_often(tmp_path, rounds=12, count=12, synchronous=synchronous)
    assert any("lost" in fault or "damaged" in fault for fault in wrong), wrong
