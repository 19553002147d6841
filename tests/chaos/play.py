"""A play: people talk, a storm blows, and at the end everything is held against the log.

    python -m tests.chaos.play --seed 1 --messages 1000000 --faults 60 [--report FILE]

The seed decides the people's words and the schedule of faults; how they fall together in time is the machine's.
"""

import argparse
import asyncio
import contextlib
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, to_builtins

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.chaos.check import Audit, Judge, difference
from tests.chaos.cluster import Cluster
from tests.chaos.device import Device
from tests.chaos.faults import Storm
from tests.chaos.history import COLUMNS, Row
from tests.chaos.node import PLANTS
from tests.chaos.people import Budget, Person
from tests.chaos.scene import OneNode, Scene
from tests.chaos.watch import Json

SHOWN_FAULTS = 20
READ_BACK = 400
"""Messages of a conversation that one of its readers loads at the end, beside the 50 that everybody loads."""
LOG = f"SELECT {COLUMNS} FROM entries ORDER BY conversation_id, seq"
MEMBERS = "SELECT conversation_id, user_id, intervals FROM members"
STORED = "SELECT max(id) FROM entries"
TO_BE_GIVEN = "SELECT position FROM consumers WHERE name = 'witness'"
WITNESS_S = 60
GIVEN = "SELECT conversation_id, first, last FROM chaos_witness ORDER BY id"
SCENES: dict[str, Callable[[Path, str], Scene]] = {"one": OneNode, "cluster": Cluster}


class Report(Struct):
    """What a play found. `faults_found` is empty when every promise was kept."""

    seed: int
    acknowledged: int
    entries: int
    retries: int
    connections: int
    seconds: float
    blown: dict[str, int]
    faults_found: list[str]


