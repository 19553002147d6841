"""`/v1/auth`: signing in, staying signed in, signing out."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter
from msgspec import Meta, Struct

from chaguan.accounts import Accounts, SignedIn, Visitor
from chaguan.accounts.invitations import Invited
from chaguan.core.caller import Caller
from chaguan.core.errors import ErrorCode
from chaguan.openapi.callers import provide_newcomer
from chaguan.openapi.errors import refusals

DeviceId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="The client's own id of the device, made once and kept.",
        examples=["d-5f1c0a52"],
    ),
]
DeviceName = Annotated[
    str, Meta(max_length=100, description="Shown in the list of devices.", examples=["Firefox on Linux"])
]
Password = Annotated[str, Meta(max_length=1_024)]
LinkToken = Annotated[str, Meta(min_length=1, max_length=200, description="From the link.")]


class StaffSignIn(Struct):
    """E-mail and password; `totp` is the code of the second factor, or a recovery code. `kept_token` is the last
    access token that this device got for the account, even if it has expired: with it, strangers who guess at the
    account can't lock its owner out here."""

    email: Annotated[str, Meta(max_length=254, examples=["mei@shop.example"])]
    password: Password
    device_id: DeviceId
    totp: Annotated[str, Meta(max_length=100, examples=["", "492039"])] = ""
    device_name: DeviceName = ""
    kept_token: Annotated[str, Meta(max_length=2_048)] = ""


class WechatSignIn(Struct):
    """`code` is what `wx.login` gave the phone. `name` and `avatar` are what the person chose to show."""

    app_id: Annotated[str, Meta(min_length=1, max_length=64)]
    code: Annotated[str, Meta(min_length=1, max_length=512)]
    device_id: DeviceId
    name: Annotated[str, Meta(max_length=200)] = ""
    avatar: Annotated[str, Meta(max_length=2_000)] = ""


class Refresh(Struct):
    refresh_token: Annotated[str, Meta(min_length=1, max_length=512)]
    device_id: DeviceId


class Acceptance(Struct):
    """`password` has 10 to 256 characters. With a reset link `name` may be left out."""

    token: LinkToken
    password: Password
    device_id: DeviceId
    name: Annotated[str, Meta(max_length=200)] = ""
    device_name: DeviceName = ""


_DOOR = refusals(
    ErrorCode.bad_request, ErrorCode.unauthenticated, ErrorCode.forbidden, ErrorCode.rate_limited
)
_OPEN: list[dict[str, list[str]]] = [{}]


@post("/v1/auth/staff", status_code=200, responses=_DOOR, security=_OPEN, tags=["auth"])
async def sign_in_staff(
    data: JSONBody[StaffSignIn], accounts: NamedDependency[Accounts], address: NamedDependency[str]
) -> SignedIn:
    """Sign in as staff.

    `unauthenticated` with `data.reason`: `credentials` (whether the account exists is not told), `totp_required` (ask
    for the code and send everything again), `totp_wrong`. `rate_limited`: wait `retry_after_ms`. `forbidden`
    (`user_disabled`).
    """
    visitor = Visitor(address, data.device_id, data.device_name, "browser")
    return await accounts.sign_in.staff(visitor, data.email, data.password, data.totp, data.kept_token)


@post("/v1/auth/wechat", status_code=200, responses=_DOOR, security=_OPEN, tags=["auth"])
async def sign_in_wechat(
    data: JSONBody[WechatSignIn], accounts: NamedDependency[Accounts], address: NamedDependency[str]
) -> SignedIn:
    """Sign in a customer of a mini program.

    `unauthenticated` (`code_invalid`, `code_used`): call `wx.login` again. `not_found`: no such WeChat app here.
    `unavailable` (`data.vendor_code`): WeChat is busy, or the app's AppID or secret is wrong.
    """
    visitor = Visitor(address, data.device_id, "", "wechat")
    return await accounts.wechat.sign_in(visitor, data.app_id, data.code, data.name, data.avatar)


@post("/v1/auth/refresh", status_code=200, responses=_DOOR, security=_OPEN, tags=["auth"])
async def refresh(
    data: JSONBody[Refresh], accounts: NamedDependency[Accounts], address: NamedDependency[str]
) -> SignedIn:
    """The next pair of tokens.

    A refresh token is good once; keep the new one. If the answer was lost, asking again within a minute is fine.
    `unauthenticated` (`refresh_invalid`, `refresh_expired`, `refresh_reused`): sign in again.
    """
    return await accounts.sign_in.refresh(Visitor(address, data.device_id), data.refresh_token)


@post(
    "/v1/auth/sign_out",
    status_code=204,
    dependencies={"caller": Provide(provide_newcomer)},
    responses=refusals(ErrorCode.unauthenticated),
    tags=["auth"],
)
async def sign_out(accounts: NamedDependency[Accounts], caller: NamedDependency[Caller]) -> None:
    """Sign this device out: its tokens end and its live connection is closed."""
    await accounts.sign_in.sign_out(caller)


@get(
    "/v1/auth/invite/{token:str}",
    responses=refusals(ErrorCode.not_found, ErrorCode.rate_limited),
    security=_OPEN,
    tags=["auth"],
)
async def look_at_invitation(
    token: Annotated[str, PathParameter(max_length=200)], accounts: NamedDependency[Accounts]
) -> Invited:
    """What an invitation or reset link is for. `not_found` when it was used, replaced or has expired."""
    return await accounts.invitations.look(token)


@post(
    "/v1/auth/invite",
    status_code=200,
    responses=refusals(ErrorCode.bad_request, ErrorCode.not_found, ErrorCode.rate_limited),
    security=_OPEN,
    tags=["auth"],
)
async def accept_invitation(
    data: JSONBody[Acceptance], accounts: NamedDependency[Accounts], address: NamedDependency[str]
) -> SignedIn:
    """Join, or set a new password: the link works once, then the new password does.

    A reset takes the second factor away and signs out every other device. `bad_request` (`password_length`,
    `password_too_simple`) leaves the link good.
    """
    visitor = Visitor(address, data.device_id, data.device_name, "browser")
    return await accounts.invitations.accept(visitor, data.token, data.name, data.password)


DOORS = [sign_in_staff, sign_in_wechat, refresh, look_at_invitation, accept_invitation]
HANDLERS = [sign_out]
