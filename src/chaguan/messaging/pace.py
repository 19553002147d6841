"""How fast a conversation may grow: counted here, or by all processes together."""

from chaguan.core.clock import Clock, now_ms
from chaguan.core.settings import Limits
from chaguan.messaging import rules
from chaguan.messaging.model import Room
from chaguan.messaging.ports import Rates


class Pace:
    def __init__(self, limits: Limits, clock: Clock = now_ms) -> None:
        self._limits = limits
        self._clock = clock
        self.rates: Rates | None = None
        """Set where other processes count too."""

    def count(self, room: Room) -> None:
        """One message more; `rate_limited` beyond the limit."""
        second, limit = self._clock() // 1_000, self._limits.messages_per_second
        if self.rates is None:
            rules.count_message(room, second, limit)
        elif not self.rates.allow(room.id, second, limit):
            raise rules.too_many_messages()
