"""The widget by keyboard alone, and what axe says of it in both languages and every look."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.demo.stage import picture
from tests.e2e.widget.street import SAID_EN, SAID_ZH, Said, Street, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")
AXE = Path(__file__).parents[3] / "clients" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (rules) => {
  const asked = rules.length ? { runOnly: rules } : {}
  const where = rules.length ? { fromShadowDom: ['chaguan-widget', '.panel'] } : document
  const { violations, passes } = await axe.run(where, { resultTypes: ['violations'], ...asked })
  const inside = passes.some(({ nodes }) => nodes.some(({ target }) => Array.isArray(target[0])))
  return [inside, violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))]
}"""
BOTH = pytest.mark.parametrize("said", [SAID_ZH, SAID_EN], ids=lambda said: said.locale)
LOOKS = [
    {"theme": theme, "scheme": scheme, "textSize": size}
    for theme in ("tea", "clay", "ink")
    for scheme in ("light", "dark")
    for size in ("normal", "large")
]


async def violations(visitor: Visitor, *rules: str) -> list[str]:
    """Of the page and of what stands in the shadow root, into which axe looks by itself; by these rules, of that alone."""
    inside, found = await visitor.page.evaluate(RUN, rules)
    assert inside, "axe did not see the widget"
    return list(found)


@BOTH
async def test_axe_finds_nothing_in_any_state_and_any_look(street: Street, said: Said) -> None:
    street.faults.allowed.append("status of 401")
    visitor = await (await street.visitor(said)).arrive()
    await visitor.page.evaluate(AXE.read_text("utf-8"))
    await visitor.open()
    await expect(visitor.panel.get_by_text(said.empty)).to_be_visible()
    found = {"empty": await violations(visitor)}
    await visitor.panel.press("Escape")
    await visitor.ask.click()
    await visitor.panel.get_by_role("button", name=said.suggest, exact=True).first.click()
    await visitor.say(f"axe {said.locale} https://example.com")
    desk = await street.agent(said.desk)
    await desk.take(f"axe {said.locale}")
    await desk.say("answer")
    await visitor.give("paste", "tea.png", "image/png", picture("#3c7f60"))
    await expect(visitor.log.locator(".picture img[src*='/v1/media/']")).to_be_visible()
    await visitor.choose("answer", said.quote)
    await visitor.panel.get_by_role("button", name=said.emoji).click()
    found["writing"] = await violations(visitor)
    await visitor.line("answer").hover()
    await visitor.line("answer").get_by_role("button", name=said.more).click()
    for look in LOOKS:
        await visitor.page.evaluate("look => chaguan.setLook(look)", look)
        found["-".join(look.values())] = await violations(visitor, "color-contrast", "target-size")
    await visitor.page.keyboard.press("Escape")
    await visitor.log.locator(".picture").click()
    found["viewer"] = await violations(visitor)
    await visitor.page.keyboard.press("Escape")
    await visitor.page.route("**/chat-token", lambda route: route.fulfill(status=401))
    await visitor.page.evaluate("chaguan.signOut()")
    await expect(visitor.panel.get_by_text(said.nobody)).to_be_visible()
    found["nobody"] = await violations(visitor)
    await desk.resolve()
    assert not any(found.values()), found


@BOTH
async def test_the_keyboard_alone_opens_writes_reads_and_leaves(street: Street, said: Said) -> None:
    visitor = await (await street.visitor(said)).arrive()
    keyboard = visitor.page.keyboard
    await visitor.launcher.focus()
    await keyboard.press("Enter")
    await expect(visitor.box).to_be_focused()
    await keyboard.type("first line")
    await keyboard.press("Shift+Enter")
    await keyboard.type("second line")
    await keyboard.press("Enter")
    await expect(visitor.bubble("second line")).to_have_text("first line\nsecond line")
    await expect(visitor.box).to_have_value("")
    await expect(visitor.panel.locator(".act")).to_be_visible()
    went = []
    for _ in range(8):
        await keyboard.press("Tab")
        went.append(await visitor.focused())
    # The microphone, round to what can be done about waiting, close, the messages, attach, emoji, the input.
    assert went == ["tool", "plain act", "tool", "log", "tool", "tool", "", "tool"], went
    await keyboard.press("Shift+Tab")
    await keyboard.press("Shift+Tab")
    await keyboard.press("Enter")
    await keyboard.press("ArrowRight")
    await keyboard.press("Enter")
    await keyboard.press("Escape")
    await expect(visitor.box).to_have_value("😄")
    await expect(visitor.panel.get_by_role("button", name=said.emoji)).to_be_focused()
    await visitor.log.focus()
    await keyboard.press("ArrowUp")
    await keyboard.press("Enter")
    await expect(visitor.panel.get_by_role("menuitem").first).to_be_focused()
    await keyboard.press("End")
    await keyboard.press("Enter")
    await expect(visitor.log.get_by_text(said.recalled)).to_be_visible()
    assert "row" in await visitor.focused()
    await keyboard.press("Escape")
    await expect(visitor.panel).to_be_hidden()
    assert await visitor.focused() == "launcher"


async def test_the_page_s_own_button_gets_the_focus_back(street: Street) -> None:
    visitor = await (await street.visitor()).arrive()
    await visitor.ask.focus()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.box).to_be_focused()
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.ask).to_be_focused()


async def test_a_screen_reader_is_told_who_speaks_and_only_what_is_new(street: Street) -> None:
    visitor, desk = await street.conversing("announce: first")
    await expect(visitor.page.get_by_role("dialog", name="云岫茶铺")).to_be_visible()
    await visitor.say("second")
    await desk.say("third")
    news = visitor.panel.locator("[aria-live=polite]")
    await expect(news).to_have_text("小梅：third")
    await expect(visitor.log.get_by_role("article", name="我：second")).to_have_count(1)
    await visitor.arrive()
    await expect(visitor.bubble("third")).to_be_visible()
    await expect(news).to_have_text("")
    await desk.resolve()
