"""Into which queue a case goes."""

from collections.abc import Sequence

from msgspec import Struct

from chaguan.desk.routing.seats import speaks
from chaguan.protocol.desk import Queue, QueueMatch, Reason


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of a case when it opens. Empty and -1: not known, and then no rule about it fits."""

    language: str = ""
    vip_level: int = -1
    app_id: str = ""
    page: str = ""
    category: str = ""


def choose_queue(queues: Sequence[Queue], facts: Facts) -> tuple[Queue | None, Reason]:
    """The first queue in order whose rule fits. None: the case waits for whoever picks it."""
    for queue in sorted(queues, key=lambda each: (each.position, each.id)):
        by = fits(queue.match, facts)
        if by is not None:
            data = {"queue_id": queue.id, "queue": queue.name}
            return queue, Reason("rule", {**data, "by": by}) if by else Reason("default", data)
    return None, Reason("no_queue")


def fits(match: QueueMatch, facts: Facts) -> list[str] | None:
    """What of the rule was looked at, if all of it fits."""
    asked = (
        (
            "language",
            match.languages,
            any(facts.language and speaks(facts.language, w) for w in match.languages),
        ),
        ("vip_level", match.vip_levels, facts.vip_level in match.vip_levels),
        ("app", match.apps, facts.app_id in match.apps),
        ("page", match.pages, any(facts.page.startswith(page) for page in match.pages)),
        ("category", match.categories, facts.category in match.categories),
    )
    looked_at = [(name, is_met) for name, wanted, is_met in asked if wanted]
    return [name for name, _ in looked_at] if all(is_met for _, is_met in looked_at) else None


def loop_of(queues: Sequence[Queue]) -> list[str]:
    """Names of queues that overflow into one another in a circle; empty when there is none."""
    by_id = {queue.id: queue for queue in queues}
    for start in queues:
        seen: dict[str, str] = {}
        here: Queue | None = start
        while here is not None and here.overflow_after_s and here.overflow_to:
            if here.id in seen:
                return list(seen.values())
            seen[here.id] = here.name
            here = by_id.get(here.overflow_to)
    return []
