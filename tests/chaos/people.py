"""People who talk through the play, each with an outbox that keeps a command until it is answered."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.chaos.device import Device
from tests.chaos.link import Gone, Json, Refused
from tests.chaos.pictures import Album
from tests.chaos.record import Record, words_of
from tests.chaos.watch import Watch

EMOJI = ("👍", "🎉", "🍵")
MOVES = 0.03
"""How often somebody joins or leaves a group instead of saying something."""
PICTURES = 0.003
"""How often what is said is a picture."""
VERBS = ("say",) * 17 + ("edit", "recall", "react", "react", "read", "read")


class Budget:
    """How many messages all people together have to get acknowledged; they talk on while the storm lasts."""

    def __init__(self, messages: int) -> None:
        self.wanted = messages
        self.acknowledged = 0
        self.is_calm = False

    @property
    def is_spent(self) -> bool:
        return self.is_calm and self.acknowledged >= self.wanted


class Person:
    """With as many thoughts at a time as `thoughts` says, but one in each conversation."""

    def __init__(
        self,
        name: str,
        devices: list[Device],
        budget: Budget,
        rng: random.Random,
        *,
        album: Album | None = None,
        thoughts: int = 1,
    ) -> None:
        self.name = name
        self.devices = devices
        self.record = Record()
        self.retries: Counter[str] = Counter()
        """By reason."""
        self.refusals: Counter[str] = Counter()
        self.longest_s = 0.0
        """How long the slowest command took from the first attempt to its answer."""
        self.everybody: Sequence[str] = ()
        """Ids of all who take part."""
        self.album = album
        self.thoughts = thoughts
        self._budget = budget
        self._rng = rng
        self._mine: dict[str, list[int]] = defaultdict(list)
        self._busy: set[str] = set()

    @property
    def user_id(self) -> str:
        return self.devices[0].screen.user_id

    @property
    def watches(self) -> list[Watch]:
        return [device.watch for device in self.devices]

    async def talk(self, pause_s: float) -> None:
        while not self._budget.is_spent:
            device = self._rng.choice(self.devices)
            await device.is_current.wait()
            rooms = [room for room in device.screen.rows if room not in self._busy]
            if rooms:
                await self._act(device, self._rng.choice(rooms))
            if pause_s or not rooms:
                await asyncio.sleep(self._rng.expovariate(1 / (pause_s or 0.02)))

    async def _act(self, device: Device, room: str) -> None:
        self._busy.add(room)
        try:
            row = device.screen.rows[room]
            if row["conversation"]["kind"] == "group" and self._rng.random() < MOVES:
                await self._move(row, room)
            else:
                await self._do(device, self._rng.choice(VERBS), room)
        finally:
            self._busy.discard(room)

    async def _do(self, device: Device, verb: str, room: str) -> None:
        log = device.screen.logs.get(room)
        known: Sequence[int] = list(log["messages"]) if log and verb in ("read", "react") else ()
        if verb == "read" and known:
            await self._once(device, "mark_read", conversation_id=room, seq=max(known))
        elif verb == "react" and known:
            how = {"emoji": self._rng.choice(EMOJI), "on": self._rng.random() < 0.7}
            await self._append("set_reaction", room, target_seq=self._rng.choice(known[-20:]), **how)
        elif verb in ("edit", "recall") and self._mine[room]:
            target = self._rng.choice(self._mine[room][-10:])
            if verb == "recall":
                await self._append("recall_message", room, target_seq=target)
            else:
                text = f"{self.name} 改 {target} {self._rng.randrange(10**9)}"
                await self._append("edit_message", room, text, target_seq=target)
        elif self.album is not None and self._rng.random() < PICTURES:
            await self._show(room, self.album)
        else:
            await self._say(room)

    async def _move(self, row: Json, group: str) -> None:
        """Owners add more than they remove; of the others now and then one leaves."""
        if row["inbox"].get("role") == "owner":
            other = self._rng.choice(self.everybody)
            if self._rng.random() < 0.8:
                await self._append("add_members", group, user_ids=[other])
            elif other != self.user_id:
                await self._append("remove_member", group, user_id=other)
        elif self._rng.random() < 0.3:
            await self._append("remove_member", group, user_id=self.user_id)

    async def _say(self, room: str) -> None:
        text = f"{self.name}：{self._rng.randrange(10**9)} 春茶到了没有？"
        seq = await self._append("send_message", room, text)
        if seq:
            self._budget.acknowledged += 1
            self._mine[room] = [*self._mine[room][-20:], seq]

    async def _show(self, room: str, album: Album) -> None:
        """A picture: uploaded until that succeeds, then sent."""
        picture = await album.upload(self.name, self._rng)
        seq = await self._append("send_message", room, content=picture.content)
        if seq:
            self._budget.acknowledged += 1
            album.keep(self, room, seq, picture)

    async def _append(self, type: str, room: str, text: str = "", **fields: object) -> int:
        """Until it is acknowledged or refused, through whatever happens, with the same key; 0 when refused."""
        key, words, begun = uuid_text(uuid7()), words_of(text), time.monotonic()
        was_sent_before = False
        if text:
            fields["content"] = {"type": "text", "text": text}
        while True:
            device = self._rng.choice(self.devices)
            try:
                reply: Json = await device.ask(type, conversation_id=room, client_msg_id=key, **fields)
            except Gone:
                self.retries["gone"] += 1
            except Refused as refused:
                if not refused.is_busy:
                    self.refusals[f"{type}: {refused.code}"] += 1
                    self.record.refuse(room, key, was_sent_before=was_sent_before, words=words)
                    return 0
                self.retries[refused.code] += 1
                await asyncio.sleep(min(1, refused.wait_s) * self._rng.uniform(0.5, 1.5))
            else:
                self.longest_s = max(self.longest_s, time.monotonic() - begun)
                if reply["seq"]:  # else there was nothing to change
                    self.record.keep(room, key, reply["seq"], words)
                return int(reply["seq"])
            was_sent_before = True

    async def read_some(self) -> None:
        """Move every mark to somewhere between where any device of theirs shows it and the end."""
        for room, log in list(self.devices[0].screen.logs.items()):
            marks = [
                row["inbox"].get("read_seq", 0)
                for each in self.devices
                if (row := each.screen.rows.get(room))
            ]
            if marks and log["held"]:
                # The server may have lost the last second of marks: it is told this one again.
                low = max(1, *marks)
                seq = self._rng.randint(low, max(low, log["held"]))
                await self.devices[0].insist("mark_read", conversation_id=room, seq=seq)

    async def _once(self, device: Device, type: str, **fields: object) -> None:
        """What may be lost: the next one says it again."""
        try:
            await device.ask(type, **fields)
        except (Gone, Refused):
            self.retries[type] += 1
