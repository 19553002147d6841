"""What rules did lately, and what one would have done in the latest cases. Reads, and does nothing."""

from collections.abc import Iterable

from sqlalchemy import Connection

from chaguan.desk import hours, rule_matching, rules
from chaguan.desk.bot_rules import levelled
from chaguan.desk.rule_matching import Occasion
from chaguan.desk.store import cases as case_store
from chaguan.desk.store import firings as store
from chaguan.desk.store import setup
from chaguan.protocol.automation import RuleEvent, RuleQuestion, RuleRuns, RuleSpec, RuleTried
from chaguan.protocol.conversations import Case, CaseStatus

LATELY_MS = 30 * 86_400_000
MOST_COUNTED = 5_000
MOST_CASES = 20
CHANGES = 200
"""So many changes of the shop's cases are looked at for the latest."""


def runs(con: Connection, shop_id: str, now: int) -> list[RuleRuns]:
    found: dict[str, RuleRuns] = {}
    for firing in store.firings(con, shop_id, now - LATELY_MS, MOST_COUNTED):
        known = found.get(firing.rule_id)
        if known is None:
            found[firing.rule_id] = RuleRuns(firing.rule_id, 1, firing.at, firing.conversation_id)
        else:
            known.runs += 1
    return list(found.values())


def tried(con: Connection, shop_id: str, question: RuleQuestion, now: int) -> list[RuleTried]:
    settings, words = setup.settings(con, shop_id), levelled(question.text)
    found = []
    for case in _latest(con, shop_id):
        is_open = hours.is_open(settings.hours, case.opened_at)
        unmet = _unmet(question.rule, case, _occasion(question.rule.when, case, is_open, words), now)
        found.append(
            RuleTried(
                case_id=case.id,
                conversation_id=case.conversation_id,
                customer_id=case.customer_id,
                opened_at=case.opened_at,
                unmet=list(unmet),
            )
        )
    return found


def _latest(con: Connection, shop_id: str) -> list[Case]:
    since = max(0, case_store.version(con, shop_id) - CHANGES)
    changed = case_store.changed_since(con, shop_id, since, CHANGES)
    return sorted(changed, key=lambda case: case.opened_at, reverse=True)[:MOST_CASES]


def _occasion(event: RuleEvent, case: Case, is_open: bool, words: str) -> Occasion:
    app_id = case.context.get("app_id")
    return Occasion(
        event=event,
        number=0,
        queue_id=case.queue_id,
        facts=rules.facts_of(case.context, app_id if isinstance(app_id, str) else "", -1),
        is_open=is_open,
        words=words,
        tags=tuple(case.tags),
    )


def _unmet(rule: RuleSpec, case: Case, occasion: Occasion, now: int) -> Iterable[str]:
    if rule.when is RuleEvent.resolved and case.status is not CaseStatus.resolved:
        yield "when"
    if rule.when is RuleEvent.waiting and _waited_ms(case, now) < rule.minutes * 60_000:
        yield "minutes"
    yield from rule_matching.unmet(rule.if_, occasion)


def _waited_ms(case: Case, now: int) -> int:
    return (case.taken_at or case.resolved_at or now) - case.opened_at
