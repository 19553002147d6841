"""The other processes of this deployment: what they must hear of this one, and it of them."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from chaguan.accounts import Accounts
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Settings
from chaguan.gateway.announcer import Announcer
from chaguan.gateway.hub import Hub, Listener
from chaguan.gateway.presence import PresenceBoard
from chaguan.gateway.relay import News, Relay
from chaguan.gateway.session import Session
from chaguan.gateway.websocket import text_frame
from chaguan.infra.broker import Broker
from chaguan.infra.broker.rates import SharedRates
from chaguan.messaging import Messaging
from chaguan.messaging.feed import Feed
from chaguan.messaging.model import Room
from chaguan.protocol.errors import CloseCode
from chaguan.protocol.pushes import SignedOut

SIGNED_OUT, REAUTHORIZE, CONVERSATION, GREW = "signed_out", "reauthorize", "conversation", "log_grew"
GREW_S = 0.05
"""The consumers of another process are told so often at most that the log grew."""
TRUSTED_MS = 300_000
"""How long a decision about a token is remembered: news of a revocation may be lost with the process that had it."""
ALONE_MS = 10_000
"""The same while no news comes."""

SignOut = Callable[[str, str | None, str], None]
Reauthorize = Callable[[str], None]


def part_from(session: Listener, reason: str) -> None:
    session.push(text_frame(msgspec.json.encode(SignedOut(reason=reason))))
    session.close(CloseCode.UNAUTHENTICATED, "signed out")


class Others:
    """Made when the settings name a Redis. `sign_out` and `reauthorize` close sessions of this process."""

    def __init__(
        self,
        broker: Broker,
        hub: Hub,
        accounts: Accounts,
        messaging: Messaging,
        settings: Settings,
        sign_out: SignOut,
        reauthorize: Reauthorize,
        feeds: Sequence[Feed],
    ) -> None:
        self.broker = broker
        self._hub = hub
        self._accounts = accounts
        self._messaging = messaging
        self._sign_out = sign_out
        self._reauthorize = reauthorize
        self._feeds = feeds
        self._is_telling = False
        messaging.log.listeners.append(self._log_grew)
        self.relay = Relay(hub, broker, messaging.tail, self._heard)
        self.relay.on_link = self._link_changed
        self.presence = PresenceBoard(hub, accounts.directory, broker=broker, relay=self.relay)
        self._announcer = Announcer(self.relay, broker, messaging.tail)
        messaging.rooms.is_current = self._is_current
        messaging.rooms.tell = lambda id: self.relay.tell(News(CONVERSATION, id))
        messaging.pace.rates = SharedRates(broker, settings.nodes)
        accounts.news.tell = lambda kind, id: self.relay.tell(News(kind, id))
        accounts.news.longest_ms = TRUSTED_MS
        accounts.authenticator.on_signed_out = self._signed_out
        accounts.authenticator.on_reauthorize = self._must_reauthorize
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        await self.relay.start()
        self._run(self._announcer.run())
        self._run(self.presence.keep(self.broker))

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.relay.stop()

    def _is_current(self, room: Room) -> bool:
        """Whether everything that was appended since the conversation was read has been heard here."""
        return any(
            since is not None and since <= room.loaded_at
            for since in map(self.broker.since, room.pair or (room.id,))
        )

    def _signed_out(self, user_id: str, device_id: str | None, reason: str) -> None:
        self._sign_out(user_id, device_id, reason)
        self.relay.tell(News(SIGNED_OUT, user_id, device_id or "", reason))

    def _must_reauthorize(self, user_id: str) -> None:
        self._reauthorize(user_id)
        self.relay.tell(News(REAUTHORIZE, user_id))

    def _log_grew(self, _conversation_id: str) -> None:
        if self._is_telling or all(feed.is_owned for feed in self._feeds):
            return
        self._is_telling = True
        asyncio.get_running_loop().call_later(GREW_S, self._tell_growth)

    def _tell_growth(self) -> None:
        self._is_telling = False
        self.relay.hint(News(GREW, ""))

    def _heard(self, news: News) -> None:
        if news.kind == GREW:
            for feed in self._feeds:
                feed.wake()
        elif news.kind == SIGNED_OUT or news.kind == REAUTHORIZE:
            self._accounts.authenticator.unlearn(news.id)
            self._run(self._part(news))
        elif news.kind == CONVERSATION:
            self._messaging.tail.forget(news.id)
        else:
            self._accounts.heard(news.kind, news.id)

    async def _part(self, news: News) -> None:
        """News is slower than a new sign-in: who may be here by what the database says stays."""
        for session in self._hub.sessions_of(news.id):
            if news.device_id not in ("", session.device_id):
                continue
            caller = session.caller if isinstance(session, Session) else None
            try:
                if caller is not None:
                    await self._accounts.authenticator.check_still_welcome(caller)
                    continue
            except AppError as error:
                if news.kind == SIGNED_OUT and error.code is not ErrorCode.unavailable:
                    part_from(session, news.reason)
                    continue
            session.close(CloseCode.REAUTHORIZE, "rights changed")

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _link_changed(self, is_linked: bool) -> None:
        self._accounts.news.longest_ms = TRUSTED_MS if is_linked else ALONE_MS
        for feed in self._feeds:
            feed.is_told = is_linked
        self._accounts.forget_all()
        if is_linked:
            self.presence.note_all()
