"""Customers who write from WeChat's own customer-service chat (`open-type="contact"`), as agents see them."""

from msgspec import Struct


class WechatDelivery(Struct, omit_defaults=True):
    """What became of one message of the shop on its way to WeChat.

    `state`: `waiting`, `sending`, `sent` (WeChat took it) or `not_sent`; treat an unknown one as `waiting`. `reason`
    says why it is not sent, or why it waits for another attempt: `over_quota`, `window_closed`, `read_in_app`
    (the customer has seen it in the app), `recalled`, `unsupported` (content that can't be shown there), `too_long`,
    `user_refuses`, `misconfigured`, `unreachable`, `busy`, `outcome_unknown` (WeChat did not answer: it may have
    arrived, even twice) and others. `vendor_code` is WeChat's number, 0: it gave none. `at`: since when.
    """

    seq: int
    state: str
    reason: str = ""
    vendor_code: int = 0
    at: int = 0


class WechatContact(Struct, omit_defaults=True, kw_only=True):
    """How a customer can be reached in WeChat's chat.

    `active`: the customer's last sign came from there, so what the shop says in this conversation goes there too.
    WeChat lets so many messages through as `left`, until `until_at` (UTC milliseconds): 5 within 48 hours of the
    customer's last message, 2 within a minute of their opening the chat; those that wait are taken off. Beyond that
    a message is kept in the conversation and shown there as not delivered; nothing sends it later.
    `deliveries` are the latest 50 messages that were to go there, oldest first.
    """

    conversation_id: str
    shop_id: str
    active: bool = False
    left: int = 0
    until_at: int = 0
    deliveries: list[WechatDelivery] = []
