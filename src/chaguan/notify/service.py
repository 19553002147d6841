"""What this domain offers, by noun: `robots`, `devices`, and the work that calls them: `ringing`, `alerting`."""

import asyncio
import logging

from chaguan.accounts import Accounts
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError
from chaguan.core.settings import Settings
from chaguan.desk import DeskService, Unattended
from chaguan.infra import facts
from chaguan.infra.database import Database
from chaguan.infra.http import GuardedHttp
from chaguan.infra.sealing import Vault
from chaguan.messaging import Messaging
from chaguan.notify import store
from chaguan.notify.addresses import Addresses
from chaguan.notify.alerting import Alerting
from chaguan.notify.devices import Devices
from chaguan.notify.ringing import Ringing
from chaguan.notify.robots import Robots
from chaguan.notify.sending import Sending
from chaguan.platforms.webpush import VapidKey

logger = logging.getLogger("chaguan.notify")
VAPID = "vapid"


class NotifyService:
    def __init__(
        self,
        db: Database,
        vault: Vault,
        accounts: Accounts,
        messaging: Messaging,
        desk: DeskService,
        http: GuardedHttp,
        settings: Settings,
        sandbox_push: str = "",
        clock: Clock = now_ms,
    ) -> None:
        self._db = db
        self._addresses = addresses = Addresses(vault)
        url = settings.public_url
        contact = settings.push_contact or (url if url.startswith("https:") else "mailto:nobody@localhost")
        self.robots = Robots(db, addresses, accounts.shops, http, settings.robots, url, clock)
        self.devices = devices = Devices(db, addresses, http, contact, sandbox_push, clock)
        unattended = Unattended(db, clock)
        sending = Sending(addresses, accounts.authenticator, devices, http, url, clock)
        self.ringing = Ringing(
            db, unattended, messaging, accounts.shops, sending, lambda: desk.feed.is_owned, clock
        )
        self.alerting = Alerting(db, unattended, accounts.shops, sending, self.ringing.wake, clock)
        self.ringing.beside.append(self.alerting.step)
        desk.automation.alerts.tell = self.alerting.take
        desk.dispatcher.looked.append(self.ringing.looked)
        self._forgetting: set[asyncio.Task[None]] = set()

    async def start(self, *, consumers: bool = True) -> None:
        fresh = self._addresses.seal_vapid(VapidKey.new())
        sealed = await self._db.write(lambda con: facts.ensure(con, VAPID, fresh))
        self.devices.key = VapidKey(self._addresses.open_vapid(sealed))
        if consumers:
            await self.ringing.start()

    async def stop(self) -> None:
        await self.ringing.stop()
        if self._forgetting:
            await asyncio.gather(*self._forgetting, return_exceptions=True)

    def signed_out(self, user_id: str, device_id: str | None) -> None:
        """A device, or with None all of a user's, is called no more. Should this get lost, the next call finds out."""
        task = asyncio.get_running_loop().create_task(self._forget(user_id, device_id))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    async def _forget(self, user_id: str, device_id: str | None) -> None:
        try:
            await self._db.write(lambda con: store.remove_devices(con, user_id, device_id))
        except AppError as error:
            logger.warning("the devices of who signed out are forgotten later: %s", error)
