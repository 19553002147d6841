"""axe finds nothing on any page of the console, in both languages, light and dark, wide and narrow."""

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.e2e.console.office import OWNER, Office
from tests.e2e.demo.test_accessibility import violations
from tests.e2e.process import OWNER_PASSWORD, Served

LOOKS = pytest.mark.parametrize("scheme", ["light", "dark"])
LANGUAGES = pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
PICTURES = os.environ.get("PICTURES", "")
"""A folder for a picture of every page, at both widths."""
WIDTHS = (1440, 800)
PAGES = {
    "messages": ("/messages/{group}", "article.message"),
    "desk": ("/desk/{room}", "article.message"),
    "desk-empty": ("/desk", ".note"),
    "callbacks": ("/callbacks", ".callbacks li"),
    "wall": ("/wall", ".tile"),
    "search": ("/search?q=龙井", ".page, main"),
    "staff": ("/admin/staff", "tbody tr"),
    "shops": ("/admin/shops", ".panel"),
    "queues": ("/admin/queues", ".queues li"),
    "agents": ("/admin/agents", "tbody tr"),
    "hours": ("/admin/hours", "form .panel"),
    "faq": ("/admin/faq", "tbody tr"),
    "bot": ("/admin/bot", "form .panel"),
    "notify": ("/admin/notify", "section.panel form"),
    "rules": ("/admin/rules", ".rules li"),
    "closing": ("/admin/closing", "form.panel"),
    "customers": ("/admin/customers", "section.ratings"),
    "keys": ("/admin/keys", "tbody tr"),
    "statistics": ("/admin/statistics", "tbody tr"),
    "replies": ("/replies", "main"),
    "reports": ("/admin/reports", "article, tbody tr, li"),
    "audit": ("/admin/audit", "tbody tr"),
    "me": ("/me", ".panel li"),
}


@pytest.fixture(scope="module")
def town(served: Served) -> dict[str, str]:
    """Something to see on every page; answers with the ids that addresses need."""

    async def build() -> dict[str, str]:
        link = await served.ask(
            "POST",
            "/v1/admin/staff",
            {"email": "mei@shop.example", "name": "小梅", "role": "agent"},
        )
        await served.ask("POST", "/v1/admin/keys", {"name": "ERP", "scopes": ["users:write"]})
        owner = await served.owner()
        shop = (await served.ask("GET", "/v1/admin/shops"))["shops"][0]["id"]
        spec = {"name": "会员", "strategy": "manual", "match": {"pages": ["/vip"], "languages": ["zh"]}}
        await served.ask("POST", f"/v1/admin/shops/{shop}/queues", {**spec, "target_wait_s": 120})
        text = {"question": "退款多久到账？", "answer": "三天内原路退回。"}
        await served.ask("POST", f"/v1/admin/shops/{shop}/faq", {"texts": {"zh-CN": text}})
        then = {"reply": {"zh-CN": "马上来"}, "tags": ["急"], "notify": ["robots"]}
        rule = {"name": "等太久", "when": "waiting", "minutes": 5, "if": {"hours": "open"}, "then": then}
        await served.ask("PUT", f"/v1/admin/shops/{shop}/rules", {"rules": [rule]})
        await owner.ask("set_agent_state", state="online")
        customer, room = await served.customer("顾长安")
        gone, left = await served.customer("沈小姐")
        try:
            await customer.say(room, "你好，明前龙井还有货吗？")
            await customer.say(room, "要送人的，最好是礼盒。")
            await gone.ask(
                "leave_message",
                client_msg_id=uuid_text(uuid7()),
                conversation_id=left,
                text="想订二十份伴手礼，请给我回电",
                contact="13800000000",
                consent=True,
            )
            made = await owner.ask(
                "create_group", client_msg_id=uuid_text(uuid7()), name="春茶上新", member_ids=[]
            )
            group = made["view"]["conversation"]["id"]
            for text in ("龙井今早到了", "样片都过了吗 https://example.com/sample", "过了 👍"):
                await owner.say(group, text)
            reported = (await customer.messages(room))[0]
            await owner.ask(
                "report_user",
                client_msg_id=uuid_text(uuid7()),
                user_id=reported["sender_id"],
                reason="广告",
                conversation_id=room,
                seqs=[reported["seq"]],
            )
        finally:
            await owner.close()
            await customer.close()
            await gone.close()
        return {"room": room, "group": group, "invitation": link["token"]}

    return asyncio.run(build())


async def examine(page: Page, name: str) -> list[str]:
    """What axe says at both widths."""
    found: list[str] = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        await page.mouse.move(2, 2)
        if PICTURES:
            await asyncio.to_thread(Path(PICTURES).mkdir, parents=True, exist_ok=True)
            await page.screenshot(path=f"{PICTURES}/{name}-{width}.png")
        found += [f"{width}: {each}" for each in await violations(page.main_frame)]
    return found


@LANGUAGES
@LOOKS
async def test_axe_finds_nothing_on_the_pages_before_the_door(
    office: Office, town: dict[str, str], locale: str, scheme: str
) -> None:
    page = await office.page(locale=locale, color_scheme=scheme)
    await expect(page.locator("input[name=email]")).to_be_visible()
    found = {"sign-in": await examine(page, f"sign-in-{locale}-{scheme}")}
    page = await office.page(f"#/invite/{town['invitation']}", locale=locale, color_scheme=scheme)
    await expect(page.locator("input[autocomplete=new-password]")).to_have_count(2)
    found["invite"] = await examine(page, f"invite-{locale}-{scheme}")
    page = await office.owner(locale=locale, color_scheme=scheme)
    await page.evaluate(
        """() => {
          const session = JSON.parse(localStorage.getItem('chaguan.session'))
          localStorage.setItem('chaguan.session', JSON.stringify({...session, must_change_password: true}))
        }"""
    )
    await page.reload()
    await expect(page.locator("input[type=password]")).to_have_count(3)
    found["password"] = await examine(page, f"password-{locale}-{scheme}")
    assert not any(found.values()), found


@LANGUAGES
@LOOKS
async def test_axe_finds_nothing_on_the_pages_behind_it(
    office: Office, town: dict[str, str], locale: str, scheme: str
) -> None:
    page = await office.page(locale=locale, color_scheme=scheme)
    await office.sign_in(page, OWNER, OWNER_PASSWORD)
    found = {}
    for name, (path, ready) in PAGES.items():
        await page.evaluate("path => { location.hash = path }", path.format(**town))
        await expect(page.locator(ready).first).to_be_visible()
        await expect(page.locator(".skeletons")).to_have_count(0)
        found[name] = await examine(page, f"{name}-{locale}-{scheme}")
    await page.locator("h1").first.click()  # no field has the keys
    await page.keyboard.press("?")
    await expect(page.locator("[role=dialog] kbd").first).to_be_visible()
    found["shortcuts"] = await examine(page, f"shortcuts-{locale}-{scheme}")
    await page.keyboard.press("Escape")
    await expect(page.locator("[role=dialog] kbd").first).to_be_hidden()
    await page.keyboard.press("Control+k")
    await expect(page.locator("#jump-list li").first).to_be_visible()
    found["jump"] = await examine(page, f"jump-{locale}-{scheme}")
    assert not any(found.values()), found
