"""Limits that several processes share, without waiting for anybody."""

from chaguan.infra.broker.port import Broker

REMEMBERED = 10_000


class _Second:
    __slots__ = ("included", "own", "second", "total")

    def __init__(self, second: int) -> None:
        self.second = second
        self.own = self.included = self.total = 0


class SharedRates:
    """So many a second and key, all processes together. Each decides on the last sum it heard plus its own since;
    what all of them let through in the time of one answer may go beyond the limit. Without a link each lets through
    its share."""

    def __init__(self, broker: Broker, nodes: int) -> None:
        self._broker = broker
        self._nodes = nodes
        self._seconds: dict[str, _Second] = {}

    def allow(self, key: str, second: int, limit: int) -> bool:
        held = self._seconds.get(key)
        if held is None or held.second != second:
            held = self._begin(key, second)
        if not self._broker.is_linked:
            if held.own >= max(1, limit // max(self._nodes, len(self._broker.peers))):
                return False
        elif held.total + held.own - held.included >= limit:
            return False
        held.own += 1
        self._report(key, held, held.own)
        return True

    def _begin(self, key: str, second: int) -> _Second:
        if len(self._seconds) >= REMEMBERED:
            self._seconds = {key: held for key, held in self._seconds.items() if held.second == second}
        held = self._seconds[key] = _Second(second)
        return held

    def _report(self, key: str, held: _Second, included: int) -> None:
        def summed(total: int) -> None:
            held.total, held.included = total, included

        self._broker.tally(f"rate:{key}:{held.second}", 3, summed)
