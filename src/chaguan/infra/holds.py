"""A hold: while a backup or a copy runs, no blob is deleted. It ends by itself soon after its holder is gone."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType

from sqlalchemy import Connection

from chaguan.core.clock import now_ms
from chaguan.core.errors import AppError
from chaguan.infra import facts
from chaguan.infra.database import Work
from chaguan.infra.database.failures import summary

LEASE_MS = 10 * 60 * 1000
_RENEW_S = 60
NAME = "blobs held until"

_log = logging.getLogger(__name__)


def extend(connection: Connection, now: int) -> None:
    """Leases only grow, so holders need not know of one another."""
    facts.put(connection, NAME, str(max(_until(connection), now + LEASE_MS)).encode())


def is_held(connection: Connection, now: int) -> bool:
    return _until(connection) > now


def _until(connection: Connection) -> int:
    return int(facts.find(connection, NAME) or b"0")


class Hold:
    """Renewed by a thread of its own, whatever its holder is busy with. `run` writes, and returns after the commit."""

    def __init__(self, run: Callable[[Work[None]], object]) -> None:
        self._run = run
        self._over = threading.Event()
        self._kept_until = 0
        self._thread = threading.Thread(target=self._renew_forever, name="hold", daemon=True)

    def __enter__(self) -> "Hold":
        self._renew()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def is_kept(self) -> bool:
        """False once a lease ran out before it could be renewed: what was copied since may lack something."""
        return self._kept_until > now_ms()

    def _renew(self) -> None:
        now = now_ms()
        self._run(lambda connection: extend(connection, now))
        if self._kept_until == 0 or self._kept_until > now:
            self._kept_until = now + LEASE_MS

    def _renew_forever(self) -> None:
        from sqlalchemy.exc import DBAPIError

        while not self._over.wait(_RENEW_S):
            try:
                self._renew()
            except (DBAPIError, AppError) as error:
                _log.warning("the hold on blobs could not be renewed: %s", summary(error))
