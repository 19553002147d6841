"""`/v1/server/products`, `orders`, `coupons`, `acts`: what the business's servers say of their objects, and what customers
asked for on cards."""

from typing import Annotated, Any, cast

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta, Struct

from chaguan.accounts import Accounts, Scope, access_scope
from chaguan.commerce import Act, CommerceService, Found, OrderEvent, Outcome
from chaguan.core.caller import Caller
from chaguan.core.errors import ErrorCode
from chaguan.openapi.errors import refusals
from chaguan.protocol.objects import Coupon, ObjectKind, Order, Product

Id = Annotated[
    str,
    PathParameter(
        min_length=1,
        max_length=128,
        pattern="^[!-~]+$",
        description="The business's own id: printable ASCII without spaces",
    ),
]
ActId = Annotated[str, PathParameter(max_length=64)]
ShopId = Annotated[
    str, QueryParameter(max_length=64, description="The shop; may be left out where there is one")
]
After = Annotated[str, QueryParameter(max_length=128, description="Objects whose ids come after this one")]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Version = Annotated[int, Meta(ge=1, le=2**53)]
_Accounts = NamedDependency[Accounts]
_Caller = NamedDependency[Caller]
_Commerce = NamedDependency[CommerceService]
_READ = refusals(ErrorCode.unauthenticated, ErrorCode.forbidden, ErrorCode.not_found)
_CHANGE = _READ | refusals(ErrorCode.bad_request, ErrorCode.conflict, ErrorCode.too_large)


class Customer(Struct):
    """Whose it is: the business's own id of the user in one of its apps (in a WeChat app: the openid)."""

    app_id: Annotated[str, Meta(min_length=1, max_length=64)]
    external_id: Annotated[str, Meta(min_length=1, max_length=128, examples=["customer-17"])]


class PutProduct(Struct):
    """`version` counts the business's changes of this object; without one, every change is the newest."""

    product: Product
    version: Version | None = None


class PutOrder(Struct):
    """`version` as for a product. `customer` stays who it was first."""

    order: Order
    customer: Customer
    version: Version | None = None


class PutCoupon(Struct):
    """`version` as for a product. Without a `customer` it is for everybody."""

    coupon: Coupon
    customer: Customer | None = None
    version: Version | None = None


class OrderNews(Struct):
    """`confirm` (a proposed cart is ordered), `pay`, `ship`, `receive`, `give_back` (all the money is back), `cancel`.
    `tracking` goes with it, if it is not empty."""

    event: OrderEvent
    tracking: Annotated[str, Meta(max_length=100)] = ""


class _Kept(Struct, kw_only=True):
    id: str
    version: int
    changed_at: int
    customer_id: str = ""
    outcome: Outcome | None = None


class KeptProduct(_Kept, kw_only=True):
    """An object as Chaguan holds it. `outcome` of a write: `created`, `changed`, `unchanged` (told before), `older` (what
    is held is newer, and stays). `customer_id` is Chaguan's own id of the user; empty: nobody's."""

    product: Product


class KeptOrder(_Kept, kw_only=True):
    """An order as Chaguan holds it; the rest as of a product."""

    order: Order


class KeptCoupon(_Kept, kw_only=True):
    """A coupon as Chaguan holds it; the rest as of a product."""

    coupon: Coupon


class ProductList(Struct):
    products: list[KeptProduct]


class ActList(Struct):
    acts: list[Act]


@put("/v1/server/products/{object_id:str}", responses=_CHANGE, tags=["server"])
async def put_product(
    object_id: Id,
    data: JSONBody[PutProduct],
    accounts: _Accounts,
    commerce: _Commerce,
    caller: _Caller,
    shop_id: ShopId = "",
) -> KeptProduct:
    """Make or change a product. Cards that show it change within a moment. Scope `objects:write`.

    A write with the version that is held changes nothing, an older one neither; so the same may come twice and in any
    order. `conflict` (`version_used`): that version says something else. `bad_request`: `currency`. `too_large`: 16 KiB.
    """
    shop = await _shop(accounts, caller, shop_id)
    return _product(await commerce.objects.put(caller, shop, object_id, data.version, "", data.product))


@get("/v1/server/products/{object_id:str}", responses=_READ, tags=["server"])
async def get_product(
    object_id: Id, accounts: _Accounts, commerce: _Commerce, caller: _Caller, shop_id: ShopId = ""
) -> KeptProduct:
    """A product as it is held. Scope `objects:write`."""
    shop = await _shop(accounts, caller, shop_id)
    return _product(await commerce.objects.get(caller, shop, ObjectKind.product, object_id))


@get("/v1/server/products", responses=_READ, tags=["server"])
async def list_products(
    accounts: _Accounts,
    commerce: _Commerce,
    caller: _Caller,
    shop_id: ShopId = "",
    after: After = "",
    limit: Limit = 50,
) -> ProductList:
    """Products by their ids. Scope `objects:write`."""
    shop = await _shop(accounts, caller, shop_id)
    found = await commerce.objects.page(caller, shop, ObjectKind.product, after, limit)
    return ProductList([_product(each) for each in found])


