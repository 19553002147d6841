"""The times of cases once more, from the log alone and in another way: slow, and easy to check by eye."""

import itertools
from typing import NamedTuple

import msgspec
from sqlalchemy import text

from chaguan.messaging.model import CASE, MESSAGE, unpack_state
from chaguan.protocol.desk import Reason


class Entry(NamedTuple):
    id: int
    room: str
    at: int
    actor: str
    case: str = ""
    status: str = ""
    agent: str = ""
    kind: str = ""
    queue: str = ""
    reason: Reason | None = None

    @property
    def is_message(self) -> bool:
        return not self.case

    @property
    def moves(self) -> bool:
        return self.kind not in ("warned", "tagged")


class Measured(NamedTuple):
    entry: int
    kind: str
    case: str
    queue: str
    agent: str
    since: int
    at: int


def read(con) -> tuple[list[Entry], dict[str, str]]:
    """The log of service conversations, and the customer of each."""
    customers = {
        row[0]: row[1] for row in con.execute(text("SELECT conversation_id, customer_id FROM cases"))
    }
    events = {
        (row[0], row[1]): (row[2], row[3], msgspec.json.decode(row[4], type=Reason) if row[4] else None)
        for row in con.execute(text("SELECT conversation_id, seq, kind, queue_id, reason FROM case_events"))
    }
    entries = []
    rows = con.execute(
        text(
            "SELECT id, conversation_id, seq, kind, countable, created_at, actor_id, state FROM entries ORDER BY id"
        )
    )
    for id, room, seq, kind, countable, at, actor, state in rows:
        if kind == MESSAGE and countable:
            entries.append(Entry(id, room, at, actor))
        elif kind == CASE:
            fields = unpack_state(state).fields
            told = events[room, seq]
            entries.append(
                Entry(
                    id,
                    room,
                    at,
                    actor,
                    fields["case_id"],
                    fields["status"],
                    fields.get("agent_id", ""),
                    *told,
                )
            )
    return entries, customers


def recount(entries: list[Entry], customers: dict[str, str]) -> list[Measured]:
    found = []
    for case in dict.fromkeys(entry.case for entry in entries if entry.case):
        found += _of_case(case, entries, customers)
    return sorted(found)


def unanswered(entries: list[Entry], customers: dict[str, str]) -> dict[str, int]:
    """Of each case that goes on: since when its customer is without an answer, 0: they have one."""
    found = {}
    for case in dict.fromkeys(entry.case for entry in entries if entry.case):
        moves = [entry for entry in entries if entry.case == case and entry.moves]
        if moves[-1].status != "resolved":
            said = [entry for entry in entries if entry.is_message and entry.room == moves[0].room]
            found[case] = _replies(case, moves, said, customers[moves[0].room], entries)[1]
    return found


def _of_case(case: str, entries: list[Entry], customers: dict[str, str]) -> list[Measured]:
    own = [entry for entry in entries if entry.case == case]
    moves = [entry for entry in own if entry.moves]
    room, customer = moves[0].room, customers[moves[0].room]
    said = [entry for entry in entries if entry.is_message and entry.room == room]
    return [
        *_counted(case, moves),
        *_stretches(case, moves),
        *_replies(case, moves, said, customer, entries)[0],
        *(
            _measured(
                m, "breached", case, _queue_before(moves, m), _agent_before(moves, m), m.reason.data["since"]
            )
            for m in own
            if m.kind == "breached"
        ),
    ]


def _counted(case: str, moves: list[Entry]) -> list[Measured]:
    found, began = [], 0
    for before, move in zip([None, *moves], moves, strict=False):
        if move.kind in ("opened", "reopened"):
            began = move.at
            found.append(_measured(move, move.kind, case, move.queue, "", move.at))
        if move.kind == "resolved":
            found.append(_measured(move, "resolved", case, before.queue, move.agent or before.agent, began))
        # Returned by the desk itself is nobody's passing on.
        is_passed_on = move.kind in ("transferred", "taken", "assigned")
        if is_passed_on and before and before.status == "open" and before.agent != move.agent:
            found.append(_measured(move, "transferred", case, before.queue, before.agent, move.at))
    return found


