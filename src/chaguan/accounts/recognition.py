"""Whom user tokens speak for, looked up many at a time."""

from collections.abc import Iterable

from sqlalchemy import Connection

from chaguan.accounts.store import users as store
from chaguan.accounts.store.users import Known
from chaguan.infra.database import Database
from chaguan.infra.database.gathered import TOGETHER, GatheredReads

Place = tuple[str, str, str]
"""App, the business's id of the user, device."""


class Recognition:
    def __init__(self, db: Database) -> None:
        self._reads = GatheredReads(db, _read, _one_batch)

    async def find(self, app_id: str, subject: str, device_id: str) -> Known | None:
        """The read begins after this is asked, so what was stored before is seen."""
        return await self._reads.find((app_id, subject, device_id))


def _one_batch(waiting: Iterable[Place]) -> list[Place]:
    """Of one app, and no user twice."""
    batch: dict[str, Place] = {}
    app_id = ""
    for place in waiting:
        app_id = app_id or place[0]
        if place[0] == app_id:
            batch.setdefault(place[1], place)
        if len(batch) == TOGETHER:
            break
    return list(batch.values())


def _read(connection: Connection, batch: list[Place]) -> dict[Place, Known]:
    found = store.list_known(connection, batch[0][0], {subject: device for _, subject, device in batch})
    return {place: found[place[1]] for place in batch if place[1] in found}
