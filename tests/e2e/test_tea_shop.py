"""The sample merchant's server: sessions, orders, the signed context URL, tokens, and cards into the conversation."""

import asyncio
import hashlib
import hmac
import importlib.util
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from chaguan.accounts.user_tokens import AppSecret, verify_user_token

MAIN = Path(__file__).parents[2] / "examples" / "tea-shop" / "server" / "main.py"
SECRET = "secret-of-the-context-url"
APP_SECRET = "secret-of-the-app-with-32-characters"
LINE = {"product_id": "longjing", "spec": 0, "quantity": 2}
DEADLINE_S = 5


def _load() -> ModuleType:
    # As when it is run: what lies beside it can be imported.
    sys.path.insert(0, str(MAIN.parent))
    spec = importlib.util.spec_from_file_location("tea_shop_server", MAIN)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    # Litestar looks up a handler's module by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Outside:
    """WeChat and the deployment, as far as the shop asks them."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.arrived = asyncio.Event()
        self.failures = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/sns/jscode2session"):
            code = request.url.params["js_code"]
            known = code.startswith("code-")
            return httpx.Response(200, json={"openid": f"o-{code[5:]}"} if known else {"errcode": 40029})
        if self.failures:
            self.failures -= 1
            return httpx.Response(503)
        assert request.headers["authorization"] == "Bearer ck_key"
        self.posted.append((request.url.path, json.loads(request.content)))
        if request.url.path.endswith("/service"):
            return httpx.Response(201, json={"view": {"conversation": {"id": "c1"}}})
        self.arrived.set()
        return httpx.Response(201, json={"seq": 1})


class Bench:
    def __init__(self, folder: Path) -> None:
        self.module = _load()
        self.outside = Outside()
        self.now = 1_800_000_000.0
        self.env = {
            "DATA_DIR": str(folder),
            "CHAGUAN_URL": "http://deployment.test",
            "CHAGUAN_APP_ID": "a_app",
            "CHAGUAN_APP_SECRET": APP_SECRET,
            "CHAGUAN_API_KEY": "ck_key",
            "CHAGUAN_CONTEXT_SECRET": SECRET,
            "WECHAT_URL": "http://wechat.test",
        }

    def app(self) -> Litestar:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.outside.answer))
        made: Litestar = self.module.create_app(self.env, http, lambda: self.now)
        return made


Client = AsyncTestClient[Litestar]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[Client]:
    async with AsyncTestClient(bench.app()) as opened:
        yield opened


async def _sign_in(client: Client, person: str) -> dict[str, str]:
    answer = await client.post("/api/login", json={"code": f"code-{person}"})
    assert answer.status_code == 200
    return {"Authorization": f"Bearer {answer.json()['session']}"}


def _signed(path: str, now: float, nonce: str, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(now))
    signature = hmac.new(secret.encode(), f"{stamp}.{nonce}.{path}".encode(), hashlib.sha256).hexdigest()
    return {"X-Chaguan-Timestamp": stamp, "X-Chaguan-Nonce": nonce, "X-Chaguan-Signature": signature}


async def test_a_code_that_wechat_refuses_opens_no_session(client: Client) -> None:
    assert (await client.post("/api/login", json={"code": "stolen"})).status_code == 401


async def test_without_a_session_nothing_of_a_customer_is_served(client: Client) -> None:
    for path in ("/api/cart", "/api/orders"):
        assert (await client.get(path)).status_code == 401
    assert (await client.post("/api/orders", json=[LINE])).status_code == 401
    assert (await client.get("/api/products")).status_code == 200


async def test_an_order_is_priced_by_the_shop_and_leaves_the_cart(client: Client) -> None:
    mine = await _sign_in(client, "mei")
    await client.put("/api/cart", json=[LINE, {**LINE, "spec": 1}], headers=mine)
    made = (await client.post("/api/orders", json=[LINE], headers=mine)).json()
    assert made["total"] == 2 * 16800
    assert [line["spec"] for line in (await client.get("/api/cart", headers=mine)).json()] == [1]


@pytest.mark.parametrize(
    "lines", [[], [{**LINE, "quantity": 0}], [{**LINE, "quantity": -3}], [{**LINE, "product_id": "gold"}]]
)
async def test_an_order_of_nothing_or_of_what_is_not_sold_is_refused(
    client: Client, lines: list[Any]
) -> None:
    mine = await _sign_in(client, "mei")
    assert (await client.post("/api/orders", json=lines, headers=mine)).status_code == 400


async def test_one_customer_does_not_see_the_orders_of_another(client: Client) -> None:
    await client.post("/api/orders", json=[LINE], headers=await _sign_in(client, "mei"))
    other = await client.get("/api/orders", headers=await _sign_in(client, "lin"))
    assert other.json() == []


async def test_orders_and_sessions_survive_a_restart(bench: Bench) -> None:
    async with AsyncTestClient(bench.app()) as before:
        mine = await _sign_in(before, "mei")
        made = (await before.post("/api/orders", json=[LINE], headers=mine)).json()
    async with AsyncTestClient(bench.app()) as after:
        assert [order["id"] for order in (await after.get("/api/orders", headers=mine)).json()] == [
            made["id"]
        ]


async def test_an_order_becomes_a_card_in_the_conversation_of_its_customer(
    bench: Bench, client: Client
) -> None:
    mine = await _sign_in(client, "mei")
    made = (await client.post("/api/orders", json=[LINE], headers=mine)).json()
    await asyncio.wait_for(bench.outside.arrived.wait(), DEADLINE_S)
    (opened, who), (sent, message) = bench.outside.posted
    assert opened.endswith("/v1/server/conversations/service")
    assert who == {"app_id": "a_app", "external_id": "o-mei"}
    assert sent.endswith("/v1/server/conversations/c1/messages")
    assert message["content"]["object_id"] == made["id"]
    assert message["content"]["page"] == f"/pages/order/index?id={made['id']}"


async def test_a_card_that_is_sent_twice_has_the_same_key(bench: Bench, tmp_path: Path) -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(bench.outside.answer))
    chaguan = bench.module.Chaguan(http, bench.env)
    order = bench.module.Order("T1", "o-mei", [bench.module.Line("puer", 0, 1)], 26800, "paid", 0)
    await chaguan.send_card(order)
    await chaguan.send_card(order)
    keys = {body["client_msg_id"] for path, body in bench.outside.posted if path.endswith("/messages")}
    assert len(keys) == 1
    await http.aclose()


async def test_the_context_of_a_customer_goes_to_who_signs_for_it(bench: Bench, client: Client) -> None:
    mine = await _sign_in(client, "mei")
    made = (await client.post("/api/orders", json=[LINE], headers=mine)).json()
    path = "/context?user=o-mei&app=a_app"
    answer = await client.get(path, headers=_signed(path, bench.now, "n1"))
    assert answer.status_code == 200
    assert answer.json()["orders"][0]["object_id"] == made["id"]
    assert answer.json()["sections"][0]["rows"]


@pytest.mark.parametrize(
    ("language", "product", "label"), [("", "明前龙井", "订单号"), ("en", "Longjing green", "Number")]
)
async def test_the_context_is_answered_in_the_language_asked_for(
    bench: Bench, client: Client, language: str, product: str, label: str
) -> None:
    mine = await _sign_in(client, "mei")
    await client.put("/api/cart", json=[LINE], headers=mine)
    await client.post("/api/orders", json=[{**LINE, "spec": 1}], headers=mine)
    path = "/context?user=o-mei&app=a_app" + (f"&language={language}" if language else "")
    answer = (await client.get(path, headers=_signed(path, bench.now, "n1"))).json()
    assert answer["cart"][0]["title"] == product
    assert product in answer["orders"][0]["title"]
    assert answer["orders"][0]["lines"][0]["label"] == label


async def test_the_card_of_an_order_speaks_the_language_of_its_customer(bench: Bench, client: Client) -> None:
    mine = await _sign_in(client, "mei") | {"Accept-Language": "en"}
    await client.post("/api/orders", json=[LINE], headers=mine)
    await asyncio.wait_for(bench.outside.arrived.wait(), DEADLINE_S)
    card = bench.outside.posted[-1][1]["content"]
    assert card["title"] == "Longjing green · 2 pieces"
    assert {line["label"] for line in card["lines"]} == {"Number", "Paid", "Status"}


async def test_what_a_card_shows_is_loaded_from_the_shop_by_agents_too(
    bench: Bench, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://shop.test")
    module = _load()
    order = module.Order("T1", "o-mei", [module.Line("puer", 0, 1)], 26800, "paid", 0)
    shop = module.Shop(orders=[order], carts={"o-mei": order.lines})
    told = module.context_of(shop, "o-mei", "zh")
    pictures = [
        module.order_card(order, "zh")["picture"],
        *(told[of][0]["picture"] for of in ("cart", "orders")),
    ]
    for picture in pictures:
        answer = await client.get(picture.removeprefix("https://shop.test"))
        assert answer.headers["content-type"].startswith("image/svg")
    assert [one["picture"] for one in module.PRODUCTS if "https:" in one["picture"]] == []


async def test_a_context_call_is_refused_when_forged_old_early_or_for_another_customer(
    bench: Bench, client: Client
) -> None:
    path, other = "/context?user=o-mei&app=a_app", "/context?user=o-lin&app=a_app"
    for headers in (
        {},
        _signed(path, bench.now, "n1", secret="guessed"),
        _signed(path, bench.now - 301, "n2"),
        _signed(path, bench.now + 301, "n3"),
        _signed(other, bench.now, "n4"),
        {**_signed(path, bench.now, "n5"), "X-Chaguan-Nonce": "n6"},
    ):
        assert (await client.get(path, headers=headers)).status_code == 401


async def test_a_context_call_that_is_replayed_is_refused_as_long_as_it_is_fresh(
    bench: Bench, client: Client
) -> None:
    path = "/context?user=o-mei&app=a_app"
    headers = _signed(path, bench.now, "n1")
    assert (await client.get(path, headers=headers)).status_code == 200
    bench.now += 299
    assert (await client.get(path, headers=headers)).status_code == 401


async def test_chaguan_takes_the_token_that_the_shop_signs(bench: Bench, client: Client) -> None:
    bench.now = time.time()
    mine = await _sign_in(client, "mei")
    token = (await client.post("/api/token", headers=mine)).json()["token"]
    now = int(bench.now * 1000)
    claims = verify_user_token(token, "a_app", [AppSecret(text=APP_SECRET)], now)
    assert (claims.subject, claims.app_id) == ("o-mei", "a_app")


def test_the_server_stays_small_enough_to_read_at_once() -> None:
    assert len(MAIN.read_text("utf-8").splitlines()) <= 250
