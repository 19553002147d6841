"""What those who look elsewhere are told of a case besides that it waits: what a rule wants told, and a target that comes
near or was missed. Read from the log, so that nothing is forgotten by a crash; what is read again has the same key.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from chaguan.desk.model import Event
from chaguan.desk.ruling import FIRED, KIND
from chaguan.desk.store import answers as settings_store
from chaguan.infra.database import Database
from chaguan.messaging.model import Room
from chaguan.protocol.automation import RuleList, RuleSpec, Told
from chaguan.protocol.desk import CaseEventKind, Reason


class AlertKind(StrEnum):
    rule = "rule"
    near = "near"
    missed = "missed"


class Alert(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`key` is the same however often it is handed on. `at`: when it happened. `agent_id`: who had the case then.
    `rule`: its name; `target` and `limit_s`: what was promised. `to`: who hears of it."""

    key: str
    kind: AlertKind
    at: int
    shop_id: str
    conversation_id: str
    case_id: str
    queue_id: str = ""
    agent_id: str = ""
    rule: str = ""
    target: str = ""
    limit_s: int = 0
    to: tuple[Told, ...] = ("robots", "agents")


TellAlert = Callable[[Alert], Awaitable[None]]
"""Takes it for good before it returns. It is called again for the same alert after a crash."""


async def nobody(_alert: Alert) -> None:
    """A desk without anybody who looks elsewhere."""


_TARGETS = {CaseEventKind.warned.value: AlertKind.near, CaseEventKind.breached.value: AlertKind.missed}


class Alerts:
    def __init__(self, db: Database) -> None:
        self._db = db
        self.tell: TellAlert = nobody

    async def follow(self, room: Room, event: Event) -> None:
        """By the log's reader: a case changed."""
        if not event.reason:
            return
        kind = _TARGETS.get(event.kind)
        if kind is not None:
            await self.tell(of_target(room.shop_id, event, kind))
        elif FIRED in event.reason:
            rule = await self._fired(room.shop_id, event)
            if rule is not None and rule.then.notify:
                await self.tell(of_rule(room.shop_id, event, rule))

    async def _fired(self, shop_id: str, event: Event) -> RuleSpec | None:
        """As it is settled now; None when it is not any more."""
        rule_id = _data(event).get("rule_id")
        listed = await self._db.read(lambda con: settings_store.settings(con, shop_id, KIND, RuleList))
        return next((each for each in listed.rules if each.id == rule_id), None)


def of_rule(shop_id: str, event: Event, rule: RuleSpec) -> Alert:
    return msgspec.structs.replace(
        _of(shop_id, event, AlertKind.rule), rule=rule.name, to=tuple(rule.then.notify)
    )


def of_target(shop_id: str, event: Event, kind: AlertKind) -> Alert:
    data = _data(event)
    target, limit_s = data.get("target"), data.get("limit_s")
    return msgspec.structs.replace(
        _of(shop_id, event, kind),
        target=target if isinstance(target, str) else "",
        limit_s=limit_s if isinstance(limit_s, int) else 0,
    )


def _of(shop_id: str, event: Event, kind: AlertKind) -> Alert:
    return Alert(
        key=f"{event.conversation_id}:{event.seq}",
        kind=kind,
        at=event.at,
        shop_id=shop_id,
        conversation_id=event.conversation_id,
        case_id=event.case_id,
        queue_id=event.queue_id,
        agent_id=event.agent_id,
    )


def _data(event: Event) -> dict[str, Any]:
    return msgspec.json.decode(event.reason, type=Reason).data
