"""Fan-out as messaging sees it: encode once, frame once, hand the same bytes to the hub."""

import msgspec
from msgspec import Struct

from chaguan.gateway.hub import Hub
from chaguan.gateway.websocket import text_frame

_encode = msgspec.json.Encoder().encode


class HubPublisher:
    def __init__(self) -> None:
        self._hub: Hub | None = None
        self._last: tuple[Struct | None, bytes] = (None, b"")

    def bind(self, hub: Hub) -> None:
        """The hub is made inside the running loop, later than what publishes to it."""
        self._hub = hub

    def publish(self, topic: str, push: Struct) -> None:
        hub = self._hub
        if hub is None or not hub.is_local(topic):
            return
        last, frame = self._last
        if last is not push:  # the two people of a direct conversation get the same bytes
            frame = text_frame(_encode(push))
            self._last = (push, frame)
        hub.publish(topic, frame)

    def is_followed(self, topic: str) -> bool:
        return self._hub is not None and self._hub.is_local(topic)

    def follow(self, user_id: str, topic: str) -> None:
        if self._hub is not None:
            for session in self._hub.sessions_of(user_id):
                self._hub.subscribe(session, topic)

    def unfollow(self, user_id: str, topic: str) -> None:
        if self._hub is not None:
            for session in self._hub.sessions_of(user_id):
                self._hub.unsubscribe(session, topic)
