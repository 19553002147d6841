"""WeChat's server side, as far as Chaguan uses it."""

from chaguan.platforms.wechat.client import (
    WECHAT_BASE_URL,
    SessionKey,
    WeChatApp,
    WeChatClient,
    WeChatIdentity,
)
from chaguan.platforms.wechat.push import Push, PushKeys, PushMessage, PushQuery

__all__ = [
    "WECHAT_BASE_URL",
    "Push",
    "PushKeys",
    "PushMessage",
    "PushQuery",
    "SessionKey",
    "WeChatApp",
    "WeChatClient",
    "WeChatIdentity",
]
