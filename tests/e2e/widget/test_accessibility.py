"""The widget by keyboard alone, and what axe says of it in both languages, light and dark."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.widget.street import SAID_EN, SAID_ZH, Said, Street, Visitor

AXE = Path(__file__).parents[3] / "clients" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const { violations, passes } = await axe.run(document, { resultTypes: ['violations'] })
  const inside = passes.some(({ nodes }) => nodes.some(({ target }) => Array.isArray(target[0])))
  return [inside, violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))]
}"""
LOOKS = pytest.mark.parametrize(
    ("said", "scheme"),
    [(said, scheme) for said in (SAID_ZH, SAID_EN) for scheme in ("light", "dark")],
    ids=lambda value: getattr(value, "locale", value),
)
BOTH = pytest.mark.parametrize("said", [SAID_ZH, SAID_EN], ids=lambda said: said.locale)


async def violations(visitor: Visitor) -> list[str]:
    """Of the page and of what stands in the shadow root, into which axe looks by itself."""
    await visitor.page.evaluate(AXE.read_text("utf-8"))
    inside, found = await visitor.page.evaluate(RUN)
    assert inside, "axe did not see the widget"
    return list(found)


@LOOKS
async def test_axe_finds_nothing_in_any_state(street: Street, said: Said, scheme: str) -> None:
    street.faults.allowed.append("status of 401")
    visitor = await (await street.visitor(said, color_scheme=scheme)).arrive()
    found = {"closed": await violations(visitor)}
    await visitor.open()
    await expect(visitor.panel.get_by_text(said.empty)).to_be_visible()
    found["empty"] = await violations(visitor)
    await visitor.panel.press("Escape")
    await visitor.ask.click()
    await visitor.panel.get_by_role("button", name=said.suggest, exact=True).first.click()
    await visitor.say(f"axe {said.locale} {scheme} https://example.com")
    desk = await street.agent(said.desk)
    await desk.take(f"axe {said.locale} {scheme}")
    await desk.say("answer")
    await expect(visitor.bubble("answer")).to_have_count(1)
    found["conversing"] = await violations(visitor)
    await visitor.page.route("**/chat-token", lambda route: route.fulfill(status=401))
    await visitor.page.evaluate("chaguan.signOut()")
    await expect(visitor.panel.get_by_text(said.nobody)).to_be_visible()
    found["nobody"] = await violations(visitor)
    assert not any(found.values()), found
    await desk.resolve()


@BOTH
async def test_the_keyboard_alone_opens_writes_goes_round_and_leaves(street: Street, said: Said) -> None:
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
    went = []
    for _ in range(6):
        await keyboard.press("Tab")
        went.append(await visitor.focused())
    # Send, round to close, the messages, attach, the input.
    assert went == ["send", "tool", "log", "tool", "", "send"], went
    await keyboard.press("Shift+Tab")
    await expect(visitor.box).to_be_focused()
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
    visitor = await (await (await street.visitor()).arrive()).open()
    await expect(visitor.page.get_by_role("dialog", name="云岫茶铺")).to_be_visible()
    await visitor.say("first")
    await visitor.say("second")
    await expect(visitor.log).to_have_attribute("aria-live", "polite")
    await expect(visitor.log.locator(".row").last).to_contain_text("我：second")
