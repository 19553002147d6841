"""Shops: whom customers talk to, and where the business's server tells about customers."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection

from chaguan.accounts.access import access_admin, access_agent
from chaguan.accounts.acts import Acts
from chaguan.accounts.known_apps import KnownApps
from chaguan.accounts.news import SHOPS, News
from chaguan.accounts.profile import check_avatar, check_name
from chaguan.accounts.secrets import Secrets
from chaguan.accounts.store import apps as store
from chaguan.accounts.store.rows import AnyRow
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import new_id
from chaguan.protocol.audit import AuditAction

MAX_URL = 2_000
MAX_SECRET = 200


class Shop(msgspec.Struct, kw_only=True):
    """A shop. `has_context_secret`: the secret itself is never shown again."""

    id: str
    name: str
    avatar: str = ""
    context_url: str = ""
    has_context_secret: bool = False
    created_at: int = 0


class ServedApp(msgspec.Struct, kw_only=True):
    """Where customers come from, as the shop's agents see it."""

    id: str
    name: str
    kind: str


class ServedShop(msgspec.Struct, kw_only=True):
    """A shop as its agents see it."""

    id: str
    name: str
    avatar: str = ""
    apps: list[ServedApp] = []


class ContextSource(msgspec.Struct, frozen=True):
    """Where to ask for a customer's context, and what to sign the question with."""

    url: str
    secret: str

    def __repr__(self) -> str:
        return "ContextSource(hidden)"


class ShopChange(msgspec.Struct):
    """What is left out stays; an empty text removes. `context_secret` is write-only: a form sends it empty to keep it."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    avatar: str | msgspec.UnsetType = msgspec.UNSET
    context_url: str | msgspec.UnsetType = msgspec.UNSET
    context_secret: str | msgspec.UnsetType = msgspec.UNSET


class Shops:
    """Few and asked for often, so all of them are kept in memory."""

    def __init__(self, acts: Acts, secrets: Secrets, apps: KnownApps, news: News) -> None:
        self._acts = acts
        self._news = news
        self._apps = apps
        self._secrets = secrets
        self._held: Mapping[str, Shop] | None = None
        self._changes = 0

    async def list_shops(self, caller: Caller) -> list[Shop]:
        access_admin(caller)
        return list((await self._all()).values())

    async def list_served(self, caller: Caller) -> list[ServedShop]:
        """The shops at whose desk the caller may sit."""
        access_agent(caller)
        rows = await self._acts.read(store.list_apps)
        return [
            ServedShop(
                id=shop.id,
                name=shop.name,
                avatar=shop.avatar,
                apps=[
                    ServedApp(id=row.id, name=row.name, kind=row.kind)
                    for row in rows
                    if row.shop_id == shop.id and row.disabled_at is None
                ],
            )
            for shop in (await self._all()).values()
        ]

    async def create(self, caller: Caller, change: ShopChange) -> Shop:
        access_admin(caller)
        shop_id, now = new_id("s"), self._acts.clock()
        if change.name is msgspec.UNSET:
            raise AppError(ErrorCode.bad_request, "a shop has a name", field="name")
        values = self._values(shop_id, change)

        def work(connection: Connection) -> Shop:
            store.insert_shop(connection, id=shop_id, created_at=now, **values)
            return _shop(store.find_shop(connection, shop_id))

        shop = await self._acts.write(caller, AuditAction.shop_created, shop_id, work, **_shown(change))
        self.forget()
        self._news.tell(SHOPS, "")
        return shop

    async def change(self, caller: Caller, shop_id: str, change: ShopChange) -> Shop:
        access_admin(caller)
        values = self._values(shop_id, change)

        def work(connection: Connection) -> Shop:
            if values:
                store.update_shop(connection, shop_id, **values)
            return _shop(store.find_shop(connection, shop_id))

        shop = await self._acts.write(caller, AuditAction.shop_changed, shop_id, work, **_shown(change))
        self.forget()
        self._news.tell(SHOPS, "")
        return shop

    async def find(self, shop_id: str) -> Shop | None:
        """For other domains, which checked who asks."""
        return (await self._all()).get(shop_id)

    async def only(self) -> Shop | None:
        """The shop, where there is just one."""
        found = await self._all()
        return next(iter(found.values())) if len(found) == 1 else None

    async def choose(self, app_id: str = "", wanted: str = "") -> Shop:
        """The shop of the caller's app, for staff the one they name or the only one. A customer's app leads to its
        own shop alone. `not_found` where that leaves none or several."""
        found = await self._all()
        of_app = (await self._apps.get(app_id, self._acts.clock())).shop_id if app_id else ""
        if wanted and of_app and wanted != of_app:
            raise AppError(ErrorCode.not_found, "no such shop", field="shop_id")
        named = of_app or wanted
        shop = found.get(named) if named else await self.only()
        if shop is None:
            raise AppError(ErrorCode.not_found, "no such shop", field="shop_id")
        return shop

    async def context_source(self, shop_id: str) -> ContextSource | None:
        """For the desk. None: no address, or no secret to sign with."""
        row = await self._acts.read(lambda connection: store.find_shop(connection, shop_id))
        if row is None or not row.context_url or row.sealed_context_secret is None:
            return None
        secret = self._secrets.unseal("context_secret", shop_id, row.sealed_context_secret)
        return ContextSource(row.context_url, secret)

    async def _all(self) -> Mapping[str, Shop]:
        if self._held is not None:
            return self._held
        before = self._changes
        rows = await self._acts.read(store.list_shops)
        found = {row.id: _shop(row) for row in rows}
        if before == self._changes:
            self._held = found
        return found

    def forget(self) -> None:
        self._changes += 1
        self._held = None

    def _values(self, shop_id: str, change: ShopChange) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if change.name is not msgspec.UNSET:
            values["name"] = check_name(change.name)
        if change.avatar is not msgspec.UNSET:
            values["avatar"] = check_avatar(change.avatar)
        if change.context_url is not msgspec.UNSET:
            values["context_url"] = _check_url(change.context_url)
        if change.context_secret:
            if len(change.context_secret) > MAX_SECRET:
                raise AppError(ErrorCode.bad_request, "the secret is too long", field="context_secret")
            values["sealed_context_secret"] = self._secrets.seal(
                "context_secret", shop_id, change.context_secret
            )
        return values


def _check_url(text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        usable = False
    if not usable or len(text) > MAX_URL or not text.isprintable() or " " in text:
        raise AppError(ErrorCode.bad_request, "an http or https address", field="context_url")
    return text


def _shown(change: ShopChange) -> dict[str, Any]:
    """For the record: that the secret changed, not to what."""
    given: dict[str, Any] = msgspec.to_builtins(change)
    return {key: "…" if key == "context_secret" else value for key, value in given.items()}


def _shop(row: AnyRow | None) -> Shop:
    if row is None:
        raise AppError(ErrorCode.not_found, "no such shop")
    return Shop(
        id=row.id,
        name=row.name,
        avatar=row.avatar,
        context_url=row.context_url,
        has_context_secret=row.sealed_context_secret is not None,
        created_at=row.created_at,
    )
