"""Apps: the entry points of customers, and the secrets that their servers sign with."""

from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import access_admin
from chaguan.accounts.acts import Acts
from chaguan.accounts.authenticate import Authenticator
from chaguan.accounts.profile import check_name
from chaguan.accounts.secrets import Secrets
from chaguan.accounts.store import apps as store
from chaguan.accounts.store.apps import SealedSecret
from chaguan.accounts.store.rows import AnyRow
from chaguan.accounts.user_tokens import AppSecret, new_app_secret, rotate_app_secret
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.platforms.wechat.push import check_token, read_aes_key
from chaguan.protocol.audit import AuditAction

OVERLAP_MS = 24 * 3_600_000
MAX_WECHAT = 128
_SECRET = ("wechat_secret", "wechat_push_token", "wechat_push_aes_key")


class AppKind(StrEnum):
    wechat = "wechat"
    web = "web"
    app = "app"


class App(msgspec.Struct, kw_only=True):
    """An entry point of customers to a shop. Secrets are never shown again."""

    id: str
    shop_id: str
    kind: AppKind
    name: str
    wechat_appid: str = ""
    has_wechat_secret: bool = False
    has_wechat_push: bool = False
    """Whether it takes WeChat's message push, at `/v1/platforms/wechat/<id>/push`."""
    disabled: bool = False
    created_at: int = 0


class CreatedApp(App, kw_only=True):
    """`secret` signs user tokens; it belongs on the business's servers and is shown once."""

    secret: str


class RotatedSecret(msgspec.Struct):
    """The new secret, shown once. The former one stays good until `previous_valid_until` (UTC ms; 0: it ended)."""

    secret: str
    previous_valid_until: int


class NewApp(msgspec.Struct, kw_only=True):
    shop_id: str
    kind: AppKind
    name: str
    wechat_appid: str = ""
    wechat_secret: str = ""
    wechat_push_token: str = ""
    """Token of 消息推送 on the mini program's account page, 3 to 32 letters and digits."""
    wechat_push_aes_key: str = ""
    """Its EncodingAESKey, 43 letters and digits. With it only encrypted pushes are taken; leave it out where the
    account's page says 明文模式 (plain)."""


