"""What a message becomes in WeChat's chat."""

from typing import Any

import pytest

from chaguan.contact.rendering import Rendering
from chaguan.platforms.wechat import contact
from chaguan.protocol.content import (
    Content,
    Custom,
    Location,
    Merged,
    MergedItem,
    MergedSender,
    SystemNotice,
    Text,
)
from chaguan.protocol.conversations import ConversationKind

NOWHERE: Any = None
BUNDLE = Merged(
    from_kind=ConversationKind.group,
    count=1,
    senders=[MergedSender("茶师")],
    items=[MergedItem(created_at=1, content=Text("水温八十度"))],
    fallback="茶师: 水温八十度",
)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (Text("有货"), "有货"),
        (Custom("coupon", {"off": 5}, "立减 5 元"), "立减 5 元"),
        (BUNDLE, "茶师: 水温八十度"),
        (Location(30.2, 120.1, "翠湖店"), "📍 翠湖店"),
    ],
)
async def test_what_wechat_has_no_shape_for_arrives_in_words(content: Content, shown: str) -> None:
    assert await Rendering(NOWHERE, "").render(NOWHERE, content) == contact.text(shown)


async def test_what_the_deployment_says_stays_in_its_own_chat() -> None:
    assert await Rendering(NOWHERE, "").render(NOWHERE, SystemNotice("case_taken")) is None
