"""Reading a long conversation: new messages wait below, a search leads to its place, and back."""

import asyncio

import pytest
from playwright.async_api import Locator, expect

from chaguan.core.ids import uuid7
from chaguan.messaging.model import uuid_text
from tests.e2e.console.office import PASSWORD, Office, message, visit
from tests.e2e.console.wire import Wire
from tests.e2e.process import Served
from tests.e2e.server import Client

MESSAGES = 130
READER = "reader@shop.example"

# The topmost message that is whole on the screen, and where it stands.
PLACE = """list => {
  const top = list.getBoundingClientRect().top
  const row = [...list.querySelectorAll('[data-message]')].find(one => one.getBoundingClientRect().top > top + 60)
  return { key: row?.dataset.key ?? '', y: row?.getBoundingClientRect().top ?? 0 }
}"""

# Where a row stands in every frame that is painted: a task that a frame sends off runs when the frame is done.
WATCH = """(list, key) => {
  const find = () => list.querySelector(`[data-key="${key}"]`)
  const row = find()
  const watch = (list.watch = { tops: [], kept: () => find() === row })
  const painted = new MessageChannel()
  painted.port1.onmessage = () => watch.tops.push(find()?.getBoundingClientRect().top ?? null)
  const frame = () => {
    if (list.watch !== watch) return
    painted.port2.postMessage(null)
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
}"""
WATCHED = """async list => {
  for (let i = 0; i < 10; i++) await new Promise(requestAnimationFrame)
  const { tops, kept } = list.watch
  list.watch = null
  return { tops, kept: kept() }
}"""


@pytest.fixture(scope="module")
def group(served: Served) -> str:
    """A group of the owner's with more messages than are loaded at once."""

    async def build() -> str:
        owner = await served.owner()
        staff = {"email": READER, "name": "读者", "role": "member"}
        link = await served.ask("POST", "/v1/admin/staff", staff)
        joining = {"token": link["token"], "name": "读者", "password": PASSWORD, "device_id": "d_reader"}
        joined = await served.ask("POST", "/v1/auth/invite", joining)
        made = await owner.ask(
            "create_group", client_msg_id=uuid_text(uuid7()), name="出库", member_ids=[joined["user"]["id"]]
        )
        group: str = made["view"]["conversation"]["id"]
        for n in range(1, MESSAGES + 1):
            # Of many heights, which nobody can know before they are drawn.
            await patiently(owner, group, f"第 {n} 件出库" + "\n另有一行" * (n % 5))
        reader = await Client.connect(served.url)
        await reader.hello(joined["access_token"], "d_reader")
        await reader.ask("mark_read", conversation_id=group, seq=(await owner.messages(group))[-1]["seq"])
        for client in (owner, reader):
            await client.close()
        return group

    return asyncio.run(build())


async def patiently(client: Client, group: str, text: str) -> None:
    """A conversation takes so many messages a second; the same key says it once, however often it is sent."""
    content, key = {"type": "text", "text": text}, uuid_text(uuid7())
    async with asyncio.timeout(10):
        while True:
            reply = await client.raw(
                "send_message", conversation_id=group, client_msg_id=key, content=content
            )
            if "error" not in reply:
                return
            await asyncio.sleep(reply["error"]["data"]["retry_after_ms"] / 1000)


async def up(log: Locator, by: int) -> None:
    """As a reader does it: by the wheel, whose glide is left out."""
    await log.evaluate(
        """async (list, by) => {
      list.dispatchEvent(new WheelEvent('wheel', { deltaY: -by, bubbles: true }))
      list.scrollBy(0, -by)
      await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
    }""",
        by,
    )


async def test_a_new_message_leaves_the_reader_where_they_are_and_offers_a_way_down(
    office: Office, group: str
) -> None:
    page = await office.sign_in(await office.page(), READER)
    await visit(page, f"/messages/{group}")
    await expect(message(page, f"第 {MESSAGES} 件出库")).to_have_count(1)
    log = page.locator("[role=log]")
    await up(log, 1_200)
    before = await log.evaluate(PLACE)
    owner = await office.served.owner()
    office.customers.append(owner)
    await owner.say(group, "最后一箱也走了")
    pill = page.locator(".pill").filter(has_text="1 条新消息")
    await expect(pill).to_be_visible()
    after = await log.evaluate(PLACE)
    assert after["key"] == before["key"]
    assert abs(after["y"] - before["y"]) < 2
    await pill.click()
    await expect(message(page, "最后一箱也走了")).to_be_in_viewport()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
@pytest.mark.parametrize("stop", [400, 0])
async def test_what_is_read_holds_still_while_older_messages_load(
    office: Office, group: str, stop: int, motion: str
) -> None:
    page, wire = await office.sign_in(await office.page(reduced_motion=motion), READER), Wire()
    await wire.tap(page)
    await visit(page, f"/messages/{group}")
    await expect(message(page, f"第 {MESSAGES} 件出库")).to_have_count(1)
    log = page.locator("[role=log]")
    for _ in range(2):
        wire.hold("get_history")
        await up(log, await log.evaluate("(list, stop) => list.scrollTop - stop", stop))
        await wire.until_held()
        place = await log.evaluate(PLACE)
        height = await log.evaluate("list => list.scrollHeight")
        await log.evaluate(WATCH, place["key"])
        wire.release()
        await page.wait_for_function(
            "height => document.querySelector('[role=log]').scrollHeight > height + 500", arg=height
        )
        seen = await log.evaluate(WATCHED)
        assert len(seen["tops"]) >= 10
        assert [top for top in seen["tops"] if top is None or abs(top - place["y"]) > 2] == []
        assert seen["kept"], "the row was drawn anew: a selection in it, or the focus, would be lost"


async def test_what_is_read_holds_still_when_a_message_above_it_grows(office: Office, group: str) -> None:
    page = await office.sign_in(await office.page(), READER)
    await visit(page, f"/messages/{group}")
    await expect(message(page, f"第 {MESSAGES} 件出库")).to_have_count(1)
    log = page.locator("[role=log]")
    await up(log, 1_200)
    place = await log.evaluate(PLACE)
    await log.evaluate(WATCH, place["key"])
    grown = "list => { list.querySelector('[data-key] > *').style.paddingBottom = '150px' }"
    height = await log.evaluate("list => list.scrollHeight")
    await log.evaluate(grown)
    await page.wait_for_function(
        "height => document.querySelector('[role=log]').scrollHeight > height + 100", arg=height
    )
    seen = await log.evaluate(WATCHED)
    assert [top for top in seen["tops"] if top is None or abs(top - place["y"]) > 2] == []


async def test_a_search_leads_to_the_message_marks_it_and_leads_back(office: Office, group: str) -> None:
    page = await office.sign_in(await office.page(), READER)
    await visit(page, "/search")
    await page.get_by_role("searchbox", name="搜索聊天记录").fill("第 20 件")
    hit = page.locator("ul a").filter(has_text="第 20 件").first
    await expect(hit).to_be_visible()
    await hit.click()
    await expect(page.locator(".row.flash").filter(has_text="第 20 件")).to_be_in_viewport()
    await page.locator(".pill").click()
    await expect(message(page, f"第 {MESSAGES} 件出库")).to_be_in_viewport()


async def test_a_lost_connection_is_told_and_comes_back_by_itself(office: Office) -> None:
    office.faults.allowed.append("ERR_INTERNET_DISCONNECTED")
    page, wire = await office.seat("断线"), Wire()
    await wire.tap(page)
    await visit(page, "/messages")
    await page.context.set_offline(True)
    await wire.cut()
    await expect(page.locator(".banner")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.locator(".banner")).to_have_count(0)
