"""Who is this? Tokens in, callers out: for every WebSocket hello and every HTTP request.

Warm, it costs a hash and a look-up, no database. What takes a right away (`sign_out`, `forget_…`) empties the
memory first and then tells the gateway, so that it holds at once in this process.
"""

import hashlib
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access_tokens import AccessClaims, TokenSigner, verify_access_token
from chaguan.accounts.api_keys import parse_api_key, verify_api_key
from chaguan.accounts.cache import EVERYTHING, OwnedCache, Readings
from chaguan.accounts.directory import Directory
from chaguan.accounts.jws import MAX_TOKEN, refused
from chaguan.accounts.known_apps import KnownApp, KnownApps
from chaguan.accounts.news import APP, USER, News
from chaguan.accounts.profile import clean_avatar, clean_name
from chaguan.accounts.recognition import Recognition
from chaguan.accounts.seen import FLUSH_S, SeenDevices
from chaguan.accounts.store import devices, keys, users
from chaguan.accounts.store.users import Identity, Known
from chaguan.accounts.user_tokens import LEEWAY_S, UserClaims, claimed_app, verify_user_token
from chaguan.core.caller import Caller, Role
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.infra.database import Database
from chaguan.protocol.conversations import User, UserKind

SignedOut = Callable[[str, str | None, str], None]
"""`(user_id, device_id or None for all, reason)`: the gateway closes those sessions."""

Reauthorize = Callable[[str], None]
"""`(user_id)`: the gateway closes the user's sessions with "reauthorize", which makes clients come back at once."""

MAX_DEVICE_ID = 64
_FOREVER = 2**62


class _Warm(msgspec.Struct, gc=False):
    """An authenticated token. Mutable for `seen_at` alone."""

    caller: Caller
    until: int
    seen_at: int


class Presented(msgspec.Struct, frozen=True):
    """What comes along with a token."""

    token: str
    device_id: str
    platform: str
    address: str


