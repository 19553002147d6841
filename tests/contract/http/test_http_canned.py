"""Canned replies over HTTP, on a whole deployment."""

import pytest
from httpx import ASGITransport, AsyncClient

from chaguan.core.caller import Role
from chaguan.serving import http_app

PATH = "/v1/desk/canned-replies"


@pytest.fixture
async def ask(town):
    transport = ASGITransport(http_app(town.running.deployment, None, {}), raise_app_exceptions=False)
    tokens = {"boss": await town.agent_token("boss", Role.admin), "mei": await town.agent_token("mei")}
    async with AsyncClient(transport=transport, base_url="http://chaguan.test") as web:

        async def asked(who, method, path="", **more):
            headers = {"authorization": f"Bearer {tokens[who]}", "x-device-id": f"dev_{who}"}
            return await web.request(method, PATH + path, headers=headers, **more)

        yield asked


async def test_replies_are_kept_used_and_carried_away(ask):
    spec = {"shortcut": "hi", "title": "Hello", "texts": {"en": "Hello {{customer.name}}"}}
    made = await ask("boss", "POST", json={**spec, "is_shared": True})
    assert made.status_code == 201, made.text
    own = await ask("mei", "POST", json={**spec, "shortcut": "/Mine"})
    assert own.json()["shortcut"] == "mine"
    refused = await ask("mei", "POST", json={**spec, "shortcut": "x", "is_shared": True})
    assert refused.status_code == 403
    assert (await ask("mei", "POST", f"/{made.json()['id']}/use")).status_code == 204
    listed = (await ask("mei", "GET")).json()
    assert [each.get("score", 0) for each in listed["replies"]] == [0, 1000]
    assert "customer.name" in listed["variables"]
    changed = await ask("boss", "PUT", f"/{made.json()['id']}", json={**spec, "title": "Hey"})
    assert changed.json()["title"] == "Hey"
    file = await ask("boss", "GET", "/export", params={"is_shared": "true"})
    assert file.headers["content-type"].startswith("text/csv")
    assert file.headers["content-disposition"].endswith('"canned-replies.csv"')
    trial = await ask("mei", "POST", "/import", params={"is_trial": "true"}, content=file.content)
    assert trial.json() == {"created": 1, "changed": 0}
    assert (await ask("mei", "DELETE", f"/{own.json()['id']}")).status_code == 204
    assert (await ask("mei", "DELETE", f"/{made.json()['id']}")).status_code == 403


async def test_what_is_wrong_is_said_by_field(ask):
    wrong = {"shortcut": "hi", "title": "x", "texts": {"en": "{{pin}}"}}
    error = (await ask("mei", "POST", json=wrong)).json()["error"]
    assert error["data"] == {"field": "texts", "reason": "variable", "names": "pin"}
    error = await ask(
        "boss", "POST", json={**wrong, "texts": {"en": "x"}, "is_shared": True, "shop_id": "s_none"}
    )
    assert error.status_code == 404
