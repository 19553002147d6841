"""`/v1/admin/reports`: what users told the administrators of one another."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from chaguan.core.caller import Caller
from chaguan.core.errors import ErrorCode
from chaguan.messaging import Messaging
from chaguan.messaging.safety import ReportPage
from chaguan.openapi.errors import refusals


@get(
    "/v1/admin/reports",
    responses=refusals(ErrorCode.bad_request, ErrorCode.unauthenticated, ErrorCode.forbidden),
    tags=["admin"],
)
async def list_reports(
    messaging: NamedDependency[Messaging],
    caller: NamedDependency[Caller],
    cursor: Annotated[
        str, QueryParameter(max_length=64, description="`next_cursor` of the page before")
    ] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> ReportPage:
    """What users reported, newest first. Each look is recorded in the audit."""
    return await messaging.safety.list_reports(caller, cursor, limit)


HANDLERS = (list_reports,)
