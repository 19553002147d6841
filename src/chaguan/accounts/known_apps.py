"""Apps with their secrets opened, in memory: verifying a token must not cost a read."""

import asyncio

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.cache import EVERYTHING, Cache, Readings
from chaguan.accounts.secrets import Secrets
from chaguan.accounts.store import apps as store
from chaguan.accounts.store.rows import AnyRow
from chaguan.accounts.user_tokens import AppSecret, active_secrets
from chaguan.infra.database import Database
from chaguan.platforms.wechat import PushKeys, WeChatApp
from chaguan.platforms.wechat.push import read_aes_key

_FOREVER = 2**62


class KnownApp(msgspec.Struct, frozen=True):
    id: str
    shop_id: str
    disabled: bool
    secrets: tuple[AppSecret, ...]
    wechat_appid: str = ""
    wechat_secret: str = ""
    wechat_push: PushKeys = PushKeys("", "")
    """With which WeChat's message push is proved; with an empty token nothing is."""
    good_until: int = _FOREVER
    """When the first of its secrets lapses: nothing decided with them holds longer."""

    def __repr__(self) -> str:
        return f"KnownApp({self.id!r})"

    @property
    def wechat(self) -> WeChatApp | None:
        """Its credentials for WeChat's server, if it has any and is not disabled."""
        if self.disabled or not self.wechat_appid or not self.wechat_secret:
            return None
        return WeChatApp(self.wechat_appid, self.wechat_secret)


class KnownApps:
    def __init__(self, db: Database, secrets: Secrets, cache_size: int = 1_000) -> None:
        self._db = db
        self._secrets = secrets
        self._held: Cache[str, KnownApp] = Cache(cache_size)
        self._readings = Readings()
        self._loading: dict[str, asyncio.Task[KnownApp]] = {}

    async def get(self, app_id: str, now: int) -> KnownApp:
        """An unknown id gives an app without secrets, with which nothing verifies: nobody learns which ids exist."""
        held = self._held.find(app_id)
        if held is not None and now < held.good_until:
            return held
        loading = self._loading.get(app_id)
        if loading is None:
            loading = self._loading[app_id] = asyncio.create_task(self._read(app_id, now))
        # Shielded: who gives up must not take it from the others.
        return await asyncio.shield(loading)

    async def wechat_secret(self, appid: str) -> str | None:
        """For the sandbox, which plays WeChat and so must know what WeChat would: an AppID's present secret."""
        row = await self._db.read(lambda connection: store.find_wechat_app(connection, appid))
        if row is None:
            return None
        return self._secrets.unseal("wechat_secret", row.id, row.sealed_wechat_secret) or None

    async def wechat_push(self, appid: str) -> tuple[str, PushKeys] | None:
        """The same for its pushes: which app of the deployment takes them, and how they are proved."""
        row = await self._db.read(lambda connection: store.find_wechat_app(connection, appid))
        keys = None if row is None else self._push_keys(row)
        return (row.id, keys) if row is not None and keys is not None and keys.token else None

    def forget(self, app_id: str) -> None:
        """Who asks from now on does not join a read that began before."""
        self._loading.pop(app_id, None)
        self._readings.changed(app_id)
        self._held.forget(app_id)

    def forget_all(self) -> None:
        self._loading.clear()
        self._readings.all_changed()
        self._held.clear()

    async def _read(self, app_id: str, now: int) -> KnownApp:
        try:
            with self._readings.reading() as changed:
                app = await self._db.read(lambda connection: self._load(connection, app_id, now))
        finally:
            if self._loading.get(app_id) is asyncio.current_task():
                del self._loading[app_id]
        if app is None:
            return KnownApp(app_id, "", False, ())
        if not {app_id, EVERYTHING} & changed:
            self._held.put(app_id, app)
        return app

    def _load(self, connection: Connection, app_id: str, now: int) -> KnownApp | None:
        row = store.find_app(connection, app_id)
        if row is None:
            return None
        sealed = store.list_app_secrets(connection, app_id)
        texts = [
            AppSecret(self._secrets.unseal("app_secret", secret.id, secret.sealed), secret.expires_at)
            for secret in sealed
        ]
        active = active_secrets(texts, now)
        return KnownApp(
            id=row.id,
            shop_id=row.shop_id,
            disabled=row.disabled_at is not None,
            secrets=active,
            wechat_appid=row.wechat_appid,
            wechat_secret=self._secrets.unseal("wechat_secret", row.id, row.sealed_wechat_secret),
            wechat_push=self._push_keys(row),
            good_until=min((secret.expires_at for secret in active if secret.expires_at), default=_FOREVER),
        )

    def _push_keys(self, row: AnyRow) -> PushKeys:
        token = self._secrets.unseal("wechat_push_token", row.id, row.sealed_wechat_push_token)
        key = self._secrets.unseal("wechat_push_aes_key", row.id, row.sealed_wechat_push_aes_key)
        return PushKeys(row.wechat_appid, token, read_aes_key(key) if key else b"")
