"""The words that Chaguan itself puts on a card, in the language of its object. Clients that know a state or an action by
its code have words of their own; these are for all the others."""

from typing import NamedTuple

from chaguan.protocol.objects import ActionName, CardLanguage, CouponState, OrderState


class Words(NamedTuple):
    item: str
    former: str
    state: str
    total: str
    shipping: str
    discount: str
    tracking: str
    address: str
    asked: str
    """Before what the customer has asked for and the business has not answered yet."""
    from_least: str
    more: str
    """After the first item of several; `{}`: how many there are."""
    on_sale: str
    sold_out: str
    off_sale: str
    orders: dict[OrderState, str]
    coupons: dict[CouponState, str]
    actions: dict[ActionName, str]


_CHINESE = Words(
    item="商品",
    former="原价",
    state="状态",
    total="合计",
    shipping="运费",
    discount="优惠",
    tracking="物流",
    address="收货地址",
    asked="已提交",
    from_least="满 {} 可用",
    more="{} 等 {} 件",
    on_sale="在售",
    sold_out="已售罄",
    off_sale="已下架",
    orders={
        OrderState.proposed: "待确认",
        OrderState.unpaid: "待付款",
        OrderState.paid: "已付款",
        OrderState.shipped: "已发货",
        OrderState.received: "已收货",
        OrderState.refunded: "已退款",
        OrderState.cancelled: "已取消",
    },
    coupons={CouponState.open: "可使用", CouponState.used: "已使用", CouponState.ended: "已失效"},
    actions={
        ActionName.buy: "购买",
        ActionName.pay: "付款",
        ActionName.change_address: "修改地址",
        ActionName.confirm_receipt: "确认收货",
        ActionName.ask_refund: "申请退款",
        ActionName.use_coupon: "使用",
        ActionName.cancel: "取消订单",
    },
)
_ENGLISH = Words(
    item="Item",
    former="Was",
    state="Status",
    total="Total",
    shipping="Shipping",
    discount="Discount",
    tracking="Tracking",
    address="Ship to",
    asked="Asked for",
    from_least="From {}",
    more="{} and more, {} in all",
    on_sale="On sale",
    sold_out="Sold out",
    off_sale="Not on sale",
    orders={
        OrderState.proposed: "To be confirmed",
        OrderState.unpaid: "Awaiting payment",
        OrderState.paid: "Paid",
        OrderState.shipped: "Shipped",
        OrderState.received: "Received",
        OrderState.refunded: "Refunded",
        OrderState.cancelled: "Cancelled",
    },
    coupons={
        CouponState.open: "Ready to use",
        CouponState.used: "Used",
        CouponState.ended: "No longer valid",
    },
    actions={
        ActionName.buy: "Buy",
        ActionName.pay: "Pay",
        ActionName.change_address: "Change address",
        ActionName.confirm_receipt: "Confirm receipt",
        ActionName.ask_refund: "Ask for refund",
        ActionName.use_coupon: "Use",
        ActionName.cancel: "Cancel order",
    },
)


def words_of(language: CardLanguage) -> Words:
    return _CHINESE if language == "zh-CN" else _ENGLISH
