"""Web push: a sealed note to a browser through its maker's push service (RFC 8030, 8291, 8292)."""

from chaguan.platforms.webpush.client import Pushed, push
from chaguan.platforms.webpush.sealing import MAX_PLAINTEXT, Subscription, check_subscription, decode, encode
from chaguan.platforms.webpush.vapid import VapidKey

__all__ = [
    "MAX_PLAINTEXT",
    "Pushed",
    "Subscription",
    "VapidKey",
    "check_subscription",
    "decode",
    "encode",
    "push",
]
