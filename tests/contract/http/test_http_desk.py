"""Arranging a desk over HTTP, on a whole deployment."""

import pytest
from httpx import ASGITransport, AsyncClient

from chaguan.core.caller import Role
from chaguan.serving import http_app

WEEK = [[[540, 720], [840, 1080]]] * 5 + [[], []]


@pytest.fixture
async def ask(town):
    """Asks as an administrator, or as whoever holds the token."""
    transport = ASGITransport(http_app(town.running.deployment, None, {}), raise_app_exceptions=False)
    boss = await town.agent_token("boss", Role.admin)
    async with AsyncClient(transport=transport, base_url="http://chaguan.test") as web:

        async def asked(method, path, body=None, token=boss, device="dev_boss"):
            headers = {"authorization": f"Bearer {token}", "x-device-id": device}
            return await web.request(method, path, json=body, headers=headers)

        yield asked


@pytest.fixture
async def shop(ask):
    (shop,) = (await ask("GET", "/v1/admin/shops")).json()["shops"]
    return f"/v1/admin/shops/{shop['id']}"


async def test_a_queue_is_made_settled_anew_and_removed(ask, shop):
    spec = {"name": "English", "position": 1, "match": {"languages": ["en"]}, "strategy": "round_robin"}
    made = await ask("POST", f"{shop}/queues", spec)
    assert made.status_code == 201, made.text
    queue = made.json()
    assert queue["match"]["languages"] == ["en"]
    changed = await ask("PUT", f"{shop}/queues/{queue['id']}", {**spec, "name": "Overseas", "weight": 2})
    assert changed.status_code == 200, changed.text
    (found,) = (await ask("GET", f"{shop}/queues")).json()["queues"]
    assert (found["name"], found["weight"], found["strategy"]) == ("Overseas", 2, "round_robin")
    assert (await ask("DELETE", f"{shop}/queues/{queue['id']}")).status_code == 204
    assert (await ask("GET", f"{shop}/queues")).json()["queues"] == []
    actions = [each["action"] for each in (await ask("GET", "/v1/admin/audit")).json()["records"]]
    assert actions[:3] == ["queue_removed", "queue_changed", "queue_created"]


async def test_what_nobody_can_keep_is_refused(ask, shop):
    async def refused(method, path, body):
        answer = await ask(method, path, body)
        error = answer.json()["error"]
        return answer.status_code, error.get("data", {}).get("reason") or error["code"]

    first = (await ask("POST", f"{shop}/queues", {"name": "a"})).json()["id"]
    into = {"name": "b", "overflow_after_s": 60, "overflow_to": first}
    second = (await ask("POST", f"{shop}/queues", into)).json()["id"]
    loop = {"name": "a", "overflow_after_s": 60, "overflow_to": second}
    assert await refused("PUT", f"{shop}/queues/{first}", loop) == (409, "loop")
    assert await refused("DELETE", f"{shop}/queues/{first}", None) == (409, "in_use")
    assert await refused("POST", f"{shop}/queues", {"name": " "}) == (400, "bad_request")
    assert await refused("POST", f"{shop}/queues", {"name": "c", "overflow_to": first}) == (
        400,
        "bad_request",
    )
    assert await refused("POST", f"{shop}/queues", {"name": "c", "weight": 0}) == (400, "bad_request")
    assert await refused("PUT", f"{shop}/queues/q_none", {"name": "c"}) == (404, "not_found")
    assert await refused("GET", "/v1/admin/shops/s_none/queues", None) == (404, "not_found")
    zone = {"hours": {"timezone": "Asia/Nowhere"}}
    assert await refused("PUT", f"{shop}/desk", zone) == (400, "bad_request")
    overlapping = {"hours": {"week": [[[60, 120], [100, 180]], *[[]] * 6]}}
    assert await refused("PUT", f"{shop}/desk", overlapping) == (400, "bad_request")


async def test_hours_are_settled_and_read(ask, shop):
    settings = {
        "hours": {"timezone": "Asia/Shanghai", "week": WEEK, "holidays": [{"date": "2027-02-06"}]},
        "idle_s": 600,
        "out_of_hours": {"zh-CN": "我们下班了"},
    }
    answer = await ask("PUT", f"{shop}/desk", settings)
    assert answer.status_code == 200, answer.text
    read = (await ask("GET", f"{shop}/desk")).json()
    assert read["hours"]["week"] == WEEK
    assert (read["idle_s"], read["out_of_hours"]) == (600, {"zh-CN": "我们下班了"})


async def test_an_agent_is_given_a_capacity_and_skills(ask, town):
    me = (await ask("GET", "/v1/me", token=await town.agent_token("mei"), device="dev_mei")).json()["user"][
        "id"
    ]
    body = {"capacity": 8, "skills": ["returns"], "languages": ["zh", "en"]}
    answer = await ask("PATCH", f"/v1/admin/agents/{me}", body)
    assert answer.status_code == 200, answer.text
    listed = (await ask("GET", "/v1/admin/agents")).json()
    assert [(each["capacity"], each["skills"]) for each in listed["agents"]] == [(8, ["returns"])]
    assert listed["users"][0]["name"] == "mei"
    assert (await ask("PATCH", f"/v1/admin/agents/{me}", {"capacity": 201})).status_code == 400
    assert (await ask("PATCH", "/v1/admin/agents/u_none", {"capacity": 1})).status_code == 404


async def test_agents_see_how_their_desk_is_arranged_and_change_nothing(ask, shop, town):
    agent, customer = await town.agent_token("mei"), town.customer_token("li")
    assert (await ask("GET", f"{shop}/queues", token=agent, device="dev_mei")).status_code == 200
    assert (await ask("GET", "/v1/admin/agents", token=agent, device="dev_mei")).status_code == 200
    for method, path, body in (
        ("POST", f"{shop}/queues", {"name": "mine"}),
        ("PUT", f"{shop}/desk", {}),
        ("PATCH", "/v1/admin/agents/u_any", {"capacity": 1}),
    ):
        assert (await ask(method, path, body, token=agent, device="dev_mei")).status_code == 403
    for path in (f"{shop}/queues", f"{shop}/desk", "/v1/admin/agents", "/v1/admin/shops/s_none/desk"):
        assert (await ask("GET", path, token=customer, device="d1")).status_code == 403
