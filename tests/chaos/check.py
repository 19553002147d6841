"""The end of a play: every promise held against the log, and every screen against a fresh one."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from chaguan.messaging.model import uuid_text
from tests.chaos.device import Device, digest
from tests.chaos.people import Person
from tests.property.reader import Json

TAIL = 20


class Row(NamedTuple):
    conversation_id: str
    seq: int
    countable: bool
    ordinal: int
    actor_id: str
    client_msg_id: bytes
    created_at: int
    target_seq: int
    changed_seq: int


class Truth:
    """The log as the database holds it, read past the server."""

    COLUMNS = ", ".join(Row._fields)

    def __init__(self, rows: Iterable[Row], intervals: Iterable[tuple[str, str, str]]) -> None:
        self.logs: dict[str, list[Row]] = {}
        self.faults: list[str] = []
        for row in rows:
            log = self.logs.setdefault(row.conversation_id, [])
            if row.seq != len(log) + 1:
                self.faults.append(f"{row.conversation_id}: {row.seq} stands after {len(log)}")
            log.append(row)
        self._check_order()
        self.intervals = {(room, user): json.loads(text) for room, user, text in intervals}

    def _check_order(self) -> None:
        for room, log in self.logs.items():
            ordinal = at = 0
            keys: set[tuple[bytes, str]] = set()
            for row in log:
                ordinal += bool(row.countable)
                if row.ordinal != ordinal:
                    self.faults.append(f"{room} {row.seq}: ordinal {row.ordinal}, not {ordinal}")
                if row.created_at < at:
                    self.faults.append(f"{room} {row.seq}: earlier than the one before it")
                at = row.created_at
                if (row.client_msg_id, row.actor_id) in keys:
                    self.faults.append(f"{room} {row.seq}: its key was there before")
                keys.add((row.client_msg_id, row.actor_id))

    @property
    def size(self) -> int:
        return sum(map(len, self.logs.values()))

    def may_see(self, room: str, user_id: str, seq: int) -> bool:
        return any(
            first <= seq and (not last or seq <= last) for first, last in self.intervals[room, user_id]
        )


def promises(truth: Truth, people: Iterable[Person]) -> list[str]:
    """Acknowledged ⊆ stored ⊆ acknowledged: nobody gave up on anything, so nothing else may be there."""
    faults: list[str] = []
    for person in people:
        faults += person.record.contradictions
        for room, kept in person.record.stored.items():
            log = truth.logs.get(room, [])
            for key, seq in kept.items():
                row = log[seq - 1] if seq <= len(log) else None
                if row is None or row.actor_id != person.user_id or uuid_text(row.client_msg_id) != key:
                    faults.append(f"{person.name}: {key} was acknowledged as {room} {seq} and is not there")
        for room, log in truth.logs.items():
            theirs = person.record.stored.get(room, {})
            for row in log:
                if row.countable and row.actor_id == person.user_id:
                    key = uuid_text(row.client_msg_id)
                    if theirs.get(key) != row.seq:
                        faults.append(f"{person.name}: {room} {row.seq} is stored and was never acknowledged")
    return faults


def sightings(truth: Truth, devices: Iterable[Device]) -> list[str]:
    """What a device saw was stored, as it saw it, and meant for it."""
    faults: list[str] = []
    for device in devices:
        for room, seen in device.screen.seen.items():
            log = truth.logs[room]
            for seq, value in seen:
                row = log[seq - 1] if seq <= len(log) else None
                if row is None or value != digest(row.created_at, row.actor_id, row.target_seq):
                    faults.append(f"{device.name} saw another {room} {seq} than is stored")
                elif not truth.may_see(room, device.screen.user_id, seq):
                    faults.append(f"{device.name} saw {room} {seq}, which is not theirs to see")
    return faults


def difference(shown: Json, fresh: Json, name: str) -> list[str]:
    """Client state = fresh state, as far back as both hold messages."""
    faults = [
        f"{name}: row {id}: {shown['rows'].get(id)} instead of {row}"
        for id, row in fresh["rows"].items()
        if shown["rows"].get(id) != row
    ]
    faults += [f"{name}: row {id} should be gone" for id in shown["rows"].keys() - fresh["rows"].keys()]
    for id, log in fresh["logs"].items():
        mine: Any = shown["logs"].get(id, {"held": 0, "messages": {}})
        if mine["held"] != log["held"]:
            faults.append(f"{name}: {id} is held to {mine['held']}, the log goes to {log['held']}")
        for seq in sorted(log["messages"])[-TAIL:]:
            if mine["messages"].get(seq) != log["messages"][seq]:
                faults.append(f"{name}: {id} {seq}: {mine['messages'].get(seq)}, not {log['messages'][seq]}")
    return faults
