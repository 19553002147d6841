"""Faults a test switches on: what the vendor's server answers, or how long it takes, the next few times."""

import msgspec

MAX_TIMES = 10_000
MAX_DELAY_MS = 60_000


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """`errcode` 0 only delays. `endpoint` is the path's last part, such as `jscode2session`."""

    endpoint: str
    errcode: int = 0
    times: int = 1
    delay_ms: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.times <= MAX_TIMES:
            raise ValueError(f"times must be 0 to {MAX_TIMES}")
        if not 0 <= self.delay_ms <= MAX_DELAY_MS:
            raise ValueError(f"delay_ms must be 0 to {MAX_DELAY_MS}")


class Faults:
    """At most one per known endpoint: setting it again replaces it, `times` 0 takes it away."""

    def __init__(self, endpoints: frozenset[str]) -> None:
        self._endpoints = endpoints
        self._active: dict[str, Fault] = {}

    def set(self, fault: Fault) -> bool:
        """False if there is no such endpoint."""
        if fault.endpoint not in self._endpoints:
            return False
        self._active.pop(fault.endpoint, None)
        if fault.times:
            self._active[fault.endpoint] = fault
        return True

    def take(self, endpoint: str) -> Fault | None:
        fault = self._active.get(endpoint)
        if fault is None:
            return None
        fault.times -= 1
        if fault.times <= 0:
            del self._active[endpoint]
        return fault
