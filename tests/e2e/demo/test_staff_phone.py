"""The owner of a small shop at the desk of their phone: take, answer, note, pass on, resolve, reopen. The customer's phone
and a colleague's stand beside it; all three are the tea shop against the real process."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import Locator, Page, expect

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.e2e.demo.stage import PASSWORD, Stage
from tests.e2e.demo.test_accessibility import violations
from tests.e2e.demo.words import EN, ZH, Words

SHOTS = os.environ.get("STAFF_SHOTS", "")
"""A folder for pictures of every step, at both widths, light and dark."""


LEAVES = """() => {
  const screen = document.querySelector('.mp-screen').getBoundingClientRect()
  return [...document.querySelectorAll('.mp-page:not([hidden]) .mp-viewport [class*="--"]')]
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && (box.right > screen.right + 1 || box.left < screen.left - 1))
    .map(([one]) => `${one.className}: ${one.textContent.trim().slice(0, 20)}`)
}"""


@dataclass(frozen=True)
class DeskWords:
    door: str
    sign_in: str
    go_online: str
    online: str
    mine: str
    waiting: str
    take: str
    reply: str
    note: str
    note_hint: str
    staff_only: str
    pass_on: str
    pass_to: str
    from_lin: str
    with_mei: str
    resolve: str
    solved: str
    resolved: str
    reopen: str
    whispered: str


DESK = {
    ZH: DeskWords(
        door="店铺员工",
        sign_in="登录",
        go_online="上线",
        online="在线",
        mine="我接待的",
        waiting="等待中",
        take="接待",
        reply="回复顾客",
        note="内部备注",
        note_hint="只有同事看得到",
        staff_only="仅同事可见",
        pass_on="转接",
        pass_to="转给 小梅",
        from_lin="老林 转来：",
        with_mei="小梅 正在接待",
        resolve="结束",
        solved="问题已解决",
        resolved="本次咨询已结束",
        reopen="继续接待",
        whispered="悄悄话，只有你看得到",
    ),
    EN: DeskWords(
        door="For staff",
        sign_in="Sign in",
        go_online="Go online",
        online="Online",
        mine="Mine",
        waiting="Waiting",
        take="Take",
        reply="Customer",
        note="Internal note",
        note_hint="Only colleagues see it",
        staff_only="Colleagues only",
        pass_on="Pass on",
        pass_to="To 小梅",
        from_lin="From 老林: ",
        with_mei="小梅 is answering",
        resolve="Resolve",
        solved="The question is dealt with",
        resolved="This case is resolved",
        reopen="Reopen",
        whispered="Whispered, only you see it",
    ),
}


def account(name: str) -> dict[str, str]:
    return {"email": f"{name}@tea.example", "password": PASSWORD}


async def call(page: Page, stage: Stage, path: str, body: dict[str, Any], token: str = "") -> Any:
    """What somebody does elsewhere meanwhile."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await page.request.post(f"{stage.url}{path}", data=body, headers=headers)
    assert answer.ok, await answer.text()
    return await answer.json()


class Pocket:
    """A phone of its own: one customer, or one of the staff."""

    def __init__(self, page: Page, words: Words) -> None:
        self.page, self.words, self.desk = page, words, DESK[words]
        self.name = "Lin Zhixia" if words is EN else "林知夏"
        self._shots = 0

    @property
    def box(self) -> Locator:
        return self.page.locator("textarea").last

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True).last

    def bubble(self, text: str) -> Locator:
        return self.page.get_by_role("article").filter(has_text=text)

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.button(self.words.send).click()
        await expect(self.bubble(text)).to_have_count(1)

    async def sign_in(self) -> None:
        await self.button(self.desk.sign_in).click()
        await expect(self.page.get_by_role("tab").first).to_be_visible()

    async def go_online(self) -> None:
        """Unless a test before has said so for the same person."""
        offline, online = (
            self.button(self.desk.go_online),
            self.page.get_by_text(self.desk.online, exact=True),
        )
        await expect(offline.or_(online).first).to_be_visible()
        if await offline.count():
            await offline.click()
        await expect(online.first).to_be_visible()

    async def tab(self, name: str) -> None:
        await self.page.get_by_role("tab", name=name).click()

    def row(self, text: str) -> Locator:
        return self.page.get_by_role("listitem").filter(has_text=text)

    async def open(self, tab: str, text: str) -> None:
        await self.tab(tab)
        await self.row(text).get_by_role("button").click()
        await expect(self.bubble(text)).to_have_count(1)

    async def choose(self, mode: str) -> None:
        await self.page.get_by_role("radio", name=mode, exact=True).click()

    async def back(self) -> None:
        await self.page.locator(".mp-nav-back").last.click()

    async def shoot(self, name: str) -> None:
        """At both widths nothing leaves the screen; with a folder for pictures, also pictures for people to look at."""
        kept = self.page.viewport_size
        assert kept is not None
        self._shots += 1
        for width in (320, 430):
            await self.page.set_viewport_size({"width": width, "height": 812})
            assert await self.page.evaluate(LEAVES) == [], f"{name} at {width} px"
            for scheme in ("light", "dark") if SHOTS else ():
                await self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                path = Path(SHOTS) / f"{self.words.locale}-{self._shots:02}-{name}-{width}-{scheme}.png"
                await self.page.screenshot(path=path)
        await self.page.set_viewport_size(kept)


