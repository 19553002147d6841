"""All SQL of contact."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, exists, func, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.sql import ColumnElement

from chaguan.contact.rules import Contact, Spent
from chaguan.contact.tables import contact_deliveries as deliveries
from chaguan.contact.tables import contact_pushes as pushes
from chaguan.contact.tables import contacts
from chaguan.infra.database.sql import larger


class Waiting(NamedTuple):
    """A push that is to be worked through."""

    id: int
    app_id: str
    key: str
    openid: str
    body: bytes
    received_at: int
    attempts: int


class Delivery(NamedTuple):
    """A message on its way to WeChat, or what became of it."""

    conversation_id: str
    seq: int
    state: str
    reason: str
    vendor_code: int
    vendor_request: str
    attempts: int
    at: int


_KEEP = sql(
    "INSERT INTO contact_pushes (app_id, key, proof, openid, body, received_at, due_at) "
    "VALUES (:app_id, :key, :proof, :openid, :body, :at, :at) ON CONFLICT DO NOTHING"
)
_WAITING = (
    pushes.c.id,
    pushes.c.app_id,
    pushes.c.key,
    pushes.c.openid,
    pushes.c.body,
    pushes.c.received_at,
    pushes.c.attempts,
)
_CONTACT = [contacts.c[name] for name in Contact._fields]
_DELIVERY = [deliveries.c[name] for name in Delivery._fields]


def keep_push(
    connection: Connection, app_id: str, key: str, proof: str, openid: str, body: bytes, at: int
) -> str:
    """`new`; `same`, when it was kept before; or `used`: the proof belongs to another push."""
    values = {"app_id": app_id, "key": key, "proof": proof, "openid": openid, "body": body, "at": at}
    if connection.execute(_KEEP, values).rowcount:
        return "new"
    same = select(pushes.c.id).where(pushes.c.app_id == app_id, pushes.c.key == key)
    return "same" if connection.execute(same).first() else "used"


def claim_pushes(connection: Connection, now: int, until: int, limit: int) -> list[Waiting]:
    """What is due, oldest first, one of a customer at a time: what they said first comes first. One that failed and
    waits for its next attempt keeps no later one back."""
    earlier = pushes.alias()
    before = exists().where(
        earlier.c.app_id == pushes.c.app_id,
        earlier.c.openid == pushes.c.openid,
        earlier.c.id < pushes.c.id,
        earlier.c.due_at.is_not(None),
        or_(earlier.c.claimed, earlier.c.due_at <= now),
    )
    due = select(*_WAITING).where(pushes.c.due_at <= now, ~before).order_by(pushes.c.id).limit(limit)
    rows = [Waiting(*row) for row in connection.execute(due)]
    if rows:
        mine = pushes.c.id.in_([row.id for row in rows])
        claimed = {"claimed": True, "due_at": until, "attempts": pushes.c.attempts + 1}
        connection.execute(update(pushes).where(mine).values(**claimed))
    return [row._replace(attempts=row.attempts + 1) for row in rows]


def settle_push(connection: Connection, push_id: int) -> None:
    values = {"due_at": None, "claimed": False, "body": None}
    connection.execute(update(pushes).where(pushes.c.id == push_id).values(**values))


def defer_push(connection: Connection, push_id: int, due_at: int) -> None:
    connection.execute(update(pushes).where(pushes.c.id == push_id).values(due_at=due_at, claimed=False))


def has_due_push(connection: Connection, now: int) -> bool:
    return connection.execute(select(pushes.c.id).where(pushes.c.due_at <= now).limit(1)).first() is not None


def has_due_delivery(connection: Connection, now: int) -> bool:
    due = select(deliveries.c.seq).where(deliveries.c.due_at <= now).limit(1)
    return connection.execute(due).first() is not None


def drop_old_pushes(connection: Connection, before: int, limit: int) -> int:
    old = (
        select(pushes.c.id)
        .where(pushes.c.due_at.is_(None), pushes.c.received_at < before)
        .order_by(pushes.c.received_at)
        .limit(limit)
    )
    return connection.execute(delete(pushes).where(pushes.c.id.in_(old))).rowcount


def exists_any(connection: Connection) -> bool:
    return connection.execute(select(contacts.c.conversation_id).limit(1)).first() is not None


def find(connection: Connection, conversation_id: str) -> Contact | None:
    row = connection.execute(select(*_CONTACT).where(contacts.c.conversation_id == conversation_id)).first()
    return None if row is None else Contact(*row)


def find_by_openid(connection: Connection, app_id: str, openid: str) -> list[Contact]:
    mine = (contacts.c.app_id == app_id, contacts.c.openid == openid)
    return [Contact(*row) for row in connection.execute(select(*_CONTACT).where(*mine))]


def among(connection: Connection, conversation_ids: Sequence[str]) -> list[Contact]:
    rows = connection.execute(select(*_CONTACT).where(contacts.c.conversation_id.in_(conversation_ids)))
    return [Contact(*row) for row in rows]


_PUT = sql(
    "INSERT INTO contacts (conversation_id, app_id, openid, customer_id, shop_id, began_seq, in_seq, said_at, "
    "entered_at) VALUES (:conversation_id, :app_id, :openid, :customer_id, :shop_id, :in_seq, :in_seq, :said_at, "
    ":entered_at) ON CONFLICT (conversation_id) DO UPDATE SET app_id = excluded.app_id, openid = excluded.openid, "
    "began_seq = CASE WHEN contacts.app_seq > contacts.in_seq THEN excluded.in_seq ELSE contacts.began_seq END, "
    f"in_seq = {larger('contacts.in_seq', 'excluded.in_seq')}, "
    f"said_at = {larger('contacts.said_at', 'excluded.said_at')}, "
    f"entered_at = {larger('contacts.entered_at', 'excluded.entered_at')}, signs = contacts.signs + 1"
)


def put_sign(connection: Connection, contact: Contact) -> None:
    """A sign of the customer by contact; the former row keeps what is later in it."""
    values = contact._asdict()
    connection.execute(
        _PUT,
        {
            name: values[name]
            for name in values
            if name not in ("began_seq", "app_seq", "signs", "closed_signs")
        },
    )


def put_app_sign(connection: Connection, conversation_id: str, seq: int) -> None:
    mine = (contacts.c.conversation_id == conversation_id, contacts.c.app_seq < seq)
    connection.execute(update(contacts).where(*mine).values(app_seq=seq))


def close(connection: Connection, contact: Contact) -> None:
    """WeChat takes no more answers to what `contact` knows of the customer; a newer sign of theirs opens it again."""
    mine = contacts.c.conversation_id == contact.conversation_id
    connection.execute(update(contacts).where(mine).values(closed_signs=contact.signs))


def spent(connection: Connection, contact: Contact) -> Spent:
    def since(at: int) -> ColumnElement[Any]:
        # WeChat tells times in whole seconds: what went out in the same second counts as after.
        counted = or_(deliveries.c.charged_at >= at, deliveries.c.state == "sending")
        return func.coalesce(func.sum(deliveries.c.charged).filter(counted), 0)

    mine = and_(deliveries.c.conversation_id == contact.conversation_id, deliveries.c.charged > 0)
    row = connection.execute(select(since(contact.said_at), since(contact.entered_at)).where(mine)).one()
    return Spent(int(row[0]), int(row[1]))


def count_waiting(connection: Connection, conversation_id: str) -> int:
    mine = (deliveries.c.conversation_id == conversation_id, deliveries.c.state == "waiting")
    return int(connection.execute(select(func.count()).where(*mine)).scalar_one())


_ADD = sql(
    "INSERT INTO contact_deliveries (conversation_id, seq, state, at, due_at) "
    "VALUES (:conversation_id, :seq, 'waiting', :at, :at) ON CONFLICT DO NOTHING"
)


def add_delivery(connection: Connection, conversation_id: str, seq: int, at: int) -> None:
    connection.execute(_ADD, {"conversation_id": conversation_id, "seq": seq, "at": at})


def list_due(connection: Connection, now: int, limit: int) -> list[Delivery]:
    """The first unsettled message of each conversation, where it is due: what was said first arrives first."""
    earlier = deliveries.alias()
    before = exists().where(
        earlier.c.conversation_id == deliveries.c.conversation_id,
        earlier.c.seq < deliveries.c.seq,
        earlier.c.due_at.is_not(None),
    )
    due = select(*_DELIVERY).where(deliveries.c.due_at <= now, ~before)
    rows = connection.execute(due.order_by(deliveries.c.due_at).limit(limit))
    return [Delivery(*row) for row in rows]


def charge(connection: Connection, delivery: Delivery, now: int, until: int) -> None:
    values = {
        "state": "sending",
        "attempts": delivery.attempts + 1,
        "charged": deliveries.c.charged + 1,
        "charged_at": now,
        "due_at": until,
    }
    connection.execute(update(deliveries).where(*_that(delivery)).values(**values))


def settle(connection: Connection, delivery: Delivery, due_at: int | None, refund: bool) -> bool:
    """The outcome of the attempt that `delivery` names; false when another has begun since."""
    values: dict[str, Any] = {
        "state": delivery.state,
        "reason": delivery.reason,
        "vendor_code": delivery.vendor_code,
        "vendor_request": delivery.vendor_request,
        "at": delivery.at,
        "due_at": due_at,
    }
    if refund:
        values["charged"] = deliveries.c.charged - 1
    else:
        # It may have arrived just now, after a customer's message that is newer than the charge.
        values["charged_at"] = delivery.at
    mine = (*_that(delivery), deliveries.c.attempts == delivery.attempts, deliveries.c.state == "sending")
    return bool(connection.execute(update(deliveries).where(*mine).values(**values)).rowcount)


def refuse(connection: Connection, delivery: Delivery, reason: str, at: int) -> None:
    """Without an attempt."""
    values = {"state": "not_sent", "reason": reason, "at": at, "due_at": None}
    connection.execute(update(deliveries).where(*_that(delivery)).values(**values))


def latest(connection: Connection, conversation_id: str, limit: int) -> list[Delivery]:
    """The newest messages, oldest of them first."""
    rows = connection.execute(
        select(*_DELIVERY)
        .where(deliveries.c.conversation_id == conversation_id)
        .order_by(deliveries.c.seq.desc())
        .limit(limit)
    )
    return [Delivery(*row) for row in rows][::-1]


def _that(delivery: Delivery) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        deliveries.c.conversation_id == delivery.conversation_id,
        deliveries.c.seq == delivery.seq,
    )
