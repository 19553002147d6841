"""The verbs of contact, and the task that works through what waits, in and out."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy import Connection

from chaguan.accounts import Accounts
from chaguan.contact import rules, store
from chaguan.contact.inbox import Inbox
from chaguan.contact.outbox import Outbox
from chaguan.contact.pictures import Pictures
from chaguan.contact.rendering import Rendering
from chaguan.contact.rules import Contact, Spent
from chaguan.contact.store import Delivery
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError
from chaguan.core.logs import places
from chaguan.core.settings import Settings
from chaguan.desk import DeskService, topic_of
from chaguan.infra.database import Database
from chaguan.infra.http import GuardedHttp
from chaguan.infra.sealing import Vault
from chaguan.media import Media
from chaguan.messaging import Messaging
from chaguan.messaging.model import Room
from chaguan.messaging.ports import Publisher
from chaguan.platforms.wechat import WeChatClient
from chaguan.protocol.commands import GetWechatContact
from chaguan.protocol.contact import WechatContact, WechatDelivery
from chaguan.protocol.conversations import ConversationKind
from chaguan.protocol.pushes import WechatContactChanged

logger = logging.getLogger("chaguan.contact")
SHOWN = 50
LOOK_S = 2.0
"""How often a process that runs the consumers looks for what another left behind."""
TYPING_MS = 5_000
ABSENT_MS = 60_000
TYPED_IN = 10_000
TYPING_AT_ONCE = 10


class ContactService:
    def __init__(
        self,
        db: Database,
        vault: Vault,
        accounts: Accounts,
        messaging: Messaging,
        media: Media,
        desk: DeskService,
        publisher: Publisher,
        client: WeChatClient,
        http: GuardedHttp,
        settings: Settings,
        clock: Clock = now_ms,
    ) -> None:
        self._db = db
        self._desk = desk
        self._publisher = publisher
        self._clock = clock
        pictures = Pictures(accounts, media, client, http, settings.limits, clock)
        rendering = Rendering(pictures, settings.public_url)
        self.inbox = Inbox(db, vault, accounts, messaging, desk, pictures, self._tell, clock)
        self.outbox = Outbox(
            db, accounts, messaging, client, rendering, self.inbox.is_from_here, self._tell, clock
        )
        messaging.log.listeners.append(self.outbox.feed.wake)
        messaging.messages.typing_listeners.append(self._typed)
        self._typed_at: OrderedDict[str, int] = OrderedDict()
        self._typing: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.is_following = False
        """Whether the log is read for what goes out: since somebody came by contact."""

    async def start(self, *, consumers: bool = True) -> None:
        """What this process is pushed it works through itself; with `consumers` also what others left behind, and what
        goes out."""
        self._tasks = [asyncio.create_task(self._keep_taking_in(LOOK_S if consumers else None))]
        if consumers:
            self._tasks.append(asyncio.create_task(self._keep_sending()))

    async def stop(self) -> None:
        for task in [*self._tasks, *self._typing]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._typing, return_exceptions=True)
        await self.outbox.feed.stop()
        await self.outbox.stop()
        await self.inbox.stop()

    async def tidy(self) -> None:
        await self.inbox.tidy()

    async def get(self, caller: Caller, command: GetWechatContact) -> WechatContact:
        """What an agent should know before they write."""
        self._desk.access_desk(caller)
        await self._desk.customer_of(caller, command.conversation_id)
        contact = await self._find(command.conversation_id)
        if contact is None:
            return WechatContact(conversation_id=command.conversation_id, shop_id="")
        return await self._shown(contact)

    async def _keep_taking_in(self, look_s: float | None) -> None:
        more = self.inbox.more
        more.set()  # what the process before this one left
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(look_s):
                    await more.wait()
            more.clear()
            await self._quietly(self.inbox.work)

    async def _keep_sending(self) -> None:
        more, feed = self.outbox.more, self.outbox.feed
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await more.wait()
            more.clear()
            if self.is_following:
                if feed.is_owned:
                    await self._quietly(self.outbox.work)
            else:
                self.is_following = await self._quietly(self._follow)

    async def _follow(self) -> bool:
        if not await self._db.read(store.exists_any):
            return False
        await self.outbox.feed.start()
        self.outbox.feed.wake()
        return True

    async def _quietly(self, work: Callable[[], Awaitable[bool]]) -> bool:
        """Neither a database that is away for a while nor what nobody foresaw may end the work for good."""
        try:
            return await work()
        except AppError as error:
            logger.warning("contact: %s", error)
        except Exception as error:  # noqa: BLE001  it is told, and tried again at the next look
            logger.error("contact stumbles: %s at %s", type(error).__name__, places(error))
        return False

    async def _find(self, conversation_id: str) -> Contact | None:
        return await self._db.read(partial(store.find, conversation_id=conversation_id))

    async def _tell(self, conversation_id: str) -> None:
        self.outbox.more.set()
        contact = await self._find(conversation_id)
        if contact is not None and self._publisher.is_followed(topic_of(contact.shop_id)):
            push = WechatContactChanged(contact=await self._shown(contact))
            self._publisher.publish(topic_of(contact.shop_id), push)

    async def _shown(self, contact: Contact) -> WechatContact:
        def read(connection: Connection) -> tuple[Spent, int, list[Delivery]]:
            return (
                store.spent(connection, contact),
                store.count_waiting(connection, contact.conversation_id),
                store.latest(connection, contact.conversation_id, SHOWN),
            )

        spent, waiting, deliveries = await self._db.read(read)
        budget = rules.budget(contact, spent, self._clock())
        return WechatContact(
            conversation_id=contact.conversation_id,
            shop_id=contact.shop_id,
            active=not rules.is_in_app(contact, await self.outbox.read_seq(contact)),
            left=max(0, budget.left - waiting),
            until_at=budget.until_at,
            deliveries=[
                WechatDelivery(each.seq, each.state, each.reason, each.vendor_code, each.at)
                for each in deliveries
            ],
        )

    def _typed(self, room: Room, user_id: str) -> None:
        """Somebody writes. Hardly ever is it to a customer in WeChat's chat, so that is remembered for a while."""
        if room.kind is not ConversationKind.service or user_id == room.customer_id:
            return
        now = self._clock()
        if now < self._typed_at.get(room.id, 0) or len(self._typing) >= TYPING_AT_ONCE:
            return
        self._typed_at[room.id] = now + TYPING_MS
        self._typed_at.move_to_end(room.id)
        if len(self._typed_at) > TYPED_IN:
            self._typed_at.popitem(last=False)
        task = asyncio.create_task(self._show_typing(room.id))
        self._typing.add(task)
        task.add_done_callback(self._typing.discard)

    async def _show_typing(self, conversation_id: str) -> None:
        contact = await self._find(conversation_id)
        if contact is None:
            self._typed_at[conversation_id] = self._clock() + ABSENT_MS
            return
        await self.outbox.show_typing(contact)
