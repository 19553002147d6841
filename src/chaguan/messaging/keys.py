"""Rotation of what wraps the conversations' keys."""

from sqlalchemy import Connection

from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault
from chaguan.messaging.store import conversations as store

CHUNK = 200


async def rewrap_keys(db: Database, vault: Vault) -> int:
    """Chunk by chunk, so that sends go on between; a key that changes meanwhile is left for the next pass."""
    last, changed = "", 0
    while True:
        after = last
        rows = await db.read(lambda connection, after=after: store.keys_after(connection, after, CHUNK))  # type: ignore[misc]
        if not rows:
            return changed
        again = [(id, old, vault.rewrap(id, old)) for id, old in rows if not vault.is_current(old)]

        def write(connection: Connection, again: list[tuple[str, bytes, bytes]] = again) -> None:
            for id, old, new in again:
                store.set_key(connection, id, old, new)

        if again:
            await db.write(write)
        changed += len(again)
        last = rows[-1][0]
