"""Clients that come back as the SDKs do while nodes stop and start, go on sending what was not acknowledged, and know
at the end whether anything was lost or doubled."""

import heapq
import itertools
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from chaguan.bench import corpus, frames
from chaguan.bench.clients import PATIENCE_S, REFUSED, Client, Clients, Lost
from chaguan.bench.frames import Reply
from chaguan.bench.workloads import message

DRAINING = 4000
BACK_OFF_S = (0.5, 1.0)
"""Of the first attempt after a loss that was not announced; the second waits twice as long, and so on."""
LONGEST_BACK_OFF_S = 30.0
AGAIN_AFTER_S = 10
"""Without an answer for so long, a message is sent again with the same key."""


class Said(Struct):
    """A message on its way."""

    sender: Client
    conversation_id: str
    key: str
    content: bytes
    due: float
    sent: float = 0.0


class Absence(Struct):
    since: float
    tries: int = 0
    begun: float = 0.0
    """When the attempt that is under way began."""


class Restless:
    def __init__(self, clients: Clients, is_told: Callable[[], bool]) -> None:
        self._clients = clients
        self._is_told = is_told
        self._texts: Iterator[bytes] = itertools.cycle(corpus.contents())
        self._away: dict[int, Absence] = {}
        self._due: list[tuple[float, int]] = []
        """When which person comes back; a heap."""
        self._open: dict[str, Said] = {}
        self._acked: defaultdict[str, list[int]] = defaultdict(list)
        self._waits: list[float] = []
        self._absences: list[float] = []
        self._attempts: list[float] = []
        self._reasons: defaultdict[str, int] = defaultdict(int)

    def learn_pairs(self) -> dict[str, Any]:
        """Before connecting: both of each pair know its conversation, from its beginning on."""
        for client, conversation_id in self._pairs():
            for person in (client.person, client.person + 1):
                self._clients.of_person[person].seqs[conversation_id] = 0
        return {}

    def restless(self, rate: float, seconds: float) -> dict[str, Any]:
        """`rate` messages a second over the pairs until told something, at most for `seconds`."""
        self._clients.on_lost, self._clients.knows_repeats = self._lost, True
        senders = itertools.cycle(self._pairs())
        heads = {id: client.seqs.get(id, 0) for client, id in self._pairs()}
        begun, sent = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - begun) < seconds and not self._is_told():
            while sent < elapsed * rate:
                client, id = next(senders)
                due = time.perf_counter()
                self._say(Said(client, id, frames.key(), next(self._texts), due))
                sent += 1
            self._turn(0.002)
        self._until(lambda: not self._away and not self._open, "everybody is back and answered")
        self._until(lambda: not self._behind(), "everything acknowledged has arrived")
        self._clients.on_lost, self._clients.knows_repeats = None, False
        return {
            "sent": sent,
            "seconds": elapsed,
            "acked": sum(map(len, self._acked.values())),
            **reckoned(self._acked, heads, {id: self._reached(client, id) for client, id in self._pairs()}),
            "waits": self._waits,
            "absences": self._absences,
            "attempts": self._attempts,
            "reasons": dict(self._reasons),
            "faults": self._clients.faults,
            "repeats": self._clients.repeats,
        }

    def stop(self) -> dict[str, Any]:
        """That it was said ends `restless`."""
        return {}

    def _pairs(self) -> list[tuple[Client, str]]:
        of_person = self._clients.of_person
        pairs = enumerate(self._clients.world.pairs)
        return [(of_person[2 * nth], id) for nth, id in pairs if 2 * nth in of_person]

    def _say(self, said: Said) -> None:
        self._open[said.key] = said
        if said.sender.person not in self._away:
            self._send(said)

    def _send(self, said: Said) -> None:
        said.sent = time.perf_counter()

        def answered(_client: Client, reply: Reply) -> None:
            if bytes(reply.ok) and self._open.pop(said.key, None) is not None:
                self._acked[said.conversation_id].append(frames.decode_sent(reply.ok).seq)
                self._waits.append(time.perf_counter() - said.due)

        self._clients.command(said.sender, message(said.conversation_id, said.key, said.content), answered)

    def _lost(self, client: Client, code: int, reason: str) -> None:
        now = time.perf_counter()
        absence = self._away.setdefault(client.person, Absence(now))
        self._reasons[f"{code} {'' if code else reason}".strip()] += 1
        pause = self._pause(absence, code, reason)
        client.detours += 1
        heapq.heappush(self._due, (now + pause, client.person))

    @staticmethod
    def _pause(absence: Absence, code: int, reason: str) -> float:
        if code == DRAINING:
            return int(reason) / 1_000
        if code == 0 and reason == REFUSED:
            return 0.0  # as a load balancer does, which tries the next node before it tells anybody
        absence.tries += 1
        return min(LONGEST_BACK_OFF_S, random.uniform(*BACK_OFF_S) * 2.0 ** (absence.tries - 1))

    def _turn(self, timeout: float) -> None:
        now = time.perf_counter()
        while self._due and self._due[0][0] <= now:
            _, person = heapq.heappop(self._due)
            self._away[person].begun = now
            self._clients.open(self._clients.of_person[person], self._back, self._refused)
        self._clients.turn(timeout, known=True)

    def _refused(self, client: Client) -> None:
        self._clients.lose(client, 0, "the hello was refused")

    def _back(self, client: Client) -> None:
        absence, now = self._away.pop(client.person), time.perf_counter()
        self._absences.append(now - absence.since)
        self._attempts.append(now - absence.begun)
        for said in [said for said in self._open.values() if said.sender is client]:
            self._send(said)

    def _behind(self) -> bool:
        """Whether somebody lacks what was acknowledged."""
        return any(
            self._acked[id] and self._reached(client, id) < max(self._acked[id])
            for client, id in self._pairs()
        )

    def _reached(self, sender: Client, conversation_id: str) -> int:
        """How far the one who reads has it."""
        return self._clients.of_person[sender.person + 1].seqs.get(conversation_id, 0)

    def _until(self, is_done: Callable[[], bool], what: str) -> None:
        deadline = time.perf_counter() + PATIENCE_S
        while not is_done():
            self._turn(0.02)
            now = time.perf_counter()
            for said in list(self._open.values()):
                if said.sender.person not in self._away and now - said.sent > AGAIN_AFTER_S:
                    self._send(said)
            if now > deadline:
                away, unanswered = len(self._away), len(self._open)
                raise Lost(f"not so after {PATIENCE_S} s: {what}; {away} away, {unanswered} unanswered")


def reckoned(
    acked: "dict[str, list[int]]", before: "dict[str, int]", reached: "dict[str, int]"
) -> dict[str, int]:
    """Where only the sender speaks, what was acknowledged and what the other read are the same numbers, once each:
    `lost` were acknowledged and not read, `doubled` were read and belong to no acknowledgement."""
    lost = doubled = 0
    for id, seqs in acked.items():
        read = set(range(before[id] + 1, reached[id] + 1))
        lost += len(set(seqs) - read)
        doubled += len(read - set(seqs)) + len(seqs) - len(set(seqs))
    return {"lost": lost, "doubled": doubled}