def _stretches(case: str, moves: list[Entry]) -> list[Measured]:
    """Waiting and being handled: runs of moves after which the case was in the same hands."""
    found, since = [], moves[0].at
    for before, move in itertools.pairwise(moves):
        is_same = (before.status, before.agent) == (move.status, move.agent)
        if is_same and move.kind != "handed_over":
            continue
        with_bot = before.kind == "opened" and bool(before.reason and before.reason.data.get("bot_id"))
        if before.status == "waiting" and not with_bot:
            if move.status == "open":
                found.append(_measured(move, "waited", case, before.queue, move.agent, since))
            elif move.kind in ("abandoned", "message_left"):
                found.append(_measured(move, move.kind, case, before.queue, "", since))
        elif move.kind in ("abandoned", "message_left"):
            found.append(_measured(move, move.kind, case, before.queue, "", move.at))
        if before.status == "open":
            found.append(_measured(move, "handled", case, before.queue, before.agent, since))
        since = move.at
    return found


def _replies(
    case: str, moves: list[Entry], said: list[Entry], customer: str, entries: list[Entry]
) -> tuple[list[Measured], int]:
    """And since when the customer is without an answer at the end."""
    found, first_done = [], False
    asked = first = 0
    for entry in sorted([*moves, *said], key=lambda each: each.id):
        if not entry.is_message:
            before = _before(moves, entry.id)
            had_bot = (
                before and before.kind == "opened" and before.reason and before.reason.data.get("bot_id")
            )
            with_bot = entry.reason is not None and "bot_id" in entry.reason.data and entry.kind == "opened"
            if entry.kind in ("opened", "reopened"):
                asked = entry.at if entry.actor == customer and not with_bot else 0
                first = first if first_done else asked
            elif had_bot and (entry.kind == "handed_over" or entry.status == "open"):
                asked, first = entry.at, first or entry.at
            if entry.status == "resolved":
                asked = 0
            continue
        if _belongs(entry, customer, entries) != case:
            continue
        if entry.actor == customer:
            opened = _before(moves, entry.id)
            with_bot = opened.kind == "opened" and opened.reason and opened.reason.data.get("bot_id")
            asked = asked or (0 if with_bot else entry.at)
            continue
        queue = _queue_before(moves, entry)
        if asked:
            found.append(_measured(entry, "reply", case, queue, entry.actor, asked))
            asked = 0
        if first and not first_done:
            found.append(_measured(entry, "first_reply", case, queue, entry.actor, first))
            first_done = True
    return found, asked


def _belongs(message: Entry, customer: str, entries: list[Entry]) -> str:
    """Of the cases that are the speaker's at that moment, the one that moved last."""
    last: dict[str, Entry] = {}
    for entry in entries:
        if entry.id < message.id and entry.room == message.room and entry.case and entry.moves:
            last[entry.case] = entry
    alive = [each for each in last.values() if each.status != "resolved"]
    if message.actor != customer:
        alive = [each for each in alive if each.agent == message.actor]
    return max(alive, key=lambda each: each.id).case if alive else ""


def _before(moves: list[Entry], id: int) -> Entry | None:
    return next((move for move in reversed(moves) if move.id < id), None)


def _queue_before(moves: list[Entry], entry: Entry) -> str:
    before = _before(moves, entry.id)
    return before.queue if before else entry.queue


def _agent_before(moves: list[Entry], entry: Entry) -> str:
    before = _before(moves, entry.id)
    return before.agent if before else ""


def _measured(entry: Entry, kind: str, case: str, queue: str, agent: str, since: int) -> Measured:
    return Measured(entry.id, kind, case, queue, agent, since, entry.at)