class Play:
    def __init__(
        self, scene: Scene, seed: int, *, people: int, messages: int, faults: int, pause_s: float = 0.05
    ) -> None:
        self._scene = scene
        self._seed = seed
        self._rng = random.Random(seed)
        self._count = people
        self._budget = Budget(messages)
        self._faults = faults
        self._pause_s = pause_s
        self.people: list[Person] = []
        self._audits: list[Audit] = []
        self._main: asyncio.Task[Any] | None = None
        self._broken: BaseException | None = None

    async def run(self, progress: Any = None) -> Report:
        begun = time.monotonic()
        self._main = asyncio.current_task()
        await self._scene.start()
        lives: list[asyncio.Task[None]] = []
        try:
            lives = self._gather()
            for life in lives:
                life.add_done_callback(self._ended)
            await self._meet()
            storm = Storm(self._scene.faults, self._faults, 1, self._rng)
            talking = [asyncio.create_task(each.talk(self._pause_s)) for each in self.people]
            blowing = asyncio.create_task(self._blow(storm))
            await self._watch([*talking, blowing], storm, progress)
            await self._come_to_rest()
            found = await self._compare()
            judge = await self._hold_against_the_log()
        except asyncio.CancelledError:
            if self._broken is not None:
                raise self._broken from None
            raise
        finally:
            for device in self._devices:
                device.end()
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
            await self._scene.stop()
        found += judge.end()
        return Report(
            seed=self._seed,
            acknowledged=self._budget.acknowledged,
            entries=judge.entries,
            retries=sum(each.retries for each in self.people),
            connections=sum(each.connections for each in self._devices),
            seconds=round(time.monotonic() - begun, 1),
            blown=dict(storm.done),
            faults_found=found,
        )

    def _ended(self, life: asyncio.Task[None]) -> None:
        """A device whose life breaks off breaks the play off: others would wait for it for ever."""
        if not life.cancelled() and life.exception() is not None and self._main is not None:
            self._broken = life.exception()
            self._main.cancel()

    async def _blow(self, storm: Storm) -> None:
        await storm.blow()
        self._budget.is_calm = True

    async def _watch(self, tasks: list[asyncio.Task[None]], storm: Storm, progress: Any) -> None:
        """Until all have ended; whoever breaks off breaks the play off."""
        waiting = set(tasks)
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=1, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
            if progress is not None:
                progress(self._budget.acknowledged, storm.done)

    @property
    def _devices(self) -> list[Device]:
        return [device for person in self.people for device in person.devices]

    def _gather(self) -> list[asyncio.Task[None]]:
        """Each fourth person has two phones."""
        for number in range(self._count):
            name = f"p{number}"
            devices = [self._device(name, phone) for phone in range(2 if number % 4 == 0 else 1)]
            self.people.append(Person(name, devices, self._budget, self._own()))
        return [asyncio.create_task(device.live()) for device in self._devices]

    def _device(self, name: str, phone: int) -> Device:
        return Device(f"d_{name}_{phone}", "", self._scene.urls, lambda: self._scene.token(name), self._own())

    def _own(self) -> random.Random:
        return random.Random(self._rng.random())

    async def _meet(self) -> None:
        """Service conversations for all, a chain of direct ones, and groups of eight that overlap."""
        await asyncio.gather(*(device.is_current.wait() for device in self._devices))
        ids = [person.user_id for person in self.people]
        for number, person in enumerate(self.people):
            person.everybody = ids
            first = person.devices[0]
            await first.ask("open_service")
            if number:
                await first.ask("create_direct", user_id=ids[number - 1])
            if number % 4 == 0 and number + 1 < self._count:
                others = ids[number + 1 : number + 8]
                key = uuid_text(uuid7())
                await first.ask("create_group", client_msg_id=key, name=f"茶会{number}", member_ids=others)

    async def _come_to_rest(self) -> None:
        """All faults are mended and all outboxes empty. A crash may have lost a second of marks, so everybody looks
        at everything once more; marks are on disk after two seconds."""
        await asyncio.gather(*(device.settle() for device in self._devices))
        await asyncio.gather(*(person.read_some() for person in self.people))
        await asyncio.sleep(3)
        await asyncio.gather(*(device.settle() for device in self._devices))
        await self._consumer_is_done()

    async def _consumer_is_done(self) -> None:
        """Or as far as it will get: the judge says what it left out."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WITNESS_S):
                while await self._number(TO_BE_GIVEN) < await self._number(STORED):
                    await asyncio.sleep(0.2)

    async def _number(self, statement: str) -> int:
        return sum([int(row[0] or 0) async for row in self._scene.rows(statement)])

    async def _compare(self) -> list[str]:
        """A fresh phone for everybody, and what it shows beside what the others do."""
        found: list[str] = []
        read_back: set[str] = set()
        for person in self.people:
            fresh = self._device(person.name, 9)
            life = asyncio.create_task(fresh.live())
            await fresh.is_current.wait()
            shown = fresh.screen.shown()
            for device in person.devices:
                found += difference(device.screen.shown(), shown, device.name)
            self._audits.append(await self._audit(fresh, shown, read_back))
            fresh.end()
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
        return found

    async def _audit(self, fresh: Device, shown: Json, read_back: set[str]) -> Audit:
        rows = {
            room: {**row, "peer_read_seq": fresh.screen.rows[room]["inbox"].get("peer_read_seq", 0)}
            for room, row in shown["rows"].items()
        }
        audit = Audit(fresh.name, fresh.screen.user_id, rows)
        for room, log in fresh.screen.logs.items():
            audit.read(room, log["messages"].values())
            before = min(log["messages"], default=0)
            while before > 1 and room not in read_back and len(audit.messages[room]) < READ_BACK:
                page = await fresh.ask("get_history", conversation_id=room, before=before, limit=100)
                audit.read(room, page["messages"])
                before = min((each["seq"] for each in page["messages"]), default=0)
            read_back.add(room)
        return audit

    async def _hold_against_the_log(self) -> Judge:
        members = [tuple(row) async for row in self._scene.rows(MEMBERS)]
        given = [tuple(row) async for row in self._scene.rows(GIVEN)]
        judge = Judge(self.people, self._audits, members, given)
        async for row in self._scene.rows(LOG):
            judge.take(Row(*row))
        return judge


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.play", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--faults", type=int, default=21)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between two acts of a person")
    parser.add_argument("--scene", choices=SCENES, default="cluster")
    parser.add_argument("--plant", choices=PLANTS, default="", help="a fault of ours, that has to be found")
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="chaguan-chaos-") as folder:
        play = Play(
            SCENES[options.scene](Path(folder), options.plant),
            options.seed,
            people=options.people,
            messages=options.messages,
            faults=options.faults,
            pause_s=options.pause,
        )
        report = asyncio.run(play.run(_print_progress))
    text = json.dumps(to_builtins(report), ensure_ascii=False, indent=1)
    if options.report:
        options.report.write_text(text + "\n", encoding="utf-8")
    print("\n" + json.dumps({**to_builtins(report), "faults_found": len(report.faults_found)}, indent=1))
    for fault in report.faults_found[:SHOWN_FAULTS]:
        print("  " + fault)
    return 1 if report.faults_found else 0


def _print_progress(acknowledged: int, done: dict[str, int]) -> None:
    print(f"\r  {acknowledged:,} acknowledged, {sum(done.values())} faults ", end="", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
