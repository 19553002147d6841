"""The end of a play: every promise held against the log, one conversation after another, and every screen against a
fresh one. Each rule has a forged history in `test_check.py` that it refuses."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from chaguan.messaging.model import EDIT, JOINED, LEFT, MESSAGE, REACTION, RECALL, uuid_text
from tests.chaos.history import History, Row, Spans, includes, spans
from tests.chaos.record import Record, short_id, words_of
from tests.chaos.watch import Json, Watch, digest

TAIL = 20
MOST = 1_000
"""Faults of one kind of rule that are told."""
OWN_KEYS = (MESSAGE, EDIT, RECALL, REACTION, LEFT)
"""Kinds of entries that carry the key of the command which made them."""


class Party(Protocol):
    """Who took part: a person, whatever their devices are made of."""

    name: str
    user_id: str
    record: Record
    watches: Sequence[Watch]


class Shown(NamedTuple):
    """A message as a client shows it."""

    sender_id: str
    key: int
    ordinal: int
    created_at: int
    changed_seq: int
    edited_at: int
    recalled_by: str
    words: int
    reactions: str

    @classmethod
    def of(cls, message: Json) -> "Shown":
        content = message.get("content") or {}
        return cls(
            message["sender_id"],
            short_id(bytes.fromhex(message["client_msg_id"].replace("-", ""))),
            message.get("ordinal", 0),
            message["created_at"],
            message.get("changed_seq", 0),
            message.get("edited_at", 0),
            message.get("recalled_by") or "",
            words_of(content.get("text", "")),
            json.dumps(message.get("reactions") or [], ensure_ascii=False),
        )


class Audit:
    """What a fresh client of one user loaded at the end."""

    def __init__(self, name: str, user_id: str, rows: dict[str, Json]) -> None:
        self.name = name
        self.user_id = user_id
        self.rows = rows
        self.messages: dict[str, list[tuple[int, Shown]]] = {}

    def read(self, room: str, messages: Iterable[Json]) -> None:
        self.messages.setdefault(room, []).extend((each["seq"], Shown.of(each)) for each in messages)


class Given(NamedTuple):
    """Consecutive entries of a conversation that a consumer was given, in the order of giving."""

    first: int
    last: int


class Case:
    """One conversation: its log, and everything that anybody can say of it."""

    def __init__(self, history: History, members: dict[str, Spans], judge: "Judge") -> None:
        self.history = history
        self.members = members
        self.room = history.room
        self.parties = {party.user_id: party for party in judge.parties}
        self.audits = [each for each in judge.audits if self.room in each.rows or self.room in each.messages]
        self.all_audits = judge.audits
        self.given = judge.given.get(self.room, [])
        self._written: dict[str, dict[int, int]] = {}

    def may_see(self, user_id: str, seq: int) -> bool:
        return includes(self.members.get(user_id, []), seq)

    def words(self, row: Row) -> int | None:
        """What `row` made a message say, if its author is one of ours."""
        party = self.parties.get(row.actor_id)
        if party is None:
            return None
        if row.actor_id not in self._written:
            kept = party.record.kept.get(self.room)
            self._written[row.actor_id] = dict(zip(kept.seqs, kept.words, strict=True)) if kept else {}
        doubtful = party.record.doubtful.get(self.room, {})
        return self._written[row.actor_id].get(row.seq, doubtful.get(short_id(row.client_msg_id)))


Rule = Callable[[Case], Iterator[str]]


def stands(case: Case) -> Iterator[str]:
    """Gapless, in order, each key once, ordinals counted, changes after what they change."""
    return case.history.faults()


def acknowledged_is_stored(case: Case) -> Iterator[str]:
    for party in case.parties.values():
        kept = party.record.kept.get(case.room)
        if kept is None:
            continue
        for key, seq in zip(kept.keys, kept.seqs, strict=True):
            row = case.history.at(seq)
            # Adding several people is one command and several entries, whose keys follow from its own.
            is_there = row is not None and row.actor_id == party.user_id
            if row is None or not is_there or (row.kind != JOINED and short_id(row.client_msg_id) != key):
                yield f"{party.name}: {key:x} was acknowledged as {case.room} {seq} and is not there"


def said_in_turn(case: Case) -> Iterator[str]:
    """In a conversation one waits for the answer before one says the next thing: so each stands after the last."""
    for party in case.parties.values():
        kept = party.record.kept.get(case.room)
        for before, seq in pairwise(kept.seqs if kept is not None else ()):
            if seq <= before:
                yield f"{party.name}: {case.room} {seq} was said after {before}"


def stored_is_acknowledged(case: Case) -> Iterator[str]:
    """Nobody gave up on anything, so nothing else may be there, and nothing that was refused."""
    answered = {
        user_id: {*zip(kept.seqs, kept.keys, strict=True)}
        for user_id, party in case.parties.items()
        if (kept := party.record.kept.get(case.room)) is not None
    }
    for row in case.history.rows:
        party = case.parties.get(row.actor_id)
        if party is None or row.kind not in OWN_KEYS:
            continue
        key = short_id(row.client_msg_id)
        name = f"{party.name}: {case.room} {row.seq} ({uuid_text(row.client_msg_id)})"
        if key in party.record.refused.get(case.room, ()):
            yield f"{name} is stored and was refused"
        elif (row.seq, key) in answered.get(row.actor_id, ()) or key in party.record.doubtful.get(
            case.room, {}
        ):
            continue
        else:
            yield f"{name} is stored and was never acknowledged"


def membership(case: Case) -> Iterator[str]:
    """Who was in it when, by the table as by the log."""
    moves = case.history.moves()
    for user_id, held in case.members.items():
        if (due := spans(moves.get(user_id, []))) != held:
            yield f"{case.room}: {user_id} was in it {held} by the table, {due} by the log"
    for user_id in moves.keys() - case.members.keys():
        yield f"{case.room}: {user_id} joined by the log and is not in the table"


def sightings(case: Case) -> Iterator[str]:
    """What a device saw was stored, as it saw it, and meant for it."""
    for party in case.parties.values():
        for watch in party.watches:
            for seq, value in watch.seen.get(case.room, ()):
                row = case.history.at(seq)
                if row is None or value != digest(row.created_at, row.actor_id, row.target_seq):
                    yield f"{watch.name} saw another {case.room} {seq} than is stored"
                elif not case.may_see(party.user_id, seq):
                    yield f"{watch.name} saw {case.room} {seq}, which is not theirs to see"


def lists(case: Case) -> Iterator[str]:
    """A fresh list shows the conversations one is in, and counts what the log has after one's mark."""
    history = case.history
    for audit in case.all_audits:
        row = audit.rows.get(case.room)
        held = case.members.get(audit.user_id, [])
        is_in = bool(held) and not held[-1][1]
        if (row is not None) != is_in:
            yield f"{audit.name}: {case.room} is {'listed' if row else 'not listed'}, their time in it {held}"
        if row is None or not is_in:
            continue
        unread = max(0, history.head_ordinal - history.ordinal_at(row["read_seq"]))
        due = {"head_seq": history.head_seq, "head_ordinal": history.head_ordinal, "unread": unread}
        for name, value in due.items():
            if (row[name] or 0) != value:
                yield f"{audit.name}: {case.room}: {name} {row[name]}, by the log {value}"


