"""Who is online. Asked for or watched, never broadcast."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.gateway.hub import Hub
from chaguan.gateway.relay import Relay
from chaguan.gateway.session import Session
from chaguan.gateway.verbs import People
from chaguan.gateway.websocket import text_frame
from chaguan.infra.broker import Broker
from chaguan.protocol.conversations import UserKind
from chaguan.protocol.pushes import PresenceChanged
from chaguan.protocol.replies import Presence, Presences

logger = logging.getLogger("chaguan.presence")
REMEMBERED = 50_000
_PREFIX = "presence:"
_SEEN = "seen"
LIFE_S = 24 * 3600
RENEW_S = 6 * 3600
LOOK_S = 2.0
_encode = msgspec.json.Encoder().encode


class PresenceBoard:
    """Alone it looks at its own sessions. With others, each process notes under a user that it holds them; notes of a
    process that lives no more count for nothing, so nobody has to repeat them."""

    def __init__(
        self,
        hub: Hub,
        people: People,
        clock: Clock = now_ms,
        broker: Broker | None = None,
        relay: Relay | None = None,
    ) -> None:
        self._hub = hub
        self._people = people
        self._clock = clock
        self._broker = broker
        self._relay = relay
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._leaving: set[asyncio.Task[None]] = set()

    def came(self, user_id: str) -> None:
        if len(self._hub.sessions_of(user_id)) != 1:
            return
        self._seen.pop(user_id, None)
        self._tell(user_id, True, 0)
        if self._broker is not None:
            self._broker.note(_PREFIX + user_id, self._broker.node, "1", LIFE_S)

    def left(self, user_id: str) -> None:
        if self._hub.is_local(user_id):
            return
        at = self._seen[user_id] = self._clock()
        self._seen.move_to_end(user_id)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        if self._broker is None:
            self._tell(user_id, False, at)
            return
        self._broker.erase(_PREFIX + user_id, self._broker.node)
        self._broker.note(_PREFIX + user_id, _SEEN, str(at), LIFE_S)
        task = asyncio.ensure_future(self._tell_unless_elsewhere(user_id, at))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _tell_unless_elsewhere(self, user_id: str, at: int) -> None:
        (found,) = await self._find([user_id])
        if not found.online:
            self._tell(user_id, False, at)

    async def watch(self, session: Session, caller: Caller, user_ids: Sequence[str]) -> Presences:
        """Customers may watch staff; who may watch whom is decided before anything is subscribed."""
        users = await self._people.users(user_ids)
        allowed = [user.id for user in users if caller.is_staff or user.kind is UserKind.staff]
        for topic in [topic for topic in session.topics if topic.startswith(_PREFIX)]:
            self._hub.unsubscribe(session, topic)
        for id in allowed:
            self._hub.subscribe(session, _PREFIX + id)
        if self._relay is not None:
            await self._relay.ready([_PREFIX + id for id in allowed])
        return Presences(await self._find(allowed))

    async def _find(self, user_ids: Sequence[str]) -> list[Presence]:
        here = [Presence(id, self._hub.is_local(id), self._seen.get(id, 0)) for id in user_ids]
        notes = (
            await self._broker.notes([_PREFIX + id for id in user_ids]) if self._broker is not None else None
        )
        if self._broker is None or notes is None:
            return here
        named = {name for noted in notes for name in noted} - {_SEEN}
        peers = self._broker.peers
        if not named <= peers:  # processes that died, or that came a moment ago
            peers = await self._broker.ask_peers()
        others = peers - {self._broker.node}
        for presence, noted in zip(here, notes, strict=True):
            presence.online = presence.online or not others.isdisjoint(noted)
            presence.seen_at = 0 if presence.online else max(presence.seen_at, int(noted.get(_SEEN, 0)))
        return here

    def _tell(self, user_id: str, online: bool, seen_at: int) -> None:
        topic = _PREFIX + user_id
        if self._relay is None and not self._hub.is_local(topic):
            return
        push = PresenceChanged(user_id=user_id, online=online, seen_at=seen_at)
        frame = text_frame(_encode(push))
        if self._relay is None:
            self._hub.publish(topic, frame)
        else:
            self._relay.publish(topic, push, frame)

    def note_all(self) -> None:
        """Redis may have forgotten who is here."""
        if self._broker is not None:
            for user_id in {session.user_id for session in self._hub.sessions if session.user_id}:
                self._broker.note(_PREFIX + user_id, self._broker.node, "1", LIFE_S)

    async def keep(self, broker: Broker) -> None:
        """Tell those who watch here when the users of a process that died are gone; renew notes before they lapse."""
        peers, renew_at = broker.peers, LIFE_S - RENEW_S
        waited = 0.0
        while True:
            await asyncio.sleep(LOOK_S)
            waited += LOOK_S
            if waited > renew_at:
                waited = 0.0
                self.note_all()
            former, peers = peers, broker.peers
            if broker.is_linked and former - peers:
                await self._look_again()

    async def _look_again(self) -> None:
        watched = [topic[len(_PREFIX) :] for topic in self._hub.local_topics() if topic.startswith(_PREFIX)]
        for presence in await self._find(watched):
            if not presence.online:
                push = PresenceChanged(user_id=presence.user_id, online=False, seen_at=presence.seen_at)
                self._hub.publish(_PREFIX + presence.user_id, text_frame(_encode(push)))
