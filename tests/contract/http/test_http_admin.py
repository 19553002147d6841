import pytest
from sqlalchemy import text

from tests.accounts_stage import PASSWORD


def error_of(answer):
    return answer.json()["error"]


def reason_of(answer):
    return error_of(answer)["data"].get("reason")


async def audit_of(person):
    return (await person.ask("GET", "/v1/admin/audit?limit=200")).json()["records"]


ADMIN_CALLS = [
    ("GET", "/v1/admin/staff", None),
    ("POST", "/v1/admin/staff", {"email": "x@y.example", "name": "X", "role": "agent"}),
    ("PATCH", "/v1/admin/staff/u_x", {"disabled": True}),
    ("POST", "/v1/admin/staff/u_x/reset", None),
    ("GET", "/v1/admin/staff/u_x/devices", None),
    ("DELETE", "/v1/admin/staff/u_x/devices/d", None),
    ("GET", "/v1/admin/shops", None),
    ("POST", "/v1/admin/shops", {"name": "X"}),
    ("PATCH", "/v1/admin/shops/s_x", {"name": "X"}),
    ("GET", "/v1/admin/apps", None),
    ("POST", "/v1/admin/apps", {"shop_id": "s_x", "kind": "web", "name": "X"}),
    ("PATCH", "/v1/admin/apps/a_x", {"name": "X"}),
    ("POST", "/v1/admin/apps/a_x/secret", None),
    ("GET", "/v1/admin/keys", None),
    ("POST", "/v1/admin/keys", {"name": "X", "scopes": ["users:write"]}),
    ("POST", "/v1/admin/keys/k/rotate", None),
    ("DELETE", "/v1/admin/keys/k", None),
    ("GET", "/v1/admin/audit", None),
]


async def test_agents_members_customers_and_keys_administer_nothing(client, boss, hire, make_app, token_for):
    agent, member = await hire("agent"), await hire("member")
    customer = {"authorization": f"Bearer {token_for(await make_app(), 'c')}"}
    body = {
        "name": "All",
        "scopes": ["users:write", "messages:read", "messages:write", "conversations:write"],
    }
    key = (await boss.ask("POST", "/v1/admin/keys", body)).json()["key"]
    before = len(await audit_of(boss))
    for headers in (agent.headers, member.headers, customer, {"authorization": f"Bearer {key}"}):
        for method, path, body in ADMIN_CALLS:
            answer = await client.request(method, path, json=body, headers=headers)
            assert (answer.status_code, error_of(answer)["code"]) == (403, "forbidden"), (method, path)
    assert len(await audit_of(boss)) == before


async def test_every_administration_verb_is_in_the_matrix(client):
    schema = (await client.get("/v1/docs/openapi.json")).json()
    described = {
        (method.upper(), path.count("/"), path.split("{")[0])
        for path, item in schema["paths"].items()
        for method in item
        if path.startswith("/v1/admin")
    }
    assert len(described) == len(ADMIN_CALLS)


async def test_an_administrator_cannot_touch_an_owner_or_make_one(boss, hire):
    admin = await hire("admin")
    for body in ({"role": "agent"}, {"disabled": True}, {"name": "Nobody"}):
        assert (await admin.ask("PATCH", f"/v1/admin/staff/{boss.id}", body)).status_code == 403
    assert (await admin.ask("POST", f"/v1/admin/staff/{boss.id}/reset")).status_code == 403
    device = "boss-browser"
    assert (await admin.ask("DELETE", f"/v1/admin/staff/{boss.id}/devices/{device}")).status_code == 403
    body = {"email": "x@y.example", "name": "X", "role": "owner"}
    assert (await admin.ask("POST", "/v1/admin/staff", body)).status_code == 403
    assert (await admin.ask("PATCH", f"/v1/admin/staff/{admin.id}", {"role": "owner"})).status_code == 403
    assert (await boss.ask("GET", "/v1/me")).json()["role"] == "owner"


async def test_the_last_owner_stays(boss, hire):
    lowered = await boss.ask("PATCH", f"/v1/admin/staff/{boss.id}", {"role": "admin"})
    assert (lowered.status_code, reason_of(lowered)) == (409, "last_owner")
    assert reason_of(await boss.ask("PATCH", f"/v1/admin/staff/{boss.id}", {"disabled": True})) == "yourself"
    body = {"email": "invited@shop.example", "name": "Not yet", "role": "owner"}
    await boss.ask("POST", "/v1/admin/staff", body)
    assert (await boss.ask("PATCH", f"/v1/admin/staff/{boss.id}", {"role": "admin"})).status_code == 409
    other = await hire("owner")
    assert (await boss.ask("PATCH", f"/v1/admin/staff/{boss.id}", {"role": "admin"})).status_code == 200
    assert (await other.ask("PATCH", f"/v1/admin/staff/{other.id}", {"role": "admin"})).status_code == 409


