"""What staff do with their own account."""

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import access_staff
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.directory import Directory
from chaguan.accounts.passwords import Passwords
from chaguan.accounts.profile import check_avatar, check_name
from chaguan.accounts.second_factor import check_password
from chaguan.accounts.store import devices as device_store
from chaguan.accounts.store import staff as store
from chaguan.accounts.store import users as user_store
from chaguan.accounts.store.staff import Member
from chaguan.accounts.throttle import Throttle
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.infra.database import Database
from chaguan.protocol.conversations import User


class MyAccount(msgspec.Struct, kw_only=True):
    """My own account. `recovery_codes_left`: how many of the ten are unused."""

    user: User
    email: str
    role: str
    totp_enabled: bool
    recovery_codes_left: int
    password_changed_at: int
    must_change_password: bool


class Me:
    def __init__(
        self,
        db: Database,
        passwords: Passwords,
        throttle: Throttle,
        authenticator: Authenticator,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._throttle = throttle
        self._authenticator = authenticator
        self._directory = directory
        self._clock = clock

    async def get(self, caller: Caller) -> MyAccount:
        access_staff(caller)
        return _account(await self._db.read(lambda connection: store.get_member(connection, caller.user_id)))

    async def change_profile(self, caller: Caller, name: str | None, avatar: str | None) -> MyAccount:
        """None leaves as it is; an empty avatar removes it."""
        access_staff(caller)
        changes = {} if name is None else {"name": check_name(name)}
        if avatar is not None:
            changes["avatar"] = check_avatar(avatar)

        def work(connection: Connection) -> Member:
            if changes:
                user_store.update_user(connection, caller.user_id, **changes)
            return store.get_member(connection, caller.user_id)

        member = await self._db.write(work)
        self._directory.hold(member.user)
        return _account(member)

    async def change_password(self, caller: Caller, old: str, new: str, address: str) -> None:
        """Signs out all other devices. `forbidden` (`password_wrong`), `bad_request` for a new one that is too
        short."""
        access_staff(caller)
        now = self._clock()
        member = await check_password(self._db, self._passwords, self._throttle, caller, old, address, now)
        hashed = await self._passwords.hash(new)

        def work(connection: Connection) -> list[str]:
            store.update_member(
                connection,
                member.user.id,
                password_hash=hashed,
                password_changed_at=now,
                must_change_password=False,
            )
            return device_store.revoke_devices(connection, member.user.id, now, but=caller.device_id)

        others = await self._db.write(work)
        # This device too is remembered as one that has to change it.
        self._authenticator.forget(member.user.id)
        for device_id in others:
            self._authenticator.sign_out(member.user.id, device_id, "password_changed")


def _account(member: Member) -> MyAccount:
    return MyAccount(
        user=member.user,
        email=member.email,
        role=member.role.value,
        totp_enabled=member.sealed_totp is not None,
        recovery_codes_left=len(member.recovery_hashes),
        password_changed_at=member.password_changed_at,
        must_change_password=member.must_change_password,
    )
