"""`/v1/me`: one's own account."""

from typing import Annotated

from litestar import delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter
from msgspec import Meta, Struct

from chaguan.accounts import Accounts, Device
from chaguan.accounts.me import MyAccount
from chaguan.accounts.second_factor import TotpSetup
from chaguan.accounts.shops import ServedShop
from chaguan.core.caller import Caller
from chaguan.core.errors import ErrorCode
from chaguan.openapi.auth import Password
from chaguan.openapi.callers import provide_newcomer
from chaguan.openapi.errors import refusals


class Devices(Struct):
    devices: list[Device]


class ServedShops(Struct):
    shops: list[ServedShop]


class Profile(Struct):
    """What is left out stays; an empty `avatar` removes the picture."""

    name: Annotated[str, Meta(max_length=200, examples=["梅"])] | None = None
    avatar: Annotated[str, Meta(max_length=2_000)] | None = None


class PasswordChange(Struct):
    """A password has 10 to 256 characters."""

    old_password: Password
    new_password: Password


class Code(Struct):
    code: Annotated[str, Meta(max_length=20, examples=["492039"])]


class Confirmation(Struct):
    password: Password


_OWN = refusals(ErrorCode.bad_request, ErrorCode.unauthenticated, ErrorCode.forbidden)
_NEWCOMER = {"caller": Provide(provide_newcomer)}


@get("/v1/me", dependencies=_NEWCOMER, responses=_OWN, tags=["me"])
async def read_me(accounts: NamedDependency[Accounts], caller: NamedDependency[Caller]) -> MyAccount:
    """My own account. For staff, also those who must change their password first."""
    return await accounts.me.get(caller)


@patch("/v1/me", responses=_OWN, tags=["me"])
async def change_me(
    data: JSONBody[Profile], accounts: NamedDependency[Accounts], caller: NamedDependency[Caller]
) -> MyAccount:
    """Change my name or picture. Nothing else of an account is changed this way."""
    return await accounts.me.change_profile(caller, data.name, data.avatar)


@post("/v1/me/password", status_code=204, dependencies=_NEWCOMER, responses=_OWN, tags=["me"])
async def change_password(
    data: JSONBody[PasswordChange],
    accounts: NamedDependency[Accounts],
    caller: NamedDependency[Caller],
    address: NamedDependency[str],
) -> None:
    """Change my password and sign out my other devices. Who signed in with a password that was made for them
    (`must_change_password`) is refused everything else before: `forbidden` (`must_change_password`).

    `forbidden` (`password_wrong`), counted like a sign-in. `bad_request` (`password_length`, `password_too_simple`).
    """
    await accounts.me.change_password(caller, data.old_password, data.new_password, address)


@post("/v1/me/totp", status_code=200, responses=_OWN | refusals(ErrorCode.conflict), tags=["me"])
async def set_up_totp(accounts: NamedDependency[Accounts], caller: NamedDependency[Caller]) -> TotpSetup:
    """Begin to set up a second factor. It is in force after `confirm`; until then this can be called again."""
    return await accounts.second_factor.set_up(caller)


@post("/v1/me/totp/confirm", status_code=204, responses=_OWN | refusals(ErrorCode.conflict), tags=["me"])
async def confirm_totp(
    data: JSONBody[Code], accounts: NamedDependency[Accounts], caller: NamedDependency[Caller]
) -> None:
    """Put the second factor in force with a first code. `bad_request` (`totp_wrong`)."""
    await accounts.second_factor.confirm(caller, data.code)


@delete("/v1/me/totp", status_code=204, responses=_OWN, tags=["me"])
async def remove_totp(
    data: JSONBody[Confirmation],
    accounts: NamedDependency[Accounts],
    caller: NamedDependency[Caller],
    address: NamedDependency[str],
) -> None:
    """Remove the second factor and its recovery codes. `forbidden` (`password_wrong`)."""
    await accounts.second_factor.remove(caller, data.password, address)


@get("/v1/me/shops", responses=_OWN, tags=["me"])
async def list_my_shops(accounts: NamedDependency[Accounts], caller: NamedDependency[Caller]) -> ServedShops:
    """The shops at whose desk I may sit (`shop_id` of `watch_desk`). For agents and administrators."""
    return ServedShops(await accounts.shops.list_served(caller))


@get("/v1/me/devices", responses=_OWN, tags=["me"])
async def list_my_devices(accounts: NamedDependency[Accounts], caller: NamedDependency[Caller]) -> Devices:
    """Where I am signed in, last used first."""
    return Devices(await accounts.devices.list_mine(caller))


@delete("/v1/me/devices/{device_id:str}", responses=_OWN | refusals(ErrorCode.not_found), tags=["me"])
async def revoke_my_device(
    device_id: Annotated[str, PathParameter(max_length=64)],
    accounts: NamedDependency[Accounts],
    caller: NamedDependency[Caller],
) -> None:
    """Sign one of my devices out, at once."""
    await accounts.devices.revoke_mine(caller, device_id)


HANDLERS = [
    read_me,
    change_me,
    change_password,
    set_up_totp,
    confirm_totp,
    remove_totp,
    list_my_shops,
    list_my_devices,
    revoke_my_device,
]