async def pocket(stage: Stage, words: Words, name: str, page: str, email: str = "", **options: Any) -> Pocket:
    context = await stage.context(words, viewport={"width": 430, "height": 812}, **options)
    opened = await context.new_page()
    demo = await (await opened.request.get(f"{stage.url}/demo/config.json")).json()
    config = {
        "appId": demo["appid"],
        "language": "en" if words is EN else "zh_CN",
        "storagePrefix": f"pocket-{name}",
        "loginUrl": f"/demo/wechat-code?phone={name}",
        "ext": {
            "endpoint": stage.url,
            "appId": demo["app_id"],
            "shopApi": f"http://127.0.0.1:{demo['shop_port']}/api",
            "customer": {"name": Pocket(opened, words).name, "avatar": ""},
            **({"staff": {"email": email, "password": PASSWORD}} if email else {}),
        },
    }
    query = urlencode({"config": json.dumps(config), "page": page})
    await opened.goto(f"{stage.url}/phone/index.html?{query}")
    return Pocket(opened, words)


@pytest.mark.parametrize(("words", "scheme"), [(ZH, "light"), (EN, "dark")], ids=["zh-CN", "en"])
async def test_an_owner_takes_answers_passes_on_and_a_colleague_resolves(
    stage: Stage, words: Words, scheme: str
) -> None:
    desk, tag = DESK[words], words.locale
    look = {"color_scheme": scheme}
    customer = await pocket(stage, words, f"guest-{tag}", "/pages/chat/index", **look)
    await customer.say(f"question {tag}")

    owner = await pocket(stage, words, f"lin-{tag}", "/staff/desk/index", "lin@tea.example", **look)
    await expect(owner.button(desk.sign_in)).to_be_visible()
    await owner.shoot("sign-in")
    await owner.sign_in()
    await owner.shoot("empty")
    await owner.go_online()
    await owner.tab(desk.waiting)
    await expect(owner.row(f"question {tag}")).to_have_count(1)
    await owner.shoot("waiting")
    found = {"list": await violations(owner.page.main_frame)}
    await owner.open(desk.waiting, f"question {tag}")
    await owner.shoot("looking")
    await owner.button(desk.take).click()
    await expect(owner.page.get_by_role("radio", name=desk.reply, exact=True)).to_be_visible()
    await owner.say(f"answer {tag}")
    await expect(customer.bubble(f"answer {tag}")).to_have_count(1)

    await owner.choose(desk.note)
    await expect(owner.page.get_by_text(desk.note_hint, exact=True)).to_be_visible()
    await owner.say(f"inner {tag}")
    await expect(owner.bubble(f"inner {tag}")).to_contain_text(desk.staff_only)
    await owner.shoot("note")
    found["case"] = await violations(owner.page.main_frame)
    await owner.choose(desk.reply)

    # Who aims badly has the same, larger.
    mei = await pocket(stage, words, f"mei-{tag}", "/pages/me/index", "mei@tea.example", **look)
    await mei.page.get_by_role("button", name=words.text_size).click()
    await mei.page.get_by_role("button", name=desk.door).click()
    await mei.sign_in()
    await mei.go_online()
    await owner.button(desk.pass_on).click()
    await owner.page.get_by_role("radio", name="小梅").click()
    await owner.page.locator(".mp-viewport textarea").last.fill(f"handle {tag}")
    await owner.shoot("pass-on")
    found["sheet"] = await violations(owner.page.main_frame)
    await owner.button(desk.pass_to).click()
    await expect(owner.page.get_by_text(desk.with_mei)).to_be_visible()
    await owner.shoot("passed-on")

    await mei.open(desk.mine, f"answer {tag}")
    await expect(mei.page.get_by_text(f"{desk.from_lin}handle {tag}")).to_be_visible()
    await expect(mei.bubble(f"inner {tag}")).to_contain_text(desk.staff_only)
    await mei.shoot("received")
    lin = await call(owner.page, stage, "/v1/auth/staff", {**account("lin"), "device_id": f"lin {tag}"})
    room = (await owner.page.evaluate("window.__harness.stack().at(-1).query"))["id"]
    said = {
        "client_msg_id": uuid_text(uuid7()),
        "conversation_id": room,
        "text": f"gently {tag}",
        "whisper": True,
    }
    await call(
        owner.page, stage, "/v1/commands", {"type": "write_note", "id": 1, **said}, lin["access_token"]
    )
    await expect(mei.bubble(f"gently {tag}")).to_contain_text(desk.whispered)

    reply = {
        "shortcut": f"mei-{tag.lower()}",
        "title": "Mei",
        "texts": {"en" if words is EN else tag: f"mei answers {{{{customer.name}}}} {tag}"},
    }
    me = await call(mei.page, stage, "/v1/auth/staff", {**account("mei"), "device_id": f"mei {tag}"})
    await call(mei.page, stage, "/v1/desk/canned-replies", reply, me["access_token"])
    await mei.box.fill("/mei")
    await mei.shoot("replies")
    await mei.row(f"/mei-{tag.lower()}").get_by_role("button").click()
    await expect(mei.box).to_have_value(re.compile(f"^mei answers .+ {tag}$"))
    await mei.button(words.send).click()
    await expect(customer.bubble("mei answers").filter(has_text=customer.name)).to_have_count(1)
    # While the phone is in a pocket nothing comes; all of it is there when it is taken out again.
    await mei.page.evaluate("window.__harness.background(0)")
    await customer.say(f"thanks {tag}")
    await mei.page.evaluate("window.__harness.foreground()")
    await expect(mei.bubble(f"thanks {tag}")).to_have_count(1)
    await mei.button(desk.resolve).click()
    await mei.button(desk.solved).click()
    await expect(mei.page.get_by_text(desk.resolved).first).to_be_visible()
    # Who has it no more looks on: what was said is not gone with it.
    await expect(mei.bubble(f"thanks {tag}")).to_have_count(1)
    await mei.shoot("resolved")
    await expect(customer.page.get_by_text(words.ended)).to_be_visible()
    await mei.button(desk.reopen).click()
    await mei.say(f"one more thing {tag}")
    await expect(customer.bubble(f"one more thing {tag}")).to_have_count(1)
    await mei.back()
    await mei.tab(desk.mine)
    await expect(mei.row(f"one more thing {tag}")).to_have_count(1)
    await mei.shoot("list")

    # Of what colleagues wrote the customer has nothing, on the screen or beneath it.
    assert f"inner {tag}" not in await customer.page.content()
    assert f"handle {tag}" not in await customer.page.content()
    assert f"gently {tag}" not in await customer.page.content()
    assert not any(found.values()), found


