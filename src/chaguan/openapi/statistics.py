"""`/v1/admin/reports/service-times` and `/v1/admin/wall`: how long customers wait, and how the desk stands."""

from typing import Annotated, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from chaguan.accounts import Accounts
from chaguan.core.caller import Caller
from chaguan.core.errors import ErrorCode
from chaguan.desk import Asked, By, DeskService, ServiceReport, as_csv
from chaguan.openapi.errors import refusals
from chaguan.protocol.replies import WallReply

_Accounts = NamedDependency[Accounts]
_Caller = NamedDependency[Caller]
_Desk = NamedDependency[DeskService]
_Day = Annotated[str, QueryParameter(max_length=10, description="By the shop's calendar: `2027-02-06`")]
_By = Annotated[By, QueryParameter(description="What a line is about")]
_Shop = Annotated[str, QueryParameter(max_length=64, description="Empty: the only one")]
_Open = Annotated[
    bool, QueryParameter(description="Only the time in which the shop was open, by its hours of now")
]
_READ = refusals(ErrorCode.unauthenticated, ErrorCode.forbidden, ErrorCode.not_found)
_REPORT = _READ | refusals(ErrorCode.bad_request, ErrorCode.too_large)


@get("/v1/admin/reports/service-times", responses=_REPORT, tags=["admin"])
async def read_service_report(
    accounts: _Accounts,
    desk: _Desk,
    caller: _Caller,
    first_day: _Day,
    last_day: _Day,
    by: _By = By.day,
    shop_id: _Shop = "",
    in_open_hours: _Open = False,
) -> ServiceReport:
    """How long customers of a shop waited, were answered and helped, of at most 366 days, both included.

    Figures count on the day on which they ended. What each of them measures: docs/explanation/service-times.md.
    `too_large` (`limit`): more was measured than one report can hold; ask for fewer days.
    """
    asked = await _asked(accounts, desk, caller, shop_id, first_day, last_day, by, in_open_hours)
    return await desk.reports.report(caller, asked)


@get("/v1/admin/reports/service-times.csv", responses=_REPORT, tags=["admin"], media_type="text/csv")
async def read_service_table(
    accounts: _Accounts,
    desk: _Desk,
    caller: _Caller,
    first_day: _Day,
    last_day: _Day,
    by: _By = By.day,
    shop_id: _Shop = "",
    in_open_hours: _Open = False,
    language: Annotated[Literal["en", "zh-CN"], QueryParameter(description="Of the first line")] = "en",
) -> Response[bytes]:
    """The same as a table for spreadsheets: UTF-8 with a byte order mark, times in seconds, the total last. Names that
    begin like a formula are preceded by an apostrophe."""
    asked = await _asked(accounts, desk, caller, shop_id, first_day, last_day, by, in_open_hours)
    report = await desk.reports.report(caller, asked)
    name = f"service-times-{by.value}-{report.first_day}-{report.last_day}.csv"
    return Response(
        as_csv(report, language).encode(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@get("/v1/admin/wall", responses=_READ, tags=["admin"])
async def read_wall(accounts: _Accounts, desk: _Desk, caller: _Caller, shop_id: _Shop = "") -> WallReply:
    """How a shop's desk stands now, for agents too. Who wants to be told of changes asks `watch_wall` on a connection."""
    desk.access_desk(caller)
    shop = await accounts.shops.choose(wanted=shop_id)
    return await desk.walls.watch(caller, shop.id)


async def _asked(
    accounts: Accounts,
    desk: DeskService,
    caller: Caller,
    shop_id: str,
    first_day: str,
    last_day: str,
    by: By,
    in_open_hours: bool,
) -> Asked:
    """Strangers don't learn which shops there are."""
    desk.access_desk(caller)
    shop = await accounts.shops.choose(wanted=shop_id)
    return Asked(shop_id=shop.id, by=by, first_day=first_day, last_day=last_day, in_open_hours=in_open_hours)


HANDLERS = (read_service_report, read_service_table, read_wall)
