"""`/v1/admin`: staff, shops, apps, keys. Every change is recorded with who made it."""

from typing import Annotated

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta, Struct

from chaguan.accounts import Accounts, Scope, Shop, StaffMember
from chaguan.accounts.apps import App, AppChange, CreatedApp, NewApp, RotatedSecret
from chaguan.accounts.audit import AuditPage
from chaguan.accounts.keys import Key, ShownKey
from chaguan.accounts.shops import ShopChange
from chaguan.accounts.staff import Link, StaffChange
from chaguan.core.caller import Caller, Role
from chaguan.core.errors import ErrorCode
from chaguan.openapi.errors import refusals
from chaguan.openapi.me import Devices


class StaffList(Struct):
    staff: list[StaffMember]


class ShopList(Struct):
    shops: list[Shop]


class AppList(Struct):
    apps: list[App]


class KeyList(Struct):
    keys: list[Key]


class Invitation(Struct):
    email: Annotated[str, Meta(max_length=254, examples=["mei@shop.example"])]
    name: Annotated[str, Meta(max_length=200, examples=["梅"])]
    role: Role


class NewKey(Struct):
    """`expires_at`: UTC ms, 0 never."""

    name: Annotated[str, Meta(max_length=200, examples=["Order system"])]
    scopes: list[Scope]
    expires_at: Annotated[int, Meta(ge=0, le=2**53)] = 0


class Rotation(Struct):
    """How long the former secret stays good, in ms: a day if left out, 0 if it leaked."""

    overlap_ms: Annotated[int, Meta(ge=0, le=30 * 24 * 3_600_000)] = 24 * 3_600_000


Id = Annotated[str, PathParameter(max_length=64)]
_Accounts = NamedDependency[Accounts]
_Caller = NamedDependency[Caller]
_READ = refusals(ErrorCode.unauthenticated, ErrorCode.forbidden)
_CHANGE = _READ | refusals(ErrorCode.bad_request, ErrorCode.not_found, ErrorCode.conflict)


@get("/v1/admin/staff", responses=_READ, tags=["admin"])
async def list_staff(accounts: _Accounts, caller: _Caller) -> StaffList:
    """All staff, those who were disabled included."""
    return StaffList(await accounts.staff.list_staff(caller))


@post("/v1/admin/staff", status_code=201, responses=_CHANGE, tags=["admin"])
async def invite_staff(data: JSONBody[Invitation], accounts: _Accounts, caller: _Caller) -> Link:
    """Invite somebody: hand them the link, it works once within 7 days. `conflict` (`email_taken`).

    Only an owner makes owners.
    """
    return await accounts.staff.invite(caller, data.email, data.name, data.role)


@patch("/v1/admin/staff/{user_id:str}", responses=_CHANGE, tags=["admin"])
async def change_staff(
    user_id: Id, data: JSONBody[StaffChange], accounts: _Accounts, caller: _Caller
) -> StaffMember:
    """Change role or name, disable or let back in. Disabling signs out every device at once.

    `forbidden`: only an owner changes owners. `conflict` (`last_owner`, `yourself`).
    """
    return await accounts.staff.change(caller, user_id, data)


@post("/v1/admin/staff/{user_id:str}/reset", status_code=200, responses=_CHANGE, tags=["admin"])
async def reset_staff(user_id: Id, accounts: _Accounts, caller: _Caller) -> Link:
    """A link to set a new password, good once within 24 hours; a new invitation for who has not joined yet."""
    return await accounts.staff.reset(caller, user_id)


@get("/v1/admin/staff/{user_id:str}/devices", responses=_CHANGE, tags=["admin"])
async def list_staff_devices(user_id: Id, accounts: _Accounts, caller: _Caller) -> Devices:
    """Where a member of staff is signed in."""
    return Devices(await accounts.devices.list_of(caller, user_id))


@delete("/v1/admin/staff/{user_id:str}/devices/{device_id:str}", responses=_CHANGE, tags=["admin"])
async def revoke_staff_device(user_id: Id, device_id: Id, accounts: _Accounts, caller: _Caller) -> None:
    """Sign a device of a member of staff out, at once."""
    await accounts.devices.revoke_of(caller, user_id, device_id)


