"""A shop's server keeps its objects here and hears what customers ask for, over the public API alone."""

import asyncio

import pytest
from httpx import ASGITransport, AsyncClient

from chaguan.accounts import Scope
from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from chaguan.serving import http_app

TEA = {"title": "狮峰龙井", "price": {"amount": 12_800, "currency": "CNY"}, "actions": ["buy"]}
ORDER = {
    "state": "shipped",
    "items": [{"title": "狮峰龙井", "price": {"amount": 12_800, "currency": "CNY"}}],
    "total": {"amount": 12_800, "currency": "CNY"},
    "actions": ["confirm_receipt"],
}


def key():
    return uuid_text(uuid7())


@pytest.fixture
async def web(town):
    transport = ASGITransport(http_app(town.running.deployment, None, {}), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://chaguan.test") as client:
        yield client


@pytest.fixture
async def erp(town, web):
    """The shop's server."""
    made = await town.running.deployment.accounts.keys.create(town.owner, "ERP", list(Scope))

    async def asked(method, path, body=None):
        headers = {"authorization": f"Bearer {made.key}"}
        return await web.request(method, f"/v1/server/{path}", json=body, headers=headers)

    return asked


@pytest.fixture
async def li(town, web):
    """A customer's phone."""
    headers = {"authorization": f"Bearer {town.customer_token('li')}", "x-device-id": "d1"}

    async def asked(type, **fields):
        answer = await web.post("/v1/commands", json={"type": type, "id": 1, **fields}, headers=headers)
        return answer.json()

    return asked


def who(town):
    return {"app_id": town.app_id, "external_id": "li"}


async def until_state(li, room, seq, state):
    """The card of a message, once it shows that."""
    async with asyncio.timeout(5):
        while True:
            found = await li("get_messages", conversation_id=room, seqs=[seq])
            card = found["ok"]["messages"][0]["content"]
            if card.get("state") == state:
                return card
            await asyncio.sleep(0.005)


async def test_from_an_order_card_to_what_the_customer_asked_for_and_back(town, erp, li):
    opened = (await li("open_service"))["ok"]
    room = opened["view"]["conversation"]["id"]
    put = await erp("PUT", "orders/A-1", {"version": 1, "customer": who(town), "order": ORDER})
    assert (put.status_code, put.json()["outcome"]) == (200, "created"), put.text

    card = {"type": "card", "title": "订单", "object_type": "order", "object_id": "A-1"}
    sent = await erp("POST", f"conversations/{room}/messages", {"client_msg_id": key(), "content": card})
    assert sent.status_code == 200, sent.text
    seq = sent.json()["seq"]
    shown = await until_state(li, room, seq, "shipped")
    assert shown["price"] == {"amount": 12_800, "currency": "CNY"}

    (offer,) = shown["offers"]
    acted = await li("act_on_card", conversation_id=room, client_msg_id=key(), intent=offer["intent"])
    assert acted["ok"]["seq"] > seq, acted
    (act,) = (await erp("GET", "acts")).json()["acts"]
    assert (act["kind"], act["object_id"], act["action"]) == ("order", "A-1", "confirm_receipt")

    received = {"version": 2, "customer": who(town), "order": {**ORDER, "state": "received", "actions": []}}
    assert (await erp("PUT", "orders/A-1", received)).json()["outcome"] == "changed"
    assert (await erp("POST", f"acts/{act['id']}/done")).status_code == 200
    assert (await erp("GET", "acts")).json()["acts"] == []
    assert "offers" not in await until_state(li, room, seq, "received")


async def test_products_and_coupons_are_kept_and_listed(town, erp):
    for id in ("p2", "p1"):
        put = await erp("PUT", f"products/{id}", {"product": TEA})
        assert (put.status_code, put.json()["version"]) == (200, 1), put.text
    listed = (await erp("GET", "products?limit=1")).json()["products"]
    assert [each["id"] for each in listed] == ["p1"]
    assert [each["id"] for each in (await erp("GET", "products?after=p1")).json()["products"]] == ["p2"]
    assert (await erp("GET", "products/p1")).json()["product"]["title"] == "狮峰龙井"
    coupon = {"title": "新客券", "off": {"amount": 1_000, "currency": "CNY"}}
    assert (await erp("PUT", "coupons/C-1", {"coupon": coupon})).json()["outcome"] == "created"
    assert (await erp("GET", "coupons/C-1")).json()["coupon"]["title"] == "新客券"


async def test_what_can_not_be_is_refused_with_a_reason(town, erp):
    async def refused(path, body):
        answer = await erp("PUT", path, body)
        error = answer.json()["error"]
        return answer.status_code, error.get("data", {}).get("reason") or error["code"]

    await erp("PUT", "products/p1", {"version": 1, "product": TEA})
    other = {**TEA, "title": "别的"}
    assert await refused("products/p1", {"version": 1, "product": other}) == (409, "version_used")
    assert await refused("products/p1", {"version": 0, "product": TEA}) == (400, "bad_request")
    nobody = {"customer": {"app_id": town.app_id, "external_id": "nobody"}, "order": ORDER}
    assert await refused("orders/A-1", nobody) == (404, "not_found")
    wrong = {**TEA, "former_price": {"amount": 1, "currency": "USD"}}
    assert await refused("products/p2", {"product": wrong}) == (400, "currency")
    large = {**TEA, "lines": [{"label": "x" * 40, "value": "茶" * 200}] * 4, "page": "/" + "p" * 1_999}
    assert (await erp("PUT", "products/p3", {"product": large})).status_code == 200
    assert await refused("products/p3", {"product": {**TEA, "lines": [{}] * 5}}) == (400, "bad_request")


async def test_an_order_that_does_not_add_up_is_refused(town, erp, li):
    await li("open_service")
    cheap = {**ORDER, "total": {"amount": 1, "currency": "CNY"}}
    answer = await erp("PUT", "orders/A-1", {"customer": who(town), "order": cheap})
    assert answer.status_code == 400
    assert answer.json()["error"]["data"] == {"reason": "total", "expected": 12_800}


async def test_who_has_no_key_for_it_learns_nothing(town, web, erp):
    keys = town.running.deployment.accounts.keys
    other = (await keys.create(town.owner, "no", [Scope.messages_write])).key
    for token, status in ((other, 403), (town.customer_token("li"), 403), ("ck_none", 401)):
        headers = {"authorization": f"Bearer {token}", "x-device-id": "d1"}
        for path in ("products/p1", "products", "orders/A-1", "coupons/C-1", "acts"):
            answer = await web.get(f"/v1/server/{path}", headers=headers)
            assert answer.status_code == status, (path, answer.text)
        put = await web.put("/v1/server/products/p1", json={"product": TEA}, headers=headers)
        assert put.status_code == status


async def test_the_documents_name_every_call(web):
    paths = (await web.get("/v1/docs/openapi.json")).json()["paths"]
    wanted = {"products/{object_id}", "products", "orders/{object_id}", "coupons/{object_id}", "acts"}
    assert {f"/v1/server/{path}" for path in wanted} <= set(paths)
    assert "/v1/server/acts/{act_id}/done" in paths


async def test_a_shop_without_a_back_end_tells_what_happened(town, erp, li):
    await li("open_service")
    unpaid = {**ORDER, "state": "unpaid"}
    assert (await erp("PUT", "orders/A-1", {"customer": who(town), "order": unpaid})).status_code == 200
    await erp("POST", "orders/A-1/events", {"event": "pay"})
    shipped = await erp("POST", "orders/A-1/events", {"event": "ship", "tracking": "顺丰 1"})
    assert (shipped.status_code, shipped.json()["outcome"]) == (200, "changed"), shipped.text
    assert (shipped.json()["order"]["state"], shipped.json()["order"]["tracking"]) == ("shipped", "顺丰 1")
    refused = await erp("POST", "orders/A-1/events", {"event": "cancel"})
    assert (refused.status_code, refused.json()["error"]["data"]["state"]) == (409, "shipped")
    assert (await erp("POST", "orders/A-1/events", {"event": "explode"})).status_code == 400
