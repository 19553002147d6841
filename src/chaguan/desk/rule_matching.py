"""Rules "when … if … then …": which are for an occasion, and what is wrong with a list of them. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk.bot_rules import contains, levelled
from chaguan.desk.routing import Facts
from chaguan.desk.routing.seats import speaks
from chaguan.protocol.automation import RuleEvent, RuleIf, RuleSpec

MAX_TIMED = 10
"""Rules of one shop that look at how long cases wait: each is a look at all who wait."""


class Occasion(Struct, frozen=True, kw_only=True):
    """What happened to a case. `number` tells it from others of its kind: an entry's seq, or since when it waits."""

    event: RuleEvent
    number: int
    queue_id: str
    facts: Facts
    is_open: bool
    words: str = ""
    tags: tuple[str, ...] = ()


def fitting(rules: Sequence[RuleSpec], occasion: Occasion) -> list[RuleSpec]:
    """In order, up to the first that moves or ends the case."""
    found: list[RuleSpec] = []
    for rule in rules:
        if rule.enabled and rule.when is occasion.event and fits(rule.if_, occasion):
            found.append(rule)
            if moves(rule):
                break
    return found


def moves(rule: RuleSpec) -> bool:
    return bool(rule.then.queue_id or rule.then.agent_id or rule.then.close)


def fits(wanted: RuleIf, occasion: Occasion) -> bool:
    return not unmet(wanted, occasion)


def unmet(wanted: RuleIf, occasion: Occasion) -> list[str]:
    """The names of the conditions that are asked for and not met."""
    facts = occasion.facts
    asked = {
        "queues": (wanted.queues, occasion.queue_id in wanted.queues),
        "languages": (
            wanted.languages,
            bool(facts.language) and any(speaks(facts.language, each) for each in wanted.languages),
        ),
        "apps": (wanted.apps, facts.app_id in wanted.apps),
        "pages": (wanted.pages, any(facts.page.startswith(page) for page in wanted.pages)),
        "hours": (wanted.hours, occasion.is_open == (wanted.hours == "open")),
        "words": (wanted.words, any(contains(occasion.words, levelled(word)) for word in wanted.words)),
        "tags": (wanted.tags, any(tag in occasion.tags for tag in wanted.tags)),
    }
    return [name for name, (condition, is_met) in asked.items() if condition and not is_met]


def check(rules: Sequence[RuleSpec]) -> None:
    """`bad_request` with the `rule`'s name for one that could never do what it says."""
    for rule in rules:
        wrong = _wrong(rule)
        if wrong:
            raise AppError(ErrorCode.bad_request, wrong[1], rule=rule.name, field=wrong[0])
    if sum(rule.when is RuleEvent.waiting for rule in rules) > MAX_TIMED:
        raise AppError(ErrorCode.bad_request, "rules by time", field="rules", limit=MAX_TIMED)
    ids = [rule.id for rule in rules if rule.id]
    if len(set(ids)) < len(ids):
        raise AppError(ErrorCode.bad_request, "a rule stands in the list once", field="id")


def _wrong(rule: RuleSpec) -> tuple[str, str] | None:
    then = rule.then
    if not (moves(rule) or then.reply or then.tags or then.notify):
        return "then", "a rule does something"
    if sum(map(bool, (then.queue_id, then.agent_id, then.close))) > 1:
        return "then", "a rule moves a case to one place, or ends it"
    if rule.when is RuleEvent.resolved and moves(rule):
        return "then", "what has ended can't be moved"
    if rule.when is RuleEvent.opened and then.agent_id:
        return "then", "a new case goes to a queue, whose agents are given it"
    if rule.when is RuleEvent.opened and then.queue_id and then.tags:
        return "then", "a new case is tagged by a rule of its own, before the one that moves it"
    if (rule.when is RuleEvent.waiting) != bool(rule.minutes):
        return "minutes", "how long, for those who wait and no others"
    if (rule.when is RuleEvent.said) != bool(rule.if_.words):
        return "if", "words, for what was said and nothing else"
    if rule.when is RuleEvent.tagged and not rule.if_.tags:
        return "if", "which tags"
    if any(not tag.strip() or not tag.isprintable() for tag in then.tags):
        return "then", "a tag is a word"
    return None
