"""`/v1/desk/canned-replies`: what agents say often. Agents keep their own, administrators the shared ones."""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import UNSET, Struct, UnsetType

from chaguan.accounts import Accounts
from chaguan.core.caller import Caller
from chaguan.core.errors import ErrorCode
from chaguan.desk.canned import CannedReplies, Format, Place
from chaguan.openapi.errors import refusals
from chaguan.protocol.canned import VARIABLES, CannedImport, CannedReply, CannedSpec

PATH = "/v1/desk/canned-replies"


class CannedList(Struct):
    """`variables`: what texts may name in `{{…}}`."""

    replies: list[CannedReply]
    variables: list[str]


class NewReply(CannedSpec, omit_defaults=True, kw_only=True):
    """`is_shared`: for all agents, which takes an administrator; else the caller's own. `shop_id` empty: for every shop."""

    is_shared: bool = False
    shop_id: str = ""


class ReplyChange(CannedSpec, omit_defaults=True, kw_only=True):
    """`shop_id`: moves it there; left out: it stays."""

    shop_id: str | UnsetType = UNSET


Id = Annotated[str, PathParameter(max_length=64)]
ShopId = Annotated[
    str, QueryParameter(required=False, max_length=64, description="A shop; empty: all shops.")
]
Shared = Annotated[bool, QueryParameter(required=False, description="The shared ones, or the caller's own.")]
Trial = Annotated[bool, QueryParameter(required=False, description="Only tell what would happen.")]
Form = Annotated[Format, QueryParameter(required=False, description="`csv` or `json`.")]
_Accounts = NamedDependency[Accounts]
_Caller = NamedDependency[Caller]
_Canned = NamedDependency[CannedReplies]
_READ = refusals(ErrorCode.unauthenticated, ErrorCode.forbidden)
_CHANGE = _READ | refusals(ErrorCode.bad_request, ErrorCode.not_found, ErrorCode.conflict)
_TYPES = {Format.csv: "text/csv; charset=utf-8", Format.json: "application/json"}


@get(PATH, responses=_READ, tags=["desk"])
async def list_replies(canned: _Canned, caller: _Caller, shop_id: ShopId = "") -> CannedList:
    """My own replies and the shared ones; with `shop_id` those that serve this shop. For agents."""
    return CannedList(await canned.list_replies(caller, shop_id), list(VARIABLES))


@post(PATH, status_code=201, responses=_CHANGE, tags=["desk"])
async def create_reply(
    data: JSONBody[NewReply], accounts: _Accounts, canned: _Canned, caller: _Caller
) -> CannedReply:
    """A new reply. `bad_request` with `field` and `reason` (`field`, `empty`, `variable` with `names`, `unknown_media`);
    `conflict`: `taken` (with `reply_id`), `too_many`."""
    place = Place(data.is_shared, data.shop_id)
    canned.access_place(caller, place)
    await _check_shop(accounts, data.shop_id)
    return await canned.create(caller, place, _spec(data))


@put(f"{PATH}/{{reply_id:str}}", responses=_CHANGE, tags=["desk"])
async def replace_reply(
    reply_id: Id, data: JSONBody[ReplyChange], accounts: _Accounts, canned: _Canned, caller: _Caller
) -> CannedReply:
    """Write a reply anew, all of it: my own, or as an administrator a shared one. Refused as a new one is."""
    canned.access_replies(caller)
    shop_id = None if data.shop_id is UNSET else data.shop_id
    await _check_shop(accounts, shop_id or "")
    return await canned.replace(caller, reply_id, _spec(data), shop_id)


@delete(f"{PATH}/{{reply_id:str}}", responses=_CHANGE, tags=["desk"])
async def remove_reply(reply_id: Id, canned: _Canned, caller: _Caller) -> None:
    """Remove my own reply, or as an administrator a shared one."""
    await canned.remove(caller, reply_id)


@post(f"{PATH}/{{reply_id:str}}/use", status_code=204, responses=_CHANGE, tags=["desk"])
async def note_used(reply_id: Id, canned: _Canned, caller: _Caller) -> None:
    """I used it: what is used often and lately has a larger `score`, and is found first."""
    await canned.note_used(caller, reply_id)


@get(f"{PATH}/export", responses=_READ, tags=["desk"])
async def export_replies(
    canned: _Canned,
    caller: _Caller,
    form: Form = Format.csv,
    is_shared: Shared = False,
    shop_id: ShopId = "",
) -> Response[bytes]:
    """A file of my own or the shared replies, for a spreadsheet (`csv`) or another deployment (`json`). Pictures stay
    behind. A cell that a spreadsheet would run begins with `'`, which importing takes away."""
    body = await canned.export(caller, Place(is_shared, shop_id), form)
    name = f'attachment; filename="canned-replies.{form.value}"'
    return Response(body, media_type=_TYPES[form], headers={"content-disposition": name})


@post(f"{PATH}/import", status_code=200, responses=_CHANGE, tags=["desk"])
async def import_replies(
    request: Request[Any, Any, Any],
    accounts: _Accounts,
    canned: _Canned,
    caller: _Caller,
    form: Form = Format.csv,
    is_shared: Shared = False,
    shop_id: ShopId = "",
    is_trial: Trial = False,
) -> CannedImport:
    """Take in a file, at most 1 MiB: the body as it is. CSV has a heading with `shortcut`, `title`, and if wanted `folder`,
    `tags` (parted by commas), `text_<language>` and `contents` (cards, as JSON); UTF-8 or GB 18030. JSON is a list, or
    an object with `replies`. A row with a known shortcut replaces that reply; broken rows are named by line, and the others taken."""
    place = Place(is_shared, shop_id)
    canned.access_place(caller, place)
    await _check_shop(accounts, shop_id)
    return await canned.load(caller, place, await request.body(), form, is_trial=is_trial)


async def _check_shop(accounts: Accounts, shop_id: str) -> None:
    if shop_id:
        await accounts.shops.choose(wanted=shop_id)


def _spec(data: NewReply | ReplyChange) -> CannedSpec:
    return CannedSpec(**{name: getattr(data, name) for name in CannedSpec.__struct_fields__})


HANDLERS = (
    list_replies,
    create_reply,
    replace_reply,
    remove_reply,
    note_used,
    export_replies,
    import_replies,
)
