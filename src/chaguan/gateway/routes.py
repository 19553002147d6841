"""What a session may ask, and in which state: signing in, catching up, watching; all else goes to the verbs."""

import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from msgspec import Struct

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import Limits as LimitSettings
from chaguan.desk import AGENTS_TOPIC, notes_topic_of, topic_of, wall_of
from chaguan.gateway.calls import Call
from chaguan.gateway.hub import Hub, Listener
from chaguan.gateway.lifetime import Lifetime, State
from chaguan.gateway.presence import PresenceBoard
from chaguan.gateway.relay import Relay
from chaguan.gateway.session import Session
from chaguan.gateway.verbs import People, Verbs
from chaguan.messaging.sync import Sync
from chaguan.protocol import commands as c
from chaguan.protocol.replies import Limits, Welcome


class Authenticates(Protocol):
    async def authenticate(
        self, token: str, device_id: str = "", platform: str = "", address: str = ""
    ) -> Caller: ...
    async def check_still_welcome(self, caller: Caller) -> None: ...


class Routes:
    """The dispatcher of the edge."""

    def __init__(
        self,
        verbs: Verbs,
        sync: Sync,
        authenticator: Authenticates,
        people: People,
        epoch: str,
        limits: LimitSettings,
        clock: Clock = now_ms,
    ) -> None:
        self._verbs = verbs
        self._sync = sync
        self._authenticator = authenticator
        self._people = people
        self.epoch = epoch
        self._clock = clock
        self._limits = Limits(
            image=limits.image,
            voice_ms=limits.voice_ms,
            video=limits.video,
            file=limits.file,
            recall_window_s=limits.recall_window_s,
        )
        self._hub: Hub
        self._presence: PresenceBoard
        self._relay: Relay | None = None

    def bind(self, hub: Hub, presence: PresenceBoard, relay: Relay | None = None) -> None:
        """The hub is made inside the running loop."""
        self._hub = hub
        self._presence = presence
        self._relay = relay

    async def hello(self, session: Session, command: c.Hello) -> Welcome:
        caller = await self.sign_in(command, session.link.address)
        _check_waits(session)
        session.caller = caller
        await self.listen(session, caller)
        self._presence.came(caller.user_id)
        _check_waits(session)
        return await self.welcome(caller, command)

    async def listen(self, session: Listener, caller: Caller) -> None:
        """First listen, then read: what is said meanwhile waits behind the welcome and is told from it by seq."""
        self._hub.subscribe(session, caller.user_id)
        if self._relay is not None:
            await self._relay.listen(session, caller.user_id)
            return
        for conversation_id in await self._sync.topics(caller):
            self._hub.subscribe(session, conversation_id)

    async def _ready(self, topics: Iterable[str]) -> None:
        if self._relay is not None:
            await self._relay.ready(topics)

    async def sign_in(self, command: c.Hello, address: str) -> Caller:
        if command.protocol != c.PROTOCOL_VERSION:
            raise AppError(ErrorCode.bad_request, "protocol version", protocol=c.PROTOCOL_VERSION)
        caller = await self._authenticator.authenticate(
            command.token, command.device_id, command.platform, address
        )
        if caller.kind == "server":
            raise AppError(ErrorCode.forbidden, "an API key opens no session")
        return caller

    async def welcome(self, caller: Caller, command: c.Hello | c.Resume) -> Welcome:
        is_same_log = command.epoch in (None, self.epoch)
        caught_up = await self._sync.catch_up(
            caller, command.user_version if is_same_log else 0, command.known if is_same_log else []
        )
        ids = {caller.user_id: None}
        for view in caught_up.conversations:
            last = view.last.sender_id if view.last else ""
            ids.update(dict.fromkeys((view.inbox.peer_id, view.conversation.customer_id, last)))
        users = await self._people.users([id for id in ids if id])
        if not users or users[0].id != caller.user_id:
            raise AppError(ErrorCode.unauthenticated, "no such user")
        return Welcome(
            user=users[0],
            session_id=secrets.token_hex(8),
            epoch=self.epoch,
            user_version=caught_up.user_version,
            server_time=self._clock(),
            full=caught_up.full,
            conversations=caught_up.conversations,
            next_cursor=caught_up.next_cursor,
            syncs=caught_up.syncs,
            pending=caught_up.pending,
            users=users[1:],
            limits=self._limits,
            role=caller.role.value if caller.role else "",
        )

    def begin(self, session: Session, command: Any, call: Call) -> bool:
        return session.caller is not None and self._verbs.begin(session.caller, command, call)

    async def call(self, session: Session, command: Any) -> Struct | None:
        caller = session.caller
        if caller is None:
            raise AppError(ErrorCode.unauthenticated, "hello comes first")
        if isinstance(command, c.Resume):
            return await self._resume(session, caller, command)
        if isinstance(command, c.WatchPresence):
            return await self._presence.watch(session, caller, command.user_ids)
        if isinstance(command, c.WatchDesk):
            return await self._watch_desk(session, caller, command)
        if isinstance(command, c.WatchNotes):
            return await self._watch_notes(session, caller, command)
        if isinstance(command, c.WatchWall):
            return await self._watch_wall(session, caller, command)
        if isinstance(command, c.CloseConversation):
            self._hub.unsubscribe(session, notes_topic_of(command.conversation_id))
            if await self._sync.only_looks(caller, command.conversation_id):
                self._hub.unsubscribe(session, command.conversation_id)
            return None
        result = await self._verbs.run(caller, command)
        if isinstance(command, c.GetConversation) and not command.conversation_id.startswith("d_"):
            is_new = self._hub.subscribe(session, command.conversation_id)
            if is_new and self._relay is not None:
                result = await self._read_again(session, caller, command)
        return result

    async def _read_again(
        self, session: Session, caller: Caller, command: c.GetConversation
    ) -> Struct | None:
        """What was said between the first reading and the subscription."""
        try:
            await self._ready([command.conversation_id])
            return await self._verbs.run(caller, command)
        except AppError:
            self._hub.unsubscribe(session, command.conversation_id)
            raise

    async def reauthorize(self, session: Session) -> None:
        """Revocation closes sessions at once; what remains to be seen is the token's own end, and, with other
        processes, what they said while the link to them was broken."""
        caller = session.caller
        if caller is None or (caller.expires_at and caller.expires_at + 60_000 < self._clock()):
            raise AppError(ErrorCode.unauthenticated, "the token expired")
        if not await self._people.users([caller.user_id]):
            raise AppError(ErrorCode.forbidden, "no such user")
        await self._check_still_welcome(caller)

    async def _check_still_welcome(self, caller: Caller) -> None:
        if self._relay is not None:
            await self._authenticator.check_still_welcome(caller)

    def left(self, session: Lifetime) -> None:
        if session.caller is not None:
            self._presence.left(session.caller.user_id)

    async def _resume(self, session: Session, caller: Caller, command: c.Resume) -> Welcome:
        if command.token:
            renewed = await self._authenticator.authenticate(command.token, caller.device_id)
            if renewed.user_id != caller.user_id:
                raise AppError(ErrorCode.forbidden, "another user's token")
            session.caller = caller = renewed
        await self._check_still_welcome(caller)
        return await self.welcome(caller, command)

    async def _watch_desk(self, session: Session, caller: Caller, command: c.WatchDesk) -> Struct:
        shop_id = await self._verbs.shop_of(caller, command.shop_id)
        topics = [topic_of(shop_id), AGENTS_TOPIC]
        return await self._watch(session, caller, topics, lambda: self._verbs.watch_desk(caller, command))

    async def _watch_wall(self, session: Session, caller: Caller, command: c.WatchWall) -> Struct:
        topics = [wall_of(await self._verbs.shop_of(caller, command.shop_id)), AGENTS_TOPIC]
        return await self._watch(session, caller, topics, lambda: self._verbs.watch_wall(caller, command))

    async def _watch(
        self, session: Session, caller: Caller, topics: list[str], read: Callable[[], Awaitable[Struct]]
    ) -> Struct:
        added = [topic for topic in topics if caller.is_staff and self._hub.subscribe(session, topic)]
        if not added:
            return await read()
        try:
            await self._ready(added)
            return await read()
        except AppError:
            for topic in added:
                self._hub.unsubscribe(session, topic)
            raise

    async def _watch_notes(self, session: Session, caller: Caller, command: c.WatchNotes) -> Struct | None:
        """Only who may read notes hears who writes one: first the verb decides, then the session listens."""
        notes = await self._verbs.run(caller, command)
        topic = notes_topic_of(command.conversation_id)
        if self._hub.subscribe(session, topic):
            await self._ready([topic])
        return notes


def _check_waits(session: Session) -> None:
    """A crowd that comes back at once, gives up and comes again must not be greeted for every time it gave up: the
    server would do nothing else any more."""
    if session.state is State.closed:
        raise AppError(ErrorCode.unavailable, "the connection is gone")