async def test_the_shop_comes_back_to_its_customer_when_the_desk_is_left(stage: Stage) -> None:
    phone = await pocket(stage, ZH, "both", "/pages/me/index", "lin@tea.example")
    await phone.page.get_by_role("button", name=ZH.text_size).click()
    await phone.page.get_by_role("button", name="店铺员工").click()
    await phone.sign_in()
    await expect(phone.page.get_by_role("tab", name="等待中")).to_be_visible()
    await phone.back()
    await phone.page.get_by_role("button", name=ZH.contact).click()
    await expect(phone.box).to_be_visible()
    await phone.say("我是顾客")
    # Said by the customer and not by the staff who sits at the desk of the same phone.
    other = await pocket(stage, ZH, "other", "/staff/desk/index", "lin@tea.example")
    await other.sign_in()
    await other.tab("等待中")
    await expect(other.row("我是顾客")).to_have_count(1)
    # Who sits there stays signed in; large text is the phone's, and nothing is cut by it.
    await phone.back()
    await phone.page.get_by_role("button", name="店铺员工").click()
    await phone.tab("等待中")
    await phone.shoot("large")
    assert await violations(phone.page.main_frame) == []
    await phone.open("等待中", "我是顾客")
    await phone.shoot("large-case")
    assert await violations(phone.page.main_frame) == []
    await phone.back()
    await phone.button("退出登录").click()
    await phone.page.get_by_role("dialog").get_by_role("button", name="退出登录").click()
    await expect(phone.button("登录")).to_be_visible()
    await phone.page.locator("input[type=password]").fill("not it")
    await phone.button("登录").click()
    await expect(phone.page.get_by_text("邮箱或密码不对")).to_be_visible()
    stage.faults.allowed.append("401")  # what the browser itself says of a refused password