@get("/v1/admin/shops", responses=_READ, tags=["admin"])
async def list_shops(accounts: _Accounts, caller: _Caller) -> ShopList:
    """All shops."""
    return ShopList(await accounts.shops.list_shops(caller))


@post("/v1/admin/shops", status_code=201, responses=_CHANGE, tags=["admin"])
async def create_shop(data: JSONBody[ShopChange], accounts: _Accounts, caller: _Caller) -> Shop:
    """A new shop."""
    return await accounts.shops.create(caller, data)


@patch("/v1/admin/shops/{shop_id:str}", responses=_CHANGE, tags=["admin"])
async def change_shop(shop_id: Id, data: JSONBody[ShopChange], accounts: _Accounts, caller: _Caller) -> Shop:
    """Change a shop. `context_url` is asked for the customer's context, signed with `context_secret`."""
    return await accounts.shops.change(caller, shop_id, data)


@get("/v1/admin/apps", responses=_READ, tags=["admin"])
async def list_apps(accounts: _Accounts, caller: _Caller) -> AppList:
    """All apps, without their secrets."""
    return AppList(await accounts.apps.list_apps(caller))


@post("/v1/admin/apps", status_code=201, responses=_CHANGE, tags=["admin"])
async def create_app(data: JSONBody[NewApp], accounts: _Accounts, caller: _Caller) -> CreatedApp:
    """A new app of a shop. The answer shows, once, the secret that its server signs user tokens with."""
    return await accounts.apps.create(caller, data)


@patch("/v1/admin/apps/{app_id:str}", responses=_CHANGE, tags=["admin"])
async def change_app(app_id: Id, data: JSONBody[AppChange], accounts: _Accounts, caller: _Caller) -> App:
    """Change an app; a disabled one lets nobody in."""
    return await accounts.apps.change(caller, app_id, data)


@post("/v1/admin/apps/{app_id:str}/secret", status_code=200, responses=_CHANGE, tags=["admin"])
async def rotate_app_secret(
    app_id: Id, accounts: _Accounts, caller: _Caller, data: JSONBody[Rotation | None] = None
) -> RotatedSecret:
    """A new secret for signing user tokens, shown once. The former one stays good for the overlap."""
    return await accounts.apps.rotate_secret(caller, app_id, (data or Rotation()).overlap_ms)


@get("/v1/admin/keys", responses=_READ, tags=["admin"])
async def list_keys(accounts: _Accounts, caller: _Caller) -> KeyList:
    """All API keys that were not revoked, without their secrets."""
    return KeyList(await accounts.keys.list_keys(caller))


@post("/v1/admin/keys", status_code=201, responses=_CHANGE, tags=["admin"])
async def create_key(data: JSONBody[NewKey], accounts: _Accounts, caller: _Caller) -> ShownKey:
    """A new API key, shown once."""
    return await accounts.keys.create(caller, data.name, data.scopes, data.expires_at)


@post("/v1/admin/keys/{key_id:str}/rotate", status_code=200, responses=_CHANGE, tags=["admin"])
async def rotate_key(
    key_id: Id, accounts: _Accounts, caller: _Caller, data: JSONBody[Rotation | None] = None
) -> ShownKey:
    """The same key with a new secret, shown once. The former one stays good for the overlap."""
    return await accounts.keys.rotate(caller, key_id, (data or Rotation()).overlap_ms)


@delete("/v1/admin/keys/{key_id:str}", responses=_CHANGE, tags=["admin"])
async def revoke_key(key_id: Id, accounts: _Accounts, caller: _Caller) -> None:
    """Revoke a key, at once and for good."""
    await accounts.keys.revoke(caller, key_id)


@get("/v1/admin/audit", responses=_READ, tags=["admin"])
async def list_audit(
    accounts: _Accounts,
    caller: _Caller,
    cursor: Annotated[
        str, QueryParameter(max_length=20, description="`next_cursor` of the page before")
    ] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> AuditPage:
    """What administrators did, newest first."""
    return await accounts.audit.list_records(caller, cursor, limit)


HANDLERS = [
    list_staff,
    invite_staff,
    change_staff,
    reset_staff,
    list_staff_devices,
    revoke_staff_device,
    list_shops,
    create_shop,
    change_shop,
    list_apps,
    create_app,
    change_app,
    rotate_app_secret,
    list_keys,
    create_key,
    rotate_key,
    revoke_key,
    list_audit,
]
