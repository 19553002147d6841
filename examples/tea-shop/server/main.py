"""The tea shop's own back end: products, carts, orders, and what connects it to a Chaguan deployment.

It stands for a server that a merchant already has, so it uses nothing of Chaguan but the public HTTP API. Three
things are all it takes: sign user tokens with the app's secret (for the web site), answer the signed context URL
(what agents see beside a chat), and send cards with an API key.
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
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from litestar import Litestar, Request, get, post, put
from litestar.config.cors import CORSConfig
from litestar.exceptions import ClientException, NotAuthorizedException, NotFoundException
from litestar.types import Guard

Json = dict[str, Any]
_Request = Request[Any, Any, Any]

PRODUCTS: list[Json] = json.loads((Path(__file__).parent / "products.json").read_text("utf-8"))
BY_ID = {product["id"]: product for product in PRODUCTS}
STATES = {"paid": "待发货", "shipped": "待收货", "done": "已完成"}
LEEWAY_S = 300


class Config(msgspec.Struct, frozen=True):
    """All from the environment: TEA_SHOP_ + the name in capitals."""

    chaguan: str = "http://127.0.0.1:8080"
    app_id: str = ""  # of the mini program, in the deployment
    app_secret: str = ""  # signs user tokens
    api_key: str = ""  # scopes conversations:write, messages:write
    context_secret: str = ""
    wechat: str = "http://127.0.0.1:8080/sandbox/wechat"  # https://api.weixin.qq.com in production
    wechat_appid: str = ""
    wechat_secret: str = ""
    data: str = "tea-shop.json"
    host: str = "127.0.0.1"
    port: str = "8090"

    @classmethod
    def read(cls) -> "Config":
        names = cls.__struct_fields__
        return cls(**{n: v for n in names if (v := os.environ.get(f"TEA_SHOP_{n.upper()}"))})


class Line(msgspec.Struct):
    product_id: str
    spec: int  # index into the product's specs
    quantity: int

    def check(self) -> None:
        product = BY_ID.get(self.product_id)
        if product is None or not 0 <= self.spec < len(product["specs"]) or not 1 <= self.quantity <= 99:
            raise ClientException("no such product, spec or quantity")

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


class Shop(msgspec.Struct):
    """Everything that is kept, in one file that is replaced whole."""

    sessions: dict[str, str] = {}
    carts: dict[str, list[Line]] = {}
    orders: list[Order] = []

    def save(self, path: str) -> None:
        draft = Path(f"{path}.new")
        draft.write_bytes(msgspec.json.encode(self))
        draft.replace(path)


def load(path: str) -> Shop:
    file = Path(path)
    return msgspec.json.decode(file.read_bytes(), type=Shop) if file.exists() else Shop()


def sign_token(config: Config, user: str, name: str, now: float) -> str:
    """A user token as Chaguan takes it: a JWT, HS256 with the app's secret."""
    claims = {"iss": config.app_id, "sub": user, "name": name, "iat": int(now), "exp": int(now) + 3600}
    parts = [_b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signature = hmac.digest(config.app_secret.encode(), ".".join(parts).encode(), hashlib.sha256)
    return ".".join([*parts, _b64(signature)])


def _b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class Signatures:
    """Checks that a call of the context URL comes from the deployment, is fresh, and was not seen before."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret.encode()
        self._clock = clock
        self._seen: dict[str, float] = {}

    def check(self, path: str, timestamp: str, nonce: str, signature: str) -> None:
        now = self._clock()
        expected = hmac.new(self._secret, f"{timestamp}.{nonce}.{path}".encode(), hashlib.sha256).hexdigest()
        if not self._secret or not hmac.compare_digest(expected.encode(), signature.encode()):
            raise NotAuthorizedException("wrong signature")
        if not timestamp.isdigit() or abs(now - int(timestamp)) > LEEWAY_S:
            raise NotAuthorizedException("too old or too new")
        # A nonce is forgotten only when its timestamp has become too old for any use.
        self._seen = {known: until for known, until in self._seen.items() if until > now}
        if nonce in self._seen:
            raise NotAuthorizedException("seen before")
        self._seen[nonce] = now + 2 * LEEWAY_S


def order_view(order: Order) -> Json:
    return {**msgspec.to_builtins(order), "status_text": STATES[order.status]}


def yuan(fen: int) -> str:
    return f"¥{fen / 100:.2f}"


def order_card(order: Order) -> Json:
    first = BY_ID[order.lines[0].product_id]
    count = sum(line.quantity for line in order.lines)
    title = first["name"]["zh"] + (f" 等 {count} 件" if count > 1 else "")
    rows = [("订单号", order.id), ("实付", yuan(order.total)), ("状态", STATES[order.status])]
    page = f"/pages/order/index?id={order.id}"
    return {
        "type": "card", "object_type": "order", "object_id": order.id, "title": title, "picture": first["picture"],
        "lines": [{"label": label, "value": value} for label, value in rows], "page": page,
        "actions": [{"id": "open", "label": "查看订单", "page": page}], "fallback": f"订单 {order.id}：{title}",
    }  # fmt: skip


async def send_card(config: Config, http: httpx.AsyncClient, order: Order) -> None:
    """Into the customer's conversation with the shop. The key comes from the order, so a retry can't double it."""
    headers = {"Authorization": f"Bearer {config.api_key}"}
    server = f"{config.chaguan}/v1/server/conversations"
    who = {"app_id": config.app_id, "external_id": order.customer}
    opened = await http.post(f"{server}/service", json=who, headers=headers)
    conversation = opened.raise_for_status().json()["view"]["conversation"]["id"]
    body = {"client_msg_id": str(uuid.uuid5(uuid.NAMESPACE_URL, order.id)), "content": order_card(order)}
    (await http.post(f"{server}/{conversation}/messages", json=body, headers=headers)).raise_for_status()


def create_app(
    config: Config, http: httpx.AsyncClient | None = None, clock: Callable[[], float] = time.time
) -> Litestar:
    shop = load(config.data)
    signatures = Signatures(config.context_secret, clock)
    client = http or httpx.AsyncClient(timeout=5)
    sending: set[asyncio.Task[None]] = set()

    def customer(request: _Request) -> str:
        """Whose session this is: the openid, which is also the external id that Chaguan knows them by."""
        known = shop.sessions.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if known is None:
            raise NotAuthorizedException("sign in first")
        return known

    async def send_until_done(order: Order) -> None:
        for delay in (1, 5, 30, 120):
            with contextlib.suppress(httpx.HTTPError):
                return await send_card(config, client, order)
            await asyncio.sleep(delay)

    @post("/api/login", status_code=200)
    async def login(data: Json) -> Json:
        asked = {
            "appid": config.wechat_appid,
            "secret": config.wechat_secret,
            "grant_type": "authorization_code",
        }
        answer = await client.get(
            f"{config.wechat}/sns/jscode2session", params={**asked, "js_code": data.get("code", "")}
        )
        openid = json.loads(answer.text).get("openid")
        if not openid:
            raise NotAuthorizedException("the code was refused")
        session = secrets.token_urlsafe(32)
        shop.sessions[session] = openid
        shop.save(config.data)
        return {"session": session, "customer": openid}

    @get("/api/products", sync_to_thread=False)
    def products() -> list[Json]:
        return PRODUCTS

    @get("/api/cart", sync_to_thread=False)
    def cart(request: _Request) -> list[Line]:
        return shop.carts.get(customer(request), [])

    @put("/api/cart", sync_to_thread=False)
    def change_cart(request: _Request, data: list[Line]) -> list[Line]:
        for line in data:
            line.check()
        shop.carts[customer(request)] = data[:50]
        shop.save(config.data)
        return data[:50]

    @get("/api/orders", sync_to_thread=False)
    def orders(request: _Request) -> list[Json]:
        who = customer(request)
        return [order_view(order) for order in reversed(shop.orders) if order.customer == who]

    @get("/api/orders/{order_id:str}", sync_to_thread=False)
    def order(request: _Request, order_id: str) -> Json:
        who = customer(request)
        for found in shop.orders:
            if found.id == order_id and found.customer == who:
                return order_view(found)
        raise NotFoundException("no such order")

    @post("/api/orders")
    async def place(request: _Request, data: list[Line]) -> Json:
        who = customer(request)
        for line in data:
            line.check()
        if not data:
            raise ClientException("an order needs a line")
        number = f"T{time.strftime('%y%m%d', time.localtime(clock()))}{secrets.randbelow(10**6):06d}"
        total = sum(line.price * line.quantity for line in data)
        made = Order(number, who, data, total, "paid", int(clock() * 1000))
        shop.orders.append(made)
        bought = {(line.product_id, line.spec) for line in data}
        shop.carts[who] = [n for n in shop.carts.get(who, []) if (n.product_id, n.spec) not in bought]
        shop.save(config.data)
        task = asyncio.create_task(send_until_done(made))
        sending.add(task)
        task.add_done_callback(sending.discard)
        return order_view(made)

    @post("/api/token", status_code=200, sync_to_thread=False)
    def token(request: _Request) -> Json:
        """For the shop's web site: the browser signs in to Chaguan with this."""
        return {"token": sign_token(config, customer(request), "", clock())}

    @get("/context", sync_to_thread=False, guards=[_signed(signatures)])
    def context(user: str) -> Json:
        return context_of(shop, user)

    @get("/health", sync_to_thread=False)
    def health() -> Json:
        return {"status": "ok"}

    routes = [login, products, cart, change_cart, orders, order, place, token, context, health]
    cors = CORSConfig(allow_origins=["*"])  # the mini program in a browser, for the demo
    return Litestar(routes, cors_config=cors, openapi_config=None, request_max_body_size=64 * 1024)


def _signed(signatures: Signatures) -> Guard:
    def guard(connection: Any, _: Any) -> None:
        head, url = connection.headers, connection.url
        stamp, nonce, signature = (
            head.get(f"x-chaguan-{n}", "") for n in ("timestamp", "nonce", "signature")
        )
        signatures.check(f"{url.path}?{url.query}", stamp, nonce, signature)

    return guard


def context_of(shop: Shop, user: str) -> Json:
    bought = [order for order in shop.orders if order.customer == user]
    lines = shop.carts.get(user, [])
    goods = [
        {"title": BY_ID[n.product_id]["name"]["zh"], "quantity": n.quantity, "price": n.price} for n in lines
    ]
    spent = sum(order.total for order in bought)
    rows = [
        ("累计订单", f"{len(bought)} 单"),
        ("累计消费", yuan(spent)),
        ("等级", "老茶客" if spent >= 50000 else "新茶友"),
    ]
    return {
        "profile": {"id": user, "orders": len(bought), "spent": spent},
        "cart": goods,
        "orders": [{**order_card(order), "status": order.status} for order in bought[:-6:-1]],
        "sections": [{"title": "会员", "rows": [{"label": label, "value": value} for label, value in rows]}],
    }


if __name__ == "__main__":
    settings = Config.read()
    uvicorn.run(create_app(settings), host=settings.host, port=int(settings.port), log_level="warning")
