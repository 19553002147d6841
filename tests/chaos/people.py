"""People who talk through the play, each with an outbox that keeps a command until it is answered."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.chaos.device import Device
from tests.chaos.link import Gone, Json, Refused
from tests.chaos.record import Record, words_of
from tests.chaos.watch import Watch

BUSY = ("rate_limited", "unavailable", "timeout", "internal")
EMOJI = ("👍", "🎉", "🍵")
MOVES = 0.03
"""How often somebody joins or leaves a group instead of saying something."""
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
    def __init__(self, name: str, devices: list[Device], budget: Budget, rng: random.Random) -> None:
        self.name = name
        self.devices = devices
        self.record = Record()
        self.retries = 0
        self.everybody: Sequence[str] = ()
        """Ids of all who take part."""
        self._budget = budget
        self._rng = rng
        self._mine: dict[str, list[int]] = defaultdict(list)

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
            rooms = sorted(device.screen.rows)
            groups = [id for id in rooms if device.screen.rows[id]["conversation"]["kind"] == "group"]
            if groups and self._rng.random() < MOVES:
                await self._move(device.screen.rows[group := self._rng.choice(groups)], group)
            elif rooms:
                await self._do(device, self._rng.choice(VERBS), self._rng.choice(rooms))
            await asyncio.sleep(self._rng.expovariate(1 / pause_s) if pause_s else 0)

    async def _do(self, device: Device, verb: str, room: str) -> None:
        log = device.screen.logs.get(room)
        known = sorted(log["messages"]) if log else []
        if verb == "say" or not known:
            await self._say(room)
        elif verb == "read":
            await self._once(device, "mark_read", conversation_id=room, seq=known[-1])
        elif verb == "react":
            how = {"emoji": self._rng.choice(EMOJI), "on": self._rng.random() < 0.7}
            await self._append("set_reaction", room, target_seq=self._rng.choice(known[-20:]), **how)
        elif self._mine[room]:
            target = self._rng.choice(self._mine[room][-10:])
            if verb == "recall":
                await self._append("recall_message", room, target_seq=target)
            else:
                text = f"{self.name} 改 {target} {self._rng.randrange(10**9)}"
                await self._append("edit_message", room, text, target_seq=target)

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

    async def _append(self, type: str, room: str, text: str = "", **fields: object) -> int:
        """Until it is acknowledged or refused, through whatever happens, with the same key; 0 when refused."""
        key, words, was_sent_before = uuid_text(uuid7()), words_of(text), False
        if text:
            fields["content"] = {"type": "text", "text": text}
        while True:
            device = self._rng.choice(self.devices)
            try:
                reply: Json = await device.ask(type, conversation_id=room, client_msg_id=key, **fields)
            except Gone:
                self.retries += 1
                await asyncio.sleep(
                    0.01
                )  # a dead connection refuses at once, and its device has to hear of it
            except Refused as refused:
                if refused.code not in BUSY:
                    self.record.refuse(room, key, was_sent_before=was_sent_before, words=words)
                    return 0
                self.retries += 1
                await asyncio.sleep(min(1, refused.wait_s) * self._rng.uniform(0.5, 1.5))
            else:
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
                low = max(
                    1, *marks
                )  # the server may have lost the last second of marks: it is told this one again
                seq = self._rng.randint(low, max(low, log["held"]))
                await self.devices[0].ask("mark_read", conversation_id=room, seq=seq)

    async def _once(self, device: Device, type: str, **fields: object) -> None:
        """What may be lost: the next one says it again."""
        try:
            await device.ask(type, **fields)
        except (Gone, Refused):
            self.retries += 1