class Authenticator:
    def __init__(
        self,
        db: Database,
        apps: KnownApps,
        signer: TokenSigner,
        directory: Directory,
        seen: SeenDevices,
        clock: Clock,
        news: News,
        *,
        remember: int = 50_000,
    ) -> None:
        self._db = db
        self._apps = apps
        self._signer = signer
        self._directory = directory
        self._seen = seen
        self._clock = clock
        self._news = news
        self._recognition = Recognition(db)
        self._warm: OwnedCache[bytes, _Warm] = OwnedCache(remember)
        self._admitted: OwnedCache[bytes, User] = OwnedCache(remember)
        self._readings = Readings()
        self.on_signed_out: SignedOut = lambda user_id, device_id, reason: None
        self.on_reauthorize: Reauthorize = lambda user_id: None

    async def authenticate(
        self, token: str, device_id: str = "", platform: str = "", address: str = ""
    ) -> Caller:
        """The caller behind a user token, an access token of this deployment or an API key.

        `unauthenticated` with `data.reason` for a token that is no good; `forbidden` (`data.reason`
        `user_disabled` or `app_disabled`) for a good one of somebody who may not come in, or not before they have
        chosen a password of their own (`must_change_password`).
        """
        caller = await self.recognise(token, device_id, platform, address)
        if caller.must_change_password:
            raise AppError(
                ErrorCode.forbidden,
                "change the password that was made for you first (POST /v1/me/password)",
                reason="must_change_password",
            )
        return caller

    async def recognise(
        self, token: str, device_id: str = "", platform: str = "", address: str = ""
    ) -> Caller:
        """The same, also for who still has to change their password: for the few doors that stay open to them."""
        now = self._clock()
        if len(token) > MAX_TOKEN or len(device_id) > MAX_DEVICE_ID:
            raise refused("token_malformed")
        if not device_id.isprintable():
            raise AppError(ErrorCode.bad_request, "a device_id of printable characters", field="device_id")
        key = _key(token, device_id)
        held = self._warm.find(key)
        if held is not None and now < held.until:
            if now - held.seen_at >= FLUSH_S * 1000:
                held.seen_at = now
                self._seen.note(held.caller, address, now)
            return held.caller
        return await self._admit(key, Presented(token, device_id, platform, address), now)

    def sign_out(self, user_id: str, device_id: str | None, reason: str) -> None:
        """After the revocation is stored: forget, then close. `device_id` None: all devices."""
        self.forget(user_id)
        self.on_signed_out(user_id, device_id, reason)

    def reauthorize(self, user_id: str) -> None:
        """After a change of role: live sessions hold the one they were admitted with."""
        self.forget(user_id)
        self.on_reauthorize(user_id)

    def forget(self, user_id: str) -> None:
        """What is remembered of a user (or of an API key, by its id) is asked for again, everywhere."""
        self.unlearn(user_id)
        self._news.tell(USER, user_id)

    def forget_app(self, app_id: str) -> None:
        """After a change of an app or its secrets."""
        self.unlearn_app(app_id)
        self._news.tell(APP, app_id)

    async def check_still_welcome(self, caller: Caller) -> None:
        """Whether a live session's caller would be admitted now, from the database: news of a revocation may have
        been lost on its way here. Raises as `authenticate` does."""
        if caller.kind == "server" or not caller.device_id:
            return
        known = await self._db.read(
            lambda connection: users.find_known(connection, caller.user_id, caller.device_id)
        )
        if known is None or known.revoked_at is not None:
            raise refused("signed_out")
        if caller.session_id not in ("", known.session_id):
            raise refused("signed_out")
        _refuse_disabled(known)
        if (known.role or "") != (caller.role.value if caller.role else ""):
            raise refused("role_changed")
        if caller.app_id:
            _refuse_disabled_app(await self._apps.get(caller.app_id, self._clock()))

    def unlearn(self, user_id: str) -> None:
        """The same, in this process."""
        self._readings.changed(user_id)
        self._drop(user_id)

    def _drop(self, user_id: str) -> None:
        self._warm.forget_owner(user_id)
        self._admitted.forget_owner(user_id)

    def unlearn_app(self, app_id: str) -> None:
        self._apps.forget(app_id)
        self._readings.changed(app_id)
        for user_id in self._warm.owners(lambda held: held.caller.app_id == app_id):
            self.unlearn(user_id)

    def unlearn_all(self) -> None:
        """News may have been missed."""
        self._readings.all_changed()
        self._warm.clear()
        self._admitted.clear()

    async def _admit(self, key: bytes, presented: Presented, now: int) -> Caller:
        while True:
            with self._readings.reading() as changed:
                caller, until = await self._caller(presented, now)
            if not {caller.user_id, caller.app_id, EVERYTHING} & changed:
                break
            # Disabled or signed out while this was read: look again. Others who read the same were told when it
            # changed; told once more by this, two of them would keep each other reading for ever.
            self._drop(caller.user_id)
        if self._news.longest_ms is not None:
            until = min(until, now + self._news.longest_ms)
        self._warm.put(key, caller.user_id, _Warm(caller, until, now))
        return caller

    async def _caller(self, presented: Presented, now: int) -> tuple[Caller, int]:
        if presented.token.startswith("ck_"):
            return await self._by_api_key(presented.token, now)
        if presented.token.startswith("ca_"):
            claims = verify_access_token(self._signer, presented.token, now)
            return await self._by_access_token(claims, presented, now)
        return await self._by_user_token(presented, now)

    async def _by_api_key(self, token: str, now: int) -> tuple[Caller, int]:
        shown = parse_api_key(token)
        key = await self._db.read(lambda connection: keys.find_key(connection, shown.id))
        caller = verify_api_key(key, shown, now)
        self._seen.note_key(caller.user_id, now)
        return caller, caller.expires_at or _FOREVER

    async def _by_access_token(
        self, claims: AccessClaims, presented: Presented, now: int
    ) -> tuple[Caller, int]:
        if presented.device_id not in ("", claims.device_id):
            raise refused("token_of_another_device")

        def work(connection: Connection) -> Known | None:
            return users.find_known(connection, claims.user_id, claims.device_id)

        known = await self._db.read(work)
        if known is None or known.revoked_at is not None or known.session_id != claims.session_id:
            raise refused("signed_out")
        _refuse_disabled(known)
        self._seen.note_device(claims.user_id, claims.device_id, presented.address, now)
        if claims.app_id:
            _refuse_disabled_app(await self._apps.get(claims.app_id, now))
        caller = Caller(
            known.user.kind.value,
            known.user.id,
            claims.app_id,
            claims.device_id,
            Role(known.role) if known.role else None,
            expires_at=claims.expires_at,
            must_change_password=known.must_change_password,
            session_id=claims.session_id,
        )
        return caller, claims.expires_at

    async def _by_user_token(self, presented: Presented, now: int) -> tuple[Caller, int]:
        app = await self._apps.get(claimed_app(presented.token), now)
        claims = verify_user_token(presented.token, app.id, app.secrets, now)
        _refuse_disabled_app(app)
        user = await self._user_of(claims, presented, now)
        caller = Caller(user.kind.value, user.id, app.id, presented.device_id, expires_at=claims.expires_at)
        return caller, min(claims.expires_at + LEEWAY_S * 1000, app.good_until)

    async def _user_of(self, claims: UserClaims, presented: Presented, now: int) -> User:
        place = (claims.app_id, claims.subject, presented.device_id)
        key = _key(*place)
        admitted = self._admitted.find(key)
        if admitted is not None and _profile(claims, admitted) == admitted:
            return admitted
        identity = Identity(claims.app_id, "app", claims.subject)
        with self._directory.reading() as learn:
            known = await self._recognition.find(*place)
            if known is not None:
                learn(known.user)
        if known is not None and _welcome(known, claims) == known.user and known.has(presented.device_id):
            user = known.user
            self._seen.note_device(user.id, presented.device_id, presented.address, now)
        else:
            user = await self._store_arrival(identity, claims, presented, now)
            self._directory.hold(user)
        self._admitted.put(key, user.id, user)
        return user

    async def _store_arrival(
        self, identity: Identity, claims: UserClaims, presented: Presented, now: int
    ) -> User:
        new = _profile(claims, User(new_id("u"), UserKind.customer))

        def work(connection: Connection) -> User:
            user, made = users.admit(connection, identity, new, now)
            wanted = _profile(claims, user)
            if not made and wanted != user:
                users.update_user(connection, user.id, name=wanted.name, avatar=wanted.avatar)
            if presented.device_id:
                devices.admit_device(
                    connection, wanted.id, presented.device_id, presented.platform, presented.address, now
                )
            return wanted

        return await self._db.write(work)


