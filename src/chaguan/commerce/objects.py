"""The verbs on objects: what the business's servers write and read, with an API key."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from chaguan.accounts import Scope, access_scope
from chaguan.commerce import rules, store
from chaguan.commerce.rules import Known, Outcome
from chaguan.commerce.sealing import Seals
from chaguan.commerce.states import ORDER, OrderEvent
from chaguan.commerce.store import Held, Key
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database
from chaguan.protocol.objects import BusinessObject, ObjectKind, Order


class Found(Struct, kw_only=True):
    """An object and what is known beside it."""

    key: Key
    version: int
    customer_id: str
    changed_at: int
    body: BusinessObject
    outcome: Outcome | None = None


class Objects:
    def __init__(self, db: Database, seals: Seals, clock: Clock) -> None:
        self._db = db
        self._seals = seals
        self._clock = clock
        self.changed: Callable[[], None] = lambda: None
        """Called after the commit when cards have something new to show."""

    async def put(
        self,
        caller: Caller,
        shop_id: str,
        id: str,
        version: int | None,
        customer_id: str,
        body: BusinessObject,
    ) -> Found:
        """Keep an object as the business says it is. Scope `objects:write`.

        `version` decides (`rules.decide`): newer wins, the same is told again, older changes nothing. Whose an order or
        a coupon is (`customer_id`) stays as it was said first.
        """
        access_scope(caller, Scope.objects_write)
        key = Key(shop_id, rules.kind_of(body), id)
        rules.check(body)
        packed = rules.pack(body)
        sealed, now = self._seals.seal(key, packed), self._clock()

        def work(connection: Connection) -> tuple[Outcome, Held]:
            held = store.find(connection, key)
            known = Known(held.version, self._seals.open(key, held.body) == packed) if held else None
            outcome, decided = rules.decide(known, version)
            if held is not None and customer_id != held.customer_id and outcome is not Outcome.older:
                raise AppError(ErrorCode.conflict, "it is another customer's", reason="customer")
            if held is not None and outcome in (Outcome.unchanged, Outcome.older):
                return outcome, held
            new = Held(
                key=key,
                version=decided,
                revision=held.revision + 1 if held else 1,
                customer_id=customer_id,
                body=sealed,
                created_at=held.created_at if held else now,
                changed_at=now,
            )
            store.put(connection, new, now if held else None)
            return outcome, new

        outcome, held = await self._db.write(work)
        if outcome is Outcome.changed:
            self.changed()
        return self._found(held, outcome)

    async def advance(
        self, caller: Caller, shop_id: str, id: str, event: OrderEvent, tracking: str = ""
    ) -> Found:
        """Something happened to an order whose versions we count: its state follows by the table. Scope `objects:write`.

        What was told before changes nothing; what can't happen to an order as it stands is `conflict` (`not_now`).
        """
        access_scope(caller, Scope.objects_write)
        key, now = Key(shop_id, ObjectKind.order, id), self._clock()

        def work(connection: Connection) -> tuple[Outcome, Held]:
            held = store.find(connection, key)
            order = self.body_of(held) if held else None
            if held is None or not isinstance(order, Order):
                raise AppError(ErrorCode.not_found, "no such order")
            state = ORDER.after(order.state, event)
            changed = replace(order, state=state, tracking=tracking or order.tracking)
            if changed == order:
                return Outcome.unchanged, held
            packed = self._seals.seal(key, rules.pack(changed))
            new = replace(
                held, version=held.version + 1, revision=held.revision + 1, body=packed, changed_at=now
            )
            store.put(connection, new, now)
            return Outcome.changed, new

        outcome, held = await self._db.write(work)
        if outcome is Outcome.changed:
            self.changed()
        return self._found(held, outcome)

    async def get(self, caller: Caller, shop_id: str, kind: ObjectKind, id: str) -> Found:
        """As it is held. Scope `objects:write`."""
        access_scope(caller, Scope.objects_write)
        held = await self._db.read(lambda con: store.find(con, Key(shop_id, kind, id)))
        if held is None:
            raise AppError(ErrorCode.not_found, f"no such {kind.value}")
        return self._found(held)

    async def page(
        self, caller: Caller, shop_id: str, kind: ObjectKind, after: str, limit: int
    ) -> list[Found]:
        """By id, above `after`. Scope `objects:write`."""
        access_scope(caller, Scope.objects_write)
        rows = await self._db.read(lambda con: store.page(con, shop_id, kind, after, limit))
        return [self._found(held) for held in rows]

    def body_of(self, held: Held) -> BusinessObject:
        return rules.unpack(held.key.kind, self._seals.open(held.key, held.body))

    def _found(self, held: Held, outcome: Outcome | None = None) -> Found:
        return Found(
            key=held.key,
            version=held.version,
            customer_id=held.customer_id,
            changed_at=held.changed_at,
            body=self.body_of(held),
            outcome=outcome,
        )
