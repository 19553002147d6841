"""The report of service times and the wall over HTTP, on a whole deployment."""

import csv
import io

import pytest
from httpx import ASGITransport, AsyncClient

from chaguan.core.caller import Role
from chaguan.serving import http_app

REPORT = "/v1/admin/reports/service-times"
DAYS = {"first_day": "2027-02-05", "last_day": "2027-02-06"}


@pytest.fixture
async def ask(town):
    transport = ASGITransport(http_app(town.running.deployment, None, {}), raise_app_exceptions=False)
    tokens = {
        "boss": await town.agent_token("boss", Role.admin),
        "mei": await town.agent_token("mei", Role.agent),
    }
    async with AsyncClient(transport=transport, base_url="http://chaguan.test") as web:

        async def asked(path, who="boss", **params):
            headers = {"authorization": f"Bearer {tokens[who]}", "x-device-id": f"dev_{who}"}
            return await web.get(path, params=params, headers=headers)

        yield asked


async def test_a_report_has_every_day_and_a_total(ask):
    answer = await ask(REPORT, **DAYS, by="day", in_open_hours="true")
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert [row["key"] for row in report["rows"]] == ["2027-02-05", "2027-02-06"]
    assert (report["total"]["opened"], report["total"]["wait"]["median_ms"]) == (0, -1)
    assert (report["timezone"], report["in_open_hours"]) == ("Asia/Shanghai", True)


async def test_the_table_is_a_file_that_excel_reads(ask):
    answer = await ask(f"{REPORT}.csv", **DAYS, language="zh-CN")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="service-times-day-')
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["日期", "2027-02-05", "2027-02-06", "合计"]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"first_day": "2027-02-06", "last_day": "2027-02-05"}, 400),
        ({"first_day": "soon", "last_day": "2027-02-05"}, 400),
        ({"first_day": "2020-01-01", "last_day": "2027-02-05"}, 400),
        ({**DAYS, "by": "customer"}, 400),
        ({**DAYS, "shop_id": "s_none"}, 404),
        ({}, 400),
    ],
)
async def test_what_cannot_be_reported_is_refused(ask, params, status):
    assert (await ask(REPORT, **params)).status_code == status


async def test_agents_see_the_wall_and_administrators_the_report(ask):
    assert (await ask(REPORT, who="mei", **DAYS)).status_code == 403
    wall = await ask("/v1/admin/wall", who="mei")
    assert wall.status_code == 200, wall.text
    assert wall.json()["wall"]["shop_id"]
