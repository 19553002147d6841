"""Cases in SQL."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, text

from chaguan.desk.model import Event, Held
from chaguan.infra.database.sql import TEXTS, Statement, is_postgres
from chaguan.protocol.conversations import Case, CaseStatus
from chaguan.protocol.desk import Alarm, Reason

_PUBLIC = (
    "id, conversation_id, shop_id, customer_id, status, agent_id, opened_at, taken_at, resolved_at, version, context, "
    "subject, queue_id, queued_at, bot_id, outcome, reopened, reason, tags, alarms"
)
_PRIVATE = "topic, weight, avoid_id, last_agent_id, moves, resolved_seq"
_COLUMNS = f"{_PUBLIC}, {_PRIVATE}"
_NAMES, _PRIVATE_NAMES = _PUBLIC.split(", "), _PRIVATE.split(", ")
_ALL = [*_NAMES, *_PRIVATE_NAMES]
_FIXED = ("id", "conversation_id", "shop_id", "customer_id", "opened_at", "context", "topic", "subject")

_LOCK = 0x6465736B  # "desk"
_NEXT_VERSION = Statement(
    "INSERT INTO desk_versions (shop_id, version) VALUES (?, 1) "
    "ON CONFLICT (shop_id) DO UPDATE SET version = desk_versions.version + 1 RETURNING version"
)
_VERSION = Statement("SELECT version FROM desk_versions WHERE shop_id = ?")
_PUT_ARRIVAL = Statement(
    "INSERT INTO arrivals (conversation_id, app_id, context) VALUES (?, ?, ?) "
    "ON CONFLICT (conversation_id) DO UPDATE SET app_id = excluded.app_id, context = excluded.context"
)
_ARRIVAL = Statement("SELECT app_id, context FROM arrivals WHERE conversation_id = ?")
_FIND = Statement(f"SELECT {_COLUMNS} FROM cases WHERE id = ?")
_LATEST = Statement(
    f"SELECT {_COLUMNS} FROM cases WHERE conversation_id = ? ORDER BY opened_at DESC, id DESC LIMIT 1"
)
_OF_CONVERSATION = Statement(
    f"SELECT {_COLUMNS} FROM cases WHERE conversation_id = ? ORDER BY opened_at DESC, id DESC LIMIT ?"
)
_ENDED = Statement("SELECT COALESCE(MAX(resolved_seq), 0) FROM cases WHERE conversation_id = ?")
_OPEN = Statement(
    f"SELECT {_COLUMNS} FROM cases WHERE conversation_id = ? AND status <> 'resolved' ORDER BY opened_at, id"
)
_STANDING = Statement(
    f"SELECT conversation_id, status, bot_id FROM cases WHERE conversation_id IN {TEXTS} AND status <> 'resolved'"
)
_INSERT = Statement(f"INSERT INTO cases ({_COLUMNS}) VALUES ({', '.join('?' * len(_ALL))})")
_CHANGING = [name for name in _ALL if name not in _FIXED]
_UPDATE = Statement(f"UPDATE cases SET {', '.join(f'{name} = ?' for name in _CHANGING)} WHERE id = ?")
_LOADS = Statement(
    f"SELECT agent_id, SUM(weight) FROM cases WHERE status = 'open' AND agent_id IN {TEXTS} GROUP BY agent_id"
)
_OF_AGENT = Statement(
    f"SELECT {_COLUMNS} FROM cases WHERE status = 'open' AND agent_id = ? ORDER BY queued_at, id LIMIT ?"
)
_HEADS = Statement(
    f"SELECT {_COLUMNS} FROM cases WHERE status = 'waiting' AND queue_id = ? AND bot_id = '' "
    "ORDER BY queued_at, id LIMIT ?"
)
_IN_QUEUES = Statement(
    "SELECT DISTINCT queue_id FROM cases WHERE status = 'waiting' AND bot_id = ''",
)
_LINE = Statement(
    "SELECT id, conversation_id, customer_id, queued_at FROM cases "
    "WHERE status = 'waiting' AND queue_id = ? AND bot_id = '' ORDER BY queued_at, id"
)
_COUNTS = Statement(
    "SELECT queue_id, COUNT(*), MIN(queued_at) FROM cases WHERE status = 'waiting' AND bot_id = '' GROUP BY queue_id"
)
_AHEAD = Statement(
    "SELECT COUNT(*) FROM cases WHERE status = 'waiting' AND queue_id = ? AND bot_id = '' "
    "AND (queued_at < ? OR queued_at = ? AND id < ?)"
)
_HANDLED = Statement(
    "SELECT resolved_at - taken_at FROM cases WHERE queue_id = ? AND status = 'resolved' AND taken_at > 0 "
    "ORDER BY resolved_at DESC LIMIT ?"
)
_SHOPS = Statement("SELECT shop_id FROM desk_versions ORDER BY shop_id")
_BEGIN_DESK = Statement("INSERT INTO desk_versions (shop_id, version) VALUES (?, 0) ON CONFLICT DO NOTHING")
_LAST_AGENT = Statement(
    "SELECT agent_id FROM cases WHERE conversation_id = ? AND agent_id <> '' ORDER BY opened_at DESC, id DESC LIMIT 1"
)
_WITH_BOT = Statement(
    f"SELECT {_COLUMNS} FROM cases WHERE status = 'waiting' AND bot_id <> '' AND id > ? ORDER BY id LIMIT ?"
)
_WAITING_SINCE = Statement(
    f"SELECT {_COLUMNS} FROM cases WHERE status = 'waiting' AND bot_id = '' AND shop_id = ? "
    "AND queued_at > ? AND queued_at <= ? ORDER BY queued_at, id LIMIT ?"
)
_LAST_EVENTS = Statement(
    f"SELECT {', '.join(Event.__struct_fields__)} FROM case_events WHERE conversation_id = ? "
    "ORDER BY seq DESC LIMIT ?"
)
_ADD_EVENT = Statement(
    f"INSERT INTO case_events ({', '.join(Event.__struct_fields__)}) "
    f"VALUES ({', '.join('?' * len(Event.__struct_fields__))})"
)
_EVENTS = Statement(
    f"SELECT {', '.join(Event.__struct_fields__)} FROM case_events WHERE case_id = ? ORDER BY seq LIMIT ?"
)
_EVENT = Statement(
    f"SELECT {', '.join(Event.__struct_fields__)} FROM case_events WHERE conversation_id = ? AND seq = ?"
)


class Standing(NamedTuple):
    """As much of a case that goes on as every message is asked about."""

    status: str
    bot_id: str

    @property
    def waits(self) -> bool:
        return self.status == CaseStatus.waiting.value


def lock_desk(connection: Connection) -> None:
    """Until the end of the transaction nobody else decides about cases; what is read after this is the newest."""
    if is_postgres(connection):
        Statement("SELECT pg_advisory_xact_lock(?)::text").first(connection, _LOCK)


def _held(row: Sequence[Any]) -> Held:
    values = dict(zip(_NAMES, row, strict=False))
    values["status"] = CaseStatus(values["status"])
    values["context"] = json.loads(values["context"]) if values["context"] else {}
    values["reason"] = msgspec.json.decode(values["reason"], type=Reason) if values["reason"] else None
    values["tags"] = json.loads(values["tags"]) if values["tags"] else []
    values["alarms"] = msgspec.json.decode(values["alarms"], type=list[Alarm]) if values["alarms"] else []
    return Held(case=Case(**values), **dict(zip(_PRIVATE_NAMES, row[len(_NAMES) :], strict=True)))


def _values(held: Held, names: Iterable[str]) -> list[Any]:
    values = {name: getattr(held.case, name) for name in _NAMES}
    values |= {name: getattr(held, name) for name in _PRIVATE_NAMES}
    values["status"] = held.case.status.value
    values["context"] = json.dumps(held.case.context, ensure_ascii=False) if held.case.context else ""
    values["reason"] = msgspec.json.encode(held.case.reason).decode() if held.case.reason else ""
    values["tags"] = json.dumps(held.case.tags, ensure_ascii=False) if held.case.tags else ""
    values["alarms"] = msgspec.json.encode(held.case.alarms).decode() if held.case.alarms else ""
    return [values[name] for name in names]


def next_version(connection: Connection, shop_id: str) -> int:
    return int(_NEXT_VERSION.rows(connection, shop_id)[0][0])


def version(connection: Connection, shop_id: str) -> int:
    row = _VERSION.first(connection, shop_id)
    return int(row[0]) if row else 0


def insert(connection: Connection, held: Held) -> None:
    _INSERT.run(connection, *_values(held, _ALL))


def update(connection: Connection, held: Held) -> None:
    _UPDATE.run(connection, *_values(held, _CHANGING), held.case.id)


def find(connection: Connection, case_id: str) -> Held | None:
    row = _FIND.first(connection, case_id)
    return _held(row) if row else None


def latest(connection: Connection, conversation_id: str) -> Held | None:
    """The newest case of a conversation."""
    row = _LATEST.first(connection, conversation_id)
    return _held(row) if row else None


def ended_seq(connection: Connection, conversation_id: str) -> int:
    """Where the last end of a case stands in the log."""
    row = _ENDED.first(connection, conversation_id)
    return int(row[0]) if row else 0


def open_ones(connection: Connection, conversation_id: str) -> list[Held]:
    """All that wait or are with an agent, the oldest first."""
    return [_held(row) for row in _OPEN.rows(connection, conversation_id)]


def of_conversation(connection: Connection, conversation_id: str, limit: int) -> list[Case]:
    """The latest first, whatever became of them."""
    return [_held(row).case for row in _OF_CONVERSATION.rows(connection, conversation_id, limit)]


def shown_of(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, Case]:
    """What a list of conversations shows of each: the newest open case, else the last. Customers have such lists too,
    so without what is the desk's own."""
    shown: dict[str, Case] = {}
    for id in conversation_ids:
        alive = open_ones(connection, id)
        held = alive[-1] if alive else latest(connection, id)
        if held is not None:
            shown[id] = without_desk(held.case)
    return shown


