"""How a desk is arranged: queues, hours and what else a shop settles. Administrators', and every change is recorded."""

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection

from chaguan.accounts import access_admin, record_act
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.desk import hours, ratings, rules
from chaguan.desk.routing import loop_of
from chaguan.desk.store import cases as case_store
from chaguan.desk.store import setup as store
from chaguan.infra.database import Database
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.desk import DeskSettings, Queue

MAX_QUEUES = 100
"""Of one shop."""
MAX_NAME = 100
Tell = Callable[[str, int, list[Queue]], None]
"""A shop, the version of its desk, all of its queues."""


class Arrangement:
    def __init__(self, db: Database, clock: Clock, wake: Callable[[], None]) -> None:
        self._db = db
        self._clock = clock
        self._wake = wake
        self.tell: Tell = lambda _shop_id, _version, _queues: None
        """Told of every change of a shop's queues, after the commit."""

    async def list_queues(self, caller: Caller, shop_id: str) -> list[Queue]:
        self.access_arrangement(caller)
        return await self._db.read(lambda con: of_shop(con, shop_id))

    async def put_queue(self, caller: Caller, queue: Queue) -> Queue:
        """Makes a queue (without an id) or changes one. `conflict` (`loop`) where cases would go round for ever."""
        access_admin(caller)
        _check(queue)
        now, is_new = self._clock(), not queue.id
        if is_new:
            queue = msgspec.structs.replace(queue, id=new_id("q"))
        action = AuditAction.queue_created if is_new else AuditAction.queue_changed
        detail: dict[str, Any] = msgspec.to_builtins(queue)

        def work(con: Connection) -> tuple[int, list[Queue]]:
            others = [each for each in of_shop(con, queue.shop_id) if each.id != queue.id]
            if not is_new and not any(each.id == queue.id for each in of_shop(con, queue.shop_id)):
                raise AppError(ErrorCode.not_found, "no such queue")
            _check_beside(queue, others)
            store.put_queue(con, queue)
            record_act(con, now, caller, action, queue.id, **detail)
            return _as_of_now(con, queue.shop_id)

        self.tell(queue.shop_id, *await self._db.write(work))
        self._wake()
        return queue

    async def remove_queue(self, caller: Caller, shop_id: str, queue_id: str) -> None:
        """Who waits there is put where the other rules say. `conflict` (`in_use`) while another sends cases into it."""
        access_admin(caller)
        now = self._clock()

        def work(con: Connection) -> tuple[int, list[Queue]]:
            queues = {each.id: each for each in of_shop(con, shop_id)}
            gone = queues.pop(queue_id, None)
            if gone is None:
                raise AppError(ErrorCode.not_found, "no such queue")
            for other in queues.values():
                if queue_id in (other.overflow_to, other.targets.move_to):
                    raise AppError(
                        ErrorCode.conflict, "another sends cases into it", reason="in_use", queue_id=other.id
                    )
            store.remove_queue(con, queue_id, now)
            record_act(con, now, caller, AuditAction.queue_removed, queue_id, name=gone.name)
            return _as_of_now(con, shop_id)

        self.tell(shop_id, *await self._db.write(work))
        self._wake()

    async def settings(self, caller: Caller, shop_id: str) -> DeskSettings:
        self.access_arrangement(caller)
        return await self._db.read(lambda con: store.settings(con, shop_id))

    async def put_settings(self, caller: Caller, shop_id: str, settings: DeskSettings) -> DeskSettings:
        access_admin(caller)
        hours.check(settings.hours)
        ratings.check_settings(settings.ratings)
        if len(settings.out_of_hours) > 10:
            raise AppError(ErrorCode.bad_request, "languages", field="out_of_hours", limit=10)
        now = self._clock()
        detail: dict[str, Any] = msgspec.to_builtins(settings)

        def work(con: Connection) -> None:
            store.put_settings(con, shop_id, settings)
            record_act(con, now, caller, AuditAction.desk_changed, shop_id, **detail)

        await self._db.write(work)
        self._wake()
        return settings

    def access_arrangement(self, caller: Caller) -> None:
        """Agents see how the desk is arranged; they don't arrange it."""
        if not rules.is_agent(caller):
            raise AppError(ErrorCode.forbidden, "only agents")


def of_shop(con: Connection, shop_id: str) -> list[Queue]:
    return [queue for queue in store.queues(con) if queue.shop_id == shop_id]


def _as_of_now(con: Connection, shop_id: str) -> tuple[int, list[Queue]]:
    """A change of queues is one of the desk: who missed it notices by the version, as with cases."""
    return case_store.next_version(con, shop_id), of_shop(con, shop_id)


def _check(queue: Queue) -> None:
    name = queue.name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise AppError(ErrorCode.bad_request, "a queue has a name", field="name", limit=MAX_NAME)
    if bool(queue.overflow_to) != bool(queue.overflow_after_s):
        raise AppError(ErrorCode.bad_request, "an overflow has a time and an aim", field="overflow_to")


def _check_beside(queue: Queue, others: list[Queue]) -> None:
    if len(others) >= MAX_QUEUES:
        raise AppError(ErrorCode.conflict, "queues", reason="too_many", limit=MAX_QUEUES)
    if queue.targets.move_to and queue.targets.move_to not in {each.id for each in others}:
        raise AppError(ErrorCode.not_found, "no such queue", field="targets.move_to")
    if queue.overflow_to and queue.overflow_to not in {queue.id, *(each.id for each in others)}:
        raise AppError(ErrorCode.not_found, "no such queue", field="overflow_to")
    loop = loop_of([queue, *others])
    if loop:
        raise AppError(ErrorCode.conflict, "cases would go round for ever", reason="loop", queues=loop)
