"""What WeChat pushes: kept before it is answered, worked through afterwards, into the customer's conversation."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from chaguan.accounts import Accounts
from chaguan.contact import store
from chaguan.contact.pictures import Pictures
from chaguan.contact.rules import Contact
from chaguan.contact.store import Waiting
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.logs import places
from chaguan.desk import DeskService
from chaguan.infra.database import Database
from chaguan.infra.sealing import DataKey, Vault
from chaguan.messaging import Messaging
from chaguan.messaging.feed import begin_at_end
from chaguan.messaging.log import Draft
from chaguan.messaging.rules import check_may_send
from chaguan.platforms.wechat import PushMessage, PushQuery
from chaguan.platforms.wechat.push import open_push, verify_url
from chaguan.protocol.commands import OpenService
from chaguan.protocol.content import MAX_TEXT, Card, Content, Custom, Text

logger = logging.getLogger("chaguan.contact")
CONSUMER = "contact"
ENTER = "user_enter_tempsession"
LEASE_MS = 90_000
KEPT_MS = 3 * 24 * 3_600_000
PAUSES_MS = (2_000, 10_000, 60_000, 300_000)
LAST_ATTEMPT = len(PAUSES_MS) + 1
AT_ONCE = 16
MAX_CONTEXT = 1_900
_TAG_BYTES, _DIGEST_BYTES = 6, 10
_DROPPED = (ErrorCode.forbidden, ErrorCode.not_found)


class Sender(NamedTuple):
    """A customer as this app knows them, and their conversation."""

    caller: Caller
    shop_id: str
    conversation_id: str


class Inbox:
    def __init__(
        self,
        db: Database,
        vault: Vault,
        accounts: Accounts,
        messaging: Messaging,
        desk: DeskService,
        pictures: Pictures,
        told: Callable[[str], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`told` hears of each conversation in which a customer gave a sign."""
        self._db = db
        self._accounts = accounts
        self._messaging = messaging
        self._desk = desk
        self._pictures = pictures
        self._told = told
        self._clock = clock
        # From the root and not from a master key: what waits here for moments has no part in rotation.
        self._key = DataKey(vault.derive("contact pushes"))
        self._tag = vault.derive("contact messages")[:_TAG_BYTES]
        self._id_key = vault.derive("contact messages")
        self._running: set[asyncio.Task[None]] = set()
        self._more = asyncio.Event()

    async def verify(self, app_id: str, query: PushQuery) -> str:
        """WeChat asks an address when it is saved."""
        now = self._clock()
        app = await self._accounts.known_apps.get(app_id, now)
        return verify_url(app.wechat_push, query, now)

    async def receive(self, app_id: str, query: PushQuery, body: bytes) -> None:
        """When this returns the push is stored, or had been, or is none of ours. Nothing else was waited for."""
        now = self._clock()
        app = await self._accounts.known_apps.get(app_id, now)
        push = open_push(app.wechat_push, query, body, now)
        if app.wechat is None:
            raise AppError(
                ErrorCode.forbidden, "this app is disabled or has no AppSecret", reason="app_disabled"
            )
        if push.message.msg_type == "event" and push.message.event != ENTER:
            return
        sealed = self._key.seal(msgspec.json.encode(push.message), _place(app_id, push.key))
        keep = partial(
            store.keep_push,
            app_id=app_id,
            key=push.key,
            proof=push.proof,
            openid=push.message.from_user_name,
            body=sealed,
            at=now,
        )
        if await self._db.write(keep) == "used":
            raise AppError(ErrorCode.forbidden, "this is no push of WeChat to this app", reason="replayed")
        self._more.set()

    def is_from_here(self, client_msg_id: bytes) -> bool:
        """Whether a customer's message came by contact, told from its key."""
        return client_msg_id[:_TAG_BYTES] == self._tag

    async def work(self) -> bool:
        """Begins what is due, as far as there is room; false when there is nothing to begin."""
        room = AT_ONCE - len(self._running)
        if room <= 0:
            return False
        now = self._clock()
        if not await self._db.read(partial(store.has_due_push, now=now)):
            return False
        claim = partial(store.claim_pushes, now=now, until=now + LEASE_MS, limit=room)
        claimed = await self._db.write(claim)
        for waiting in claimed:
            task = asyncio.create_task(self._work(waiting))
            self._running.add(task)
            task.add_done_callback(self._finished)
        return bool(claimed)

    @property
    def more(self) -> asyncio.Event:
        """Set when there may be something to begin."""
        return self._more

    async def stop(self) -> None:
        """What is under way is left to whoever sees its lease end, or finished here if that is quick."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=2)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def tidy(self) -> None:
        before = self._clock() - KEPT_MS
        while await self._db.write(partial(store.drop_old_pushes, before=before, limit=500)) == 500:
            pass

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._more.set()  # this customer's next one may begin
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its outcome could not be stored: when its lease ends it is worked through again, to the same end.
            logger.warning("a push could not be settled: %s", error)

    async def _work(self, waiting: Waiting) -> None:
        try:
            await self._take_in(waiting)
        except AppError as error:
            if error.code not in _DROPPED and not self._is_too_old(waiting):
                await self._defer(waiting, error)
                return
            logger.info(
                "a push of app %s was dropped: %s", waiting.app_id, error.data.get("reason", error.code)
            )
        except Exception as error:  # noqa: BLE001  one push that nobody foresaw must not end the work on all others
            # Where and not what, as an exception's text may quote what was said.
            logger.error("a push failed: %s at %s", type(error).__name__, places(error))
            if not self._is_too_old(waiting):
                await self._defer(waiting, error)
                return
        await self._db.write(partial(store.settle_push, push_id=waiting.id))

    def _is_too_old(self, waiting: Waiting) -> bool:
        """What could not be worked through for days never will be."""
        return self._clock() - waiting.received_at > KEPT_MS

    async def _defer(self, waiting: Waiting, error: Exception) -> None:
        pause = PAUSES_MS[min(waiting.attempts, len(PAUSES_MS)) - 1]
        # Without its text, which may quote what was said.
        what = error.code.value if isinstance(error, AppError) else type(error).__name__
        level = logging.WARNING if waiting.attempts > 1 else logging.INFO
        logger.log(level, "a push of app %s waits %d s: %s", waiting.app_id, pause // 1000, what)
        await self._db.write(partial(store.defer_push, push_id=waiting.id, due_at=self._clock() + pause))

    async def _take_in(self, waiting: Waiting) -> None:
        text = self._key.unseal(waiting.body, _place(waiting.app_id, waiting.key))
        message = msgspec.json.decode(text, type=PushMessage)
        if message.event == ENTER:
            await self._enter(waiting, message)
        else:
            await self._say(waiting, message)

    async def _enter(self, waiting: Waiting, message: PushMessage) -> None:
        sender = await self._sender(waiting, _context(message.session_from), is_entering=True)
        room = await self._messaging.rooms.room(sender.conversation_id)
        sign = _sign(waiting, sender, room.head_seq, entered_at=_at(message, waiting))

        def write(connection: Connection) -> None:
            store.put_sign(connection, sign)
            begin_at_end(connection, CONSUMER)

        await self._db.write(write)
        await self._told(sender.conversation_id)

    async def _say(self, waiting: Waiting, message: PushMessage) -> None:
        sender = await self._sender(waiting, {}, is_entering=False)
        room, member = await self._messaging.rooms.access_conversation(sender.caller, sender.conversation_id)
        check_may_send(room, member, sender.caller.user_id)
        content = await self._content(waiting, sender.caller, message)
        sign = _sign(waiting, sender, 0, said_at=_at(message, waiting))

        def effect(connection: Connection, seq: int, _at: int) -> None:
            # Together with the message: nobody sees it without the answers that it allows, or these twice.
            store.put_sign(connection, sign._replace(in_seq=seq))
            begin_at_end(connection, CONSUMER)

        await self._messaging.log.append(
            Draft(
                room=room,
                member=member,
                actor_id=sender.caller.user_id,
                client_msg_id=self._message_key(waiting),
                content=content,
                countable=True,
                effect=effect,
                asked=waiting.key.encode(),
            )
        )
        await self._told(sender.conversation_id)

    async def _sender(self, waiting: Waiting, context: dict[str, Any], *, is_entering: bool) -> Sender:
        user = await self._accounts.wechat.admit(waiting.app_id, waiting.openid)
        app = await self._accounts.known_apps.get(waiting.app_id, self._clock())
        caller = Caller(user.kind.value, user.id, app_id=waiting.app_id)
        found = partial(store.find_by_openid, app_id=waiting.app_id, openid=waiting.openid)
        known = [each for each in await self._db.read(found) if each.customer_id == user.id]
        if known and not is_entering:
            return Sender(caller, app.shop_id, known[0].conversation_id)
        command = OpenService(id=0, context=context)
        opened = await self._desk.open_service(caller, command, app.shop_id)
        return Sender(caller, app.shop_id, opened.view.conversation.id)

    async def _content(self, waiting: Waiting, caller: Caller, message: PushMessage) -> Content:
        if message.msg_type == "text" and message.content.strip():
            return Text(message.content[:MAX_TEXT])
        if message.msg_type == "miniprogrampage":
            picture = message.thumb_url if message.thumb_url.startswith("https://") else ""
            title = message.title.strip()[:100] or "小程序页面 Page"
            return Card(
                title,
                object_type="miniprogrampage",
                picture=picture[:2_000],
                page="/" + message.page_path.lstrip("/")[:1_999],
                fallback=title,
            )
        if message.msg_type == "image":
            is_last = waiting.attempts >= LAST_ATTEMPT
            return await self._pictures.take_in(caller, waiting.app_id, message, is_last=is_last)
        fallback = f"[{message.msg_type}] 微信客服消息中的这类内容暂不支持。This kind of message is not supported yet."
        return Custom("wechat.unsupported", {"msg_type": message.msg_type}, fallback)

    def _message_key(self, waiting: Waiting) -> bytes:
        """The same for each repetition of a push; it begins with what tells where it came from."""
        text = f"{waiting.app_id}\x00{waiting.key}".encode()
        digest = bytearray(hashlib.blake2b(text, digest_size=_DIGEST_BYTES, key=self._id_key).digest())
        digest[0] = (
            0x80 | digest[0] & 0x0F
        )  # version and variant of a UUID of one's own making (RFC 9562 §5.8)
        digest[2] = 0x80 | digest[2] & 0x3F
        return self._tag + bytes(digest)


def _place(app_id: str, key: str) -> bytes:
    return f"contact push\x00{app_id}\x00{key}".encode()


def _at(message: PushMessage, waiting: Waiting) -> int:
    """When WeChat says that it was; never later than it was received, and not absurdly earlier."""
    at = message.create_time * 1_000
    return at if waiting.received_at - 3_600_000 < at < waiting.received_at else waiting.received_at


def _sign(waiting: Waiting, sender: Sender, seq: int, *, said_at: int = 0, entered_at: int = 0) -> Contact:
    return Contact(
        conversation_id=sender.conversation_id,
        app_id=waiting.app_id,
        openid=waiting.openid,
        customer_id=sender.caller.user_id,
        shop_id=sender.shop_id,
        began_seq=seq,
        in_seq=seq,
        app_seq=0,
        said_at=said_at,
        entered_at=entered_at,
    )


def _context(session_from: str) -> dict[str, Any]:
    """`session-from` of the button: a JSON object is the context itself, as `open_service` takes it."""
    try:
        context = json.loads(session_from) if session_from[:1] == "{" else None
    except (ValueError, RecursionError):
        context = None
    if isinstance(context, dict) and len(session_from.encode()) <= MAX_CONTEXT and _is_flat(context):
        return context
    return {"session_from": session_from[:500]} if session_from else {}


def _is_flat(context: dict[str, Any]) -> bool:
    return all(value is None or isinstance(value, str | int | float | bool) for value in context.values())
