"""Who is online here. Asked for or watched, never broadcast."""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from chaguan.core.caller import Caller
from chaguan.core.clock import Clock, now_ms
from chaguan.gateway.hub import Hub
from chaguan.gateway.session import Session
from chaguan.gateway.verbs import People
from chaguan.gateway.websocket import text_frame
from chaguan.protocol.conversations import UserKind
from chaguan.protocol.pushes import PresenceChanged
from chaguan.protocol.replies import Presence, Presences

REMEMBERED = 50_000
_PREFIX = "presence:"
_encode = msgspec.json.Encoder().encode


class PresenceBoard:
    def __init__(self, hub: Hub, people: People, clock: Clock = now_ms) -> None:
        self._hub = hub
        self._people = people
        self._clock = clock
        self._seen: OrderedDict[str, int] = OrderedDict()

    def is_online(self, user_id: str) -> bool:
        return self._hub.is_local(user_id)

    def came(self, user_id: str) -> None:
        if len(self._hub.sessions_of(user_id)) == 1:
            self._seen.pop(user_id, None)
            self._tell(user_id, True, 0)

    def left(self, user_id: str) -> None:
        if self.is_online(user_id):
            return
        at = self._seen[user_id] = self._clock()
        self._seen.move_to_end(user_id)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        self._tell(user_id, False, at)

    async def watch(self, session: Session, caller: Caller, user_ids: Sequence[str]) -> Presences:
        """Customers may watch staff; who may watch whom is decided before anything is subscribed."""
        users = await self._people.users(user_ids)
        allowed = [user.id for user in users if caller.is_staff or user.kind is UserKind.staff]
        for topic in [topic for topic in session.topics if topic.startswith(_PREFIX)]:
            self._hub.unsubscribe(session, topic)
        for id in allowed:
            self._hub.subscribe(session, _PREFIX + id)
        return Presences([Presence(id, self.is_online(id), self._seen.get(id, 0)) for id in allowed])

    def _tell(self, user_id: str, online: bool, seen_at: int) -> None:
        topic = _PREFIX + user_id
        if self._hub.is_local(topic):
            push = PresenceChanged(user_id=user_id, online=online, seen_at=seen_at)
            self._hub.publish(topic, text_frame(_encode(push)))
