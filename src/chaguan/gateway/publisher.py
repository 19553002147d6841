"""Fan-out as messaging sees it: encode once, frame once, hand the same bytes to the hub."""

import msgspec
from msgspec import Struct

from chaguan.gateway.hub import Hub
from chaguan.gateway.relay import Relay
from chaguan.gateway.websocket import text_frame

_encode = msgspec.json.Encoder().encode


class HubPublisher:
    def __init__(self) -> None:
        self._hub: Hub | None = None
        self._relay: Relay | None = None
        self._last: tuple[Struct | None, bytes] = (None, b"")

    def bind(self, hub: Hub, relay: Relay | None = None) -> None:
        """The hub is made inside the running loop, later than what publishes to it. The relay leads to the other
        processes, where there are any."""
        self._hub = hub
        self._relay = relay

    def publish(self, topic: str, push: Struct, encoded: bytes | None = None) -> None:
        hub = self._hub
        relay = self._relay
        if hub is None or (relay is None and not hub.is_local(topic)):
            return
        last, frame = self._last
        if last is not push:  # the two people of a direct conversation get the same bytes
            frame = text_frame(_encode(push) if encoded is None else encoded)
            self._last = (push, frame)
        if relay is None:
            hub.publish(topic, frame)
        else:
            relay.publish(topic, push, frame)

    def skip(self, topic: str, entry: Struct) -> None:
        if self._relay is not None:
            self._relay.skip(topic, entry)

    def is_followed(self, topic: str) -> bool:
        return self._relay is not None or (self._hub is not None and self._hub.is_local(topic))

    def follow(self, user_id: str, topic: str, seq: int) -> None:
        if self._relay is not None:
            self._relay.follow(user_id, topic, seq)
        elif self._hub is not None:
            for session in self._hub.sessions_of(user_id):
                self._hub.subscribe(session, topic)

    def unfollow(self, user_id: str, topic: str) -> None:
        # With other processes the entry says it, in its turn: not before what was said earlier elsewhere.
        if self._hub is not None and self._relay is None:
            for session in self._hub.sessions_of(user_id):
                self._hub.unsubscribe(session, topic)
