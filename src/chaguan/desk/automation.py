"""What the desk does by itself for customers: its answers, its bot, the end of silent cases. And how a shop settles it."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from chaguan.accounts import access_admin, record_act
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.desk import bot, closing, rule_matching, rule_trials, ruling
from chaguan.desk.alerts import Alerts
from chaguan.desk.answers import Answers, access_answers, attached
from chaguan.desk.arrangement import of_shop
from chaguan.desk.bot import Bot, Voice
from chaguan.desk.cases import Cases
from chaguan.desk.changes import Changes
from chaguan.desk.closing import Closing
from chaguan.desk.dispatch import Look
from chaguan.desk.model import Event
from chaguan.desk.ruling import Ruling
from chaguan.desk.store import answers as store
from chaguan.desk.store import talks
from chaguan.desk.store.cases import Standing
from chaguan.desk.suggesting import Suggesting
from chaguan.infra.database import Database
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room, Stored
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.automation import (
    BotSettings,
    ClosingSettings,
    RuleList,
    RuleQuestion,
    Rules,
    RuleTrial,
)

MAX_SETTINGS = 512 * 1024
"""Bytes of one shop's bot: greetings and keywords with all their texts."""


class Automation:
    def __init__(
        self,
        db: Database,
        messaging: Messaging,
        cases: Cases,
        changes: Changes,
        wake: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._db = db
        self._clock = clock
        self._wake = wake
        self.answers = Answers(db, clock)
        self.suggesting = Suggesting(db, messaging, self.answers.shelves)
        self.bot = Bot(db, messaging, cases, self.answers.shelves, clock)
        self.closing = Closing(db, messaging, changes, clock)
        self.closing.wake = wake
        self.ruling = Ruling(db, messaging, changes, clock)
        self.alerts = Alerts(db)

    def speak_as(self, voice: Voice) -> None:
        """Who speaks for a shop. Without one there is no bot."""
        self.bot.voice = self.closing.voice = self.ruling.voice = voice

    def stop(self) -> None:
        self.answers.shelves.close()

    async def bot_settings(self, caller: Caller, shop_id: str) -> BotSettings:
        access_answers(caller)
        return await self._db.read(lambda con: store.settings(con, shop_id, bot.KIND, BotSettings))

    async def put_bot(self, caller: Caller, shop_id: str, settings: BotSettings) -> BotSettings:
        access_admin(caller)
        keywords = [
            msgspec.structs.replace(each, contents=await attached(self.answers.attach, caller, each.contents))
            for each in settings.keywords
        ]
        settings = msgspec.structs.replace(settings, keywords=keywords)
        if len(msgspec.json.encode(settings)) > MAX_SETTINGS:
            raise AppError(ErrorCode.too_large, "the bot's settings", limit=MAX_SETTINGS)
        now = self._clock()
        figures = {
            "enabled": settings.enabled,
            "faq": settings.faq,
            "suggest": settings.suggest,
            "keywords": len(keywords),
            "greetings": len(settings.greetings),
        }

        def work(con: Connection) -> None:
            store.put_settings(con, shop_id, bot.KIND, settings)
            record_act(con, now, caller, AuditAction.bot_changed, shop_id, **figures)

        await self._db.write(work)
        self._wake()
        return settings

    async def closing_settings(self, caller: Caller, shop_id: str) -> ClosingSettings:
        access_answers(caller)
        return await self._db.read(lambda con: store.settings(con, shop_id, closing.KIND, ClosingSettings))

    async def put_closing(self, caller: Caller, shop_id: str, settings: ClosingSettings) -> ClosingSettings:
        """Every open case is looked at anew, so that the new times hold for it too."""
        access_admin(caller)
        now = self._clock()
        detail: dict[str, Any] = msgspec.to_builtins(settings)

        def work(con: Connection) -> None:
            known = {queue.id for queue in of_shop(con, shop_id)}
            for queue_id in settings.queues:
                if queue_id not in known:
                    raise AppError(ErrorCode.not_found, "no such queue", field="queues", queue_id=queue_id)
            store.put_settings(con, shop_id, closing.KIND, settings)
            talks.start_timers(con, shop_id, now)
            record_act(con, now, caller, AuditAction.closing_changed, shop_id, **detail)

        await self._db.write(work)
        self._wake()
        return settings

    async def rules(self, caller: Caller, shop_id: str) -> Rules:
        access_answers(caller)
        now = self._clock()

        def read(con: Connection) -> Rules:
            listed = store.settings(con, shop_id, ruling.KIND, RuleList).rules
            known = {rule.id for rule in listed}
            cuts = store.settings(con, shop_id, ruling.CUTS, Rules).cuts
            done = rule_trials.runs(con, shop_id, now)
            return Rules(
                listed,
                [cut for cut in cuts if cut.rule_id in known],
                [each for each in done if each.rule_id in known],
            )

        return await self._db.read(read)

    async def put_rules(self, caller: Caller, shop_id: str, given: RuleList) -> Rules:
        """All of a shop's rules anew. Those without an id get one."""
        access_admin(caller)
        rule_matching.check(given.rules)
        listed = [msgspec.structs.replace(each, id=each.id or new_id("r")) for each in given.rules]
        now = self._clock()

        def work(con: Connection) -> None:
            known = {queue.id for queue in of_shop(con, shop_id)}
            for rule in listed:
                if rule.then.queue_id and rule.then.queue_id not in known:
                    raise AppError(ErrorCode.not_found, "no such queue", rule=rule.name, field="queue_id")
            store.put_settings(con, shop_id, ruling.KIND, RuleList(listed))
            names = [rule.name for rule in listed if rule.enabled]
            record_act(con, now, caller, AuditAction.rules_changed, shop_id, rules=names)

        await self._db.write(work)
        self.ruling.changed()
        self._wake()
        return await self.rules(caller, shop_id)

    async def try_rule(self, caller: Caller, shop_id: str, question: RuleQuestion) -> RuleTrial:
        """In which of the latest cases a rule would have fired. Nothing is stored or done."""
        access_answers(caller)
        rule_matching.check([question.rule])
        now = self._clock()
        return RuleTrial(await self._db.read(lambda con: rule_trials.tried(con, shop_id, question, now)))

    async def follow(self, room: Room, event: Event) -> None:
        """By the log's reader: a change of a case."""
        await self.closing.follow(room, event)
        await self.ruling.follow(room, event)
        await self.alerts.follow(room, event)

    async def heard(self, room: Room, row: Stored, alive: Sequence[Standing]) -> None:
        """By the log's reader: a customer's message, and the cases that were there when it came."""
        if not alive or any(each.bot_id for each in alive):
            await self.bot.heard(room, row)
        await self.ruling.heard(room, row)

    async def looked(self, look: Look) -> int:
        """By the owner of the desk, after each look. Gives when something is due next."""
        closing_at, ruling_at = await self.closing.step(), await self.ruling.step()
        return min(closing_at, ruling_at) if look.somebody_waits else closing_at
