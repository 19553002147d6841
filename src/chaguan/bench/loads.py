"""Clients that offer a load: a number of messages, a rate, a room at a rate; and such as stop reading."""

import itertools
import socket
import time
from collections.abc import Callable

from chaguan.bench import frames
from chaguan.bench.clients import PATIENCE_S, Client
from chaguan.bench.frames import Push, Reply
from chaguan.bench.workloads import Numbers, Workloads, message, percentile

SMALL_BUFFER = 4_096
SAMPLED = 10
"""Of so many readers one's copies are timed: reading the clock for each would cost the generator what it has."""
_TICK_S = 0.001
"""The finest that epoll waits."""


class Loads(Workloads):
    def count(self, messages: int) -> Numbers:
        """So many, each pair's first person sending the next as soon as the last was acknowledged."""
        left, acked = messages, 0

        def say(client: Client, conversation_id: str) -> None:
            nonlocal left
            left -= 1

            def answered(client: Client, reply: Reply) -> None:
                nonlocal acked
                acked += 1
                self._expect_ok(reply)
                if left > 0:
                    say(client, conversation_id)

            self._clients.command(client, message(conversation_id, frames.key(), next(self._texts)), answered)

        begun, start = time.perf_counter(), self._clients.received
        for client, conversation_id in self._senders()[:messages]:
            say(client, conversation_id)
        # Both of a pair get it.
        self._go_on_until(lambda: acked >= messages and self._clients.received - start >= 2 * messages)
        return {"seconds": time.perf_counter() - begun, **self._counts()}

    def _go_on_until(self, is_done: Callable[[], bool]) -> None:
        """While anything still arrives."""
        seen, deadline = -1, 0.0
        while not is_done():
            self._clients.turn(0.2)
            if self._clients.received != seen:
                seen, deadline = self._clients.received, time.perf_counter() + PATIENCE_S
            elif time.perf_counter() > deadline:
                raise TimeoutError("the server did not deliver all of it")

    def offered(self, rate: float, seconds: float, warm_s: float) -> Numbers:
        """`rate` messages a second in all, each sent when it is due, whatever became of the ones before. Ages count
        from when a message was due, so that a generator that is late makes no server look fast."""
        senders = itertools.cycle(self._senders())
        begun = time.perf_counter()
        first, end = begun + warm_s, begun + warm_s + seconds
        due_of: dict[str, float] = {}
        acks, arrivals, late = [], [], []
        open_, sent, refused = 0, 0, 0

        def arrived(client: Client, push: Push) -> None:
            due = due_of.pop(push.client_msg_id, None) if client.person % 2 else None
            if due is not None and due >= first:
                arrivals.append(time.perf_counter() - due)

        def say(client: Client, conversation_id: str, due: float) -> None:
            nonlocal open_
            open_ += 1
            key = frames.key()
            due_of[key] = due

            def answered(_client: Client, reply: Reply) -> None:
                nonlocal open_, refused
                open_ -= 1
                if not bytes(reply.ok):
                    refused += 1
                    due_of.pop(key, None)
                elif due >= first:
                    acks.append(time.perf_counter() - due)

            self._clients.command(client, message(conversation_id, key, next(self._texts)), answered)
            if due >= first:
                late.append(time.perf_counter() - due)

        self._clients.on_entry = arrived
        while (due := begun + sent / rate) < end:
            wait = due - time.perf_counter()
            if wait > 0:
                self._clients.turn(wait - _TICK_S if wait > 2 * _TICK_S else 0)
                continue
            say(*next(senders), due)
            sent += 1
            if sent % 50 == 0:
                self._clients.turn(0)
        in_time = len(arrivals)
        self._until(lambda: not open_ and not due_of, PATIENCE_S)
        self._clients.on_entry = None
        return {
            "sent": sent,
            "in_time": in_time,
            "acks": acks,
            "arrivals": arrivals,
            "late_p99": percentile(late, 0.99),
            "refused": refused,
            **self._counts(),
        }

    def copies(self, conversation_id: str, rate: float, seconds: float, warm_s: float) -> Numbers:
        """`rate` messages a second to everybody here who listens; when had each of every tenth reader its copy?"""
        listeners = len(self._clients.clients)
        speakers = itertools.cycle(self._clients.clients[:: max(1, listeners // 100)])
        begun = time.perf_counter()
        first, end = begun + warm_s, begun + warm_s + seconds
        due_of: dict[str, float] = {}
        ages: list[float] = []

        def arrived(client: Client, push: Push) -> None:
            if client.person % SAMPLED == 0:
                due = due_of.get(push.client_msg_id, 0)
                if due >= first:
                    ages.append(time.perf_counter() - due)

        start, sent = self._clients.received, 0
        self._clients.on_entry = arrived
        while (due := begun + sent / rate) < end:
            wait = due - time.perf_counter()
            if wait > 0:
                self._clients.turn(wait - _TICK_S if wait > 2 * _TICK_S else 0)
                continue
            key = frames.key()
            due_of[key] = due
            self._clients.command(
                next(speakers), message(conversation_id, key, next(self._texts)), self._answered
            )
            sent += 1
        self._go_on_until(lambda: self._clients.received - start >= sent * listeners)
        self._clients.on_entry = None
        return {
            "sent": sent,
            "copies": len(ages),
            "p99": percentile(ages, 0.99),
            "p50": percentile(ages, 0.5),
            **self._counts(),
        }

    def stall(self, seconds: float) -> Numbers:
        """Nobody here reads, with room for little, so that the server soon has to wait."""
        for client in self._clients.clients:
            if client.socket is not None:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        time.sleep(seconds)
        return {}
