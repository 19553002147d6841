"""People whose phones run the real SDK: a Node process holds them all, and does what it is told in lines of JSON."""

import asyncio
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.chaos.check import TAIL
from tests.chaos.link import BUSY
from tests.chaos.people import EMOJI, VERBS, Budget
from tests.chaos.record import Record, words_of
from tests.chaos.watch import Json, Watch
from tests.e2e.process import ROOT
from tools.node_env import node_path

CLIENTS = ROOT / "clients"
ACTOR = CLIENTS / "sdk" / "tests" / "chaos" / "actor.ts"
UNSURE = (*BUSY, "timeout")
AGAIN_S = 0.3
SETTLE_S = 20
LINE = 64 * 1024 * 1024
"""Bytes of an answer: what a client was pushed in a whole play comes in one."""


class Stage:
    """The Node process. It ends when its input does, hence with us."""

    def __init__(self, folder: Path) -> None:
        self._bundle = folder / "actor.cjs"
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._build()
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(self._bundle),
            env={"PATH": node_path()},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE,
        )
        self._reading = asyncio.create_task(self._read())

    async def _build(self) -> None:
        esbuild = CLIENTS / "node_modules" / ".bin" / "esbuild"
        assert esbuild.exists(), "no node_modules in clients/: `make test` sets them up"
        builds = await asyncio.create_subprocess_exec(
            *(str(esbuild), str(ACTOR), "--bundle", "--platform=node", "--format=cjs", "--log-level=warning"),
            *(f"--alias:@chaguan/protocol={CLIENTS / 'protocol' / 'index.ts'}", f"--outfile={self._bundle}"),
            env={"PATH": node_path()},
        )
        assert await builds.wait() == 0, "the SDK does not build"

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                answer = json.loads(line)
                self._answers.pop(answer["id"]).set_result(answer)
        finally:
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(ConnectionError("the Node process ended"))

    async def ask(self, do: str, who: str, **fields: object) -> Json:
        assert self._process is not None
        assert self._process.stdin is not None
        number = next(self._numbers)
        future = self._answers[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": number, "do": do, "who": who, **fields})
        self._process.stdin.write(line.encode() + b"\n")
        return await future

    async def stop(self) -> None:
        if self._process is None or self._reading is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await asyncio.gather(self._reading, return_exceptions=True)


class SdkPerson:
    """Says and does what a `Person` does; the outbox is the SDK's own."""

    def __init__(
        self, stage: Stage, name: str, url: str, token: Callable[[], str], budget: Budget, rng: random.Random
    ) -> None:
        self.name = name
        self.user_id = ""
        self.record = Record()
        self.watches = [Watch(f"sdk {name}")]
        self.retries: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.longest_s = 0.0
        self.connections = 0
        self._stage = stage
        self._url = url
        self._token = token
        self._budget = budget
        self._rng = rng

    async def _ask(self, do: str, **fields: object) -> Json:
        return await self._stage.ask(do, self.name, **fields)

    async def enter(self) -> None:
        self.user_id = await self._enter(self.name, "phone")
        while "error" in await self._ask("open_service"):
            await asyncio.sleep(AGAIN_S)

    async def _enter(self, who: str, device: str) -> str:
        place = {"url": self._url, "token": self._token(), "device": f"sdk_{self.name}_{device}"}
        answer = await self._stage.ask("enter", who, **place)
        return str(answer["user_id"])

    async def talk(self, pause_s: float) -> None:
        while not self._budget.is_spent:
            rooms = (await self._ask("look"))["rooms"]
            if rooms:
                begun = time.monotonic()
                await self._do(self._rng.choice(VERBS), self._rng.choice(rooms))
                self.longest_s = max(self.longest_s, time.monotonic() - begun)
            await asyncio.sleep(self._rng.expovariate(1 / (pause_s or 0.02)))

    async def _do(self, verb: str, room: Json) -> None:
        if verb == "read" and room["seqs"]:
            await self._ask("read", room=room["id"], seq=room["seqs"][-1])
        elif verb == "react" and room["seqs"]:
            how = {"emoji": self._rng.choice(EMOJI), "on": self._rng.random() < 0.7}
            await self._command("set_reaction", room["id"], target_seq=self._rng.choice(room["seqs"]), **how)
        elif verb == "edit" and room["mine"]:
            text = f"{self.name} 改 {self._rng.randrange(10**9)}"
            await self._command("edit_message", room["id"], text, target_seq=self._rng.choice(room["mine"]))
        elif verb == "recall" and room["mine"]:
            await self._command("recall_message", room["id"], target_seq=self._rng.choice(room["mine"]))
        else:
            await self._say(room["id"])

    async def _say(self, room: str) -> None:
        text = f"{self.name}：{self._rng.randrange(10**9)} 有没有龙井？"
        answer = await self._ask("send", room=room, text=text)
        if (
            "error" in answer
        ):  # the SDK tries on by itself unless the message is refused; it may have been sent before
            self.refusals[f"send_message: {answer['error']}"] += 1
            self.record.refuse(room, answer["key"], was_sent_before=True, words=words_of(text))
        else:
            self._budget.acknowledged += 1
            self.record.keep(room, answer["key"], answer["seq"], words_of(text))

    async def _command(self, type: str, room: str, text: str = "", **fields: object) -> None:
        """Until it is answered or refused, with the same key."""
        key, words, was_sent_before = uuid_text(uuid7()), words_of(text), False
        if text:
            fields["content"] = {"type": "text", "text": text}
        command = {"type": type, "conversation_id": room, "client_msg_id": key, **fields}
        while "error" in (answer := await self._ask("command", command=command)):
            if answer["error"] not in UNSURE:
                self.refusals[f"{type}: {answer['error']}"] += 1
                return self.record.refuse(room, key, was_sent_before=was_sent_before, words=words)
            self.retries[answer["error"]] += 1
            was_sent_before = True
            await asyncio.sleep(AGAIN_S)
        if answer["seq"]:
            self.record.keep(room, key, answer["seq"], words)
        return None

    async def look_again(self, fresh: Json) -> list[str]:
        """Where, after coming back to the application, it shows something else than a fresh client of another make."""
        due, found = as_the_sdk_shows(fresh), ["it never answered"]
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while found := _differences(_plain(await self._ask("show")), due, self.name):
                    await asyncio.sleep(AGAIN_S)
        return found

    async def compare_with_its_like(self) -> list[str]:
        """The same against a fresh client of the same make."""
        other = f"{self.name} anew"
        await self._enter(other, "fresh")
        found = ["it never answered"]
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while True:
                    due = _plain(await self._stage.ask("show", other))
                    found = _differences(_plain(await self._ask("show")), due, f"{self.name} and its like")
                    if not found:
                        break
                    await asyncio.sleep(AGAIN_S)
        await self._stage.ask("leave", other)
        return found

    async def tell(self) -> None:
        """What was pushed to it, and in which order, for the judge."""
        told = await self._ask("told")
        watch = self.watches[0]
        self.connections = told["connections"]
        watch.faults += [f"{watch.name}: {fault}" for fault in told["faults"]]
        connection = 0
        for number, room, seq, created_at, actor_id, target_seq in told["pushed"]:
            if number != connection:
                watch.connected()
                connection = number
            entry = {"seq": seq, "created_at": created_at, "actor_id": actor_id, "target_seq": target_seq}
            watch.pushed({**entry, "conversation_id": room})
            watch.entry(room, {**entry, "type": "pushed"})


def as_the_sdk_shows(shown: Json) -> Json:
    """The reference client's screen, as far as the SDK shows it."""
    names = ("unread", "head_seq", "head_ordinal", "name", "read_seq")
    rows = {id: {name: row[name] or 0 for name in names} for id, row in shown["rows"].items()}
    logs = {
        id: [log["messages"][seq] for seq in sorted(log["messages"])[-TAIL:]]
        for id, log in shown["logs"].items()
    }
    return _plain({"rows": rows, "logs": logs})


def _plain(shown: Json) -> Json:
    """Fields with their default are left out on the wire: here they are as good as not there."""
    empty = (None, "", 0, [], False)
    rows = {id: {k: v for k, v in row.items() if v not in empty} for id, row in shown.get("rows", {}).items()}
    logs: dict[str, list[Json]] = defaultdict(list)
    for id, messages in shown.get("logs", {}).items():
        logs[id] = [{k: v for k, v in each.items() if v not in empty} for each in messages]
    return {"rows": rows, "logs": dict(logs)}


def _differences(shown: Json, due: Json, name: str) -> list[str]:
    found = []
    for part in ("rows", "logs"):
        for id in shown[part].keys() | due[part].keys():
            mine, theirs = shown[part].get(id), due[part].get(id)
            if mine != theirs:
                found.append(f"sdk {name}: {part} {id}: {_first_difference(mine, theirs)}")
    return found


def _first_difference(mine: Any, due: Any) -> str:
    if isinstance(mine, Sequence) and isinstance(due, Sequence):
        for one, other in itertools.zip_longest(mine, due):
            if one != other:
                return f"{one} instead of {other}"
    return f"{mine} instead of {due}"
