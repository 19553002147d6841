"""Reports and health on a whole deployment, over HTTP."""

import pytest
from httpx import ASGITransport, AsyncClient

from chaguan import health
from chaguan.accounts import Scope
from chaguan.core.caller import Role
from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from chaguan.serving import http_app


@pytest.fixture
async def web(town):
    transport = ASGITransport(http_app(town.running.deployment, None, {}), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://chaguan.test") as client:
        yield client


class Person:
    def __init__(self, web, token: str, device: str) -> None:
        self._web = web
        self._headers = {"authorization": f"Bearer {token}", "x-device-id": device}

    async def get(self, path: str, **query):
        return await self._web.get(path, params=query, headers=self._headers)

    async def command(self, type: str, **fields):
        return await self._web.post(
            "/v1/commands", json={"type": type, "id": 1, **fields}, headers=self._headers
        )

    async def report(self, user_id: str, reason: str, **fields):
        key = uuid_text(uuid7())
        return await self.command("report_user", client_msg_id=key, user_id=user_id, reason=reason, **fields)


@pytest.fixture
def staff(town, web):
    async def come(name: str, role: Role) -> Person:
        return Person(web, await town.agent_token(name, role), f"dev_{name}")

    return come


async def test_a_report_reaches_the_administrators_and_their_look_is_recorded(town, web, staff):
    boss, agent = await staff("boss", Role.admin), await staff("agent", Role.agent)
    customer = Person(web, town.customer_token("li"), "d1")
    id_of = (await agent.get("/v1/me")).json()["user"]["id"]
    opened = (await customer.command("open_service")).json()["ok"]
    room = opened["view"]["conversation"]["id"]
    said = await customer.command(
        "send_message",
        conversation_id=room,
        client_msg_id=uuid_text(uuid7()),
        content={"type": "text", "text": "在吗"},
    )
    seq = said.json()["ok"]["seq"]
    assert (await customer.report(id_of, "态度差", conversation_id=room, seqs=[seq])).status_code == 200

    (report,) = (await boss.get("/v1/admin/reports")).json()["reports"]
    assert (report["user"]["id"], report["reason"], report["seqs"]) == (id_of, "态度差", [seq])
    assert report["conversation_id"] == room and report["reporter"]["kind"] == "customer"
    newest = (await boss.get("/v1/admin/audit")).json()["records"][0]
    assert (newest["action"], newest["detail"]) == ("reports_read", {"reports": 1})


async def test_reports_come_in_pages_newest_first(staff):
    boss, agent = await staff("boss", Role.admin), await staff("agent", Role.agent)
    id_of = (await agent.get("/v1/me")).json()["user"]["id"]
    for number in range(5):
        await boss.report(id_of, f"reason {number}")
    pages, cursor = [], ""
    while not pages or cursor:
        page = (await boss.get("/v1/admin/reports", limit=2, cursor=cursor)).json()
        pages.append([report["reason"] for report in page["reports"]])
        cursor = page["next_cursor"]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(reason for page in pages for reason in page) == [f"reason {number}" for number in range(5)]
    for wrong in ("x", "1.x", "-1.r_" + "a" * 26):
        assert (await boss.get("/v1/admin/reports", cursor=wrong)).status_code == 400


async def test_only_administrators_read_reports_and_a_refused_look_leaves_no_record(town, web, staff):
    boss, agent = await staff("boss", Role.admin), await staff("agent", Role.agent)
    member = await staff("member", Role.member)
    customer = Person(web, town.customer_token("li"), "d1")
    key = await town.running.deployment.accounts.keys.create(town.owner, "all", [Scope.messages_read])
    for person in (agent, member, customer, Person(web, key.key, "")):
        assert (await person.get("/v1/admin/reports")).status_code == 403
    assert (await web.get("/v1/admin/reports")).status_code == 401
    actions = [record["action"] for record in (await boss.get("/v1/admin/audit")).json()["records"]]
    assert "reports_read" not in actions


async def test_health_tells_of_a_search_that_lags(town, web, monkeypatch):
    assert (await web.get("/health")).json()["status"] == "ok"
    search = town.running.deployment.messaging.search
    search.feed._waiting_since = 1
    told = (await web.get("/health")).json()
    assert told["status"] == "degraded" and "Search is" in told["reasons"][0]
    search.feed._waiting_since = 0
    assert (await web.get("/health")).json()["status"] == "ok"


async def test_health_tells_of_a_consumer_that_keeps_failing_but_not_of_one_that_stumbled(town, web):
    feed = town.running.deployment.desk.feed
    feed.failures = health.FAILURES - 1
    assert (await web.get("/health")).json()["status"] == "ok"
    feed.failures = health.FAILURES
    answer = await web.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["reasons"] == [
        "The desk consumer failed 3 times in a row at the same entries; see the log."
    ]
