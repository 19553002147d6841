"""A play: people talk, a storm blows, and at the end everything is held against the log.

    python -m tests.chaos.play --seed 1 --messages 1000000 --faults 60 [--report FILE]

The seed decides the people's words and the schedule of faults; how they fall together in time is the machine's.
"""

import argparse
import asyncio
import contextlib
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.chaos.check import Audit, Judge, difference
from tests.chaos.cluster import Cluster
from tests.chaos.costs import Costs
from tests.chaos.device import Device
from tests.chaos.faults import Storm
from tests.chaos.history import COLUMNS, Row
from tests.chaos.node import PLANTS
from tests.chaos.people import Budget, Person
from tests.chaos.pictures import Album
from tests.chaos.report import Report, longest_s, together
from tests.chaos.scene import OneNode, Scene
from tests.chaos.sdk import SdkPerson, Stage
from tests.chaos.watch import Json

READ_BACK = 400
"""Messages of a conversation that one of its readers loads at the end, beside the 50 that everybody loads."""
LOG = f"SELECT {COLUMNS} FROM entries ORDER BY conversation_id, seq"
MEMBERS = "SELECT conversation_id, user_id, intervals FROM members"
STORED = "SELECT max(id) FROM entries"
TO_BE_GIVEN = "SELECT position FROM consumers WHERE name = 'witness'"
MARKS = "SELECT sum(version) FROM user_versions"
STILL_S = 3
"""Three times as long as a node keeps a mark in its memory."""
WITNESS_S = 60
"""So long a consumer may stand still while a lease passes on."""
GIVEN = "SELECT conversation_id, first, last FROM chaos_witness ORDER BY id"
SCENES: dict[str, Callable[..., Scene]] = {"one": OneNode, "cluster": Cluster}
STALL_S = 180
"""So long without one acknowledgement, and the play ends: somebody waits for what does not come."""
PHASE_S = 600
"""The longest that meeting, coming to rest or comparing may take."""
AT_ONCE = 16


class Stalled(Exception):
    """Nothing goes on; the text says what everybody waits for."""


