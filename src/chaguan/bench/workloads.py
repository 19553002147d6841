"""What the clients of one generator process are asked to do. Each returns plain numbers."""

import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from chaguan.bench import corpus, frames
from chaguan.bench.clients import PATIENCE_S, Client, Clients
from chaguan.bench.frames import Push, Reply
from chaguan.bench.world import GROUP_SIZE

Numbers = dict[str, Any]


class Workloads:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._world = clients.world
        self._texts: Iterator[bytes] = itertools.cycle(corpus.contents())

    def connect(self, window: int, known: bool, count: int = 0) -> Numbers:
        wanted = self._clients.clients[:count] if count else self._clients.clients
        absent = [client for client in wanted if client.socket is None]
        before, begun = self._clients.resumed_handshakes, time.perf_counter()
        refusals = self._clients.refusals
        took = self._clients.connect(absent, window, known)
        return {
            "count": len(took),
            "seconds": time.perf_counter() - begun,
            "took": took,
            "refusals": self._clients.refusals - refusals,
            "resumed": self._clients.resumed_handshakes - before,
        }

    def close(self, keep_tickets: bool = True) -> Numbers:
        self._clients.close_all(keep_tickets)
        return {}

    def idle(self, seconds: float) -> Numbers:
        """Nothing but each client's heartbeat."""
        before, end = self._clients.beats, time.perf_counter() + seconds
        while time.perf_counter() < end:
            self._clients.turn(0.01)
        return {"heartbeats": self._clients.beats - before, "received": self._clients.received}

    def direct(self, seconds: float, warm_s: float) -> Numbers:
        """Every pair's first person sends the next message as soon as the last was acknowledged."""
        senders = self._senders()
        window = _Window(time.perf_counter() + warm_s, seconds)
        acked, answered_in_all, ages = 0, 0, _Ages()
        in_flight = 0

        def say(client: Client, conversation_id: str) -> None:
            nonlocal in_flight
            in_flight += 1
            key, sent_at = frames.key(), time.perf_counter()
            ages.sent[key] = sent_at

            def answered(client: Client, reply: Reply) -> None:
                nonlocal acked, answered_in_all, in_flight
                now = time.perf_counter()
                in_flight -= 1
                answered_in_all += 1
                if not self._expect_ok(reply):
                    ages.sent.pop(key, None)
                elif window.holds(now):
                    acked += 1
                    ages.acks.append(now - sent_at)
                if now < window.end:
                    say(client, conversation_id)

            self._clients.command(client, message(conversation_id, key, next(self._texts)), answered)

        def arrived(client: Client, push: Push) -> None:
            if client.person % 2:
                ages.arrive(push.client_msg_id, window)

        self._clients.on_entry = arrived
        for client, conversation_id in senders:
            say(client, conversation_id)
        self._until(lambda: not in_flight and not ages.sent, window.end - time.perf_counter() + PATIENCE_S)
        self._clients.on_entry = None
        return {
            "acked": acked,
            "answered": answered_in_all,
            "seconds": seconds,
            "acks": ages.acks,
            "arrivals": ages.arrivals,
            **self._counts(),
        }

    def paced(self, rate: float, seconds: float, warm_s: float) -> Numbers:
        """`rate` messages a second in all, whether or not earlier ones were acknowledged; ages from the due time."""
        senders = itertools.cycle(self._senders())
        window = _Window(time.perf_counter() + warm_s, seconds)
        begun, sent, open_ = time.perf_counter(), 0, 0
        ages = _Ages()

        def arrived(client: Client, push: Push) -> None:
            if client.person % 2:
                ages.arrive(push.client_msg_id, window)

        self._clients.on_entry = arrived
        while (now := time.perf_counter()) < window.end:
            while sent < (now - begun) * rate:
                client, conversation_id = next(senders)
                if client.socket is None:  # counted where it was lost
                    sent += 1
                    continue
                key, due = frames.key(), time.perf_counter()
                ages.sent[key] = due

                def answered(_client: Client, reply: Reply, due: float = due, key: str = key) -> None:
                    nonlocal open_
                    open_ -= 1
                    if not self._expect_ok(reply):
                        ages.sent.pop(key, None)
                    elif window.holds(due):
                        ages.acks.append(time.perf_counter() - due)

                self._clients.command(client, message(conversation_id, key, next(self._texts)), answered)
                sent, open_ = sent + 1, open_ + 1
            self._clients.turn(max(0.0, min(0.001, begun + (sent + 1) / rate - time.perf_counter())))
        try:
            self._until(lambda: not open_ and not ages.sent, PATIENCE_S)
        except TimeoutError:
            if self._clients.on_lost is None:
                raise
        self._clients.on_entry = None
        return {
            "sent": sent,
            "unanswered": open_,
            "acks": ages.acks,
            "arrivals": ages.arrivals,
            **self._counts(),
        }

    def kept(self, rate: float, seconds: float, warm_s: float) -> Numbers:
        """`paced`, where a connection that ends is counted as `dropped` and the others go on."""
        dropped = 0

        def lost(_client: Client, _code: int, _reason: str) -> None:
            nonlocal dropped
            dropped += 1

        self._clients.on_lost = lost
        beats = self._clients.beats
        try:
            found = self.paced(rate, seconds, warm_s)
        finally:
            self._clients.on_lost = None
        return {**found, "heartbeats": self._clients.beats - beats, "dropped": dropped}

    def crowded(self, conversation_id: str, seconds: float, warm_s: float) -> Numbers:
        """All of these clients say the next thing to one conversation as soon as their last was acknowledged."""
        window = _Window(time.perf_counter() + warm_s, seconds)
        acks: list[float] = []
        in_flight = 0

        def say(client: Client) -> None:
            nonlocal in_flight
            in_flight += 1
            sent_at = time.perf_counter()

            def answered(client: Client, reply: Reply) -> None:
                nonlocal in_flight
                now = time.perf_counter()
                in_flight -= 1
                if self._expect_ok(reply) and window.holds(now):
                    acks.append(now - sent_at)
                if now < window.end:
                    say(client)

            body = message(conversation_id, frames.key(), next(self._texts))
            self._clients.command(client, body, answered)

        for client in self._clients.clients:
            say(client)
        self._until(lambda: not in_flight, window.end - time.perf_counter() + PATIENCE_S)
        return {"acked": len(acks), "seconds": seconds, "acks": acks, **self._counts()}

    def group(self, conversation_id: str, listeners: int, rounds: int) -> Numbers:
        """One message after another: the next is sent when everybody online has the one before."""
        sizes, begun = 0, time.perf_counter()
        speakers = self._clients.clients[:listeners]
        for nth in range(rounds):
            start = self._clients.received
            body = message(conversation_id, frames.key(), next(self._texts))
            self._clients.command(speakers[nth % len(speakers)], body, self._answered)
            self._until(lambda: self._clients.received - start >= listeners, PATIENCE_S)  # noqa: B023
            sizes += self._clients.last_size
        seconds = time.perf_counter() - begun
        return {
            "deliveries": rounds * listeners,
            "seconds": seconds,
            "size": sizes // rounds,
            **self._counts(),
        }

    def room(self, conversation_id: str, listeners: int, rate: float, seconds: float) -> Numbers:
        """`rate` messages a second into one conversation with everybody online; when did the last one have each?"""
        speakers = itertools.cycle(self._clients.clients[:200])
        sent_at: dict[str, float] = {}
        copies: defaultdict[str, int] = defaultdict(int)
        ages: list[float] = []

        def arrived(_client: Client, push: Push) -> None:
            copies[push.client_msg_id] += 1
            if copies[push.client_msg_id] == listeners:
                ages.append(time.perf_counter() - sent_at[push.client_msg_id])

        start = self._clients.received
        self._clients.on_entry = arrived
        begun, sent = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - begun) < seconds:
            if sent < elapsed * rate:
                key = frames.key()
                sent_at[key] = time.perf_counter()
                self._clients.command(
                    next(speakers), message(conversation_id, key, next(self._texts)), self._answered
                )
                sent += 1
            else:
                self._clients.turn(0.002)
                continue
            self._clients.turn(0)
        self._until(lambda: len(ages) >= sent, PATIENCE_S)
        self._clients.on_entry = None
        took = time.perf_counter() - begun
        deliveries = self._clients.received - start
        return {"deliveries": deliveries, "seconds": took, "sent": sent, "ages": ages, **self._counts()}

    def fill(self, groups: int, messages: int) -> Numbers:
        """In each hundred's first `groups` conversations somebody says `messages` things, and all hear of them."""
        waiting = 0
        heads: defaultdict[str, int] = defaultdict(int)

        def answered(_client: Client, reply: Reply, id: str) -> None:
            nonlocal waiting
            waiting -= 1
            if self._expect_ok(reply):
                heads[id] = max(heads[id], frames.decode_sent(reply.ok).seq)

        for _ in range(messages):
            for client in self._clients.clients[::GROUP_SIZE]:
                for id in self._world.groups_of(client.person)[:groups]:
                    body = message(id, frames.key(), next(self._texts))
                    self._clients.command(client, body, partial(answered, id=id))
                    waiting += 1
                self._until(lambda: waiting < 200, PATIENCE_S)  # noqa: B023  asked at once
        self._until(lambda: not waiting, PATIENCE_S)
        for client in self._clients.clients:
            ids = self._world.groups_of(client.person)[:groups]
            self._until(lambda: all(client.seqs.get(id, 0) >= heads[id] for id in ids), PATIENCE_S)  # noqa: B023
        return self._counts()

    def pull(self, groups: int, messages: int, window: int) -> Numbers:
        """Everybody says they lack the last `messages` of each of their first `groups` conversations."""
        heads = {
            id: self._clients.clients[at].seqs.get(id, 0)
            for at in range(0, len(self._clients.clients), GROUP_SIZE)
            for id in self._world.groups_of(at)[:groups]
        }
        waiting, took, got, size = 0, [], 0, 0
        begun = time.perf_counter()
        for client in self._clients.clients:
            known = [[id, heads[id] - messages] for id in self._world.groups_of(client.person)[:groups]]
            client.seqs.update((id, seq) for id, seq in known)  # type: ignore[misc]
            asked = time.perf_counter()

            def answered(client: Client, reply: Reply, asked: float = asked) -> None:
                nonlocal waiting, got, size
                waiting -= 1
                took.append(time.perf_counter() - asked)
                size = len(bytes(reply.ok))
                welcome = self._clients.take_welcome(client, reply)
                got += sum(len(sync.entries) for sync in welcome.syncs) if welcome else 0

            body = frames.encode(
                {"type": "resume", "epoch": self._world.epoch, "user_version": client.version, "known": known}
            )
            self._clients.command(client, body[1:], answered)
            waiting += 1
            self._until(lambda: waiting < window, PATIENCE_S)  # noqa: B023  asked at once
        self._until(lambda: not waiting, PATIENCE_S)
        return {
            "messages": got,
            "seconds": time.perf_counter() - begun,
            "took": took,
            "size": size,
            **self._counts(),
        }

    def _senders(self) -> list[tuple[Client, str]]:
        of_person = self._clients.of_person
        return [(of_person[2 * nth], id) for nth, id in enumerate(self._world.pairs) if 2 * nth in of_person]

    def _until(self, is_done: Callable[[], bool], patience_s: float) -> None:
        deadline = time.perf_counter() + patience_s
        while not is_done():
            self._clients.turn(0.2)
            if time.perf_counter() > deadline:
                raise TimeoutError("the server did not deliver all of it")

    def _expect_ok(self, reply: Reply) -> bool:
        """What was refused is a fault, and no message."""
        is_ok = bool(bytes(reply.ok))
        self._clients.faults += not is_ok
        return is_ok

    def _answered(self, _client: Client, reply: Reply) -> None:
        self._expect_ok(reply)

    def _counts(self) -> Numbers:
        return {"faults": self._clients.faults, "received": self._clients.received}


class _Window:
    """What counts: from after the warm-up to the end."""

    def __init__(self, start: float, seconds: float) -> None:
        self.start, self.end = start, start + seconds

    def holds(self, moment: float) -> bool:
        return self.start <= moment < self.end


class _Ages:
    def __init__(self) -> None:
        self.sent: dict[str, float] = {}
        self.acks: list[float] = []
        self.arrivals: list[float] = []

    def arrive(self, key: str, window: _Window) -> None:
        sent_at = self.sent.pop(key, None)
        if sent_at is not None and window.holds(sent_at):
            self.arrivals.append(time.perf_counter() - sent_at)


def message(conversation_id: str, key: str, content: bytes) -> bytes:
    return b'"type":"send_message","conversation_id":"%b","client_msg_id":"%b","content":%b}' % (
        conversation_id.encode(),
        key.encode(),
        content,
    )


def percentile(values: list[float], share: float) -> float:
    if not values:
        return 0.0
    if len(values) < 100:
        return sorted(values)[min(len(values) - 1, int(share * len(values)))]
    return statistics.quantiles(values, n=1_000)[min(998, int(share * 1_000) - 1)]
