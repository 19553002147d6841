"""Customers who write to a desk, and the agents who have their cases: what each is shown, and when."""

import time
from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from chaguan.bench import frames
from chaguan.bench.clients import PATIENCE_S, Client, Clients
from chaguan.bench.frames import Push, Reply
from chaguan.bench.workloads import Numbers, Workloads, message

SAMPLED = 10
"""Of so many agents one's screen is timed, and that of whoever is given the case."""


class Talk(Struct):
    """One customer's consultation."""

    customer: Client
    room: str
    acked_at: float = 0.0
    """When its first message was: it is committed by then."""
    case_id: str = ""
    agent: Client | None = None
    is_joined: bool = False
    """The agent hears what is said."""
    in_flight: int = 0


class DeskLoad(Workloads):
    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self._first_agent = first_agent = len(clients.world.users)
        self._customers = [each for each in clients.clients if each.person < first_agent]
        self._agents = {
            clients.world.agents[each.person - first_agent].user_id: each
            for each in clients.clients
            if each.person >= first_agent
        }
        self._newcomers: Iterator[Client] = iter(self._customers)
        self._talks: dict[str, Talk] = {}
        self._open: deque[Talk] = deque()
        """Those in which somebody answers, who longest did not say anything first."""
        self._coming = self._unanswered = 0
        self._sent: dict[str, float] = {}
        """When what is on its way to an agent was due."""
        self._forget()

    def _forget(self) -> None:
        """What was measured before."""
        self._since = 0.0
        self._acks: list[float] = []
        self._opened: list[float] = []
        self._decided: list[float] = []
        self._shown: list[float] = []
        self._arrived: list[float] = []

    def desk_begin(self) -> Numbers:
        """Every agent is at the desk and watches it."""
        self._clients.on_entry, self._clients.on_desk = self._heard, self._seen
        for body in (b'"type":"set_agent_state","state":"online"}', b'"type":"watch_desk"}'):
            for agent in self._agents.values():
                self._ask(agent, body)
            self._until(lambda: not self._unanswered, PATIENCE_S)
        return self._counts()

    def desk_rush(self, cases: int, window: int) -> Numbers:
        """So many customers come, at most `window` at a time on their way to an agent."""
        self._forget()
        begun, left = time.perf_counter(), cases
        seen, deadline = -1, 0.0
        while left or self._coming:
            while left and self._coming < window:
                self._come(next(self._newcomers))
                left -= 1
            self._clients.turn(0.2)
            if len(self._open) != seen:
                seen, deadline = len(self._open), time.perf_counter() + PATIENCE_S
            elif time.perf_counter() > deadline:
                raise TimeoutError(f"{self._coming} customers have nobody who hears them")
        return {"seconds": time.perf_counter() - begun, **self._found()}

    def desk_load(self, rate: float, turnover: float, seconds: float, warm_s: float) -> Numbers:
        """`rate` messages a second of those who are with an agent, whatever became of the ones before; `turnover` of
        them a second are resolved, and as many others come."""
        self._forget()
        begun = time.perf_counter()
        self._since, end = begun + warm_s, begun + warm_s + seconds
        sent = turned = 0
        while (now := time.perf_counter()) < end:
            while sent < (now - begun) * rate:
                self._say(self._next(), begun + sent / rate)
                sent += 1
            while turned < (now - begun) * turnover and (leaving := self._next_silent()) is not None:
                self._resolve(leaving)
                self._come(next(self._newcomers))
                turned += 1
            self._clients.turn(max(0.0, min(0.001, begun + (sent + 1) / rate - time.perf_counter())))
        self._until(lambda: not (self._sent or self._unanswered or self._coming), PATIENCE_S)
        return {"sent": sent, "turned": turned, **self._found()}

    def desk_rooms(self) -> Numbers:
        """Conversations whose first message was acknowledged."""
        return {"rooms": [talk.room for talk in self._talks.values() if talk.acked_at]}

    # What people do

    def _come(self, customer: Client) -> None:
        self._coming += 1

        def opened(_client: Client, reply: Reply) -> None:
            if self._expect_ok(reply):
                talk = Talk(customer, frames.decode_opened(reply.ok).view.conversation.id)
                self._talks[talk.room] = talk
                self._begin(talk)

        self._clients.command(customer, b'"type":"open_service"}', opened)

    def _begin(self, talk: Talk) -> None:
        asked_at = time.perf_counter()

        def answered(_client: Client, reply: Reply) -> None:
            if self._expect_ok(reply):
                talk.acked_at = time.perf_counter()
                self._keep(self._acks, talk.acked_at, asked_at)

        self._clients.command(talk.customer, message(talk.room, frames.key(), next(self._texts)), answered)

    def _say(self, talk: Talk, due: float) -> None:
        key = frames.key()
        self._sent[key] = due
        talk.in_flight += 1
        self._unanswered += 1

        def answered(_client: Client, reply: Reply) -> None:
            talk.in_flight -= 1
            self._unanswered -= 1
            if self._expect_ok(reply):
                self._keep(self._acks, time.perf_counter(), due)
            else:
                self._sent.pop(key, None)

        self._clients.command(talk.customer, message(talk.room, key, next(self._texts)), answered)

    def _resolve(self, talk: Talk) -> None:
        assert talk.agent is not None
        self._open.remove(talk)
        self._ask(talk.agent, b'"type":"resolve_case","case_id":"%b"}' % talk.case_id.encode())

    def _ask(self, agent: Client, body: bytes) -> None:
        self._unanswered += 1

        def answered(_client: Client, reply: Reply) -> None:
            self._unanswered -= 1
            self._expect_ok(reply)

        self._clients.command(agent, body, answered)

    def _next(self) -> Talk:
        self._open.rotate(-1)
        return self._open[-1]

    def _next_silent(self) -> Talk | None:
        """Of whom nothing is on its way: what came behind the end of a case would begin another. A server that does not
        keep up has none."""
        return next((talk for talk in self._open if not talk.in_flight), None)

    # What they are shown

    def _heard(self, client: Client, push: Push) -> None:
        talk = self._talks.get(push.conversation_id)
        if talk is None:
            return
        if client is talk.customer:
            if push.type == "case_changed":
                self._moved(talk, push)
        elif client.person >= self._first_agent:
            if not talk.is_joined:
                talk.is_joined = True
                self._coming -= 1
                self._open.append(talk)
            due = self._sent.pop(push.client_msg_id, None)
            if due is not None:
                self._keep(self._arrived, time.perf_counter(), due)

    def _moved(self, talk: Talk, push: Push) -> None:
        """By its customer's screen."""
        now = time.perf_counter()
        if push.status == "waiting":
            self._keep(self._opened, now, talk.acked_at)
        elif push.status == "open":
            # Given twice, or to nobody who is here: the history tells which.
            self._clients.faults += talk.case_id != "" or push.agent_id not in self._agents
            talk.case_id, talk.agent = push.case_id, self._agents.get(push.agent_id)
            self._keep(self._decided, now, talk.acked_at)

    def _seen(self, client: Client, push: Push) -> None:
        """By an agent's: somebody has a case now."""
        for case in push.cases:
            talk = self._talks.get(case.conversation_id)
            if talk is None or case.status != "open" or not talk.acked_at:
                continue
            if client.person % SAMPLED == 0 or client is self._agents.get(case.agent_id):
                self._keep(self._shown, time.perf_counter(), talk.acked_at)

    def _keep(self, ages: list[float], now: float, since: float) -> None:
        """What began after the warm-up."""
        if since >= self._since:
            ages.append(now - since)

    def _found(self) -> Numbers:
        return {
            "acks": self._acks,
            "opened": self._opened,
            "decided": self._decided,
            "shown": self._shown,
            "arrived": self._arrived,
            **self._counts(),
        }