def _key(*words: str) -> bytes:
    """None of the words but the first may hold a NUL, so different ones never look alike."""
    return hashlib.sha256("\x00".join(words).encode("utf-8", "surrogatepass")).digest()


def _profile(claims: UserClaims, user: User) -> User:
    """A token without a name or picture leaves those of before."""
    return User(
        user.id,
        user.kind,
        clean_name(claims.name) or user.name,
        clean_avatar(claims.avatar) or user.avatar,
    )


def _welcome(known: Known, claims: UserClaims) -> User:
    _refuse_disabled(known)
    if known.user.kind is UserKind.staff:
        # Staff sign in here. A business's secret must not open their accounts, even if identities were merged.
        raise AppError(ErrorCode.forbidden, "staff sign in with their password", reason="staff")
    if known.revoked_at is not None and claims.issued_at <= known.revoked_at:
        # The business may let the device in again, with a token signed after it was signed out.
        raise refused("signed_out")
    return _profile(claims, known.user)


def _refuse_disabled(known: Known) -> None:
    if known.disabled:
        raise AppError(ErrorCode.forbidden, "this user is disabled", reason="user_disabled")


def _refuse_disabled_app(app: KnownApp) -> None:
    if app.disabled:
        raise AppError(ErrorCode.forbidden, "this app is disabled", reason="app_disabled")
