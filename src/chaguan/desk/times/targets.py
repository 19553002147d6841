"""When a target comes near and when it is missed. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from chaguan.desk import hours
from chaguan.desk.times.facts import Fact, Span, SpanKind
from chaguan.protocol.conversations import Case, CaseStatus
from chaguan.protocol.desk import Alarm, AlarmLevel, DeskSettings, Hours, Queue, Target

_ENDS = {
    SpanKind.waited: (Target.wait,),
    SpanKind.first_reply: (Target.first_reply,),
    SpanKind.resolved: (Target.resolution,),
    SpanKind.abandoned: (Target.wait,),
    SpanKind.message_left: (Target.wait,),
}
"""Which clocks end with a span of this kind, beginning where it begins."""


class Due(Struct, kw_only=True, frozen=True):
    """Somebody must be told at `due_at`. `ended_at`: what ran is over, but was too late by then."""

    case_id: str
    conversation_id: str
    target: Target
    level: AlarmLevel
    from_at: int
    due_at: int
    limit_s: int
    ended_at: int = 0


class Promises(Struct, frozen=True):
    """All queues by id, and the settings of shops that have some."""

    queues: Mapping[str, Queue]
    settings: Mapping[str, DeskSettings]

    @property
    def are_any(self) -> bool:
        return any(limit_s(queue, target) for queue in self.queues.values() for target in Target)

    def hours_of(self, queue: Queue) -> Hours:
        return (
            self.settings.get(queue.shop_id, DeskSettings()).hours if queue.targets.in_open_hours else Hours()
        )


def limit_s(queue: Queue, target: Target) -> int:
    if target is Target.wait:
        return queue.target_wait_s
    return queue.targets.first_reply_s if target is Target.first_reply else queue.targets.resolution_s


def clocks(fact: Fact) -> dict[Target, int]:
    """What runs for a case, and since when."""
    owed = fact.first_from_at if not fact.first_reply_at else 0
    found = {Target.wait: fact.waiting_at, Target.first_reply: owed, Target.resolution: fact.round_at}
    return {target: since for target, since in found.items() if since and fact.is_alive}


def running(fact: Fact, promises: Promises) -> list[Due]:
    """All that becomes due if the case stays as it is."""
    queue = promises.queues.get(fact.queue_id)
    if queue is None:
        return []
    own = promises.hours_of(queue)
    return [
        Due(
            case_id=fact.case_id,
            conversation_id=fact.conversation_id,
            target=target,
            level=level,
            from_at=since,
            due_at=due_at,
            limit_s=limit_s(queue, target),
        )
        for target, since in clocks(fact).items()
        for level, due_at in _moments(queue, own, target, since)
    ]


def late_ones(spans: Iterable[Span], promises: Promises, rooms: Mapping[str, str]) -> list[Due]:
    """Of what ended, what had been missed by then: whoever should have told of it may have been away."""
    found = []
    for span in spans:
        queue = promises.queues.get(span.queue_id)
        for target in _ENDS.get(span.kind, ()) if queue else ():
            found += list(_late(span, target, queue, promises, rooms)) if queue else []
    return found


def _late(
    span: Span, target: Target, queue: Queue, promises: Promises, rooms: Mapping[str, str]
) -> Iterator[Due]:
    for level, due_at in _moments(queue, promises.hours_of(queue), target, span.from_at):
        if level is AlarmLevel.breached and due_at < span.at:
            yield Due(
                case_id=span.case_id,
                conversation_id=rooms[span.case_id],
                target=target,
                level=level,
                from_at=span.from_at,
                due_at=due_at,
                limit_s=limit_s(queue, target),
                ended_at=span.at,
            )


def _moments(queue: Queue, own: Hours, target: Target, since: int) -> Iterator[tuple[AlarmLevel, int]]:
    limit_ms = limit_s(queue, target) * 1000
    if not limit_ms:
        return
    due_at = hours.after_open_ms(own, since, limit_ms)
    if due_at:
        yield AlarmLevel.breached, due_at
    percent = queue.targets.warn_percent
    near_at = hours.after_open_ms(own, since, limit_ms * percent // 100) if percent else 0
    if near_at:
        yield AlarmLevel.warned, near_at


def is_told(case: Case, due: Due) -> bool:
    """Whether this, or worse, was noticed already."""
    worse = (AlarmLevel.breached, due.level)
    return any(
        alarm.target is due.target and alarm.since == due.from_at and alarm.level in worse
        for alarm in case.alarms
    )


def still_runs(case: Case, due: Due) -> bool:
    """By the case alone. That nobody has replied yet, the consumer of the log knows."""
    if due.target is Target.wait:
        return case.status is CaseStatus.waiting and not case.bot_id
    return case.status is not CaseStatus.resolved


def with_alarm(alarms: Sequence[Alarm], due: Due, at: int) -> list[Alarm]:
    """The last of each target is kept."""
    own = Alarm(target=due.target, level=due.level, since=due.from_at, at=at, limit_s=due.limit_s)
    return [*(alarm for alarm in alarms if alarm.target is not due.target), own]
