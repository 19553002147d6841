"""WeChat's server side, as far as Chaguan uses it."""

from chaguan.platforms.wechat.client import (
    WECHAT_BASE_URL,
    SessionKey,
    WeChatApp,
    WeChatClient,
    WeChatIdentity,
)

__all__ = ["WECHAT_BASE_URL", "SessionKey", "WeChatApp", "WeChatClient", "WeChatIdentity"]
