"""`/v1/admin/shops/{shop_id}/faq`, `/bot` and `/closing`: what a desk does by itself. Every change is recorded."""

from typing import Annotated, Any, Literal

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter

from chaguan.accounts import Accounts
from chaguan.core.caller import Caller
from chaguan.core.errors import AppError, ErrorCode
from chaguan.desk import DeskService
from chaguan.desk.faq_files import MAX_BYTES
from chaguan.openapi.errors import refusals
from chaguan.protocol.automation import (
    BotSettings,
    ClosingSettings,
    FaqEntry,
    FaqImported,
    FaqPage,
    FaqQuestion,
    FaqSpec,
    FaqTrial,
    RuleList,
    RuleQuestion,
    Rules,
    RuleTrial,
)

Id = Annotated[str, PathParameter(max_length=64)]
Words = Annotated[str, QueryParameter(max_length=100, description="Only entries that contain this")]
Offset = Annotated[int, QueryParameter(ge=0, le=100_000)]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Replace = Annotated[bool, QueryParameter(description="Remove what does not stand in the file")]
GoodOnly = Annotated[bool, QueryParameter(description="Store the good rows of a file with bad ones")]
Format = Annotated[Literal["csv", "json"], QueryParameter(description="Of the file")]
_Accounts = NamedDependency[Accounts]
_Caller = NamedDependency[Caller]
_Desk = NamedDependency[DeskService]
_READ = refusals(ErrorCode.unauthenticated, ErrorCode.forbidden, ErrorCode.not_found)
_CHANGE = _READ | refusals(ErrorCode.bad_request, ErrorCode.conflict)
_FILE = _CHANGE | refusals(ErrorCode.too_large)


@get("/v1/admin/shops/{shop_id:str}/faq", responses=_READ, tags=["admin"])
async def list_answers(
    shop_id: Id,
    accounts: _Accounts,
    desk: _Desk,
    caller: _Caller,
    words: Words = "",
    offset: Offset = 0,
    limit: Limit = 50,
) -> FaqPage:
    """The shop's questions and answers in their order. For agents too."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.answers.page(caller, shop, words, limit, offset)


@post("/v1/admin/shops/{shop_id:str}/faq", status_code=201, responses=_CHANGE, tags=["admin"])
async def create_answer(
    shop_id: Id, data: JSONBody[FaqSpec], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> FaqEntry:
    """A further question with its answer; without a `position` it becomes the last.

    `conflict` (`too_many`): a shop has at most 5,000 texts. `bad_request` (`unknown_media`): a picture that the caller
    did not upload.
    """
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.answers.put(caller, shop, "", data)


@put("/v1/admin/shops/{shop_id:str}/faq/{entry_id:str}", responses=_CHANGE, tags=["admin"])
async def replace_answer(
    shop_id: Id, entry_id: Id, data: JSONBody[FaqSpec], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> FaqEntry:
    """Put an entry anew, all of it. The next customer who asks is told the new answer."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.answers.put(caller, shop, entry_id, data)


@delete("/v1/admin/shops/{shop_id:str}/faq/{entry_id:str}", responses=_READ, tags=["admin"])
async def remove_answer(shop_id: Id, entry_id: Id, accounts: _Accounts, desk: _Desk, caller: _Caller) -> None:
    """Remove an entry for good. To keep it without its being answered, set `enabled` to false."""
    shop = await _shop(accounts, desk, caller, shop_id)
    await desk.automation.answers.remove(caller, shop, entry_id)


@post(
    "/v1/admin/shops/{shop_id:str}/faq/import",
    status_code=200,
    request_max_body_size=MAX_BYTES + 1024,
    responses=_FILE,
    tags=["admin"],
)
async def import_answers(
    request: Request[Any, Any, Any],
    shop_id: Id,
    accounts: _Accounts,
    desk: _Desk,
    caller: _Caller,
    replace: Replace = False,
    good_only: GoodOnly = False,
) -> FaqImported:
    """Take in a file, all of it or nothing: the body is CSV (`Content-Type: text/csv`) or JSON (`{"entries": [...]}`).

    CSV is UTF-8 or GB 18030, with headings in English or Chinese: `question` 问题, `answer` 答案, if wanted `id` 编号,
    `language` 语言, `similar` 相似问题 (on lines of their own or separated by `|`). A row is one language; rows `x` and
    `x#en` are one entry in two. Entries with ids that are there already are changed. At most 8 MiB and 5,000 texts.

    With any bad row nothing is stored (`stored` is false, `faults` says what is wrong where); `good_only=true` stores
    the others. `replace=true` removes what does not stand in the file.
    """
    shop = await _shop(accounts, desk, caller, shop_id)
    desk.automation.answers.access_change(caller)  # before eight megabytes are read
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in ("text/csv", "application/json"):
        raise AppError(
            ErrorCode.bad_request, "Content-Type is text/csv or application/json", field="content-type"
        )
    file = await request.body()
    is_csv = kind == "text/csv"
    return await desk.automation.answers.take_in(
        caller, shop, file, is_csv=is_csv, replace=replace, good_only=good_only
    )


