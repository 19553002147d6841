"""The wall and the report of service times in a browser, against a desk at which something happens."""

import csv
import io
import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.console.office import Office, message, say, visit
from tests.e2e.console.test_desk import take
from tests.e2e.console.test_notes import shot
from tests.e2e.demo.test_accessibility import violations

SIZES = """() => [...document.querySelectorAll('.wall .figure, .wall .clock')].map(
  (each) => parseFloat(getComputedStyle(each).fontSize))"""
CONTRASTS = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).slice(0, 3).map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor
      if (!/, 0\\)$|transparent/.test(colour)) return colour
    }
  }
  return [...document.querySelectorAll('.wall *')]
    .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()))
    .map((node) => {
      const [dark, bright] = [light(getComputedStyle(node).color), light(ground(node))].sort((a, b) => a - b)
      return [node.className, (bright + 0.05) / (dark + 0.05)]
    })
}"""


def tile(page: Page, label: str):
    return page.locator(".tile").filter(has_text=label).locator(".figure")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
async def test_the_wall_follows_the_desk_and_can_be_read_across_a_room(office: Office, locale: str) -> None:
    words = {
        "zh-CN": ("等待中", "接待中", "今日首次回复", "今日解决", "浅色"),
        "en": ("Waiting", "In conversation", "First reply today", "Resolved today", "Light"),
    }[locale]
    wall = await office.owner(locale=locale, viewport={"width": 1920, "height": 1080})
    await visit(wall, "/wall")
    await expect(tile(wall, words[0])).to_be_visible()
    waiting = int(await tile(wall, words[0]).inner_text())
    resolved = int(await tile(wall, words[3]).inner_text())
    customer, room = await office.customer(f"on the wall {locale}")
    await customer.say(room, f"大屏 {locale}")
    await expect(tile(wall, words[0])).to_have_text(str(waiting + 1))
    agent = await office.seat(f"阿屏{locale[:2]}")
    await take(agent, f"大屏 {locale}")
    await expect(tile(wall, words[0])).to_have_text(str(waiting))
    await say(agent, "您好，请说")
    await expect(message(agent, "您好，请说")).to_have_count(1)
    await expect(tile(wall, words[2])).not_to_have_text("—" if locale == "zh-CN" else "–")
    await agent.get_by_role("button", name="结束咨询").click()
    await expect(tile(wall, words[3])).to_have_text(str(resolved + 1))

    for look in ("dark", "light"):
        if look == "light":
            await wall.get_by_role("button", name=words[4]).click()
            await wall.mouse.move(2, 400)
        assert min(await wall.evaluate(SIZES)) >= 48
        assert [each for each in await wall.evaluate(CONTRASTS) if each[1] < 7] == [], look
        assert await violations(wall.main_frame) == [], look
        await shot(wall, f"wall-{locale}-{look}")
    assert await wall.evaluate("document.documentElement.scrollHeight <= innerHeight")


async def test_a_wall_without_a_connection_says_so_and_comes_back(office: Office) -> None:
    # It has no network for a while, and says so in its console, too.
    office.faults.allowed += ["ERR_INTERNET_DISCONNECTED", "WebSocket connection to"]
    wall = await office.owner(viewport={"width": 1920, "height": 1080})
    await visit(wall, "/wall")
    await expect(wall.locator(".wall.live")).to_be_visible()
    await wall.context.set_offline(True)
    # A link that only went silent is not known to be gone: then it is the figures that are said to be old.
    status = wall.locator(".wall.offline .status, .wall.stale .status")
    await expect(status).to_contain_text(re.compile("连接断开|数据已旧"), timeout=60_000)
    await wall.context.set_offline(False)
    await expect(wall.locator(".wall.live")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
async def test_the_report_shows_counts_and_gives_the_table(office: Office, locale: str) -> None:
    customer, room = await office.customer(f"reported {locale}")
    await customer.say(room, f"报表 {locale}")
    agent = await office.seat(f"阿表{locale[:2]}")
    page = await office.owner(locale=locale)
    await visit(page, "/admin/statistics")
    await page.locator("form").get_by_text("客服" if locale == "zh-CN" else "Agent", exact=True).click()
    row = page.locator("tbody tr").filter(has_text=f"阿表{locale[:2]}")
    await expect(page.get_by_role("radio", name="客服" if locale == "zh-CN" else "Agent")).to_be_checked()
    await expect(row).to_have_count(0)
    await take(agent, f"报表 {locale}")
    await say(agent, "在的")
    # Without loading the page anew: the figures come as soon as they are measured.
    await expect(row).to_be_visible(timeout=20_000)
    await expect(page.locator("svg.chart")).to_have_attribute(
        "aria-label", "首次回复（中位数）：客服" if locale == "zh-CN" else "First reply (median) by Agent"
    )
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="CSV").click()
    path = await (await waiting.value).path()
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))
    assert f"阿表{locale[:2]}" in {row[0] for row in rows}
