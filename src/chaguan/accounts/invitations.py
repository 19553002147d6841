"""Following a link from an administrator: to join, or to set a new password."""

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access_tokens import TokenSigner
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.directory import Directory
from chaguan.accounts.passwords import Passwords, check_new_password
from chaguan.accounts.profile import check_name
from chaguan.accounts.second_factor import take_away
from chaguan.accounts.sessions import SignedIn, Visitor, new_session, signed_in, store_session
from chaguan.accounts.sign_in import refuse_disabled
from chaguan.accounts.staff import link_hash
from chaguan.accounts.store import devices as device_store
from chaguan.accounts.store import staff as store
from chaguan.accounts.store import users as user_store
from chaguan.accounts.store.staff import Invitation, Member
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database


class Invited(msgspec.Struct):
    """What a link is for. `kind`: `invite` or `reset`."""

    kind: str
    email: str
    name: str
    role: str


class Invitations:
    def __init__(
        self,
        db: Database,
        signer: TokenSigner,
        passwords: Passwords,
        authenticator: Authenticator,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._db = db
        self._signer = signer
        self._passwords = passwords
        self._authenticator = authenticator
        self._directory = directory
        self._clock = clock

    async def look(self, token: str) -> Invited:
        """`not_found` for a link that was used, replaced, has expired or never was."""
        now = self._clock()
        invitation, member = await self._db.read(lambda connection: _get(connection, token, now))
        return Invited(invitation.kind, member.email, member.user.name, member.role.value)

    async def accept(self, visitor: Visitor, token: str, name: str, password: str) -> SignedIn:
        """Sets the password and signs in. `name` may stay empty with a reset link."""
        now = self._clock()
        _, before = await self._db.read(lambda connection: _get(connection, token, now))
        check_new_password(password)
        chosen = check_name(name or before.user.name)
        hashed = await self._passwords.hash(password)
        session = new_session(visitor, before.user, "", now)

        def work(connection: Connection) -> Member:
            invitation, member = _get(connection, token, now)
            refuse_disabled(member.disabled)
            store.spend_invitation(connection, link_hash(token), now)
            store.update_member(
                connection,
                member.user.id,
                password_hash=hashed,
                password_changed_at=now,
                must_change_password=False,
                joined_at=now,
            )
            user_store.update_user(connection, member.user.id, name=chosen)
            take_away(connection, member.user.id)
            device_store.revoke_devices(connection, member.user.id, now)
            store_session(connection, session, visitor)
            return store.get_member(connection, invitation.user_id)

        member = await self._db.write(work)
        self._directory.hold(member.user)
        self._authenticator.sign_out(member.user.id, None, "password_changed")
        return signed_in(self._signer, session, member.user, now, member.role.value)


def _get(connection: Connection, token: str, now: int) -> tuple[Invitation, Member]:
    invitation = store.find_invitation(connection, link_hash(token), now)
    member = None if invitation is None else store.find_member(connection, invitation.user_id)
    if invitation is None or member is None:
        raise AppError(ErrorCode.not_found, "this link does not work any more")
    return invitation, member