async def test_a_lowered_role_holds_at_once_and_live_sessions_come_back(boss, hire, accounts):
    admin = await hire("admin")
    assert (await admin.ask("GET", "/v1/admin/staff")).status_code == 200
    told = []
    accounts.authenticator.on_reauthorize = told.append
    await boss.ask("PATCH", f"/v1/admin/staff/{admin.id}", {"role": "agent"})
    assert (await admin.ask("GET", "/v1/admin/staff")).status_code == 403
    assert told == [admin.id]


async def test_a_disabled_member_is_out_at_once_and_can_be_let_back_in(client, boss, hire, accounts):
    told = []
    accounts.authenticator.on_signed_out = lambda *args: told.append(args)
    agent = await hire("agent", device="phone")
    assert (await agent.ask("GET", "/v1/me")).status_code == 200
    changed = (await boss.ask("PATCH", f"/v1/admin/staff/{agent.id}", {"disabled": True})).json()
    assert changed["disabled"] is True
    assert (await agent.ask("GET", "/v1/me")).status_code in (401, 403)
    assert told[-1] == (agent.id, None, "disabled")
    body = {"refresh_token": agent.signed_in["refresh_token"], "device_id": "phone"}
    assert (await client.post("/v1/auth/refresh", json=body)).status_code == 401
    body = {"email": "agent@shop.example", "password": PASSWORD, "device_id": "phone"}
    refused = await client.post("/v1/auth/staff", json=body)
    assert (refused.status_code, reason_of(refused)) == (403, "user_disabled")
    body["password"] = "not the password"
    assert reason_of(await client.post("/v1/auth/staff", json=body)) == "credentials"
    body["password"] = PASSWORD
    await boss.ask("PATCH", f"/v1/admin/staff/{agent.id}", {"disabled": False})
    assert (await client.post("/v1/auth/staff", json=body)).status_code == 200


async def test_an_invitation_works_once_and_only_the_newest_does(client, boss, clock):
    body = {"email": "mei@shop.example", "name": "梅", "role": "agent"}
    first = (await boss.ask("POST", "/v1/admin/staff", body)).json()
    assert first["invite_url_path"] == f"/console/#/invite/{first['token']}"
    assert reason_of(await boss.ask("POST", "/v1/admin/staff", {**body, "email": "MEI@shop.example"})) == (
        "email_taken"
    )
    second = (await boss.ask("POST", f"/v1/admin/staff/{first['user_id']}/reset")).json()
    assert (await client.get(f"/v1/auth/invite/{first['token']}")).status_code == 404
    told = (await client.get(f"/v1/auth/invite/{second['token']}")).json()
    assert (told["kind"], told["email"], told["role"]) == ("invite", "mei@shop.example", "agent")
    accepted = {"token": second["token"], "name": "", "password": "short", "device_id": "d"}
    too_short = await client.post("/v1/auth/invite", json=accepted)
    assert (too_short.status_code, reason_of(too_short)) == (400, "password_length")
    accepted["password"] = PASSWORD
    assert (await client.post("/v1/auth/invite", json=accepted)).json()["user"]["name"] == "梅"
    assert (await client.post("/v1/auth/invite", json=accepted)).status_code == 404


async def test_a_link_expires(client, boss, clock):
    body = {"email": "mei@shop.example", "name": "梅", "role": "agent"}
    link = (await boss.ask("POST", "/v1/admin/staff", body)).json()
    clock.pass_ms(link["expires_at"] - clock())
    assert (await client.get(f"/v1/auth/invite/{link['token']}")).status_code == 404


async def test_a_reset_ends_every_session_and_the_second_factor(client, boss, hire):
    agent = await hire("agent", device="phone")
    link = (await boss.ask("POST", f"/v1/admin/staff/{agent.id}/reset")).json()
    assert (await agent.ask("GET", "/v1/me")).status_code == 200
    body = {"token": link["token"], "password": "another good one", "device_id": "new phone"}
    assert (await client.post("/v1/auth/invite", json=body)).json()["user"]["name"] == "Agent"
    assert (await agent.ask("GET", "/v1/me")).status_code == 401


async def test_an_administrator_signs_a_device_out(boss, hire):
    agent = await hire("agent", device="phone")
    devices = (await boss.ask("GET", f"/v1/admin/staff/{agent.id}/devices")).json()["devices"]
    assert [device["id"] for device in devices] == ["phone"]
    assert (await boss.ask("DELETE", f"/v1/admin/staff/{agent.id}/devices/phone")).status_code == 204
    assert (await agent.ask("GET", "/v1/me")).status_code == 401