def peers(case: Case) -> Iterator[str]:
    """Nobody is shown to have read more than they have."""
    marks = {
        audit.user_id: audit.rows[case.room]["read_seq"] for audit in case.audits if case.room in audit.rows
    }
    for audit in case.audits:
        others = [mark for user_id, mark in marks.items() if user_id != audit.user_id]
        shown = audit.rows.get(case.room, {}).get("peer_read_seq", 0)
        if len(case.members) == 2 and others and shown > max(others):
            yield f"{audit.name}: {case.room} is shown as read to {shown}, the other has read to {max(others)}"


def says(case: Case) -> Iterator[str]:
    """Each message is shown as its last edit or recall left it, with the reactions that were put on it."""
    for audit in case.audits:
        for seq, shown in audit.messages.get(case.room, []):
            row = case.history.at(seq)
            if row is None or row.kind != MESSAGE:
                yield f"{audit.name} is shown {case.room} {seq}, which is no message"
            elif not case.may_see(audit.user_id, seq):
                yield f"{audit.name} is shown {case.room} {seq}, which is not theirs to see"
            elif (due := _due(case, row, shown)) != shown:
                yield f"{audit.name} is shown {case.room} {seq} as {shown}, by the log it is {due}"


def _due(case: Case, row: Row, shown: Shown) -> Shown:
    changes = case.history.changes.get(row.seq, [])
    recall = next((each for each in changes if each.kind == RECALL), None)
    edits = [each for each in changes if each.kind == EDIT]
    words = case.words(edits[-1] if edits else row)
    return Shown(
        sender_id=row.actor_id,
        key=short_id(row.client_msg_id),
        ordinal=row.ordinal if row.countable else 0,
        created_at=row.created_at,
        changed_seq=changes[-1].seq if changes else 0,
        edited_at=edits[-1].created_at if edits and recall is None else 0,
        recalled_by=recall.actor_id if recall is not None else "",
        words=0 if recall is not None else shown.words if words is None else words,
        reactions=json.dumps(case.history.reactions(row.seq), ensure_ascii=False),
    )


