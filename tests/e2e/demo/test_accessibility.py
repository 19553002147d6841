"""axe finds nothing to complain of: the demo page and every page of the phone, in both languages, light and dark."""

from pathlib import Path

import pytest
from playwright.async_api import Frame, expect

from tests.e2e.demo.stage import Demo, Stage
from tests.e2e.demo.words import EN, ZH, Words

AXE = Path(__file__).parents[3] / "clients" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] })
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}"""
LOOKS = pytest.mark.parametrize(
    ("words", "scheme"),
    [(words, scheme) for words in (ZH, EN) for scheme in ("light", "dark")],
    ids=lambda value: getattr(value, "locale", value),
)
PAGES = {
    "home": ("/pages/home/index", "¥"),
    "products": ("/pages/category/index?id=", "¥"),
    "product": ("/pages/product/index?id=longjing", "¥"),
    "cart": ("/pages/cart/index", "¥"),
    "orders": ("/pages/orders/index", "¥"),
    "me": ("/pages/me/index", "9:00"),
}


async def violations(frame: Frame) -> list[str]:
    await frame.evaluate(AXE.read_text("utf-8"))
    found: list[str] = await frame.evaluate(RUN)
    return found


def phone_frame(demo: Demo) -> Frame:
    return next(frame for frame in demo.page.frames if "/phone/" in frame.url)


async def visit(demo: Demo, url: str, seen: str) -> list[str]:
    frame = phone_frame(demo)
    await frame.evaluate("url => window.__harness.reLaunch(url)", url)
    await expect(demo.phone.frame.get_by_text(seen).first).to_be_visible()
    return await violations(frame)


async def shop(demo: Demo) -> None:
    """A line in the cart, and an order."""
    await demo.phone.frame.get_by_text(demo.phone.words.tea).first.click()
    await demo.phone.frame.get_by_text(demo.phone.words.buy, exact=True).last.click()
    await expect(demo.phone.frame.get_by_text(demo.phone.words.paid).first).to_be_visible()
    await demo.phone.back()
    await demo.phone.frame.get_by_text(demo.phone.words.add_cart, exact=True).last.click()
    await expect(demo.phone.frame.get_by_text(demo.phone.words.added)).to_be_visible()


@LOOKS
async def test_axe_finds_nothing_on_the_pages_of_the_phone(stage: Stage, words: Words, scheme: str) -> None:
    demo = await stage.demo(words, color_scheme=scheme)
    await shop(demo)
    found = {name: await visit(demo, *page) for name, page in PAGES.items()}
    assert not any(found.values()), found


@LOOKS
async def test_axe_finds_nothing_while_phone_and_desk_converse(
    stage: Stage, words: Words, scheme: str
) -> None:
    demo = await stage.demo(words, color_scheme=scheme)
    await demo.phone.contact()
    await demo.phone.say(f"axe {words.locale} {scheme}")
    await demo.desk.take(f"axe {words.locale} {scheme}")
    await demo.desk.say("answer")
    await expect(demo.phone.bubble("answer")).to_have_count(1)
    found = {"chat": await violations(phone_frame(demo))}
    await demo.phone.frame.get_by_role("button", name=words.emoji, exact=True).last.click()
    found["emoji"] = await violations(phone_frame(demo))
    found["messages"] = await visit(demo, "/pages/messages/index", "answer")
    found["demo"] = await violations(demo.page.main_frame)
    assert not any(found.values()), found
    await demo.desk.resolve()


@LOOKS
async def test_axe_finds_nothing_where_the_text_is_large(stage: Stage, words: Words, scheme: str) -> None:
    demo = await stage.demo(words, color_scheme=scheme)
    await visit(demo, *PAGES["me"])
    await demo.phone.frame.get_by_role("button", name=words.text_size).click()
    found = {"me": await violations(phone_frame(demo))}
    await visit(demo, *PAGES["home"])
    await demo.phone.contact()
    await demo.phone.say(f"large {words.locale} {scheme}")
    said = demo.phone.bubble(f"large {words.locale} {scheme}")
    await expect(said).to_have_count(1)
    text = said.get_by_text("large", exact=False).last
    assert await text.evaluate("node => getComputedStyle(node).fontSize") == "20px"
    found["chat"] = await violations(phone_frame(demo))
    found["messages"] = await visit(demo, "/pages/messages/index", "large")
    assert not any(found.values()), found
