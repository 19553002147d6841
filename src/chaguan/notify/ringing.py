"""Calls those who look elsewhere while somebody waits. One process of several does it, the one that owns the desk.

That it rings is decided in one transaction, on the bell's row as it was read; what is said is made when it is sent, of
what is true then, so nothing is said of who was taken meanwhile. Between sending and storing that it was sent a process
may die: then it is said again, for who waits still. Browsers show it once, groups may read it twice.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from sqlalchemy import Connection

from chaguan.accounts import Shops
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError
from chaguan.core.logs import places
from chaguan.desk import Look, Scene, Unattended, Wait
from chaguan.infra.database import Database
from chaguan.infra.pauses import NEVER, Pause
from chaguan.messaging import Messaging
from chaguan.notify import rules, store
from chaguan.notify.model import Bell, DeviceKept, NotifySettings, RobotKept
from chaguan.notify.rules import Outcome
from chaguan.notify.sending import Sending, outcome_of_attempt
from chaguan.notify.words import Told, notice
from chaguan.protocol.content import Text

logger = logging.getLogger("chaguan.notify")
LOOK_S = 2.0
LEASE_MS = 60_000
AT_ONCE = 50


class Ringing:
    def __init__(
        self,
        db: Database,
        unattended: Unattended,
        messaging: Messaging,
        shops: Shops,
        sending: Sending,
        is_owner: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._db = db
        self._unattended = unattended
        self._messaging = messaging
        self._shops = shops
        self._sending = sending
        self._is_owner = is_owner
        self._clock = clock
        self._pause = Pause(db, 0, clock)
        self._task: asyncio.Task[None] | None = None
        self.failures = 0
        self.beside: list[Callable[[], Awaitable[int]]] = []
        """Done after each look, by the same process; says when it is due again."""

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._pause.wait()
            self._pause.due_at = 0
            if not self._is_owner():
                continue
            try:
                await self.step()
                self.failures = 0
            except Exception as error:  # noqa: BLE001  it must outlive what it stumbles over
                self.failures += 1
                if self.failures == 1:
                    logger.error("calling agents stumbles: %s at %s", type(error).__name__, places(error))
                await asyncio.sleep(min(30, 0.1 * 2**self.failures))

    def wake(self) -> None:
        """There is something to look at."""
        self._pause.wake()

    async def looked(self, look: Look) -> int:
        """After a look of the desk: while somebody waits, this one looks too."""
        if look.somebody_waits:
            self.wake()
        return NEVER

    async def step(self) -> None:
        """One look: who is to be called, and calling them."""
        await self._decide()
        self._pause.due_at = min([await self._call_due(), *[await work() for work in self.beside]])

    async def _call_due(self) -> int:
        """When the next is due."""
        now, due_at = self._clock(), await self._db.read(store.first_due)
        if due_at is None or due_at > now:
            return NEVER if due_at is None else due_at
        claim = partial(store.claim, now=now, until=now + LEASE_MS, limit=AT_ONCE)
        await asyncio.gather(*map(self._call, await self._db.write(claim)))
        return 0

    async def _decide(self) -> None:
        scene = await self._unattended.look()
        if not scene.waits:
            return
        settings = await self._db.read(store.all_settings)
        late = rules.overdue(scene, settings)
        if not late:
            return
        ringing = [
            (bell, rules.newest(mine))
            for bell in await self._db.read(store.all_bells)
            if rules.rings(bell, mine := _of(bell, scene, late), settings, scene.at)
        ]
        if not ringing:
            return

        def write(con: Connection) -> None:
            for bell, until in ringing:
                store.ring(con, bell, until, scene.at)

        await self._db.write(write)

    async def _call(self, bell: Bell) -> None:
        outcome = await outcome_of_attempt(self._attempt(bell), bell.attempts)
        with contextlib.suppress(AppError):  # then it is due again when its lease ends
            await self._settle(bell, outcome)

    async def _attempt(self, bell: Bell) -> Outcome:
        scene = await self._unattended.look()
        settings = await self._db.read(store.all_settings)
        late = _of(bell, scene, rules.overdue(scene, settings))
        if not late:
            return Outcome("taken")
        told = await self._told(scene, late, settings)
        language = (settings.get(bell.shop_id) or NotifySettings()).language
        return await self._sending.attempt(bell, partial(notice, told), language)

    async def _told(self, scene: Scene, late: list[Wait], settings: rules.Settings) -> Told:
        shop_ids = {wait.shop_id for wait in late}
        shops = {id: shop.name for id in shop_ids if (shop := await self._shops.find(id)) is not None}
        told = Told(late, shops, rules.is_attended(scene), scene.at)
        shop_settings = settings.get(late[0].shop_id)
        if len(late) == 1 and shop_settings is not None and shop_settings.excerpt:
            return await self._with_excerpt(told, late[0])
        return told

    async def _with_excerpt(self, told: Told, wait: Wait) -> Told:
        view = await self._messaging.views.shown(wait.conversation_id)
        said = view.last
        if said is None or said.sender_id != wait.customer_id or not isinstance(said.content, Text):
            return told
        users = await self._messaging.views.users_in([view])
        name = next((user.name for user in users if user.id == wait.customer_id), "")
        return told._replace(name=name, said=" ".join(said.content.text.split()))

    async def _settle(self, bell: Bell, outcome: Outcome) -> None:
        now = self._clock()
        due_at = None if outcome.retry_in_ms is None else now + outcome.retry_in_ms

        def write(con: Connection) -> None:
            if outcome.is_gone:
                store.remove(con, [bell.id])
                return
            store.settle(
                con,
                bell,
                due_at,
                state=outcome.state,
                reason=outcome.reason,
                vendor_code=outcome.vendor_code,
                at=now,
            )

        await self._db.write(write)
        if outcome.state not in ("sent", "taken"):
            logger.info("a call of %s is %s: %s", bell.id, outcome.state, outcome.reason)


def _of(bell: Bell, scene: Scene, late: list[Wait]) -> list[Wait]:
    if bell.is_robot:
        return rules.told_of(msgspec.json.decode(bell.spec, type=RobotKept), bell.shop_id, late)
    return rules.called_to(msgspec.json.decode(bell.spec, type=DeviceKept), bell.user_id, scene, late)
