"""When each device and key was last here: kept in memory, written many at once, so that a warm call costs no write."""

from functools import partial

from chaguan.accounts.store import devices, keys
from chaguan.core.caller import Caller
from chaguan.infra.database import Database

FLUSH_S = 60
_CHUNK = 200
_MAX_PENDING = 50_000


class SeenDevices:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._devices: dict[tuple[str, str], tuple[int, str]] = {}
        self._keys: dict[str, int] = {}

    def note(self, caller: Caller, address: str, at: int) -> None:
        if caller.kind == "server":
            self.note_key(caller.user_id, at)
        else:
            self.note_device(caller.user_id, caller.device_id, address, at)

    def note_device(self, user_id: str, device_id: str, address: str, at: int) -> None:
        if device_id and len(self._devices) < _MAX_PENDING:
            self._devices[user_id, device_id] = (at, address)

    def note_key(self, key_id: str, at: int) -> None:
        self._keys[key_id] = at

    async def flush(self) -> None:
        """What is lost when the process dies is a minute of `seen_at`."""
        pending, self._devices = self._devices, {}
        used, self._keys = self._keys, {}
        seen = [
            {"user": user_id, "device": device_id, "at": at, "from": address}
            for (user_id, device_id), (at, address) in pending.items()
        ]
        for start in range(0, len(seen), _CHUNK):
            await self._db.write(partial(devices.write_seen, seen=seen[start : start + _CHUNK]))
        if used:
            rows = [{"key": key_id, "at": at} for key_id, at in used.items()]
            await self._db.write(partial(keys.write_used, used=rows))
