"""People who talk through the play, each with an outbox that keeps a command until it is answered."""

import asyncio
import random
from collections import defaultdict

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.chaos.device import Device
from tests.chaos.link import Gone, Json, Refused

BUSY = ("rate_limited", "unavailable", "timeout", "internal")
EMOJI = ("👍", "🎉", "🍵")
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


class Record:
    """What the server promised to one person: it is held against the log at the end."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, int]] = defaultdict(dict)
        """conversation → client_msg_id → seq, of everything acknowledged."""
        self.refused: set[str] = set()
        self.contradictions: list[str] = []

    def keep(self, conversation_id: str, key: str, seq: int) -> None:
        if self.stored[conversation_id].setdefault(key, seq) != seq or key in self.refused:
            self.contradictions.append(f"{conversation_id} {key}: {seq}")


class Person:
    def __init__(self, name: str, devices: list[Device], budget: Budget, rng: random.Random) -> None:
        self.name = name
        self.devices = devices
        self.record = Record()
        self.retries = 0
        self._budget = budget
        self._rng = rng
        self._mine: dict[str, list[int]] = defaultdict(list)

    @property
    def user_id(self) -> str:
        return self.devices[0].screen.user_id

    async def talk(self, pause_s: float) -> None:
        while not self._budget.is_spent:
            device = self._rng.choice(self.devices)
            await device.is_current.wait()
            rooms = sorted(device.screen.rows)
            if rooms:
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
            content = {"content": {"type": "text", "text": f"{self.name} 改 {target}"}}
            changes = {"edit": ("edit_message", content), "recall": ("recall_message", {})}
            name, fields = changes[verb]
            await self._append(name, room, target_seq=target, **fields)

    async def _say(self, room: str) -> None:
        text = f"{self.name}：{self._rng.randrange(10**9)} 春茶到了没有？"
        seq = await self._append("send_message", room, content={"type": "text", "text": text})
        if seq:
            self._budget.acknowledged += 1
            self._mine[room] = [*self._mine[room][-20:], seq]

    async def _append(self, type: str, room: str, **fields: object) -> int:
        """Until it is acknowledged or refused, through whatever happens, with the same key; 0 when refused."""
        key = uuid_text(uuid7())
        while True:
            device = self._rng.choice(self.devices)
            try:
                reply: Json = await device.ask(type, conversation_id=room, client_msg_id=key, **fields)
            except Gone:
                self.retries += 1
                continue
            except Refused as refused:
                if refused.code in BUSY:
                    self.retries += 1
                    await asyncio.sleep(min(1, refused.wait_s) * self._rng.uniform(0.5, 1.5))
                    continue
                self.record.refused.add(key)
                return 0
            if reply["seq"]:  # else there was nothing to change
                self.record.keep(room, key, reply["seq"])
            return int(reply["seq"])

    async def read_all(self) -> None:
        device = self.devices[0]
        for room, log in list(device.screen.logs.items()):
            await device.ask("mark_read", conversation_id=room, seq=log["held"])

    async def _once(self, device: Device, type: str, **fields: object) -> None:
        """What may be lost: the next one says it again."""
        try:
            await device.ask(type, **fields)
        except (Gone, Refused):
            self.retries += 1
