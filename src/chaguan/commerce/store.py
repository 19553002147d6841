"""Objects, cards and acts in SQL. What people wrote is sealed before it comes here."""

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.infra.database.sql import Statement
from chaguan.protocol.objects import ObjectKind


class Key(Struct, frozen=True):
    """Which object."""

    shop_id: str
    kind: ObjectKind
    id: str

    @property
    def values(self) -> tuple[str, str, str]:
        return self.shop_id, self.kind.value, self.id


class Held(Struct, frozen=True, kw_only=True):
    """An object as stored, its body sealed."""

    key: Key
    version: int
    revision: int
    customer_id: str
    body: bytes
    created_at: int
    changed_at: int

    @property
    def is_shared(self) -> bool:
        """For all customers, so that what one asks takes nothing from another."""
        return not self.customer_id


class CardRow(Struct, frozen=True, kw_only=True):
    """A card in a conversation; `revision` of its object is what it shows."""

    id: str
    conversation_id: str
    seq: int
    sender_id: str
    key: Key
    revision: int
    round: int


class ActRow(Struct, frozen=True, kw_only=True):
    id: str
    card_id: str
    key: Key
    version: int
    conversation_id: str
    seq: int
    customer_id: str
    action: str
    body: bytes
    at: int
    done_at: int | None = None