def without_desk(case: Case) -> Case:
    """As customers may see it."""
    return msgspec.structs.replace(case, reason=None, tags=[], alarms=[])


def begin_desk(connection: Connection, shop_id: str) -> None:
    """From here on the shop is among those that have a desk, though it never had a case."""
    _BEGIN_DESK.run(connection, shop_id)


def shops(connection: Connection) -> list[str]:
    """Those that ever had a case, or a wall."""
    return [row[0] for row in _SHOPS.rows(connection)]


def active(connection: Connection, shop_id: str, limit: int) -> list[Case]:
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM cases WHERE shop_id = :s AND status <> 'resolved' ORDER BY opened_at LIMIT :limit"
        ),
        {"s": shop_id, "limit": limit},
    )
    return [_held(tuple(row)).case for row in rows]


def changed_since(connection: Connection, shop_id: str, known: int, limit: int) -> list[Case]:
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM cases WHERE shop_id = :s AND version > :v ORDER BY version LIMIT :limit"
        ),
        {"s": shop_id, "v": known, "limit": limit},
    )
    return [_held(tuple(row)).case for row in rows]


def loads(connection: Connection, agent_ids: Sequence[str]) -> dict[str, int]:
    """The weight of the open cases of each; who has none is missing."""
    rows = _LOADS.rows(connection, json.dumps(list(agent_ids)))
    return {row[0]: int(row[1]) for row in rows}