async def test_every_change_is_recorded_with_who_made_it_and_no_secret(boss, hire, db):
    agent = await hire("agent")
    await boss.ask("PATCH", f"/v1/admin/staff/{agent.id}", {"role": "member"})
    await boss.ask("POST", f"/v1/admin/staff/{agent.id}/reset")
    shop = (await boss.ask("POST", "/v1/admin/shops", {"name": "二店", "context_secret": "hush hush"})).json()
    new = {
        "shop_id": shop["id"],
        "kind": "wechat",
        "name": "M",
        "wechat_appid": "wx",
        "wechat_secret": "hush2",
    }
    app = (await boss.ask("POST", "/v1/admin/apps", new)).json()
    await boss.ask("PATCH", f"/v1/admin/apps/{app['id']}", {"wechat_secret": "hush3"})
    rotated = (await boss.ask("POST", f"/v1/admin/apps/{app['id']}/secret", {})).json()
    key = (await boss.ask("POST", "/v1/admin/keys", {"name": "K", "scopes": ["users:write"]})).json()
    await boss.ask("DELETE", f"/v1/admin/keys/{key['id']}")
    records = await audit_of(boss)
    assert [record["action"] for record in reversed(records)] == [
        "staff_invited",
        "staff_changed",
        "staff_reset",
        "shop_created",
        "app_created",
        "app_changed",
        "app_secret_rotated",
        "key_created",
        "key_revoked",
    ]
    assert {record["actor"]["id"] for record in records} == {boss.id}
    everything = await db.read(lambda connection: str(connection.execute(text("SELECT * FROM audit")).all()))
    for secret in ("hush", app["secret"], rotated["secret"], key["key"], PASSWORD):
        assert secret not in everything


async def test_a_refused_act_leaves_no_record(boss):
    await boss.ask("PATCH", f"/v1/admin/staff/{boss.id}", {"role": "admin"})
    await boss.ask("PATCH", "/v1/admin/shops/s_none", {"name": "X"})
    assert await audit_of(boss) == []


async def test_the_record_is_read_in_pages(boss):
    for n in range(5):
        await boss.ask("POST", "/v1/admin/shops", {"name": f"Shop {n}"})
    seen, cursor = [], ""
    while True:
        page = (await boss.ask("GET", f"/v1/admin/audit?limit=2&cursor={cursor}")).json()
        seen += [record["detail"]["name"] for record in page["records"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == [f"Shop {n}" for n in (4, 3, 2, 1, 0)]
    assert (await boss.ask("GET", "/v1/admin/audit?cursor=1;drop")).status_code == 400


async def test_secrets_are_sealed_on_disk_and_never_answered(boss, db, tmp_path):
    [shop] = (await boss.ask("GET", "/v1/admin/shops")).json()["shops"]
    body = {"context_url": "https://api.tea.example/context", "context_secret": "hush-context"}
    changed = (await boss.ask("PATCH", f"/v1/admin/shops/{shop['id']}", body)).json()
    assert changed["has_context_secret"] is True
    new = {
        "shop_id": shop["id"],
        "kind": "wechat",
        "name": "M",
        "wechat_appid": "wx1",
        "wechat_secret": "hush-wx",
    }
    app = (await boss.ask("POST", "/v1/admin/apps", new)).json()
    for path in ("/v1/admin/shops", "/v1/admin/apps"):
        answer = await boss.ask("GET", path)
        assert "hush" not in answer.text
        assert app["secret"] not in answer.text
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (b"hush-context", b"hush-wx", app["secret"].encode()):
        assert secret not in raw


async def test_an_empty_secret_in_a_form_keeps_the_stored_one(boss, accounts):
    [shop] = (await boss.ask("GET", "/v1/admin/shops")).json()["shops"]
    body = {"context_url": "https://api.tea.example/context", "context_secret": "hush"}
    await boss.ask("PATCH", f"/v1/admin/shops/{shop['id']}", body)
    await boss.ask("PATCH", f"/v1/admin/shops/{shop['id']}", {"name": "新", "context_secret": ""})
    source = await accounts.shops.context_source(shop["id"])
    assert (source.url, source.secret) == ("https://api.tea.example/context", "hush")
    assert (await accounts.shops.find(shop["id"])).name == "新"


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example", "https://", "https://user:pw@a.example", "javascript:x", "https://a b", "http://["],
)
async def test_a_context_address_is_a_plain_web_address(boss, url):
    [shop] = (await boss.ask("GET", "/v1/admin/shops")).json()["shops"]
    answer = await boss.ask("PATCH", f"/v1/admin/shops/{shop['id']}", {"context_url": url})
    assert answer.status_code == 400