_OF_KEY = "shop_id = ? AND kind = ? AND {} = ?"
_OBJECT_COLUMNS = "shop_id, kind, id, version, revision, customer_id, body, created_at, changed_at"
_FIND = Statement(f"SELECT {_OBJECT_COLUMNS} FROM business_objects WHERE {_OF_KEY.format('id')}")
_PAGE = Statement(
    f"SELECT {_OBJECT_COLUMNS} FROM business_objects WHERE shop_id = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?"
)
_PUT = Statement(
    f"INSERT INTO business_objects ({_OBJECT_COLUMNS}, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (shop_id, kind, id) DO UPDATE SET version = excluded.version, revision = excluded.revision, "
    "customer_id = excluded.customer_id, body = excluded.body, changed_at = excluded.changed_at, "
    "due_at = excluded.due_at"
)
_ACTED_ON = Statement(
    "UPDATE business_objects SET revision = revision + ?, due_at = ? "
    f"WHERE {_OF_KEY.format('id')} AND revision = ?"
)
_MAKE_DUE = Statement(f"UPDATE business_objects SET due_at = ? WHERE {_OF_KEY.format('id')}")
_DUE = Statement(
    f"SELECT {_OBJECT_COLUMNS} FROM business_objects WHERE due_at IS NOT NULL ORDER BY due_at LIMIT ?"
)
_SETTLE = Statement(
    f"UPDATE business_objects SET due_at = NULL WHERE {_OF_KEY.format('id')} AND revision = ? "
    f"AND NOT EXISTS (SELECT 1 FROM cards WHERE {_OF_KEY.format('object_id')} AND revision < ?)"
)
_HOLD = Statement(
    "UPDATE business_objects SET due_at = CASE WHEN revision > ? THEN ? ELSE due_at END "
    f"WHERE {_OF_KEY.format('id')}",
    "UPDATE business_objects SET due_at = CASE WHEN revision > ?::bigint THEN ?::bigint ELSE due_at END "
    f"WHERE {_OF_KEY.format('id')}",
)
_CARD_COLUMNS = "id, conversation_id, seq, sender_id, shop_id, kind, object_id, revision, round"
_ADD_CARD = Statement(f"INSERT INTO cards ({_CARD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
_FIND_CARD = Statement(f"SELECT {_CARD_COLUMNS} FROM cards WHERE id = ?")
_BEHIND = Statement(
    f"SELECT {_CARD_COLUMNS} FROM cards WHERE {_OF_KEY.format('object_id')} AND revision < ? "
    "ORDER BY revision, id LIMIT ?"
)
_DRAWN = Statement("UPDATE cards SET revision = ?, round = ? WHERE id = ? AND round = ?")
_DROP_CARD = Statement("DELETE FROM cards WHERE id = ?")
_ACT_COLUMNS = "id, card_id, shop_id, kind, object_id, version, conversation_id, seq, customer_id, action, body, at, done_at"
_ADD_ACT = Statement(
    f"INSERT INTO card_acts ({_ACT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"
)
_ASKED = Statement(f"SELECT action FROM card_acts WHERE {_OF_KEY.format('object_id')} AND version = ?")
_OPEN_ACTS = Statement(
    f"SELECT {_ACT_COLUMNS} FROM card_acts WHERE shop_id = ? AND done_at IS NULL ORDER BY at, id LIMIT ?"
)
_DONE = Statement("UPDATE card_acts SET done_at = ? WHERE id = ? AND shop_id = ? AND done_at IS NULL")
_ACT = Statement(f"SELECT {_ACT_COLUMNS} FROM card_acts WHERE id = ? AND shop_id = ?")


def find(connection: Connection, key: Key) -> Held | None:
    row = _FIND.first(connection, *key.values)
    return _held(row) if row else None


def page(connection: Connection, shop_id: str, kind: ObjectKind, after: str, limit: int) -> list[Held]:
    """Objects of a kind by their ids, above `after`."""
    return [_held(row) for row in _PAGE.rows(connection, shop_id, kind.value, after, limit)]


def put(connection: Connection, held: Held, due_at: int | None) -> None:
    """The whole row; `due_at` where cards show something older now."""
    rest = (held.version, held.revision, held.customer_id, held.body, held.created_at, held.changed_at)
    _PUT.run(connection, *held.key.values, *rest, due_at)


def acted_on(connection: Connection, held: Held, revision: int, now: int) -> bool:
    """A customer asks for something of the object as it stood at `revision`; false, and nothing is written, if it stands
    otherwise by now. Its cards are to be drawn anew; what is one customer's moves on, so every intent on it is spent."""
    moves = 0 if held.is_shared else 1
    return bool(_ACTED_ON.run(connection, moves, now, *held.key.values, revision))


def make_due(connection: Connection, key: Key, now: int) -> None:
    """Some of its cards are to be drawn anew, though it is what it was."""
    _MAKE_DUE.run(connection, now, *key.values)


def due(connection: Connection, limit: int) -> list[Held]:
    return [_held(row) for row in _DUE.rows(connection, limit)]


def settle(connection: Connection, held: Held) -> None:
    """All cards show it, if it is still what it was and none was used meanwhile."""
    _SETTLE.run(connection, *held.key.values, held.revision, *held.key.values, held.revision)


def add_card(connection: Connection, card: CardRow, now: int) -> None:
    """A card that was drawn a moment ago. The object's row is locked by that until the commit: who changes it meanwhile
    waits, and who changed it is found out here, so that no card is left behind unseen."""
    _HOLD.run(connection, card.revision, now, *card.key.values)
    _ADD_CARD.run(
        connection,
        *(card.id, card.conversation_id, card.seq, card.sender_id),
        *card.key.values,
        *(card.revision, card.round),
    )


def find_card(connection: Connection, card_id: str) -> CardRow | None:
    row = _FIND_CARD.first(connection, card_id)
    return _card(row) if row else None


def behind(connection: Connection, held: Held, limit: int) -> list[CardRow]:
    """Cards that show an older revision of the object."""
    return [_card(row) for row in _BEHIND.rows(connection, *held.key.values, held.revision, limit)]


def drawn(connection: Connection, card: CardRow, revision: int, round: int) -> bool:
    """The card shows that now; false if somebody else drew or used it since `card` was read."""
    return bool(_DRAWN.run(connection, revision, round, card.id, card.round))


def spend(connection: Connection, card: CardRow) -> None:
    """No intent on it is good any more, and it waits to be drawn anew."""
    drawn(connection, card, 0, card.round + 1)


def drop_card(connection: Connection, card_id: str) -> None:
    _DROP_CARD.run(connection, card_id)


def add_act(connection: Connection, act: ActRow) -> None:
    _ADD_ACT.run(
        connection,
        *(act.id, act.card_id),
        *act.key.values,
        *(act.version, act.conversation_id, act.seq, act.customer_id, act.action, act.body, act.at),
    )


def asked(connection: Connection, held: Held) -> frozenset[str]:
    """What customers asked for of this version: it is not offered again."""
    return frozenset(row[0] for row in _ASKED.rows(connection, *held.key.values, held.version))


def open_acts(connection: Connection, shop_id: str, limit: int) -> list[ActRow]:
    """What the business has not said to be done, the oldest first."""
    return [_act(row) for row in _OPEN_ACTS.rows(connection, shop_id, limit)]


def get_act(connection: Connection, act_id: str, shop_id: str) -> ActRow | None:
    row = _ACT.first(connection, act_id, shop_id)
    return _act(row) if row else None


def done(connection: Connection, act_id: str, shop_id: str, now: int) -> None:
    """Said again it stays as it was."""
    _DONE.run(connection, now, act_id, shop_id)


def _key(shop_id: str, kind: str, id: str) -> Key:
    return Key(shop_id, ObjectKind(kind), id)


def _held(row: Any) -> Held:
    return Held(
        key=_key(*row[:3]),
        version=int(row[3]),
        revision=int(row[4]),
        customer_id=row[5],
        body=bytes(row[6]),
        created_at=int(row[7]),
        changed_at=int(row[8]),
    )


def _card(row: Any) -> CardRow:
    return CardRow(
        id=row[0],
        conversation_id=row[1],
        seq=int(row[2]),
        sender_id=row[3],
        key=_key(*row[4:7]),
        revision=int(row[7]),
        round=int(row[8]),
    )


def _act(row: Any) -> ActRow:
    return ActRow(
        id=row[0],
        card_id=row[1],
        key=_key(*row[2:5]),
        version=int(row[5]),
        conversation_id=row[6],
        seq=int(row[7]),
        customer_id=row[8],
        action=row[9],
        body=bytes(row[10]),
        at=int(row[11]),
        done_at=row[12],
    )