@get("/v1/admin/shops/{shop_id:str}/faq/export", responses=_READ, tags=["admin"])
async def export_answers(
    shop_id: Id,
    accounts: _Accounts,
    desk: _Desk,
    caller: _Caller,
    format: Format = "csv",
) -> Response[bytes]:
    """The whole list as a file that the import takes. CSV leaves pictures, cards and `enabled` out. For agents too."""
    shop = await _shop(accounts, desk, caller, shop_id)
    file = await desk.automation.answers.give_out(caller, shop, is_csv=format == "csv")
    kind = "text/csv; charset=utf-8" if format == "csv" else "application/json"
    headers = {"content-disposition": f'attachment; filename="faq.{format}"'}
    return Response(file, media_type=kind, headers=headers)


@post("/v1/admin/shops/{shop_id:str}/faq/try", status_code=200, responses=_READ, tags=["admin"])
async def try_answers(
    shop_id: Id, data: JSONBody[FaqQuestion], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> FaqTrial:
    """What the bot would do with a question, and what speaks for each entry. Nothing is sent. For agents too."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.answers.try_out(caller, shop, data.text)


@get("/v1/admin/shops/{shop_id:str}/bot", responses=_READ, tags=["admin"])
async def read_bot(shop_id: Id, accounts: _Accounts, desk: _Desk, caller: _Caller) -> BotSettings:
    """Greetings, keywords and limits of the shop's bot. For agents too."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.bot_settings(caller, shop)


@put("/v1/admin/shops/{shop_id:str}/bot", responses=_CHANGE, tags=["admin"])
async def replace_bot(
    shop_id: Id, data: JSONBody[BotSettings], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> BotSettings:
    """Settle the bot anew, all of it. Switched off, its cases go to their queues within seconds."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.put_bot(caller, shop, data)


@get("/v1/admin/shops/{shop_id:str}/closing", responses=_READ, tags=["admin"])
async def read_closing(shop_id: Id, accounts: _Accounts, desk: _Desk, caller: _Caller) -> ClosingSettings:
    """When silent cases end by themselves. For agents too."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.closing_settings(caller, shop)


@put("/v1/admin/shops/{shop_id:str}/closing", responses=_CHANGE, tags=["admin"])
async def replace_closing(
    shop_id: Id, data: JSONBody[ClosingSettings], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> ClosingSettings:
    """Settle anew when silent cases end by themselves. Holds for cases that are open already, too."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.put_closing(caller, shop, data)


@get("/v1/admin/shops/{shop_id:str}/rules", responses=_READ, tags=["admin"])
async def read_rules(shop_id: Id, accounts: _Accounts, desk: _Desk, caller: _Caller) -> Rules:
    """The shop's rules in their order, what they did lately, and which went round and were cut. For agents too."""
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.rules(caller, shop)


@put("/v1/admin/shops/{shop_id:str}/rules", responses=_CHANGE, tags=["admin"])
async def replace_rules(
    shop_id: Id, data: JSONBody[RuleList], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> Rules:
    """Settle the rules anew, all of them, in their order. Send the ids back of those that stay.

    `bad_request` with `rule` and `field` for one that could never do what it says; `not_found` for a queue.
    """
    shop = await _shop(accounts, desk, caller, shop_id)
    return await desk.automation.put_rules(caller, shop, data)


@post("/v1/admin/shops/{shop_id:str}/rules/try", status_code=200, responses=_CHANGE, tags=["admin"])
async def try_rule(
    shop_id: Id, data: JSONBody[RuleQuestion], accounts: _Accounts, desk: _Desk, caller: _Caller
) -> RuleTrial:
    """In which of the shop's latest cases (at most 20) a rule would have fired, and what kept it from the others.

    Nothing is done in them. The rule need not be one of the shop's. `bad_request` as when it is saved. For agents too.
    """
    shop = await _shop(accounts, desk, caller, shop_id)
    trial = await desk.automation.try_rule(caller, shop, data)
    trial.users = await accounts.directory.users([case.customer_id for case in trial.cases])
    return trial


async def _shop(accounts: Accounts, desk: DeskService, caller: Caller, shop_id: str) -> str:
    """Strangers don't learn which shops there are."""
    desk.arrangement.access_arrangement(caller)
    return (await accounts.shops.choose(wanted=shop_id)).id


HANDLERS = (
    list_answers,
    create_answer,
    replace_answer,
    remove_answer,
    import_answers,
    export_answers,
    try_answers,
    read_bot,
    replace_bot,
    read_closing,
    replace_closing,
    read_rules,
    replace_rules,
    try_rule,
)
