"""`/v1/users`: what the business's own servers do, with an API key."""

from typing import Annotated, Any

from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta, Struct

from chaguan.accounts import Accounts
from chaguan.accounts.users import AppUser
from chaguan.core.caller import Caller
from chaguan.core.errors import ErrorCode
from chaguan.openapi.errors import refusals
from chaguan.protocol.depth import check_depth

ExternalId = Annotated[str, PathParameter(max_length=128, description="The business's own id of the user")]
AppId = Annotated[str, QueryParameter(min_length=1, max_length=64, description="The app the id belongs to")]


class UserProfile(Struct):
    """What is left out stays. `attributes` is any JSON object of at most 4 KiB and 32 levels."""

    name: Annotated[str, Meta(max_length=200, examples=["张三"])] | None = None
    avatar: Annotated[str, Meta(max_length=2_000)] | None = None
    attributes: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        check_depth(self.attributes)


_REFUSED = refusals(
    ErrorCode.bad_request, ErrorCode.unauthenticated, ErrorCode.forbidden, ErrorCode.not_found
)


@put("/v1/users/{external_id:str}", responses=_REFUSED, tags=["server"])
async def put_user(
    external_id: ExternalId,
    app_id: AppId,
    data: JSONBody[UserProfile],
    accounts: NamedDependency[Accounts],
    caller: NamedDependency[Caller],
) -> AppUser:
    """Make or change a customer, before or after they first sign in. Scope `users:write`."""
    return await accounts.users.put(caller, app_id, external_id, data.name, data.avatar, data.attributes)


@get("/v1/users/{external_id:str}", responses=_REFUSED, tags=["server"])
async def get_user(
    external_id: ExternalId,
    app_id: AppId,
    accounts: NamedDependency[Accounts],
    caller: NamedDependency[Caller],
) -> AppUser:
    """A customer by the business's own id. Scope `users:write`."""
    return await accounts.users.get(caller, app_id, external_id)


HANDLERS = [put_user, get_user]
