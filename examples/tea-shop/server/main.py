"""The tea shop's own back end: products, carts, orders, and what connects it to a Chaguan deployment.

It stands for a server that a merchant already has, and uses Chaguan's public HTTP API only: signed user tokens (for
the web site), the signed context URL (what agents see beside a chat), cards with an API key.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from litestar import Litestar, Request, get, post, put
from litestar.config.cors import CORSConfig
from litestar.exceptions import ClientException, NotAuthorizedException
from litestar.params import FromQuery, JSONBody
from litestar.static_files import create_static_files_router
from tokens import sign_token
from website import SITE, website

Json = dict[str, Any]
AnyRequest = Request[Any, Any, Any]
PRODUCTS: list[Json] = json.loads(Path(__file__).with_name("products.json").read_text("utf-8"))
WORDS: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
PUBLIC_URL = os.environ.get("PUBLIC_URL", "")  # an agent's browser has no files of the mini program
BY_ID = {one["id"]: one | {"picture": PUBLIC_URL + one["picture"]} for one in PRODUCTS}
LEEWAY_S = 300


class Line(msgspec.Struct):
    product_id: str
    spec: int  # index into the product's specs
    quantity: int

    def checked(self) -> "Line":
        product = BY_ID.get(self.product_id)
        if product is None or not 0 <= self.spec < len(product["specs"]) or not 1 <= self.quantity <= 99:
            raise ClientException("no such product, spec or quantity")
        return self

    @property
    def price(self) -> int:
        return int(BY_ID[self.product_id]["specs"][self.spec]["price"])


class Order(msgspec.Struct):
    id: str
    customer: str
    lines: list[Line]
    total: int  # in fen
    status: str
    created_at: int
    language: str = "zh"  # the customer's


class Shop(msgspec.Struct):
    """Everything that is kept, in one file that is replaced whole."""

    sessions: dict[str, str] = {}
    carts: dict[str, list[Line]] = {}
    orders: list[Order] = []

    def save(self, file: Path) -> None:
        (draft := file.with_suffix(".new")).write_bytes(msgspec.json.encode(self))
        draft.replace(file)

    def of(self, customer: str) -> list[Order]:
        return [order for order in reversed(self.orders) if order.customer == customer]


class Signatures:
    """Checks that a call of the context URL comes from the deployment, is fresh, and was not seen before."""

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self._secret, self._clock = secret.encode(), clock
        self._seen: dict[str, float] = {}

    def check(self, path: str, headers: Mapping[str, str]) -> None:
        stamp, nonce, given = (headers.get(f"x-chaguan-{n}", "") for n in ("timestamp", "nonce", "signature"))
        now = self._clock()
        expected = hmac.new(self._secret, f"{stamp}.{nonce}.{path}".encode(), hashlib.sha256).hexdigest()
        if not self._secret or not hmac.compare_digest(expected.encode(), given.encode()):
            raise NotAuthorizedException("wrong signature")
        if not stamp.isdecimal() or abs(now - int(stamp)) > LEEWAY_S:
            raise NotAuthorizedException("too old or too new")
        # A nonce is forgotten only when its timestamp has become too old for any use.
        self._seen = {known: until for known, until in self._seen.items() if until > now}
        if nonce in self._seen:
            raise NotAuthorizedException("seen before")
        self._seen[nonce] = now + 2 * LEEWAY_S


def labelled(rows: dict[str, str]) -> list[Json]:
    return [{"label": label, "value": value} for label, value in rows.items()]


def order_card(order: Order, language: str) -> Json:
    words, first = WORDS[language], BY_ID[order.lines[0].product_id]
    count = sum(line.quantity for line in order.lines)
    title = first["name"][language] + (words["more"].format(count) if count > 1 else "")
    paid, page = f"¥{order.total / 100:.2f}", f"/pages/order/index?id={order.id}"
    lines = labelled({words["number"]: order.id, words["sum"]: paid, words["status"]: words[order.status]})
    card = {"type": "card", "object_type": "order", "object_id": order.id, "title": title, "page": page}
    card |= {"picture": first["picture"], "fallback": words["order"].format(order.id, title)}
    return card | {"lines": lines, "actions": [{"id": "open", "label": words["open"], "page": page}]}


def context_of(shop: Shop, user: str, language: str) -> Json:
    """What an agent sees beside the chat. `sections` are drawn as they come."""
    bought, lines, words = shop.of(user), shop.carts.get(user, []), WORDS[language]
    spent = sum(order.total for order in bought)
    rows = {words["count"]: words["orders"].format(len(bought)), words["spent"]: f"¥{spent / 100:.2f}"}
    chosen = [(BY_ID[n.product_id], n.quantity) for n in lines]
    cart = [{"title": p["name"][language], "picture": p["picture"], "quantity": n} for p, n in chosen]
    sections = [{"title": words["member"], "rows": labelled(rows)}]
    tags = [words["regular" if bought else "newcomer"]]
    orders = [order_card(o, language) for o in bought[:5]]
    return {"tags": tags, "cart": cart, "orders": orders, "sections": sections}


class Chaguan:
    """The server-to-server side of the deployment, with an API key."""

    def __init__(self, http: httpx.AsyncClient, env: Mapping[str, str]) -> None:
        self._http, self._app_id = http, env.get("CHAGUAN_APP_ID", "")
        self._url = f"{env.get('CHAGUAN_URL', 'http://127.0.0.1:8080')}/v1/server/conversations"
        self._headers = {"Authorization": f"Bearer {env.get('CHAGUAN_API_KEY', '')}"}
        self._sending: set[asyncio.Task[None]] = set()

    def send_later(self, order: Order) -> None:
        self._sending.add(task := asyncio.create_task(self._send_until_done(order)))
        task.add_done_callback(self._sending.discard)

    async def _send_until_done(self, order: Order) -> None:
        for delay in (1, 5, 30, 120):
            with contextlib.suppress(httpx.HTTPError):
                await self.send_card(order)
                return
            await asyncio.sleep(delay)

    async def send_card(self, order: Order) -> None:
        opened = await self._post("/service", {"app_id": self._app_id, "external_id": order.customer})
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, order.id))  # a retry has the same and can't send it twice
        message = {"client_msg_id": key, "content": order_card(order, order.language)}
        await self._post(f"/{opened['view']['conversation']['id']}/messages", message)

    async def _post(self, path: str, body: Json) -> Json:
        answer = await self._http.post(self._url + path, json=body, headers=self._headers)
        return dict(answer.raise_for_status().json())


def create_app(
    env: Mapping[str, str], http: httpx.AsyncClient | None = None, clock: Callable[[], float] = time.time
) -> Litestar:
    file = Path(env.get("DATA_DIR", ".")) / "tea-shop.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    shop = msgspec.json.decode(file.read_bytes(), type=Shop) if file.exists() else Shop()
    client = http or httpx.AsyncClient(timeout=5)
    chaguan, signatures = Chaguan(client, env), Signatures(env.get("CHAGUAN_CONTEXT_SECRET", ""), clock)
    code_url = env.get("WECHAT_URL", "https://api.weixin.qq.com") + "/sns/jscode2session"

    def customer(request: AnyRequest) -> str:
        """Whose session this is: the openid, which is also the external id under which Chaguan knows them."""
        known = shop.sessions.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if known is None:
            raise NotAuthorizedException("sign in first")
        return known

    @post("/api/login", status_code=200)
    async def login(data: JSONBody[Json]) -> Json:
        asked = {"appid": env.get("WECHAT_APPID", ""), "secret": env.get("WECHAT_SECRET", "")}
        asked |= {"js_code": str(data.get("code", "")), "grant_type": "authorization_code"}
        answer = (await client.get(code_url, params=asked)).json()
        if not answer.get("openid"):
            raise NotAuthorizedException("the code was refused")
        shop.sessions[session := secrets.token_urlsafe(32)] = answer["openid"]
        shop.save(file)
        return {"session": session, "customer": answer["openid"]}

    def token_of(user: str) -> str:
        return sign_token(env["CHAGUAN_APP_ID"], env["CHAGUAN_APP_SECRET"], user, clock())

    @post("/api/token", status_code=200, sync_to_thread=False)
    def token(request: AnyRequest) -> Json:
        """For apps of the shop that are neither a mini program nor its web site."""
        return {"token": token_of(customer(request))}

    @get("/api/products", sync_to_thread=False)
    def products() -> list[Json]:
        return PRODUCTS

    @get("/api/cart", sync_to_thread=False)
    def cart(request: AnyRequest) -> list[Line]:
        return shop.carts.get(customer(request), [])

    @put("/api/cart", sync_to_thread=False)
    def change_cart(request: AnyRequest, data: JSONBody[list[Line]]) -> list[Line]:
        shop.carts[customer(request)] = [line.checked() for line in data[:50]]
        shop.save(file)
        return data[:50]

    @get("/api/orders", sync_to_thread=False)
    def orders(request: AnyRequest) -> list[Order]:
        return shop.of(customer(request))

    @post("/api/orders")
    async def place(request: AnyRequest, data: JSONBody[list[Line]]) -> Order:
        who, total = customer(request), sum(line.checked().price * line.quantity for line in data)
        if not 1 <= len(data) <= 50:
            raise ClientException("an order has 1 to 50 lines")
        number = f"T{time.strftime('%y%m%d', time.localtime(clock()))}{len(shop.orders) + 1:04d}"
        language = "en" if request.headers.get("accept-language", "").startswith("en") else "zh"
        shop.orders.append(made := Order(number, who, data, total, "paid", int(clock() * 1000), language))
        bought = {(line.product_id, line.spec) for line in data}
        shop.carts[who] = [n for n in shop.carts.get(who, []) if (n.product_id, n.spec) not in bought]
        shop.save(file)
        chaguan.send_later(made)
        return made

    @get("/context", sync_to_thread=False)
    def context(request: AnyRequest, user: FromQuery[str], language: FromQuery[str] = "") -> Json:
        signatures.check(f"{request.url.path}?{request.url.query}", request.headers)
        return context_of(shop, user, "en" if language.startswith("en") else "zh")

    images = create_static_files_router("/images", [Path(__file__).parents[1] / "images"])
    handlers = [login, token, products, cart, change_cart, orders, place, context, images]
    handlers += website(env, PRODUCTS[0], token_of) if SITE.exists() else []
    cors = CORSConfig(allow_origins=["*"])  # the demo shows the mini program in a browser
    # Litestar's own logging would make the HTTP client log the addresses it asks, secrets included.
    return Litestar(handlers, cors_config=cors, openapi_config=None, logging_config=None)


if __name__ == "__main__":
    env, host = os.environ, os.environ.get("HOST", "127.0.0.1")
    uvicorn.run(create_app(env), host=host, port=int(env.get("PORT", "8090")), log_level="warning")
