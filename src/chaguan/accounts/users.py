"""Users as the business's own servers keep them."""

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import Scope, access_scope
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.directory import Directory
from chaguan.accounts.profile import check_avatar, check_name
from chaguan.accounts.store import apps as app_store
from chaguan.accounts.store import users as store
from chaguan.accounts.store.users import Identity
from chaguan.accounts.user_tokens import MAX_SUBJECT
from chaguan.core.caller import Caller
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.infra.database import Database
from chaguan.protocol.conversations import User, UserKind

MAX_ATTRIBUTES = 4 * 1024


class AppUser(msgspec.Struct, kw_only=True):
    """A customer as the business knows them: by its own id in one of its apps."""

    user: User
    app_id: str
    external_id: str
    attributes: msgspec.Raw


class Users:
    def __init__(
        self, db: Database, directory: Directory, authenticator: Authenticator, clock: Clock
    ) -> None:
        self._db = db
        self._directory = directory
        self._authenticator = authenticator
        self._clock = clock

    async def put(
        self,
        caller: Caller,
        app_id: str,
        external_id: str,
        name: str | None = None,
        avatar: str | None = None,
        attributes: dict[str, object] | None = None,
    ) -> AppUser:
        """Makes or changes the customer; None leaves as it is. Scope `users:write`."""
        access_scope(caller, Scope.users_write)
        identity = _identity(app_id, external_id)
        changes = {} if name is None else {"name": check_name(name)}
        if avatar is not None:
            changes["avatar"] = check_avatar(avatar)
        if attributes is not None:
            changes["attributes"] = _check_attributes(attributes)
        new, now = User(new_id("u"), UserKind.customer), self._clock()

        def work(connection: Connection) -> AppUser:
            _app_must_exist(connection, app_id)
            user, _ = store.admit(connection, identity, new, now)
            if changes:
                store.update_user(connection, user.id, **changes)
            return _app_user(connection, user.id, identity)

        found = await self._db.write(work)
        self._directory.hold(found.user)
        self._authenticator.forget(found.user.id)
        return found

    async def get(self, caller: Caller, app_id: str, external_id: str) -> AppUser:
        """`not_found` for an id that never signed in and was never put. Scope `users:write`."""
        access_scope(caller, Scope.users_write)
        identity = _identity(app_id, external_id)

        def work(connection: Connection) -> AppUser:
            user_id = store.find_user_id(connection, identity)
            if user_id is None:
                raise AppError(ErrorCode.not_found, "no such user in this app")
            return _app_user(connection, user_id, identity)

        return await self._db.read(work)

    async def find(self, caller: Caller, app_id: str, external_id: str) -> str:
        """The user's id, by the business's own id or, in a WeChat app, by the openid. Scope `conversations:write`."""
        access_scope(caller, Scope.conversations_write)
        own = _identity(app_id, external_id)

        def work(connection: Connection) -> str | None:
            openid = Identity(app_id, "openid", external_id)
            return store.find_user_id(connection, own) or store.find_user_id(connection, openid)

        user_id = await self._db.read(work)
        if user_id is None:
            raise AppError(ErrorCode.not_found, "no such user in this app")
        return user_id

    async def access_voice(self, caller: Caller, shop_id: str, name: str) -> str:
        """The bot that speaks for a shop when the business's servers send; made at the first word."""
        access_scope(caller, Scope.messages_write)
        identity = Identity(shop_id, "voice", shop_id)
        new, now = User(new_id("u"), UserKind.bot, name), self._clock()
        user, _ = await self._db.write(lambda connection: store.admit(connection, identity, new, now))
        return user.id


def _identity(app_id: str, external_id: str) -> Identity:
    if not 0 < len(external_id) <= MAX_SUBJECT or not external_id.isprintable() or not external_id.strip():
        raise AppError(ErrorCode.bad_request, f"an id has 1 to {MAX_SUBJECT} characters", field="external_id")
    return Identity(app_id, "app", external_id)


def _app_must_exist(connection: Connection, app_id: str) -> None:
    if app_store.find_app(connection, app_id) is None:
        raise AppError(ErrorCode.not_found, "no such app", field="app_id")


def _check_attributes(attributes: dict[str, object]) -> str:
    raw = msgspec.json.encode(attributes)
    if len(raw) > MAX_ATTRIBUTES:
        raise AppError(ErrorCode.too_large, "attributes", limit=MAX_ATTRIBUTES)
    return raw.decode()


def _app_user(connection: Connection, user_id: str, identity: Identity) -> AppUser:
    return AppUser(
        user=store.get_user(connection, user_id),
        app_id=identity.app_id,
        external_id=identity.external_id,
        attributes=msgspec.Raw(store.get_attributes(connection, user_id).encode()),
    )