def consumed(case: Case) -> Iterator[str]:
    """A consumer was given each entry once, in order."""
    last = 0
    for run in case.given:
        if run.first > last + 1:
            yield f"{case.room}: the consumer was given {run.first} after {last}"
        elif run.first <= last:
            yield f"{case.room}: the consumer was given {run.first} again after {last}"
        last = run.last
    if last != case.history.head_seq:
        yield f"{case.room}: the consumer was given entries to {last} of {case.history.head_seq}"


RULES: tuple[Rule, ...] = (
    stands,
    acknowledged_is_stored,
    said_in_turn,
    stored_is_acknowledged,
    membership,
    sightings,
    lists,
    peers,
    says,
    consumed,
)


class Judge:
    """Takes the log in order of conversations and seqs and holds one conversation at a time."""

    def __init__(
        self,
        parties: Sequence[Party],
        audits: Sequence[Audit] = (),
        members: Iterable[tuple[str, str, str]] = (),
    ) -> None:
        self.parties = parties
        self.audits = audits
        self.given: dict[str, list[Given]] = defaultdict(list)
        """conversation → what a consumer got of it."""
        self._members: dict[str, dict[str, Spans]] = defaultdict(dict)
        for room, user_id, text in members:
            self._members[room][user_id] = json.loads(text)
        self._room = ""
        self._rows: list[Row] = []
        self._told: dict[Rule, int] = defaultdict(int)
        self._judged: set[str] = set()
        self.entries = 0
        self.faults: list[str] = []

    def give(self, room: str, first: int, last: int) -> None:
        """A consumer was given these entries, after those that it was given before."""
        runs = self.given[room]
        if runs and first == runs[-1].last + 1:
            runs[-1] = Given(runs[-1].first, last)
        else:
            runs.append(Given(first, last))

    def take(self, row: Row) -> None:
        if row.conversation_id != self._room:
            self._close()
            self._room = row.conversation_id
        self._rows.append(row)
        self.entries += 1

    def end(self) -> list[str]:
        self._close()
        mentioned = {room for party in self.parties for room in party.record.rooms}
        mentioned |= {room for party in self.parties for watch in party.watches for room in watch.seen}
        mentioned |= {room for audit in self.audits for room in audit.messages}
        for room in sorted((mentioned | self.given.keys()) - self._judged):
            self._room = room
            self._close()
        self.faults += [fault for party in self.parties for watch in party.watches for fault in watch.faults]
        return self.faults

    def _close(self) -> None:
        if not self._room:
            return
        case = Case(History(self._room, self._rows), self._members.get(self._room, {}), self)
        for rule in RULES:
            for fault in rule(case):
                self._told[rule] += 1
                if self._told[rule] <= MOST:
                    self.faults.append(fault)
        self._judged.add(self._room)
        self._room, self._rows = "", []


def difference(shown: Json, fresh: Json, name: str) -> list[str]:
    """Client state = fresh state, as far back as both hold messages."""
    faults = [
        f"{name}: row {id}: {shown['rows'].get(id)} instead of {row}"
        for id, row in fresh["rows"].items()
        if shown["rows"].get(id) != row
    ]
    faults += [f"{name}: row {id} should be gone" for id in shown["rows"].keys() - fresh["rows"].keys()]
    for id, log in fresh["logs"].items():
        mine: Any = shown["logs"].get(id, {"held": 0, "messages": {}})
        if mine["held"] != log["held"]:
            faults.append(f"{name}: {id} is held to {mine['held']}, the log goes to {log['held']}")
        for seq in sorted(log["messages"])[-TAIL:]:
            if mine["messages"].get(seq) != log["messages"][seq]:
                faults.append(f"{name}: {id} {seq}: {mine['messages'].get(seq)}, not {log['messages'][seq]}")
    return faults
