"""The second factor of staff: setting it up, proving it, taking it away."""

from base64 import b32encode, b64decode, b64encode

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import access_staff
from chaguan.accounts.jws import refused
from chaguan.accounts.passwords import Passwords
from chaguan.accounts.secrets import Secrets
from chaguan.accounts.store import staff as store
from chaguan.accounts.store.staff import Member
from chaguan.accounts.throttle import Throttle
from chaguan.accounts.totp import (
    find_recovery_code,
    new_recovery_codes,
    new_totp_secret,
    otpauth_uri,
    recovery_hash,
    verify_totp,
)
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database


class Proof(msgspec.Struct, frozen=True):
    """What proved the second factor, to be spent in the transaction that signs in. Empty: none is set up."""

    step: int = 0
    recovery_hash: str = ""


class TotpSetup(msgspec.Struct):
    """Shown once: the secret for an authenticator app, as text and as the address of the QR code, and ten recovery
    codes, each good once instead of a code. In force after `confirm`."""

    secret: str
    otpauth_url: str
    recovery_codes: list[str]


class _Pending(msgspec.Struct):
    secret: str
    recovery_hashes: list[str]


class SecondFactor:
    def __init__(
        self,
        db: Database,
        secrets: Secrets,
        passwords: Passwords,
        throttle: Throttle,
        clock: Clock,
        issuer: str,
    ) -> None:
        self._db = db
        self._secrets = secrets
        self._passwords = passwords
        self._throttle = throttle
        self._clock = clock
        self._issuer = issuer

    def prove(self, member: Member, code: str, now: int) -> Proof:
        if member.sealed_totp is None:
            return Proof()
        if not code.strip():
            raise refused("totp_required")
        secret = b64decode(self._secrets.unseal("totp", member.user.id, member.sealed_totp))
        step = verify_totp(secret, code, now, member.totp_step)
        if step is not None:
            return Proof(step=step)
        found = find_recovery_code(code[:100], member.recovery_hashes)
        if found is None:
            raise refused("totp_wrong")
        return Proof(recovery_hash=found)

    async def set_up(self, caller: Caller) -> TotpSetup:
        """Makes a secret that is not in force yet. `conflict` if one is: remove that first."""
        access_staff(caller)
        secret, codes = new_totp_secret(), new_recovery_codes()
        pending = _Pending(b64encode(secret).decode(), [recovery_hash(code) for code in codes])
        text = msgspec.json.encode(pending).decode()
        sealed = self._secrets.seal("totp_pending", caller.user_id, text)

        def work(connection: Connection) -> Member:
            member = store.get_member(connection, caller.user_id)
            if member.sealed_totp is not None:
                raise AppError(ErrorCode.conflict, "a second factor is set up already", reason="totp_enabled")
            store.update_member(connection, caller.user_id, sealed_totp_pending=sealed)
            return member

        member = await self._db.write(work)
        return TotpSetup(
            secret=b32encode(secret).decode().rstrip("="),
            otpauth_url=otpauth_uri(secret, member.email, self._issuer),
            recovery_codes=codes,
        )

    async def confirm(self, caller: Caller, code: str) -> None:
        """Puts the secret in force, with a code as proof that the authenticator app has it. `bad_request`
        (`totp_wrong`) otherwise, `conflict` if nothing was set up."""
        access_staff(caller)
        now = self._clock()

        def work(connection: Connection) -> None:
            member = store.get_member(connection, caller.user_id)
            if member.sealed_totp_pending is None:
                raise AppError(ErrorCode.conflict, "set up a second factor first", reason="totp_not_set_up")
            text = self._secrets.unseal("totp_pending", caller.user_id, member.sealed_totp_pending)
            pending = msgspec.json.decode(text, type=_Pending)
            step = verify_totp(b64decode(pending.secret), code, now, 0)
            if step is None:
                raise AppError(ErrorCode.bad_request, "not the current code", reason="totp_wrong")
            store.update_member(
                connection,
                caller.user_id,
                sealed_totp=self._secrets.seal("totp", caller.user_id, pending.secret),
                sealed_totp_pending=None,
                totp_step=step,
                recovery_hashes=pending.recovery_hashes,
            )

        await self._db.write(work)

    async def remove(self, caller: Caller, password: str, address: str) -> None:
        """Needs the password: an unattended browser must not be enough."""
        access_staff(caller)
        await check_password(
            self._db, self._passwords, self._throttle, caller, password, address, self._clock()
        )
        await self._db.write(lambda connection: take_away(connection, caller.user_id))


def take_away(connection: Connection, user_id: str) -> None:
    store.update_member(connection, user_id, sealed_totp=None, sealed_totp_pending=None, recovery_hashes=[])


async def check_password(
    db: Database,
    passwords: Passwords,
    throttle: Throttle,
    caller: Caller,
    password: str,
    address: str,
    now: int,
) -> Member:
    """The caller's own password, counted like a sign-in: a stolen session must not be able to guess it."""
    member = await db.read(lambda connection: store.get_member(connection, caller.user_id))
    # The caller is signed in on this device: strangers who guess at the account must not keep its owner out of it.
    await throttle.attempt(member.email, address, now, caller.device_id)
    if not (await passwords.verify(member.password_hash or None, password)).ok:
        raise AppError(ErrorCode.forbidden, "not the current password", reason="password_wrong")
    await throttle.succeeded(member.email, address, now, caller.device_id)
    return member