class Play:
    def __init__(
        self,
        scene: Scene,
        seed: int,
        *,
        people: int,
        messages: int,
        faults: int,
        pause_s: float = 0.05,
        thoughts: int = 1,
        sdk: int = 0,
    ) -> None:
        """`sdk`: how many people more have phones with the real SDK; they need a Node with the clients' packages."""
        self._scene = scene
        self._seed = seed
        self._rng = random.Random(seed)
        self._count = people
        self._budget = Budget(messages)
        self._faults = faults
        self._pause_s = pause_s
        self._thoughts = thoughts
        self._talk_s = 0.0
        self._cpu_s: dict[str, float] = {}
        self.people: list[Person] = []
        self._audits: list[Audit] = []
        self._sdk = sdk
        self._stage = Stage(scene.folder)
        self.cast: list[SdkPerson] = []
        """Those whose phones run the SDK."""

    async def run(self, progress: Any = None) -> Report:
        begun = time.monotonic()
        try:
            await self._scene.start()
            storm = Storm(self._scene.faults, self._faults, 1, self._rng, self._has_come_to)
            album = Album(self._scene.bases, self._scene.token)
            # A device whose life breaks off breaks the play off: others would wait for it for ever.
            async with asyncio.TaskGroup() as lives:
                living = self._gather(lives, album)
                await self._within("entering", self._enter())
                await self._within("meeting", self._meet())
                await self._talk(storm, progress)
                await self._within("coming to rest", self._come_to_rest())
                found = await self._within("looking at pictures", album.faults())
                found += await self._within("comparing", self._compare())
                for person in self.cast:
                    await person.tell()
                for life in living:
                    life.cancel()
            judge = await self._hold_against_the_log()
        finally:
            await self._stage.stop()
            await self._scene.stop()
        found += judge.end()
        return Report(
            seed=self._seed,
            acknowledged=self._budget.acknowledged,
            entries=judge.entries,
            pictures=len(album.sent),
            retries=together(each.retries for each in (*self.people, *self.cast)) | {"upload": album.failed},
            refusals=together(each.refusals for each in (*self.people, *self.cast)),
            connections=sum(each.connections for each in (*self._devices, *self.cast)),
            longest_wait_s=longest_s(self.people),
            seconds=round(time.monotonic() - begun, 1),
            talk_s=round(self._talk_s, 1),
            cpu_s=self._cpu_s,
            blown=dict(storm.done),
            faults_found=found,
        )

    async def _within(self, what: str, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            async with asyncio.timeout(PHASE_S):
                return await work
        except TimeoutError as error:
            raise Stalled(f"{what} took over {PHASE_S} s; {self._who_waits()}") from error

    async def _has_come_to(self, share: float) -> None:
        """Faults fall evenly over the messages, so that a long play has no long calm at its end."""
        while self._budget.acknowledged < share * self._budget.wanted:
            await asyncio.sleep(0.05)

    async def _talk(self, storm: Storm, progress: Any) -> None:
        begun, costs = time.monotonic(), Costs()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(person.talk(self._pause_s))
                for person in self.people
                for _ in range(person.thoughts)
            ]
            tasks += [group.create_task(person.talk(self._pause_s)) for person in self.cast]
            tasks.append(group.create_task(self._blow(storm)))
            await self._watch(tasks, storm, costs, progress)
        self._talk_s = time.monotonic() - begun
        self._cpu_s = costs.spent_s()

    async def _blow(self, storm: Storm) -> None:
        await storm.blow()
        self._budget.is_calm = True

    async def _watch(
        self, tasks: list[asyncio.Task[None]], storm: Storm, costs: Costs, progress: Any
    ) -> None:
        """Until all have ended, or nothing goes on any more."""
        last, since = -1, time.monotonic()
        while not all(task.done() for task in tasks):
            await asyncio.wait(tasks, timeout=1)
            if self._budget.acknowledged != last:
                last, since = self._budget.acknowledged, time.monotonic()
            elif time.monotonic() - since > STALL_S:
                raise Stalled(
                    f"{STALL_S} s without an answer; under way: {storm.running}; {self._who_waits()}"
                )
            costs.look()
            if progress is not None:
                progress(self._budget, storm.done)

    def _who_waits(self) -> str:
        away = [f"{each.name} ({each.trouble})" for each in self._devices if not each.is_current.is_set()]
        return f"{len(away)} devices are not connected: {', '.join(away[:5])}"

    @property
    def _devices(self) -> list[Device]:
        return [device for person in self.people for device in person.devices]

    def _gather(self, group: asyncio.TaskGroup, album: Album) -> list[asyncio.Task[None]]:
        """Each fourth person has two phones."""
        for number in range(self._count):
            name = f"p{number}"
            devices = [self._device(name, phone) for phone in range(2 if number % 4 == 0 else 1)]
            person = Person(name, devices, self._budget, self._own(), album=album, thoughts=self._thoughts)
            self.people.append(person)
        return [group.create_task(device.live()) for device in self._devices]

    def _device(self, name: str, phone: int) -> Device:
        return Device(f"d_{name}_{phone}", "", self._scene.urls, lambda: self._scene.token(name), self._own())

    def _own(self) -> random.Random:
        return random.Random(self._rng.random())

    async def _enter(self) -> None:
        """Each of those with the SDK reaches the deployment by one node."""
        if not self._sdk:
            return
        await self._stage.start()
        for number in range(self._sdk):
            name, base = f"s{number}", self._scene.bases[number % len(self._scene.bases)]
            token = partial(self._scene.token, name)
            self.cast.append(SdkPerson(self._stage, name, base, token, self._budget, self._own()))
        await asyncio.gather(*(person.enter() for person in self.cast))

    async def _meet(self) -> None:
        """Service conversations for all, a chain of direct ones, and groups of eight that overlap."""
        await asyncio.gather(*(device.is_current.wait() for device in self._devices))
        ids = [person.user_id for person in self.people]
        cast = [person.user_id for person in self.cast]
        for number, person in enumerate(self.people):
            person.everybody = [*ids, *cast]
            first = person.devices[0]
            await first.insist("open_service")
            if number:
                await first.insist("create_direct", user_id=ids[number - 1])
            if number < len(cast):
                await first.insist("create_direct", user_id=cast[number])
            if number % 4 == 0 and number + 1 < self._count:
                others = [*ids[number + 1 : number + 8], *cast[number // 4 :: 2]]
                key = uuid_text(uuid7())
                await first.insist("create_group", client_msg_id=key, name=f"茶会{number}", member_ids=others)

    async def _come_to_rest(self) -> None:
        """All faults are mended and all outboxes empty. A crash may have lost a second of marks, so everybody looks
        at everything once more."""
        await asyncio.gather(*(device.settle() for device in self._devices))
        await asyncio.gather(*(person.read_some() for person in self.people))
        await self._stand_still()
        await asyncio.gather(*(device.settle() for device in self._devices))

    async def _stand_still(self) -> None:
        """Nobody speaks any more, but nodes still write marks and consumers what follows from what was said. Who has
        not caught up by the end of it never will: the judge says what was left out."""
        before, since = (-1, -1, -1), time.monotonic()
        while True:
            now = (await self._number(STORED), await self._number(MARKS), await self._number(TO_BE_GIVEN))
            if now != before:
                before, since = now, time.monotonic()
            if time.monotonic() - since > (STILL_S if now[2] >= now[0] else WITNESS_S):
                return
            await asyncio.sleep(0.2)

    async def _number(self, statement: str) -> int:
        return sum([int(row[0] or 0) async for row in self._scene.rows(statement)])

    async def _compare(self) -> list[str]:
        """A fresh phone for everybody, and what it shows beside what the others do."""
        at_once = asyncio.Semaphore(AT_ONCE)
        read_back: set[str] = set()
        found = await asyncio.gather(
            *(self._compare_one(each, at_once, read_back) for each in self.people),
            *(self._compare_sdk(each, at_once, read_back) for each in self.cast),
        )
        return [fault for faults in found for fault in faults]

    async def _compare_sdk(
        self, person: SdkPerson, at_once: asyncio.Semaphore, read_back: set[str]
    ) -> list[str]:
        shown = await self._freshly_shown(person.name, at_once, read_back)
        return await person.look_again(shown) + await person.compare_with_its_like()

    async def _freshly_shown(self, name: str, at_once: asyncio.Semaphore, read_back: set[str]) -> Json:
        async with at_once, asyncio.TaskGroup() as group:
            fresh = self._device(name, 9)
            life = group.create_task(fresh.live())
            await fresh.is_current.wait()
            shown = fresh.screen.shown()
            self._audits.append(await self._audit(fresh, shown, read_back))
            life.cancel()
        return shown

    async def _compare_one(
        self, person: Person, at_once: asyncio.Semaphore, read_back: set[str]
    ) -> list[str]:
        shown = await self._freshly_shown(person.name, at_once, read_back)
        return [
            fault
            for device in person.devices
            for fault in difference(device.screen.shown(), shown, device.name)
        ]

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
                page = await fresh.insist("get_history", conversation_id=room, before=before, limit=100)
                audit.read(room, page["messages"])
                before = min((each["seq"] for each in page["messages"]), default=0)
            read_back.add(room)
        return audit

    async def _hold_against_the_log(self) -> Judge:
        members = [tuple(row) async for row in self._scene.rows(MEMBERS)]
        judge = Judge([*self.people, *self.cast], self._audits, members)
        async for row in self._scene.rows(GIVEN):
            judge.give(*row)
        async for row in self._scene.rows(LOG):
            judge.take(Row(*row))
        return judge


class Progress:
    """One line that is written over on a terminal; in a file, one every ten seconds."""

    def __init__(self, faults: int) -> None:
        self._faults = faults
        self._begun = self._said = 0.0

    def __call__(self, budget: Budget, done: dict[str, int]) -> None:
        now = time.monotonic()
        self._begun = self._begun or now - 1
        is_terminal = sys.stdout.isatty()
        if not is_terminal and now - self._said < 10:
            return
        self._said = now
        rate = budget.acknowledged / max(now - self._begun, 1)
        left = max(0, budget.wanted - budget.acknowledged) / max(rate, 1)
        line = f"  {budget.acknowledged:,} of {budget.wanted:,} acknowledged, {rate:,.0f}/s, "
        line += f"{sum(done.values())} of {self._faults} faults, about {left / 60:,.0f} min left "
        print(f"\r{line}" if is_terminal else line, end="" if is_terminal else "\n", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.play", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--faults", type=int, default=66)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0, help="seconds between two acts of a person")
    parser.add_argument("--thoughts", type=int, default=2, help="what a person has under way at a time")
    parser.add_argument("--sdk", type=int, default=4, help="people more, whose phones run the TypeScript SDK")
    parser.add_argument("--scene", choices=SCENES, default="cluster")
    parser.add_argument("--plant", choices=PLANTS, default="", help="a fault of ours, that has to be found")
    parser.add_argument("--report", type=Path, help="a file for the report as JSON")
    parser.add_argument("--keep", type=Path, help="a folder for the servers' files that is kept")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        folder = options.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="chaguan-chaos-"))
        )
        play = Play(
            SCENES[options.scene](folder, options.plant),
            options.seed,
            people=options.people,
            messages=options.messages,
            faults=options.faults,
            pause_s=options.pause,
            thoughts=options.thoughts,
            sdk=options.sdk,
        )
        report = uvloop.run(_to_the_end(play, options.faults))
    if options.report:
        options.report.write_text(report.json_text(), encoding="utf-8")
    print("\n" + report.text())
    return 1 if report.faults_found else 0


async def _to_the_end(play: Play, faults: int) -> Report:
    """Its servers end with it, also when it is told to stop."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await play.run(Progress(faults))


if __name__ == "__main__":
    raise SystemExit(main())
