import pytest

from chaguan.accounts.user_tokens import AppSecret
from chaguan.core.errors import AppError

DAY_MS = 24 * 3_600_000
SCOPES = ["users:write", "conversations:write", "messages:write", "messages:read"]


def error_of(answer):
    return answer.json()["error"]


def reason_of(answer):
    return error_of(answer)["data"].get("reason")


@pytest.fixture
async def shop(boss):
    return (await boss.ask("GET", "/v1/admin/shops")).json()["shops"][0]


@pytest.fixture
def new_app(boss, shop):
    async def make(**more):
        body = {"shop_id": shop["id"], "kind": "web", "name": "Site", **more}
        answer = await boss.ask("POST", "/v1/admin/apps", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return make


@pytest.fixture
def new_key(boss):
    async def make(*scopes, **more):
        body = {"name": "Orders", "scopes": list(scopes), **more}
        answer = await boss.ask("POST", "/v1/admin/keys", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return make


def signed(token_for, app, secret, subject="c"):
    return {
        "authorization": f"Bearer {token_for(AppSecret(secret), subject, app['id'])}",
        "x-device-id": "phone",
    }


def keyed(key):
    return {"authorization": f"Bearer {key['key']}"}


async def test_a_rotated_secret_and_the_former_one_work_together_for_a_day(
    client, boss, new_app, token_for, clock
):
    app = await new_app()
    old = signed(token_for, app, app["secret"])
    assert (await client.get("/v1/me/devices", headers=old)).status_code == 200
    rotated = (await boss.ask("POST", f"/v1/admin/apps/{app['id']}/secret", {})).json()
    assert rotated["previous_valid_until"] == clock() + DAY_MS
    new = signed(token_for, app, rotated["secret"])
    assert (await client.get("/v1/me/devices", headers=new)).status_code == 200
    assert (await client.get("/v1/me/devices", headers=old)).status_code == 200
    clock.pass_ms(DAY_MS)
    late = signed(token_for, app, app["secret"])
    assert (await client.get("/v1/me/devices", headers=late)).status_code == 401
    fresh = signed(token_for, app, rotated["secret"])
    assert (await client.get("/v1/me/devices", headers=fresh)).status_code == 200


async def test_a_secret_that_leaked_ends_at_once_even_for_warm_tokens(client, boss, new_app, token_for):
    app = await new_app()
    headers = signed(token_for, app, app["secret"])
    assert (await client.get("/v1/me/devices", headers=headers)).status_code == 200
    rotated = (await boss.ask("POST", f"/v1/admin/apps/{app['id']}/secret", {"overlap_ms": 0})).json()
    assert rotated["previous_valid_until"] == 0
    assert (await client.get("/v1/me/devices", headers=headers)).status_code == 401


async def test_a_disabled_app_lets_nobody_in_at_once(client, boss, new_app, token_for):
    app = await new_app()
    headers = signed(token_for, app, app["secret"])
    assert (await client.get("/v1/me/devices", headers=headers)).status_code == 200
    await boss.ask("PATCH", f"/v1/admin/apps/{app['id']}", {"disabled": True})
    refused = await client.get("/v1/me/devices", headers=headers)
    assert (refused.status_code, reason_of(refused)) == (403, "app_disabled")


async def test_an_app_cannot_be_moved_or_change_its_kind(boss, new_app, shop):
    app = await new_app()
    other = (await boss.ask("POST", "/v1/admin/shops", {"name": "Other"})).json()
    body = {"name": "Renamed", "shop_id": other["id"], "kind": "wechat", "id": "a_mine"}
    changed = (await boss.ask("PATCH", f"/v1/admin/apps/{app['id']}", body)).json()
    assert (changed["name"], changed["shop_id"], changed["kind"]) == ("Renamed", shop["id"], "web")
    assert changed["id"] == app["id"]


async def test_an_app_needs_a_shop_that_exists(boss):
    body = {"shop_id": "s_none", "kind": "web", "name": "X"}
    assert (await boss.ask("POST", "/v1/admin/apps", body)).status_code == 404
    assert (await boss.ask("POST", "/v1/admin/apps", {**body, "kind": "fax"})).status_code == 400


async def test_wechat_signs_a_customer_in_and_the_same_person_again(client, new_app, sandbox):
    app = await new_app(kind="wechat", wechat_appid="wx1", wechat_secret="wxsecret1")

    async def sign_in(phone, device="phone", app_id=app["id"], appid="wx1", **more):
        body = {"app_id": app_id, "code": sandbox.login(appid, phone), "device_id": device, **more}
        return await client.post("/v1/auth/wechat", json=body)

    first = (await sign_in("p1", name="张三")).json()
    assert first["user"] == {"id": first["user"]["id"], "kind": "customer", "name": "张三"}
    again = (await sign_in("p1", "tablet")).json()
    assert again["user"] == first["user"]
    assert (await sign_in("p2")).json()["user"]["id"] != first["user"]["id"]
    headers = {"authorization": f"Bearer {again['access_token']}"}
    devices = (await client.get("/v1/me/devices", headers=headers)).json()["devices"]
    assert {device["id"] for device in devices} == {"phone", "tablet"}
    second_app = await new_app(kind="wechat", wechat_appid="wx2", wechat_secret="wxsecret2")
    elsewhere = (await sign_in("p1", "phone", second_app["id"], "wx2")).json()
    assert elsewhere["user"]["id"] == first["user"]["id"], "one unionid is one person"


async def test_wechat_refusals_come_through_and_a_code_works_once(client, new_app, sandbox):
    app = await new_app(kind="wechat", wechat_appid="wx1", wechat_secret="wxsecret1")
    code = sandbox.login("wx1", "p1")
    body = {"app_id": app["id"], "code": code, "device_id": "phone"}
    assert (await client.post("/v1/auth/wechat", json=body)).status_code == 200
    used = await client.post("/v1/auth/wechat", json=body)
    assert (used.status_code, reason_of(used)) == (401, "code_used")
    wrong = await client.post("/v1/auth/wechat", json={**body, "code": "made up"})
    assert (wrong.status_code, reason_of(wrong)) == (401, "code_invalid")
    assert "wxsecret1" not in used.text + wrong.text
    web = await new_app()
    assert (await client.post("/v1/auth/wechat", json={**body, "app_id": web["id"]})).status_code == 404
    assert (await client.post("/v1/auth/wechat", json={**body, "app_id": "a_none"})).status_code == 404


async def test_a_business_cannot_claim_somebodys_openid(client, boss, new_app, sandbox, token_for):
    app = await new_app(kind="wechat", wechat_appid="wx1", wechat_secret="wxsecret1")
    body = {"app_id": app["id"], "code": sandbox.login("wx1", "p1"), "device_id": "phone"}
    person = (await client.post("/v1/auth/wechat", json=body)).json()["user"]
    headers = signed(token_for, app, app["secret"], sandbox.openid("wx1", "p1"))
    await client.get("/v1/me/devices", headers=headers)
    body = {"name": "K", "scopes": ["users:write"]}
    key = (await boss.ask("POST", "/v1/admin/keys", body)).json()
    path = f"/v1/users/{sandbox.openid('wx1', 'p1')}?app_id={app['id']}"
    claimed = (await client.get(path, headers=keyed(key))).json()
    assert claimed["user"]["id"] != person["id"]


async def test_a_key_does_what_its_scopes_say_and_nothing_else(client, new_app, new_key):
    app = await new_app()
    path = f"/v1/users/c-1?app_id={app['id']}"
    for scope in SCOPES:
        headers = keyed(await new_key(scope))
        put = await client.put(path, json={"name": "张三"}, headers=headers)
        got = await client.get(path, headers=headers)
        expected = 200 if scope == "users:write" else 403
        assert (put.status_code, got.status_code) == (expected, expected), scope
        for other in ("/v1/me", "/v1/me/devices", "/v1/admin/staff"):
            assert (await client.get(other, headers=headers)).status_code == 403


async def test_people_have_no_scopes(client, boss, new_app, token_for):
    app = await new_app()
    path = f"/v1/users/c-1?app_id={app['id']}"
    for headers in (boss.headers, signed(token_for, app, app["secret"])):
        assert (await client.put(path, json={"name": "X"}, headers=headers)).status_code == 403


@pytest.mark.parametrize("scopes", [[], ["admin"], ["users:write", "*"], [""], ["users:write\n"]])
async def test_there_are_no_other_scopes(boss, scopes):
    assert (await boss.ask("POST", "/v1/admin/keys", {"name": "K", "scopes": scopes})).status_code == 400


async def test_a_key_rotates_with_overlap_is_revoked_at_once_and_expires(
    client, boss, new_app, new_key, clock
):
    app = await new_app()
    path = f"/v1/users/c-1?app_id={app['id']}"
    key = await new_key("users:write")

    async def works(found):
        return (await client.put(path, json={}, headers=keyed(found))).status_code

    assert await works(key) == 200
    rotated = (await boss.ask("POST", f"/v1/admin/keys/{key['id']}/rotate", {})).json()
    assert rotated["id"] == key["id"]
    assert (await works(key), await works(rotated)) == (200, 200)
    clock.pass_ms(DAY_MS)
    boss_again = await client.post(
        "/v1/auth/staff", json={"email": boss.email, "password": boss.password, "device_id": "boss-browser"}
    )
    boss.headers = {"authorization": f"Bearer {boss_again.json()['access_token']}"}
    assert (await works(key), await works(rotated)) == (401, 200)
    assert (await boss.ask("DELETE", f"/v1/admin/keys/{key['id']}")).status_code == 204
    assert await works(rotated) == 401
    assert (await boss.ask("GET", "/v1/admin/keys")).json()["keys"] == []
    short = await new_key("users:write", expires_at=clock() + 1_000)
    assert await works(short) == 200
    clock.pass_ms(1_000)
    assert await works(short) == 401


async def test_the_list_of_keys_shows_when_they_were_used_and_no_secret(
    client, boss, new_app, new_key, accounts
):
    app, key = await new_app(), await new_key("users:write")
    await client.put(f"/v1/users/c?app_id={app['id']}", json={}, headers=keyed(key))
    await accounts.tidy()
    answer = await boss.ask("GET", "/v1/admin/keys")
    [shown] = answer.json()["keys"]
    assert shown["used_at"] > 0
    assert key["key"].rsplit("_", 1)[1] not in answer.text


async def test_a_user_put_before_signing_in_is_the_one_who_signs_in(
    client, new_app, new_key, token_for, accounts
):
    app, headers = await new_app(), keyed(await new_key("users:write"))
    path = f"/v1/users/c-1?app_id={app['id']}"
    assert (await client.get(path, headers=headers)).status_code == 404
    body = {"name": "张三", "avatar": "https://a.example/1.png", "attributes": {"level": 3, "城市": "杭州"}}
    made = (await client.put(path, json=body, headers=headers)).json()
    assert made["attributes"] == {"level": 3, "城市": "杭州"}
    caller = await accounts.authenticator.authenticate(token_for(AppSecret(app["secret"]), "c-1", app["id"]))
    assert caller.user_id == made["user"]["id"]
    changed = (await client.put(path, json={"name": "李四"}, headers=headers)).json()
    assert (changed["user"]["name"], changed["user"]["avatar"]) == ("李四", "https://a.example/1.png")
    assert (await accounts.directory.get(caller.user_id)).name == "李四"
    assert changed["attributes"] == {"level": 3, "城市": "杭州"}


async def test_putting_a_user_changes_nothing_but_the_profile(client, new_app, new_key):
    app, headers = await new_app(), keyed(await new_key("users:write"))
    path = f"/v1/users/c-1?app_id={app['id']}"
    body = {"name": "X", "kind": "staff", "role": "owner", "id": "u_mine", "disabled_at": 1}
    made = (await client.put(path, json=body, headers=headers)).json()
    assert made["user"]["kind"] == "customer"
    assert made["user"]["id"] != "u_mine"


@pytest.mark.parametrize(
    ("external_id", "body", "status"),
    [
        ("c", {"name": ""}, 400),
        ("c", {"name": "\u202e"}, 400),
        ("c", {"name": "x" * 101}, 400),
        ("c", {"avatar": "javascript:alert(1)"}, 400),
        ("c", {"attributes": {"x": "y" * 5_000}}, 413),
        ("c", {"attributes": [1]}, 400),
        ("%20", {}, 400),
        ("%00", {}, 400),
        ("x" * 129, {}, 400),
        ("'%20OR%201=1--", {"name": "Robert'); DROP TABLE users;--"}, 200),
    ],
)
async def test_users_that_cannot_be(client, boss, new_app, new_key, external_id, body, status):
    app, headers = await new_app(), keyed(await new_key("users:write"))
    answer = await client.put(f"/v1/users/{external_id}?app_id={app['id']}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert (await boss.ask("GET", "/v1/me")).status_code == 200


async def test_a_user_of_an_app_that_does_not_exist_is_not_made(client, new_key):
    answer = await client.put(
        "/v1/users/c?app_id=a_none", json={}, headers=keyed(await new_key("users:write"))
    )
    assert answer.status_code == 404


async def test_an_app_leads_to_its_own_shop_and_no_other(boss, accounts, new_app, shop):
    app = await new_app()
    assert (await accounts.shops.choose()).id == shop["id"]
    other = (await boss.ask("POST", "/v1/admin/shops", {"name": "Other"})).json()
    assert (await accounts.shops.choose(app["id"])).id == shop["id"]
    assert (await accounts.shops.choose("", other["id"])).id == other["id"]
    for app_id, wanted in ((app["id"], other["id"]), ("", ""), ("", "s_none"), ("a_none", "s_none")):
        with pytest.raises(AppError) as caught:
            await accounts.shops.choose(app_id, wanted)
        assert caught.value.code == "not_found"
