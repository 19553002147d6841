"""When each device and key was last here: kept in memory, written many at once, so that a warm call costs no write."""

from functools import partial

from msgspec import Struct

from chaguan.accounts.store import devices, keys
from chaguan.core.caller import Caller
from chaguan.infra.database import Database

FLUSH_S = 60
_CHUNK = 200
_MAX_PENDING = 50_000


class _Seen(Struct, frozen=True, gc=False):
    user_id: str
    device_id: str
    at: int
    address: str


class SeenDevices:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._devices: list[_Seen] = []
        """Oldest first. A device is noted once a minute, so twice here only now and then."""
        self._keys: dict[str, int] = {}

    def note(self, caller: Caller, address: str, at: int) -> None:
        if caller.kind == "server":
            self.note_key(caller.user_id, at)
        else:
            self.note_device(caller.user_id, caller.device_id, address, at)

    def note_device(self, user_id: str, device_id: str, address: str, at: int) -> None:
        if device_id and len(self._devices) < _MAX_PENDING:
            self._devices.append(_Seen(user_id, device_id, at, address))

    def note_key(self, key_id: str, at: int) -> None:
        self._keys[key_id] = at

    async def flush(self) -> None:
        """What is lost when the process dies is a minute of `seen_at`."""
        pending, self._devices = self._devices, []
        used, self._keys = self._keys, {}
        latest = {(seen.user_id, seen.device_id): seen for seen in pending}
        seen = [
            {"user": each.user_id, "device": each.device_id, "at": each.at, "from": each.address}
            for each in latest.values()
        ]
        for start in range(0, len(seen), _CHUNK):
            await self._db.write(partial(devices.write_seen, seen=seen[start : start + _CHUNK]))
        if used:
            rows = [{"key": key_id, "at": at} for key_id, at in used.items()]
            await self._db.write(partial(keys.write_used, used=rows))
