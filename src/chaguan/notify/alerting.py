"""Tells of cases what the desk hands on besides who waits: what a rule wants told, a target that comes near or was missed.

What is handed on is stored for each place that is to hear of it before the desk goes on, once however often it comes.
Each place hears all that has come up in one text, so that neither a flood nor a loop calls anybody more often than
every ten seconds. Between sending and storing that it was sent a process may die: then it is said again, which a browser
shows once and a group may read twice. What could not be said for a quarter of an hour is not said any more.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

import msgspec
from sqlalchemy import Connection

from chaguan.accounts import Shops
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError
from chaguan.desk import Alert, Unattended
from chaguan.infra.database import Database
from chaguan.notify import rules, store
from chaguan.notify.model import Bell, NotifySettings
from chaguan.notify.rules import Outcome
from chaguan.notify.sending import Sending, outcome_of_attempt
from chaguan.notify.store import Noted
from chaguan.notify.words import Alerted, alert_notice, alert_topic

logger = logging.getLogger("chaguan.notify")
STALE_MS = 15 * 60_000
KEPT_MS = 2 * 3_600_000
"""How long it is remembered what was told: what the log tells again comes sooner, or is stale."""
LEASE_MS = 60_000
AT_ONCE = 50
MOST = 50
"""That one bell has to tell of. Of a flood nobody needs more to begin to look."""
IDLE_MS = 30_000
"""Between two looks while nothing is under way: only another process, that died, can have left something."""


class Alerting:
    def __init__(
        self,
        db: Database,
        unattended: Unattended,
        shops: Shops,
        sending: Sending,
        wake: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._db = db
        self._unattended = unattended
        self._shops = shops
        self._sending = sending
        self._wake = wake
        self._clock = clock
        self._next_at = 0
        self._tidy_at = 0

    async def take(self, alert: Alert) -> None:
        """By the desk, at least once for each alert. It is stored when this returns."""
        now = self._clock()
        if now - alert.at > STALE_MS:
            return
        bells = await self._db.read(store.all_bells)
        settings = await self._db.read(store.all_settings)
        if not bells or not rules.is_wanted(alert, settings):
            return
        scene = await self._unattended.staffing()
        hearing = [bell.id for bell in bells if rules.hears(bell, alert, scene)]
        if not hearing:
            return
        spec = msgspec.json.encode(alert).decode()

        def write(con: Connection) -> None:
            for bell_id in hearing:
                store.note_alert(con, bell_id, alert.key, spec, alert.at, now, rules.GAP_MS, MOST)

        await self._db.write(write)
        self._next_at = 0
        self._wake()

    async def step(self) -> int:
        """All that is to be told now, by the process that owns the desk; and when to look again."""
        now = self._clock()
        if now < self._next_at:
            return self._next_at
        await self._tidy(now)
        due_at = await self._db.read(store.next_alert_at)
        if due_at is None or due_at > now:
            self._next_at = min(due_at or now + IDLE_MS, now + IDLE_MS)
            return self._next_at
        claim = partial(store.claim_alerts, now=now, until=now + LEASE_MS, limit=AT_ONCE)
        batches = await self._db.write(claim)
        bells = {bell.id: bell for bell in await self._db.read(store.all_bells)}
        await asyncio.gather(*(self._call(bells.get(batch[0].bell_id), batch) for batch in batches))
        return 0

    async def _call(self, bell: Bell | None, batch: list[Noted]) -> None:
        number = min(noted.attempts for noted in batch)
        outcome = Outcome("not_sent", is_gone=True)
        if bell is not None:
            counted = bell._replace(attempts=number)
            outcome = await outcome_of_attempt(self._attempt(counted, batch), number)
        with contextlib.suppress(AppError):  # then it is due again when its lease ends
            await self._settle(batch, outcome)

    async def _attempt(self, bell: Bell, batch: list[Noted]) -> Outcome:
        now = self._clock()
        alerts = [msgspec.json.decode(each.spec, type=Alert) for each in batch if now - each.at <= STALE_MS]
        if not alerts:
            return Outcome("taken")
        settings = await self._db.read(store.all_settings)
        language = (settings.get(bell.shop_id) or NotifySettings()).language
        shop_ids = {alert.shop_id for alert in alerts}
        shops = {id: shop.name for id in shop_ids if (shop := await self._shops.find(id)) is not None}
        words = partial(alert_notice, Alerted(alerts, shops))
        return await self._sending.attempt(bell, words, language, alert_topic(alerts))

    async def _settle(self, batch: list[Noted], outcome: Outcome) -> None:
        now, bell_id = self._clock(), batch[0].bell_id
        keys = [noted.key for noted in batch]

        def write(con: Connection) -> None:
            if outcome.retry_in_ms is None:
                store.settle_alerts(con, bell_id, keys, now, now + rules.GAP_MS)
            else:
                store.delay_alerts(con, bell_id, now + outcome.retry_in_ms)
            if outcome.is_gone:
                store.remove(con, [bell_id])
            elif outcome.state != "taken":
                store.show_outcome(
                    con,
                    bell_id,
                    state=outcome.state,
                    reason=outcome.reason,
                    vendor_code=outcome.vendor_code,
                    at=now,
                )

        await self._db.write(write)
        if outcome.state not in ("sent", "taken"):
            logger.info("an alert of %s is %s: %s", bell_id, outcome.state, outcome.reason)

    async def _tidy(self, now: int) -> None:
        if now < self._tidy_at:
            return
        self._tidy_at = now + KEPT_MS // 4
        await self._db.write(lambda con: store.forget_alerts(con, now - KEPT_MS))
