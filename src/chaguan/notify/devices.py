"""Devices of agents that want to be called through their browser's push service. Everybody arranges their own."""

from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.desk import access_agent_desk
from chaguan.infra.database import Database
from chaguan.infra.http import GuardedHttp
from chaguan.notify import rules, store
from chaguan.notify.addresses import Addresses, check_endpoint, subscription_of
from chaguan.notify.model import Bell, DeviceKept, Language, Sealed, Tried
from chaguan.notify.words import Notice, trial_notice
from chaguan.platforms.robots import outcome_of
from chaguan.platforms.webpush import Pushed, Subscription, VapidKey, check_subscription, push

MAX_DEVICES = 10
"""Of one agent."""
KIND = "web_push"
TTL_S = 300
"""Longer than that nobody wants to hear who waited."""
TOPIC = "waiting"


class PushState(Struct, kw_only=True):
    """`public_key` is what the browser subscribes with (`applicationServerKey`). `subscribed`: this device is called;
    `always`: also while its agent has set themselves offline. `devices`: how many of mine are called."""

    public_key: str
    subscribed: bool = False
    always: bool = False
    devices: int = 0
    last: Tried | None = None


class PushWish(Struct, kw_only=True):
    """What `PushSubscription.toJSON()` gives, and in which language to be told."""

    endpoint: str
    p256dh: str
    auth: str
    language: Language = "zh-CN"
    always: bool = False


class Devices:
    def __init__(
        self,
        db: Database,
        addresses: Addresses,
        http: GuardedHttp,
        contact: str,
        sandbox: str,
        clock: Clock,
    ) -> None:
        """`contact` is whom push services may write to; `sandbox` where the stand-in for them lies, if it is on."""
        self._db = db
        self._addresses = addresses
        self._http = http
        self._contact = contact
        self._sandbox = sandbox
        self._clock = clock
        self.key: VapidKey

    async def state(self, caller: Caller) -> PushState:
        access_agent_desk(caller)
        mine = await self._db.read(partial(store.devices_of, user_id=caller.user_id))
        here = next((bell for bell in mine if bell.device_id == caller.device_id), None)
        state = PushState(public_key=self.key.public, devices=len(mine))
        if here is not None:
            kept = msgspec.json.decode(here.spec, type=DeviceKept)
            state.subscribed, state.always, state.last = True, kept.always, here.tried
        return state

    async def subscribe(self, caller: Caller, wish: PushWish) -> PushState:
        """This device, from now on; the same again changes nothing. `conflict` (`too_many`)."""
        access_agent_desk(caller)
        check_endpoint(wish.endpoint, self._sandbox)
        check_subscription(Subscription(wish.endpoint, wish.p256dh, wish.auth))
        tag, now = self._addresses.tag_of_device(wish.endpoint), self._clock()
        kept = DeviceKept(
            language=wish.language,
            always=wish.always,
            role=caller.role.value if caller.role else "",
            session_id=caller.session_id,
        )

        def work(con: Connection) -> None:
            # A browser has one subscription, whoever signs in there; and a device one address.
            store.remove_devices(con, caller.user_id, caller.device_id, but=tag)
            held = store.find_by_tag(con, tag)
            if held is None and len(store.devices_of(con, caller.user_id)) >= MAX_DEVICES:
                raise AppError(ErrorCode.conflict, "devices", reason="too_many", limit=MAX_DEVICES)
            if held is not None:
                store.remove(con, [held.id])
            bell_id = held.id if held is not None and held.user_id == caller.user_id else new_id("bl")
            sealed = Sealed(endpoint=wish.endpoint, p256dh=wish.p256dh, auth=wish.auth)
            fresh = {
                "id": bell_id,
                "kind": KIND,
                "user_id": caller.user_id,
                "device_id": caller.device_id,
                "tag": tag,
                "spec": msgspec.json.encode(kept).decode(),
                "sealed": self._addresses.seal(bell_id, sealed),
                "created_at": now,
            }
            rung = {"rung_at": held.rung_at, "rung_until": held.rung_until} if held is not None else {}
            store.add(con, fresh | rung)

        await self._db.write(work)
        return await self.state(caller)

    async def unsubscribe(self, caller: Caller) -> None:
        access_agent_desk(caller)
        user_id, device_id = caller.user_id, caller.device_id
        await self._db.write(lambda con: store.remove_devices(con, user_id, device_id))

    async def test(self, caller: Caller) -> Tried:
        """Calls this device, now. `not_found`: it is not subscribed, or not any more."""
        access_agent_desk(caller)
        now = self._clock()

        def work(con: Connection) -> tuple[Bell, int]:
            mine = store.devices_of(con, caller.user_id)
            here = next((bell for bell in mine if bell.device_id == caller.device_id), None)
            if here is None:
                raise AppError(ErrorCode.not_found, "this device is not called")
            return here, store.note_test(con, here.id, now, rules.TEST_GAP_MS)

        bell, wait_ms = await self._db.write(work)
        if wait_ms:
            raise AppError(ErrorCode.rate_limited, "a moment ago", retry_after_ms=wait_ms)
        language = msgspec.json.decode(bell.spec, type=DeviceKept).language
        try:
            pushed = await self._push(bell, trial_notice("Chaguan", language), now)
        except AppError as error:
            pushed = Pushed(0, outcome_of(error).reason)
        if pushed.is_gone:
            await self._db.write(lambda con: store.remove(con, [bell.id]))
        state = "not_sent" if pushed.reason else "sent"
        return Tried(state=state, reason=pushed.reason, vendor_code=pushed.status, at=now)

    async def call(self, bell: Bell, notice: Notice, now: int, topic: str = TOPIC) -> Pushed:
        return await self._push(bell, notice, now, topic)

    async def _push(self, bell: Bell, notice: Notice, now: int, topic: str = TOPIC) -> Pushed:
        body = {"title": notice.title, "text": notice.text, "path": notice.path}
        if topic != TOPIC:
            body["tag"] = topic
        return await push(
            self._http,
            self.key,
            self._contact,
            subscription_of(self._addresses.open(bell)),
            msgspec.json.encode(body),
            topic=topic,
            ttl_s=TTL_S,
            now=now,
        )
