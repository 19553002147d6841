"""Customers sign in with the code that `wx.login` gave their phone."""

from sqlalchemy import Connection

from chaguan.accounts.access_tokens import TokenSigner
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.directory import Directory
from chaguan.accounts.known_apps import KnownApp, KnownApps
from chaguan.accounts.profile import clean_avatar, clean_name
from chaguan.accounts.sessions import SignedIn, Visitor, new_session, signed_in, store_session
from chaguan.accounts.sign_in import refuse_disabled
from chaguan.accounts.store import users as store
from chaguan.accounts.store.users import Identity
from chaguan.core.clock import Clock
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.infra.database import Database
from chaguan.platforms.wechat import SessionKey, WeChatApp, WeChatClient, WeChatIdentity
from chaguan.protocol.conversations import User, UserKind


class WechatSignIn:
    def __init__(
        self,
        db: Database,
        apps: KnownApps,
        wechat: WeChatClient,
        signer: TokenSigner,
        authenticator: Authenticator,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._db = db
        self._apps = apps
        self._wechat = wechat
        self._signer = signer
        self._authenticator = authenticator
        self._directory = directory
        self._clock = clock

    async def sign_in(
        self, visitor: Visitor, app_id: str, code: str, name: str = "", avatar: str = ""
    ) -> SignedIn:
        """The user behind the openid, made at first sight. One unionid is one user across the deployment's apps.

        `not_found` for an id that is no WeChat app here, `forbidden` (`app_disabled`, `user_disabled`), and what
        WeChat itself refuses (`data.vendor_code`).
        """
        now = self._clock()
        app = await self._apps.get(app_id, now)
        credentials = _credentials(app)
        identity = await self._wechat.code_to_session(credentials, code)
        new = User(new_id("u"), UserKind.customer, clean_name(name), clean_avatar(avatar))

        def find(connection: Connection) -> User:
            return _admit(connection, app_id, identity, new, now)

        user = await self._db.write(find)
        session = new_session(visitor, user, app_id, now)

        def keep(connection: Connection) -> None:
            known = store.find_known(connection, user.id, "")
            refuse_disabled(known is None or known.disabled)
            store_session(connection, session, visitor)

        await self._db.write(keep)
        self._directory.hold(user)
        self._authenticator.forget(user.id)
        return signed_in(self._signer, session, user, now)

    async def admit(self, app_id: str, openid: str) -> User:
        """The user whom WeChat's own push names, made at first sight: the same as when they sign in. `not_found`,
        `forbidden` as in `sign_in`. Whether it was WeChat that pushed is decided before."""
        now = self._clock()
        _credentials(await self._apps.get(app_id, now))
        identity = WeChatIdentity(openid, "", SessionKey(""))
        new = User(new_id("u"), UserKind.customer)

        def find(connection: Connection) -> User:
            user = _admit(connection, app_id, identity, new, now)
            known = store.find_known(connection, user.id, "")
            refuse_disabled(known is None or known.disabled)
            return user

        user = await self._db.write(find)
        self._directory.hold(user)
        return user


def _credentials(app: KnownApp) -> WeChatApp:
    if app.disabled:
        raise AppError(ErrorCode.forbidden, "this app is disabled", reason="app_disabled")
    if not app.wechat_appid or not app.wechat_secret:
        raise AppError(ErrorCode.not_found, "no WeChat app of that id", field="app_id")
    return WeChatApp(app.wechat_appid, app.wechat_secret)


def _admit(connection: Connection, app_id: str, identity: WeChatIdentity, new: User, at: int) -> User:
    """By openid, else by unionid; both end up pointing at the user. Where they name two users already, the openid
    wins and neither is moved: merging people is a decision of its own."""
    openid = Identity(app_id, "openid", identity.openid)
    unionid = Identity("", "unionid", identity.unionid)
    user_id = store.find_user_id(connection, openid)
    if user_id is None and identity.unionid:
        user_id = store.find_user_id(connection, unionid)
    if user_id is None:
        store.insert_user(connection, new, at)
        user = new
    else:
        held = store.get_user(connection, user_id)
        user = User(held.id, held.kind, new.name or held.name, new.avatar or held.avatar)
        if user != held:
            store.update_user(connection, held.id, name=user.name, avatar=user.avatar)
    store.add_identity(connection, openid, user.id, at)
    if identity.unionid:
        store.add_identity(connection, unionid, user.id, at)
    return user