def of_agent(connection: Connection, agent_id: str, limit: int) -> list[Held]:
    return [_held(row) for row in _OF_AGENT.rows(connection, agent_id, limit)]


def standing(connection: Connection, conversation_ids: Iterable[str]) -> dict[str, list[Standing]]:
    """Of each conversation the cases that go on. Those in which none does are missing."""
    found: dict[str, list[Standing]] = {}
    for id, status, bot_id in _STANDING.rows(connection, json.dumps(list(conversation_ids))):
        found.setdefault(id, []).append(Standing(status, bot_id))
    return found


def heads(connection: Connection, queue_id: str, limit: int) -> list[Held]:
    """Who comes next in a queue."""
    return [_held(row) for row in _HEADS.rows(connection, queue_id, limit)]


def with_bot(connection: Connection, after_id: str, limit: int) -> list[Held]:
    """Those that a bot answers, by id."""
    return [_held(row) for row in _WITH_BOT.rows(connection, after_id, limit)]


def waiting_since(connection: Connection, shop_id: str, after: int, until: int, limit: int) -> list[Held]:
    """Those of a shop who began to wait for people in this time, who waits longest first."""
    return [_held(row) for row in _WAITING_SINCE.rows(connection, shop_id, after, until, limit)]


def last_events(connection: Connection, conversation_id: str, limit: int) -> list[Event]:
    """Of all cases of a conversation, the newest first."""
    return [_event(row) for row in _LAST_EVENTS.rows(connection, conversation_id, limit)]