class AppChange(msgspec.Struct, kw_only=True):
    """What is left out stays, as do an empty `wechat_secret` and `wechat_push_token`. The kind and the shop of an app
    never change."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    wechat_appid: str | msgspec.UnsetType = msgspec.UNSET
    wechat_secret: str | msgspec.UnsetType = msgspec.UNSET
    wechat_push_token: str | msgspec.UnsetType | None = msgspec.UNSET
    """Given, it replaces the EncodingAESKey too. Null: no push is taken any more."""
    wechat_push_aes_key: str | msgspec.UnsetType = msgspec.UNSET
    disabled: bool | msgspec.UnsetType = msgspec.UNSET


class Apps:
    def __init__(self, acts: Acts, secrets: Secrets, authenticator: Authenticator) -> None:
        self._acts = acts
        self._secrets = secrets
        self._authenticator = authenticator

    async def list_apps(self, caller: Caller) -> list[App]:
        access_admin(caller)
        return [_app(row) for row in await self._acts.read(store.list_apps)]

    async def create(self, caller: Caller, new: NewApp) -> CreatedApp:
        access_admin(caller)
        app_id, now, secret = new_id("a"), self._acts.clock(), new_app_secret()
        values = {"name": check_name(new.name)} | self._wechat(app_id, new.wechat_appid, new.wechat_secret)
        values |= self._push(app_id, new.wechat_push_token, new.wechat_push_aes_key)
        sealed = self._seal(secret)

        def work(connection: Connection) -> App:
            if store.find_shop(connection, new.shop_id) is None:
                raise AppError(ErrorCode.not_found, "no such shop", field="shop_id")
            store.insert_app(
                connection, id=app_id, shop_id=new.shop_id, kind=new.kind.value, created_at=now, **values
            )
            store.replace_app_secrets(connection, app_id, [sealed], now)
            return _app(store.find_app(connection, app_id))

        app = await self._acts.write(
            caller,
            AuditAction.app_created,
            app_id,
            work,
            shop_id=new.shop_id,
            kind=new.kind.value,
            name=new.name,
        )
        return CreatedApp(**msgspec.structs.asdict(app), secret=secret.text)

    async def change(self, caller: Caller, app_id: str, change: AppChange) -> App:
        """Disabling an app refuses its users' tokens at once."""
        access_admin(caller)
        given: dict[str, Any] = msgspec.to_builtins(change)
        now = self._acts.clock()
        values = self._wechat(app_id, given.get("wechat_appid"), given.get("wechat_secret"))
        values |= self._push(app_id, given.get("wechat_push_token", ""), given.get("wechat_push_aes_key", ""))
        if "name" in given:
            values["name"] = check_name(given["name"])
        if "disabled" in given:
            values["disabled_at"] = now if given["disabled"] else None

        def work(connection: Connection) -> App:
            if values:
                store.update_app(connection, app_id, **values)
            return _app(store.find_app(connection, app_id))

        shown = {key: "…" if key in _SECRET and value else value for key, value in given.items()}
        app = await self._acts.write(caller, AuditAction.app_changed, app_id, work, **shown)
        self._authenticator.forget_app(app_id)
        return app

    async def rotate_secret(self, caller: Caller, app_id: str, overlap_ms: int = OVERLAP_MS) -> RotatedSecret:
        """A new secret; the current one stays good for a day, or ends at once with an overlap of 0 (it leaked)."""
        access_admin(caller)
        if not 0 <= overlap_ms <= 30 * OVERLAP_MS:
            raise AppError(ErrorCode.bad_request, "an overlap of 0 to 30 days", field="overlap_ms")
        now = self._acts.clock()

        def work(connection: Connection) -> RotatedSecret:
            _app(store.find_app(connection, app_id))
            held = store.list_app_secrets(connection, app_id)
            texts = {self._secrets.unseal("app_secret", one.id, one.sealed): one for one in held}
            current = [AppSecret(text, one.expires_at) for text, one in texts.items()]
            secrets = rotate_app_secret(current, now, overlap_ms)
            kept = [
                SealedSecret(texts[one.text].id, texts[one.text].sealed, one.expires_at)
                if one.text in texts
                else self._seal(one)
                for one in secrets
            ]
            store.replace_app_secrets(connection, app_id, kept, now)
            return RotatedSecret(secrets[0].text, max(one.expires_at for one in secrets))

        rotated = await self._acts.write(
            caller, AuditAction.app_secret_rotated, app_id, work, overlap_ms=overlap_ms
        )
        self._authenticator.forget_app(app_id)
        return rotated

    def _seal(self, secret: AppSecret) -> SealedSecret:
        secret_id = new_id("k")
        return SealedSecret(secret_id, self._secrets.seal("app_secret", secret_id, secret.text), 0)

    def _wechat(self, app_id: str, appid: str | None, secret: str | None) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field, text in (("wechat_appid", appid), ("wechat_secret", secret)):
            if text is not None and (len(text) > MAX_WECHAT or not text.isprintable() or " " in text):
                raise AppError(ErrorCode.bad_request, "not what WeChat's account page shows", field=field)
        if appid is not None:
            values["wechat_appid"] = appid
        if secret:
            values["sealed_wechat_secret"] = self._secrets.seal("wechat_secret", app_id, secret)
        return values

    def _push(self, app_id: str, token: str | None, aes_key: str) -> dict[str, Any]:
        if token is None:
            return {"sealed_wechat_push_token": None, "sealed_wechat_push_aes_key": None}
        if not token:
            if aes_key:
                raise AppError(
                    ErrorCode.bad_request, "an EncodingAESKey comes with its Token", field="wechat_push_token"
                )
            return {}
        seal = self._secrets.seal
        if aes_key:
            read_aes_key(aes_key)
        return {
            "sealed_wechat_push_token": seal("wechat_push_token", app_id, check_token(token)),
            "sealed_wechat_push_aes_key": seal("wechat_push_aes_key", app_id, aes_key) if aes_key else None,
        }


def _app(row: AnyRow | None) -> App:
    if row is None:
        raise AppError(ErrorCode.not_found, "no such app")
    return App(
        id=row.id,
        shop_id=row.shop_id,
        kind=AppKind(row.kind),
        name=row.name,
        wechat_appid=row.wechat_appid,
        has_wechat_secret=row.sealed_wechat_secret is not None,
        has_wechat_push=row.sealed_wechat_push_token is not None,
        disabled=row.disabled_at is not None,
        created_at=row.created_at,
    )