@put("/v1/server/orders/{object_id:str}", responses=_CHANGE, tags=["server"])
async def put_order(
    object_id: Id,
    data: JSONBody[PutOrder],
    accounts: _Accounts,
    commerce: _Commerce,
    caller: _Caller,
    shop_id: ShopId = "",
) -> KeptOrder:
    """Make or change an order, as a product. Scopes `objects:write` and, to name a customer, `conversations:write`.

    `bad_request`: `total` (with `expected`: items and shipping, less the discount), `currency`. `conflict`: `version_used`,
    `customer`. `not_found`: no such customer.
    """
    shop = await _shop(accounts, caller, shop_id)
    customer_id = await _customer(accounts, caller, data.customer)
    return _order(await commerce.objects.put(caller, shop, object_id, data.version, customer_id, data.order))


@get("/v1/server/orders/{object_id:str}", responses=_READ, tags=["server"])
async def get_order(
    object_id: Id, accounts: _Accounts, commerce: _Commerce, caller: _Caller, shop_id: ShopId = ""
) -> KeptOrder:
    """An order as it is held. Scope `objects:write`."""
    shop = await _shop(accounts, caller, shop_id)
    return _order(await commerce.objects.get(caller, shop, ObjectKind.order, object_id))


@post("/v1/server/orders/{object_id:str}/events", status_code=200, responses=_CHANGE, tags=["server"])
async def tell_of_order(
    object_id: Id,
    data: JSONBody[OrderNews],
    accounts: _Accounts,
    commerce: _Commerce,
    caller: _Caller,
    shop_id: ShopId = "",
) -> KeptOrder:
    """What happened to an order that a shop without a back end keeps here, without a `version` of its own: Chaguan knows what
    follows. Scope `objects:write`.

    Told again it changes nothing (`unchanged`). `conflict` (`not_now`, with `state`): that can't happen to it now.
    """
    shop = await _shop(accounts, caller, shop_id)
    return _order(await commerce.objects.advance(caller, shop, object_id, data.event, data.tracking))


@put("/v1/server/coupons/{object_id:str}", responses=_CHANGE, tags=["server"])
async def put_coupon(
    object_id: Id,
    data: JSONBody[PutCoupon],
    accounts: _Accounts,
    commerce: _Commerce,
    caller: _Caller,
    shop_id: ShopId = "",
) -> KeptCoupon:
    """Make or change a coupon, as a product. Scopes `objects:write` and, to name a customer, `conversations:write`."""
    shop = await _shop(accounts, caller, shop_id)
    customer_id = await _customer(accounts, caller, data.customer)
    return _coupon(
        await commerce.objects.put(caller, shop, object_id, data.version, customer_id, data.coupon)
    )


@get("/v1/server/coupons/{object_id:str}", responses=_READ, tags=["server"])
async def get_coupon(
    object_id: Id, accounts: _Accounts, commerce: _Commerce, caller: _Caller, shop_id: ShopId = ""
) -> KeptCoupon:
    """A coupon as it is held. Scope `objects:write`."""
    shop = await _shop(accounts, caller, shop_id)
    return _coupon(await commerce.objects.get(caller, shop, ObjectKind.coupon, object_id))


@get("/v1/server/acts", responses=_READ, tags=["server"])
async def list_acts(
    accounts: _Accounts, commerce: _Commerce, caller: _Caller, shop_id: ShopId = "", limit: Limit = 50
) -> ActList:
    """What customers asked for on cards and nobody has said to be done, the oldest first. Scope `objects:write`.

    Do what is right by your own rules, put the object as it is then, and say `done`: whether it was granted the object
    tells. What is not said to be done comes again, so look at `id` before you act a second time. `version` is that of the
    object when it was asked.
    """
    shop = await _shop(accounts, caller, shop_id)
    return ActList(await commerce.acts.list_open(caller, shop, limit))


@post("/v1/server/acts/{act_id:str}/done", status_code=200, responses=_READ, tags=["server"])
async def settle_act(
    act_id: ActId, accounts: _Accounts, commerce: _Commerce, caller: _Caller, shop_id: ShopId = ""
) -> Act:
    """It needs nothing more. Said again, it stays as it was. Scope `objects:write`."""
    shop = await _shop(accounts, caller, shop_id)
    return await commerce.acts.settle(caller, shop, act_id)


async def _shop(accounts: Accounts, caller: Caller, shop_id: str) -> str:
    """Strangers don't learn which shops there are."""
    access_scope(caller, Scope.objects_write)
    return (await accounts.shops.choose(wanted=shop_id)).id


async def _customer(accounts: Accounts, caller: Caller, customer: Customer | None) -> str:
    if customer is None:
        return ""
    return await accounts.users.find(caller, customer.app_id, customer.external_id)


def _product(found: Found) -> KeptProduct:
    return KeptProduct(product=cast(Product, found.body), **_beside(found))


def _order(found: Found) -> KeptOrder:
    return KeptOrder(order=cast(Order, found.body), **_beside(found))


def _coupon(found: Found) -> KeptCoupon:
    return KeptCoupon(coupon=cast(Coupon, found.body), **_beside(found))


def _beside(found: Found) -> dict[str, Any]:
    """The body is of the kind that was asked for: the key names it."""
    return {
        "id": found.key.id,
        "version": found.version,
        "changed_at": found.changed_at,
        "customer_id": found.customer_id,
        "outcome": found.outcome,
    }


HANDLERS = (
    put_product,
    get_product,
    list_products,
    put_order,
    get_order,
    tell_of_order,
    put_coupon,
    get_coupon,
    list_acts,
    settle_act,
)