def queues_in_use(connection: Connection) -> set[str]:
    """Where cases wait; the empty one for those without a queue."""
    return {row[0] for row in _IN_QUEUES.rows(connection)}


def line(connection: Connection, queue_id: str) -> list[tuple[str, str, str, int]]:
    """All who wait, in their order: case, conversation, customer, since when."""
    return [(row[0], row[1], row[2], int(row[3])) for row in _LINE.rows(connection, queue_id)]


def counts(connection: Connection) -> dict[str, tuple[int, int]]:
    """How many wait in each queue, and since when the first does."""
    return {row[0]: (int(row[1]), int(row[2])) for row in _COUNTS.rows(connection)}


def ahead(connection: Connection, case: Case) -> int:
    """How many come before it."""
    row = _AHEAD.first(connection, case.queue_id, case.queued_at, case.queued_at, case.id)
    return int(row[0]) if row else 0


def handled_ms(connection: Connection, queue_id: str, limit: int) -> list[int]:
    """How long the last cases of a queue took their agents, the latest first."""
    return [int(row[0]) for row in _HANDLED.rows(connection, queue_id, limit)]


def last_agent(connection: Connection, conversation_id: str) -> str:
    row = _LAST_AGENT.first(connection, conversation_id)
    return str(row[0]) if row else ""


def add_event(connection: Connection, event: Event) -> None:
    _ADD_EVENT.run(connection, *(getattr(event, name) for name in Event.__struct_fields__))


def events(connection: Connection, case_id: str, limit: int) -> list[Event]:
    return [_event(row) for row in _EVENTS.rows(connection, case_id, limit)]


def event_at(connection: Connection, conversation_id: str, seq: int) -> Event | None:
    row = _EVENT.first(connection, conversation_id, seq)
    return _event(row) if row else None


def _event(row: Sequence[Any]) -> Event:
    values = dict(zip(Event.__struct_fields__, row, strict=True))
    values["note"] = bytes(values["note"]) if values["note"] is not None else None
    return Event(**values)


def put_arrival(connection: Connection, conversation_id: str, app_id: str, context: dict[str, Any]) -> None:
    _PUT_ARRIVAL.run(connection, conversation_id, app_id, json.dumps(context, ensure_ascii=False))


def arrival(connection: Connection, conversation_id: str) -> tuple[str, dict[str, Any]]:
    row = _ARRIVAL.first(connection, conversation_id)
    return (row[0], json.loads(row[1])) if row else ("", {})
