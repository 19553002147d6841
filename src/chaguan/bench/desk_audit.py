"""What became of every case, held against the log after a run: none lost, none given twice, nobody over capacity."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from chaguan.protocol.desk import CaseEventKind

_ENDS = (CaseEventKind.resolved.value, CaseEventKind.abandoned.value, CaseEventKind.message_left.value)
_STILL = (
    CaseEventKind.warned.value,
    CaseEventKind.breached.value,
    CaseEventKind.tagged.value,
    CaseEventKind.rated.value,
    CaseEventKind.ruled.value,
)
"""What changes nobody's case."""
_ORDER = (
    "SELECT v.conversation_id, v.case_id, v.kind, v.agent_id, c.weight FROM case_events AS v "
    "JOIN entries AS e ON e.conversation_id = v.conversation_id AND e.seq = v.seq "
    "JOIN cases AS c ON c.id = v.case_id ORDER BY e.id"
)
_CAPACITY = "SELECT user_id, capacity FROM desk_agents"
_DECIDED = (
    "SELECT given.at - said.created_at FROM case_events AS given "
    "JOIN case_events AS opened ON opened.case_id = given.case_id AND opened.kind = 'opened' "
    "JOIN entries AS said ON said.conversation_id = opened.conversation_id AND said.seq = opened.seq - 1 "
    "JOIN entries AS entry ON entry.conversation_id = given.conversation_id AND entry.seq = given.seq "
    "WHERE given.kind = 'assigned' ORDER BY entry.id"
)


class Happened(NamedTuple):
    """One change of a case, in the order of commits. `agent_id` is who has it then; empty: it waits."""

    room: str
    case_id: str
    kind: str
    agent_id: str
    weight: int = 1


class Verdict(Struct):
    """`lost`: asked for, and in the end neither with an agent nor ended. `twice`: given while somebody had it.
    `over_capacity`: changes by which somebody had more than they can."""

    lost: int = 0
    twice: int = 0
    over_capacity: int = 0
    cases: int = 0
    assignments: int = 0
    most_load: int = 0
    decided_ms: list[int] = []
    """In the order of decisions, from when a customer's first message was stored to when it was stored who has them."""

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.twice or self.over_capacity)


def judged(history: Iterable[Happened], capacity: Mapping[str, int], asked: Sequence[str]) -> Verdict:
    """`asked` are conversations in which somebody was told that their question is there."""
    verdict = Verdict()
    holders: dict[str, str] = {}
    loads: defaultdict[str, int] = defaultdict(int)
    settled: dict[str, bool] = {}
    """Whether somebody has the latest case of a conversation, or it has ended."""
    for each in history:
        if each.kind in _STILL:
            continue
        is_over = each.kind in _ENDS
        former, holder = holders.get(each.case_id, ""), "" if is_over else each.agent_id
        if each.kind == CaseEventKind.assigned.value:
            verdict.assignments += 1
            verdict.twice += former != ""
        loads[former] -= each.weight
        loads[holder] += each.weight
        holders[each.case_id] = holder
        settled[each.room] = is_over or holder != ""
        if holder:
            verdict.over_capacity += loads[holder] > capacity.get(holder, 0)
            verdict.most_load = max(verdict.most_load, loads[holder])
    verdict.cases = len(holders)
    verdict.lost = sum(not settled.get(room, False) for room in asked)
    return verdict


def read(database: Path, asked: Sequence[str]) -> Verdict:
    """Of a server that has ended."""
    connection = sqlite3.connect(database)
    try:
        history = map(Happened._make, connection.execute(_ORDER))
        verdict = judged(history, dict(connection.execute(_CAPACITY)), asked)
        verdict.decided_ms = [ms for (ms,) in connection.execute(_DECIDED)]
        return verdict
    finally:
        connection.close()
