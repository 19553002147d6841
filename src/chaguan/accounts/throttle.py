"""Counts attempts to sign in, on disk and before the password is looked at: so all processes count together, also
while nothing else joins them."""

from sqlalchemy import Connection

from chaguan.accounts.rules import Tally, attempt, succeeded, throttle_keys
from chaguan.accounts.store import staff as store
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database


class Throttle:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def attempt(self, account: str, address: str, now: int, known_device_id: str = "") -> None:
        """Raises `rate_limited` with `retry_after_ms` when the account (from a device known to be its owner's, the
        device) or the address had its share."""
        budgets = throttle_keys(account, address, known_device_id)

        def work(connection: Connection) -> int:
            held = store.hold_tallies(connection, budgets)
            verdicts = {key: attempt(budget, held.get(key, Tally()), now) for key, budget in budgets.items()}
            waits = [verdict.retry_after_ms for verdict in verdicts.values() if not verdict.allowed]
            if not waits:
                store.put_tallies(connection, {key: verdict.tally for key, verdict in verdicts.items()})
            return max(waits, default=0)

        wait = await self._db.write(work)
        if wait:
            raise AppError(ErrorCode.rate_limited, "too many attempts", retry_after_ms=wait)

    async def succeeded(self, account: str, address: str, now: int, known_device_id: str = "") -> None:
        budgets = throttle_keys(account, address, known_device_id)

        def work(connection: Connection) -> None:
            held = store.hold_tallies(connection, budgets)
            back = {key: succeeded(budgets[key], tally, now) for key, tally in held.items()}
            store.put_tallies(connection, back)

        await self._db.write(work)
