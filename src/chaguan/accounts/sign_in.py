"""Signing in and out: staff with password and code, customers through WeChat, and the refresh of both."""

from collections.abc import Callable

from sqlalchemy import Connection

from chaguan.accounts.access import access_user
from chaguan.accounts.access_tokens import (
    RefreshRefusal,
    RefreshSession,
    TokenSigner,
    refresh_session_id,
    use_refresh_token,
    verify_kept_token,
)
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.jws import refused
from chaguan.accounts.passwords import Passwords
from chaguan.accounts.second_factor import Proof, SecondFactor
from chaguan.accounts.sessions import SignedIn, Visitor, new_session, signed_in, store_session
from chaguan.accounts.store import devices as device_store
from chaguan.accounts.store import staff as store
from chaguan.accounts.store import users as user_store
from chaguan.accounts.store.staff import Member
from chaguan.accounts.store.users import Known
from chaguan.accounts.throttle import Throttle
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database import Database

MAX_EMAIL = 254


class SignIn:
    def __init__(
        self,
        db: Database,
        signer: TokenSigner,
        passwords: Passwords,
        second_factor: SecondFactor,
        throttle: Throttle,
        authenticator: Authenticator,
        clock: Clock,
    ) -> None:
        self._db = db
        self._signer = signer
        self._passwords = passwords
        self._second_factor = second_factor
        self._throttle = throttle
        self._authenticator = authenticator
        self._clock = clock

    async def staff(
        self, visitor: Visitor, email: str, password: str, code: str = "", kept_token: str = ""
    ) -> SignedIn:
        """With e-mail and password, and a code (or recovery code) where a second factor is set up.

        `unauthenticated` with `data.reason`: `credentials` (which of both is wrong, or whether the account
        exists, is not told), `totp_required`, `totp_wrong`. `rate_limited` before anything is looked at.
        `forbidden` (`user_disabled`) only after the right password. `kept_token` is an access token that this
        device got when the account signed in on it before: guesses of strangers then don't count against it.
        """
        now = self._clock()
        address = fold_email(email)
        device_id = await self._known_device(visitor, address, kept_token)
        await self._throttle.attempt(address, visitor.address, now, device_id)
        member = await self._db.read(lambda connection: store.find_member_by_email(connection, address))
        verified = await self._passwords.verify((member and member.password_hash) or None, password)
        if member is None or not verified.ok:
            raise refused("credentials")
        refuse_disabled(member.disabled)
        proof = self._second_factor.prove(member, code, now)
        session = new_session(visitor, member.user, "", now)
        fresh_hash = await self._passwords.hash(password) if verified.rehash else ""

        def work(connection: Connection) -> bool:
            if not _still(connection, member, proof):
                return False
            if fresh_hash:
                store.update_member(connection, member.user.id, password_hash=fresh_hash)
            store_session(connection, session, visitor)
            return True

        if not await self._db.write(work):
            raise refused("totp_wrong")
        await self._throttle.succeeded(address, visitor.address, now, device_id)
        self._authenticator.forget(member.user.id)
        return self._answer(session, member, now)

    async def refresh(self, visitor: Visitor, refresh_token: str) -> SignedIn:
        """The next pair of tokens. A refresh token is good once; one seen again a minute after its use signs its
        device out (`refresh_reused`), because two parties hold it."""
        now = self._clock()
        session_id = refresh_session_id(refresh_token)
        outcome = await self._db.write(self._refreshing(session_id, refresh_token, visitor.device_id, now))
        if isinstance(outcome, RefreshSession):
            # Raising inside would have undone the revocation.
            self._authenticator.sign_out(outcome.user_id, outcome.device_id, "revoked")
            raise refused(RefreshRefusal.reused.value)
        session, known = outcome
        return signed_in(self._signer, session, known.user, now, known.role or "", known.must_change_password)

    async def sign_out(self, caller: Caller) -> None:
        """This device: its access and refresh tokens end, its live sessions are closed."""
        access_user(caller)
        if not caller.device_id:
            raise AppError(ErrorCode.bad_request, "this token is bound to no device", field="device_id")
        now = self._clock()
        await self._db.write(
            lambda connection: device_store.revoke_devices(
                connection, caller.user_id, now, only=caller.device_id
            )
        )
        self._authenticator.sign_out(caller.user_id, caller.device_id, "revoked")

    async def _known_device(self, visitor: Visitor, email: str, kept_token: str) -> str:
        """Empty, unless the token is genuine, of this device and of this account. Only then is anything looked at."""
        claims = verify_kept_token(self._signer, kept_token) if kept_token else None
        if claims is None or claims.device_id != visitor.device_id:
            return ""
        member = await self._db.read(lambda connection: store.find_member(connection, claims.user_id))
        return visitor.device_id if member is not None and member.email == email else ""

    def _refreshing(
        self, session_id: str, token: str, device_id: str, now: int
    ) -> Callable[[Connection], tuple[RefreshSession, Known] | RefreshSession]:
        def work(connection: Connection) -> tuple[RefreshSession, Known] | RefreshSession:
            session = device_store.find_session(connection, session_id)
            if session is None:
                raise refused(RefreshRefusal.invalid.value)
            following = use_refresh_token(self._signer, session, token, device_id, now)
            if following is RefreshRefusal.reused:
                device_store.revoke_devices(connection, session.user_id, now, only=session.device_id)
                return session
            if isinstance(following, RefreshRefusal):
                raise refused(following.value)
            known = user_store.find_known(connection, session.user_id, session.device_id)
            if known is None or known.revoked_at is not None or known.session_id != session.id:
                raise refused(RefreshRefusal.invalid.value)
            refuse_disabled(known.disabled)
            if following.generation != session.generation:
                device_store.advance_session(connection, following)
            return following, known

        return work

    def _answer(self, session: RefreshSession, member: Member, now: int) -> SignedIn:
        return signed_in(
            self._signer, session, member.user, now, member.role.value, member.must_change_password
        )


def fold_email(email: str) -> str:
    """Case does not count, whatever the mail server thinks: two accounts must not differ by it alone."""
    text = email.strip().casefold()
    local, at, domain = text.rpartition("@")
    if len(text) > MAX_EMAIL or not (local and at and domain) or not text.isprintable() or " " in text:
        raise AppError(ErrorCode.bad_request, "not an e-mail address", field="email")
    return text


def refuse_disabled(disabled: bool) -> None:
    if disabled:
        raise AppError(ErrorCode.forbidden, "this user is disabled", reason="user_disabled")


def _still(connection: Connection, member: Member, proof: Proof) -> bool:
    """What was read before the slow hash must still hold: not disabled, the same password, the code not used."""
    now = store.find_member(connection, member.user.id)
    if now is None or now.disabled or now.password_hash != member.password_hash:
        return False
    if proof.step:
        return store.spend_totp_step(connection, member.user.id, proof.step)
    if proof.recovery_hash:
        left = [known for known in now.recovery_hashes if known != proof.recovery_hash]
        if len(left) == len(now.recovery_hashes):
            return False
        store.update_member(connection, member.user.id, recovery_hashes=left)
    return True
