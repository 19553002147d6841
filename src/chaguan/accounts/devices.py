"""Where users are signed in, and ending it."""

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import access_admin, access_grant, access_user
from chaguan.accounts.acts import Acts
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.store import devices as store
from chaguan.accounts.store import staff as staff_store
from chaguan.accounts.store.devices import Device
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database
from chaguan.protocol.audit import AuditAction


class Devices:
    def __init__(self, db: Database, acts: Acts, authenticator: Authenticator, clock: Clock) -> None:
        self._db = db
        self._acts = acts
        self._authenticator = authenticator
        self._clock = clock

    async def list_mine(self, caller: Caller) -> list[Device]:
        """Newest use first; `current` is the one that asks."""
        access_user(caller)
        found = await self._db.read(lambda connection: store.list_devices(connection, caller.user_id))
        return [msgspec.structs.replace(device, current=device.id == caller.device_id) for device in found]

    async def revoke_mine(self, caller: Caller, device_id: str) -> None:
        """Signs the device out at once. `not_found` if it is not signed in."""
        access_user(caller)
        now = self._clock()
        gone = await self._db.write(
            lambda connection: store.revoke_devices(connection, caller.user_id, now, only=device_id)
        )
        _must_exist(gone)
        self._authenticator.sign_out(caller.user_id, device_id, "revoked")

    async def list_of(self, caller: Caller, user_id: str) -> list[Device]:
        access_admin(caller)

        def work(connection: Connection) -> list[Device]:
            staff_store.get_member(connection, user_id)
            return store.list_devices(connection, user_id)

        return await self._db.read(work)

    async def revoke_of(self, caller: Caller, user_id: str, device_id: str) -> None:
        access_admin(caller)
        now = self._clock()

        def work(connection: Connection) -> None:
            access_grant(caller, staff_store.get_member(connection, user_id).role, None)
            _must_exist(store.revoke_devices(connection, user_id, now, only=device_id))

        await self._acts.write(caller, AuditAction.device_revoked, user_id, work, device_id=device_id)
        self._authenticator.sign_out(user_id, device_id, "revoked")


def _must_exist(gone: list[str]) -> None:
    if not gone:
        raise AppError(ErrorCode.not_found, "no such device is signed in")
