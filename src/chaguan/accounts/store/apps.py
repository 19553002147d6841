"""Shops, apps and the apps' secrets."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from chaguan.accounts.store.rows import AnyRow
from chaguan.accounts.tables import app_secrets, apps, shops


class SealedSecret(msgspec.Struct, frozen=True):
    id: str
    sealed: bytes
    expires_at: int
    """0: the current one."""


def list_app_secrets(connection: Connection, app_id: str) -> list[SealedSecret]:
    rows = connection.execute(
        select(app_secrets).where(app_secrets.c.app_id == app_id).order_by(app_secrets.c.created_at.desc())
    )
    return [SealedSecret(row.id, row.sealed_secret, row.valid_until or 0) for row in rows]


def find_app(connection: Connection, app_id: str) -> AnyRow | None:
    return connection.execute(select(apps).where(apps.c.id == app_id)).first()


def find_wechat_app(connection: Connection, appid: str) -> AnyRow | None:
    mine = (apps.c.wechat_appid == appid, apps.c.disabled_at.is_(None))
    return connection.execute(select(apps).where(*mine).order_by(apps.c.created_at, apps.c.id)).first()


def list_apps(connection: Connection) -> list[AnyRow]:
    return list(connection.execute(select(apps).order_by(apps.c.created_at, apps.c.id)))


def insert_app(connection: Connection, **values: Any) -> None:
    connection.execute(apps.insert().values(**values))


def update_app(connection: Connection, app_id: str, **changes: Any) -> bool:
    return bool(connection.execute(update(apps).where(apps.c.id == app_id).values(**changes)).rowcount)


def replace_app_secrets(
    connection: Connection, app_id: str, secrets: Sequence[SealedSecret], at: int
) -> None:
    kept = [secret.id for secret in secrets]
    connection.execute(
        delete(app_secrets).where(app_secrets.c.app_id == app_id, app_secrets.c.id.not_in(kept))
    )
    for secret in secrets:
        until = secret.expires_at or None
        mine = (app_secrets.c.app_id == app_id, app_secrets.c.id == secret.id)
        if not connection.execute(update(app_secrets).where(*mine).values(valid_until=until)).rowcount:
            connection.execute(
                app_secrets.insert().values(
                    app_id=app_id,
                    id=secret.id,
                    sealed_secret=secret.sealed,
                    created_at=at,
                    valid_until=until,
                )
            )


def find_shop(connection: Connection, shop_id: str) -> AnyRow | None:
    return connection.execute(select(shops).where(shops.c.id == shop_id)).first()


def list_shops(connection: Connection) -> list[AnyRow]:
    return list(connection.execute(select(shops).order_by(shops.c.created_at, shops.c.id)))


def insert_shop(connection: Connection, **values: Any) -> None:
    connection.execute(shops.insert().values(**values))


def update_shop(connection: Connection, shop_id: str, **changes: Any) -> bool:
    return bool(connection.execute(update(shops).where(shops.c.id == shop_id).values(**changes)).rowcount)
