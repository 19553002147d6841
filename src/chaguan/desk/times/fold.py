"""The times of the cases of one conversation, entry by entry. Pure: the same log always gives the same facts and spans."""

from collections.abc import Iterable

from chaguan.desk.times.facts import Change, Fact, Message, Span, SpanKind
from chaguan.protocol.conversations import CaseStatus
from chaguan.protocol.desk import CaseEventKind

_GIVEN_UP = {
    CaseEventKind.abandoned.value: SpanKind.abandoned,
    CaseEventKind.message_left.value: SpanKind.message_left,
}
"""Ends that are nobody's doing but the customer's: no resolution."""
_OPEN, _ENDED = CaseStatus.open.value, CaseStatus.resolved.value


class Fold:
    """Begins with the facts of a conversation's cases as they stand and goes on with its entries in their order."""

    def __init__(self, conversation_id: str, shop_id: str, customer_id: str, facts: Iterable[Fact]) -> None:
        self._conversation_id = conversation_id
        self._shop_id = shop_id
        self._customer_id = customer_id
        self.facts = {fact.case_id: fact for fact in facts}
        self.spans: list[Span] = []
        self.touched: set[str] = set()
        self.turned: set[str] = set()
        """Cases in which the customer began to be without an answer, or got one."""

    def message(self, said: Message) -> None:
        """Somebody said something: the customer asks, or an agent answers."""
        alive = [fact for fact in self.facts.values() if fact.is_alive]
        if said.actor_id == self._customer_id:
            fact = _latest(alive)
            if fact is not None and not fact.asked_at and not fact.with_bot:
                self._asked(fact, said)
                self._touch(fact, said.entry_id)
            return
        # Who holds no case here (a bot, a colleague, the shop's server) does not answer it.
        fact = _latest([each for each in alive if each.agent_id == said.actor_id])
        if fact is not None:
            self._answered(fact, said)

    def change(self, change: Change) -> None:
        """A case was opened, given, passed on, ended …"""
        fact = self.facts.get(change.case_id)
        if fact is None:
            fact = self._opened(change)
        elif not fact.is_alive and change.status != _ENDED:
            self._reopened(fact, change)
        self._touch(fact, change.entry_id)
        if change.kind == CaseEventKind.breached.value:
            self._span(fact, change, SpanKind.breached, change.target_from_at, fact.agent_id, change.target)
        if not change.is_quiet:
            self._moved(fact, change)

    def _answered(self, fact: Fact, said: Message) -> None:
        if fact.asked_at:
            self._span(fact, said, SpanKind.reply, fact.asked_at, said.actor_id)
        if fact.first_from_at and not fact.first_reply_at:
            self._span(fact, said, SpanKind.first_reply, fact.first_from_at, said.actor_id)
            fact.first_reply_at = said.at
            self._touch(fact, said.entry_id)
        if fact.asked_at:
            self._heard(fact, said)
            self._touch(fact, said.entry_id)

    def _asked(self, fact: Fact, entry: Change | Message) -> None:
        fact.asked_at, fact.asked_ordinal, fact.asked_seq = entry.at, entry.ordinal, entry.seq
        self.turned.add(fact.case_id)

    def _heard(self, fact: Fact, entry: Change | Message) -> None:
        """Nobody waits for an answer any more."""
        fact.asked_at, fact.asked_ordinal, fact.asked_seq = 0, 0, entry.seq
        self.turned.add(fact.case_id)

    def _opened(self, change: Change) -> Fact:
        is_asked = change.actor_id == self._customer_id
        fact = Fact(
            case_id=change.case_id,
            conversation_id=self._conversation_id,
            shop_id=self._shop_id,
            queue_id=change.queue_id,
            with_bot=change.with_bot,
            opened_at=change.at,
            round_at=change.at,
            first_from_at=change.at if is_asked and not change.with_bot else 0,
        )
        self.facts[fact.case_id] = fact
        if is_asked and not change.with_bot:
            self._asked(fact, change)
        self._span(fact, change, SpanKind.opened, change.at, "")
        return fact

    def _reopened(self, fact: Fact, change: Change) -> None:
        fact.ended_at = 0
        fact.round_at = change.at
        if change.actor_id == self._customer_id:
            self._asked(fact, change)
        else:
            self._heard(fact, change)
        fact.queue_id = change.queue_id
        if not fact.first_reply_at:
            fact.first_from_at = fact.asked_at
        self._span(fact, change, SpanKind.reopened, change.at, "")

    def _moved(self, fact: Fact, change: Change) -> None:
        if fact.with_bot and (change.kind == CaseEventKind.handed_over.value or change.status == _OPEN):
            self._left_bot(fact, change)
        if change.status == _OPEN:
            self._given(fact, change)
        elif change.status == _ENDED:
            self._ended(fact, change)
        else:
            self._queued(fact, change)
        fact.status, fact.agent_id, fact.moved_seq = change.status, change.agent_id, change.seq
        fact.queue_id = change.queue_id or fact.queue_id

    def _left_bot(self, fact: Fact, change: Change) -> None:
        """From here on a person is owed to the customer."""
        fact.with_bot = False
        self._asked(fact, change)
        fact.first_from_at = fact.first_from_at or change.at

    def _given(self, fact: Fact, change: Change) -> None:
        if fact.waiting_at:
            self._span(fact, change, SpanKind.waited, fact.waiting_at, change.agent_id)
            fact.waiting_at = 0
        if fact.held_at and fact.agent_id != change.agent_id:
            self._let_go(fact, change)
            self._span(fact, change, SpanKind.transferred, change.at, fact.agent_id)
        fact.held_at = fact.held_at or change.at

    def _queued(self, fact: Fact, change: Change) -> None:
        if fact.held_at:
            self._let_go(fact, change)
            if change.kind == CaseEventKind.transferred.value:
                self._span(fact, change, SpanKind.transferred, change.at, fact.agent_id)
        if not fact.with_bot:
            fact.waiting_at = fact.waiting_at or change.at

    def _ended(self, fact: Fact, change: Change) -> None:
        if not fact.is_alive:
            return
        given_up = _GIVEN_UP.get(change.kind)
        if given_up is not None:
            self._span(fact, change, given_up, fact.waiting_at or change.at, "")
        else:
            agent_id = change.agent_id or fact.agent_id
            self._span(fact, change, SpanKind.resolved, fact.round_at, agent_id)
        if fact.held_at:
            self._let_go(fact, change)
        fact.waiting_at = fact.asked_at = 0
        fact.with_bot = False
        fact.ended_at = change.at

    def _let_go(self, fact: Fact, change: Change) -> None:
        self._span(fact, change, SpanKind.handled, fact.held_at, fact.agent_id)
        fact.held_at = 0

    def _span(
        self,
        fact: Fact,
        entry: Change | Message,
        kind: SpanKind,
        from_at: int,
        agent_id: str,
        target: str = "",
    ) -> None:
        self.spans.append(
            Span(
                entry_id=entry.entry_id,
                kind=kind,
                case_id=fact.case_id,
                shop_id=fact.shop_id,
                queue_id=fact.queue_id,
                agent_id=agent_id,
                from_at=from_at,
                at=entry.at,
                target=target,
            )
        )

    def _touch(self, fact: Fact, entry_id: int) -> None:
        fact.entry_id = entry_id
        self.touched.add(fact.case_id)


def _latest(facts: list[Fact]) -> Fact | None:
    return max(facts, key=lambda fact: fact.moved_seq, default=None)
