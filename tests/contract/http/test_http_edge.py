import pytest


def error_of(answer):
    return answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/../../etc/passwd", 404, "not_found"),
        ("PUT", "/v1/public", 405, "bad_request"),
        ("GET", "/v1/me", 401, "unauthenticated"),
        ("DELETE", "/v1/admin/keys/x", 401, "unauthenticated"),
    ],
)
async def test_every_refusal_has_the_same_shape_and_the_same_headers(client, method, path, status, code):
    answer = await client.request(method, path)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"email": 1, "password": "x", "device_id": "d"}',
        b'{"email": "a@b", "password": "x"}',
        b'{"email": "a@b", "password": "x", "device_id": ""}',
        b"[" * 100_000,
    ],
)
async def test_a_body_that_is_not_what_it_should_be_is_a_bad_request(client, content):
    headers = {"content-type": "application/json"}
    answer = await client.post("/v1/auth/staff", content=content, headers=headers)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "bad_request")


async def test_a_body_beyond_a_mebibyte_is_refused_before_it_is_read(client):
    answer = await client.post(
        "/v1/auth/staff", content=b"x" * 1_100_000, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, error_of(answer)["code"]) == (413, "too_large")


async def test_what_breaks_inside_is_told_by_trace_id_and_logged_without_content(client, accounts, caplog):
    async def broken(*_):
        raise RuntimeError("the customer's secret text")

    accounts.sign_in.staff = broken
    body = {"email": "a@b.example", "password": "x", "device_id": "d"}
    answer = await client.post("/v1/auth/staff", json=body)
    assert answer.status_code == 500
    trace_id = error_of(answer)["data"]["trace_id"]
    assert "secret text" not in answer.text
    assert [
        trace_id in record.getMessage() for record in caplog.records if record.name == "chaguan.openapi"
    ] == [True]
    assert "secret text" not in caplog.text


async def test_the_doors_answer_an_address_only_so_often(client, clock):
    codes = [(await client.get("/v1/auth/invite/guess")).status_code for _ in range(70)]
    assert codes[:60] == [404] * 60
    answer = await client.get("/v1/auth/invite/guess")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert error_of(answer)["data"]["retry_after_ms"] > 0
    clock.pass_ms(60_000)
    assert (await client.get("/v1/auth/invite/guess")).status_code == 404


async def test_a_forwarded_address_of_a_stranger_is_not_believed(client, boss, accounts):
    headers = {**boss.headers, "x-forwarded-for": "203.0.113.9"}
    await client.get("/v1/me", headers=headers)
    body = {"email": boss.email, "password": boss.password, "device_id": "other"}
    await client.post("/v1/auth/staff", json=body, headers={"x-forwarded-for": "203.0.113.9"})
    devices = (await boss.ask("GET", "/v1/me/devices")).json()["devices"]
    assert "203.0.113.9" not in [device["address"] for device in devices]


async def test_another_origin_may_call_only_if_it_is_named(client):
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    named = await client.options("/v1/me", headers={"origin": "https://shop.example", **asked})
    assert named.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in named.headers
    other = await client.options("/v1/me", headers={"origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in other.headers


async def test_what_is_public_needs_no_token(client):
    answer = await client.get("/v1/public")
    assert answer.json()["name"] == "Tea"
    assert answer.json()["languages"] == ["zh-CN", "en"]


async def test_the_description_is_complete_and_the_page_loads_nothing_from_elsewhere(client):
    schema = (await client.get("/v1/docs/openapi.json")).json()
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            assert operation.get("description"), f"{method} {path} says nothing"
            assert operation.get("tags"), f"{method} {path} is in no group"
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    page = await client.get("/v1/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for word in ("<script", "src=", "@import", "url(", 'href="http'):
        assert word not in page.text
    assert "/v1/auth/staff" in page.text
