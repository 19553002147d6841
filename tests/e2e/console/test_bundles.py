"""Forwarded messages in the console: a bundle is opened, the one inside of it too, and back again."""

import pytest
from playwright.async_api import expect

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.e2e.console.office import Office, message, visit
from tests.e2e.server import Client


async def group(owner: Client, name: str, *said: str) -> tuple[str, list[int]]:
    made = await owner.ask("create_group", client_msg_id=uuid_text(uuid7()), name=name, member_ids=[])
    room: str = made["view"]["conversation"]["id"]
    return room, [(await owner.say(room, text))["seq"] for text in said]


async def forward(owner: Client, room: str, seqs: list[int], target: str) -> int:
    done = await owner.ask(
        "forward_messages",
        conversation_id=room,
        seqs=seqs,
        to_conversation_id=target,
        client_msg_id=uuid_text(uuid7()),
        merged=True,
    )
    seq: int = done["sent"][0]["seq"]
    return seq


@pytest.mark.parametrize(
    ("locale", "title", "count", "back"),
    [
        ("zh-CN", "群聊的聊天记录", "共 6 条消息", "返回"),
        ("en", "Chat history of a group", "6 messages", "Back"),
    ],
)
async def test_a_bundle_opens_whole_and_leads_into_the_one_inside(
    office: Office, locale: str, title: str, count: str, back: str
) -> None:
    owner = await office.served.owner()
    office.customers.append(owner)
    source, seqs = await group(owner, "产地", *(f"第 {n} 批到了" for n in range(1, 7)))
    middle, said = await group(owner, "仓库", "看看产地怎么说")
    inner = await forward(owner, source, seqs, middle)
    target, _ = await group(owner, "门店")
    await forward(owner, middle, [*said, inner], target)
    await forward(owner, source, seqs, target)

    page = await office.owner(locale)
    await visit(page, f"/messages/{target}")
    bubbles = message(page, title).get_by_role("button").filter(has_text=title)
    await expect(bubbles).to_have_count(2)
    await expect(bubbles.nth(1)).to_contain_text(count)
    await expect(bubbles.nth(1)).not_to_contain_text("第 6 批")

    await bubbles.nth(0).press("Enter")
    dialog = page.get_by_role("dialog", name=title)
    await expect(dialog.get_by_role("listitem")).to_have_count(2)
    await dialog.get_by_role("button").filter(has_text=count).click()
    await expect(dialog.get_by_role("listitem")).to_have_count(6)
    await expect(dialog).to_contain_text("第 6 批到了")
    await dialog.get_by_role("button", name=back).click()
    await expect(dialog.get_by_role("listitem")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(bubbles.nth(0)).to_be_focused()
