"""What the shop says to a customer who is in WeChat's chat: which messages go there, and what becomes of them.

The consumer of the log only notes what is to go; sending is another task, so that a slow WeChat holds nothing up. An
attempt is charged in the transaction that decides on it, before anything leaves: of several nodes none overspends.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection

from chaguan.accounts import Accounts
from chaguan.contact import rules, store
from chaguan.contact.inbox import CONSUMER
from chaguan.contact.rendering import Rendering
from chaguan.contact.rules import Contact, Verdict
from chaguan.contact.store import Delivery
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError
from chaguan.core.logs import places
from chaguan.infra.database import Database, Work
from chaguan.messaging import Messaging
from chaguan.messaging.feed import Feed
from chaguan.messaging.model import MESSAGE, Stored
from chaguan.platforms.wechat import WeChatApp, WeChatClient
from chaguan.protocol.commands import GetMessages

logger = logging.getLogger("chaguan.contact")
LEASE_MS = 60_000
AT_ONCE = 20
_READER = Caller("server", "contact", scopes=frozenset({"messages:read"}))
"""As whom this reads what it sends: nobody's request."""


class Outbox:
    def __init__(
        self,
        db: Database,
        accounts: Accounts,
        messaging: Messaging,
        client: WeChatClient,
        rendering: Rendering,
        is_from_contact: Callable[[bytes], bool],
        told: Callable[[str], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`is_from_contact` knows a customer's message by its key; `told` hears of conversations whose deliveries
        changed."""
        self._db = db
        self._accounts = accounts
        self._messaging = messaging
        self._client = client
        self._rendering = rendering
        self._is_from_contact = is_from_contact
        self._told = told
        self._clock = clock
        self.feed = Feed(db, CONSUMER, self._read_log, prefix="s_", clock=clock)
        self._running: set[asyncio.Task[None]] = set()
        self.more = asyncio.Event()
        self.feed.on_stored = self.more.set

    async def stop(self) -> None:
        """Attempts that are under way have a moment to end; the rest is tried again by whoever comes next."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=2)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def work(self) -> bool:
        """Begins what is due, as far as there is room; false when there is nothing to begin."""
        room = AT_ONCE - len(self._running)
        if room <= 0:
            return False
        now = self._clock()
        if not await self._db.read(partial(store.has_due_delivery, now=now)):
            return False
        claimed, refused = await self._db.write(partial(_claim, now=now, limit=room))
        for delivery, contact in claimed:
            task = asyncio.create_task(self._deliver(delivery, contact))
            self._running.add(task)
            task.add_done_callback(self._finished)
        for conversation_id in refused:
            await self._told(conversation_id)
        return bool(claimed or refused)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.more.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Whether it arrived could not be stored: when its lease ends it is sent again, and counted again.
            logger.warning("the outcome of a message to WeChat could not be stored: %s", error)

    async def _read_log(self, rows: list[Stored]) -> Work[Any] | None:
        spoken = [row for row in rows if row.kind == MESSAGE and row.countable]
        if not spoken:
            return None
        ids = sorted({row.conversation_id for row in spoken})
        contacts = await self._db.read(partial(store.among, conversation_ids=ids))
        changes = [await self._outgoing(contact, spoken) for contact in contacts]
        going = [(id, seq) for id, seqs, _ in changes for seq in seqs]
        signs = [(id, sign) for id, _, sign in changes if sign]
        if not going and not signs:
            return None
        now = self._clock()

        def write(connection: Connection) -> None:
            for id, seq in going:
                store.add_delivery(connection, id, seq, now)
            for id, seq in signs:
                store.put_app_sign(connection, id, seq)

        return write

    async def _outgoing(self, contact: Contact, rows: list[Stored]) -> tuple[str, list[int], int]:
        told = [
            (row.seq, row.actor_id == contact.customer_id)
            for row in rows
            if row.conversation_id == contact.conversation_id
            and not (row.actor_id == contact.customer_id and self._is_from_contact(row.client_msg_id))
        ]
        going, sign = rules.spoken_to(contact, await self.read_seq(contact), told)
        return contact.conversation_id, going, sign if sign > contact.app_seq else 0

    async def read_seq(self, contact: Contact) -> int:
        """How far the customer has read in the app, and by what they wrote themselves."""
        views = await self._messaging.views.of(contact.customer_id, [contact.conversation_id])
        return views[0].inbox.read_seq if views else 0

    async def _deliver(self, delivery: Delivery, contact: Contact) -> None:
        try:
            verdict, error = await self._attempt(delivery, contact), None
        except AppError as failure:
            verdict, error = rules.after_failure(failure, delivery.attempts), failure
        except Exception as failure:  # noqa: BLE001  whatever it was, the message's outcome must be settled
            logger.error("a message to WeChat failed: %s at %s", type(failure).__name__, places(failure))
            verdict, error = Verdict("not_sent", "internal", is_refunded=False), None
        await self._settle(delivery, contact, verdict, error)
        await self._told(delivery.conversation_id)

    async def _attempt(self, delivery: Delivery, contact: Contact) -> Verdict:
        app = (await self._accounts.known_apps.get(contact.app_id, self._clock())).wechat
        if app is None:
            return Verdict("not_sent", "misconfigured", is_refunded=True)
        if await self.read_seq(contact) >= delivery.seq:
            return Verdict("not_sent", "read_in_app", is_refunded=True)
        command = GetMessages(id=0, conversation_id=delivery.conversation_id, seqs=[delivery.seq])
        found = (await self._messaging.sync.messages(_READER, command)).messages
        if not found or found[0].content is None:
            return Verdict("not_sent", "recalled", is_refunded=True)
        try:
            message = await self._rendering.render(app, found[0].content)
        except AppError as error:
            return rules.before_sending(error, delivery.attempts)
        if message is None:
            return Verdict("not_sent", "unsupported", is_refunded=True)
        await self._client.send_contact(app, contact.openid, message)
        return Verdict("sent", "")

    async def _settle(
        self, delivery: Delivery, contact: Contact, verdict: Verdict, error: AppError | None
    ) -> None:
        now = self._clock()
        data = error.data if error is not None else {}
        settled = delivery._replace(
            state=verdict.state,
            reason=verdict.reason,
            vendor_code=int(data.get("vendor_code", 0)),
            vendor_request=str(data.get("vendor_request", "")),
            at=now,
        )
        due_at = None if verdict.retry_in_ms is None else now + verdict.retry_in_ms

        def write(connection: Connection) -> None:
            if store.settle(connection, settled, due_at, verdict.is_refunded) and verdict.closes:
                store.close(connection, contact)

        await self._db.write(write)
        if verdict.state != "sent":
            logger.info(
                "message %d of %s is %s at WeChat: %s (%d %s)",
                delivery.seq,
                delivery.conversation_id,
                verdict.state,
                verdict.reason,
                settled.vendor_code,
                settled.vendor_request,
            )

    async def show_typing(self, contact: Contact) -> None:
        app = (await self._accounts.known_apps.get(contact.app_id, self._clock())).wechat
        if app is not None and not rules.is_in_app(contact, await self.read_seq(contact)):
            await self._show_typing(app, contact.openid)

    async def _show_typing(self, app: WeChatApp, openid: str) -> None:
        try:
            await self._client.show_typing(app, openid)
        except AppError as error:
            logger.debug("typing is not shown at WeChat: %s", error)


def _claim(connection: Connection, now: int, limit: int) -> tuple[list[tuple[Delivery, Contact]], list[str]]:
    """What to send now, charged; and the conversations in which something stays unsent for want of a budget."""
    claimed: list[tuple[Delivery, Contact]] = []
    refused: list[str] = []
    for delivery in store.list_due(connection, now, limit):
        contact = store.find(connection, delivery.conversation_id)
        assert contact is not None  # the row that made it
        reason = _why_not(connection, delivery, contact, now)
        if reason:
            store.refuse(connection, delivery, reason, now)
            refused.append(delivery.conversation_id)
        else:
            store.charge(connection, delivery, now, now + LEASE_MS)
            attempt = delivery._replace(state="sending", attempts=delivery.attempts + 1)
            claimed.append((attempt, contact))
    return claimed, refused


def _why_not(connection: Connection, delivery: Delivery, contact: Contact, now: int) -> str:
    if delivery.attempts >= rules.ATTEMPTS:
        return "outcome_unknown"  # every process that tried it ended meanwhile
    spent = store.spent(connection, contact)
    return rules.budget(contact, spent, now).reason
