"""A visitor of a web site and an agent converse through the widget, against the real process."""

import pytest
from playwright.async_api import expect

from tests.e2e.demo.stage import picture, type_until
from tests.e2e.widget.street import DESKTOP, PHONE, SAID_EN, SAID_ZH, Said, Street

LOOKS = pytest.mark.parametrize(
    ("said", "viewport"),
    [(said, viewport) for said in (SAID_ZH, SAID_EN) for viewport in (DESKTOP, PHONE)],
    ids=lambda value: getattr(value, "locale", None) or str(value["width"]),
)
BOTH = pytest.mark.parametrize("said", [SAID_ZH, SAID_EN], ids=lambda said: said.locale)


@LOOKS
async def test_both_talk_and_the_page_neither_moves_nor_sees_its_policy_broken(
    street: Street, said: Said, viewport: dict[str, int]
) -> None:
    visitor = await street.visitor(said)
    await visitor.page.set_viewport_size(viewport)  # type: ignore[arg-type]
    await (await visitor.arrive()).open()
    await expect(visitor.panel.get_by_text(said.empty)).to_be_visible()
    hello = f"hello {said.locale} {viewport['width']} 茶"
    await visitor.say(hello)
    await expect(visitor.panel.get_by_text(said.empty)).to_be_hidden()
    desk = await street.agent(said.desk)
    await desk.take(hello)
    await expect(visitor.log.get_by_text(said.desk.taken)).to_be_visible()
    await desk.say("answer 答")
    await expect(visitor.bubble("answer 答")).to_have_count(1)
    await expect(desk.message("answer 答").locator(".state.read")).to_be_visible()
    await expect(visitor.log.get_by_text(said.read, exact=True)).to_be_visible()
    await desk.resolve()
    await expect(visitor.log.get_by_text(said.desk.ended)).to_be_visible()
    assert await visitor.refused() == []
    found = await visitor.shifts()
    assert not found, found


async def test_pictures_files_and_the_card_of_the_product_arrive(street: Street) -> None:
    visitor = await (await street.visitor()).arrive()
    await visitor.ask.click()
    await visitor.panel.get_by_role("button", name=SAID_ZH.suggest).click()
    await expect(visitor.bubble("明前龙井")).to_have_count(1)
    await visitor.say("about this one")
    desk = await street.agent()
    await desk.take("about this one")
    await expect(desk.messages.locator(".card").filter(has_text="明前龙井")).to_have_count(1)
    panel = desk.frame.get_by_role("complementary", name=desk.words.context)
    await expect(panel.get_by_text("/site/")).to_be_visible()
    await visitor.send_file("tea.png", "image/png", picture("#3c7f60"))
    await visitor.send_file("notes.txt", "text/plain", b"eighty degrees")
    await desk.send_picture(picture("#8a4b2a", (200, 320)))
    await expect(desk.messages.locator("img[src*='/v1/media/']")).to_have_count(2)
    await expect(desk.message("notes.txt")).to_have_count(1)
    await expect(visitor.log.locator(".picture img[src*='/v1/media/']")).to_have_count(2)
    await visitor.page.wait_for_function(
        """() => [...document.querySelector('chaguan-widget').shadowRoot.querySelectorAll('.picture img')]
          .every((image) => image.naturalWidth > 0)"""
    )
    assert await visitor.refused() == []
    await desk.resolve()


@BOTH
async def test_each_sees_that_the_other_is_typing(street: Street, said: Said) -> None:
    visitor = await (await (await street.visitor(said)).arrive()).open()
    await visitor.say(f"typing {said.locale}")
    desk = await street.agent(said.desk)
    await desk.take(f"typing {said.locale}")
    await type_until(visitor.box, desk.frame.locator("footer .typing").filter(has_text=said.desk.typing))
    await type_until(desk.box, visitor.panel.locator(".under").filter(has_text="小梅"))
    await desk.resolve()


@BOTH
async def test_what_came_while_it_was_closed_is_counted_and_stands_below_a_line(
    street: Street, said: Said
) -> None:
    visitor = await (await (await street.visitor(said)).arrive()).open()
    await visitor.say(f"counting {said.locale}")
    desk = await street.agent(said.desk)
    await desk.take(f"counting {said.locale}")
    await visitor.panel.get_by_role("button", name=said.close, exact=True).click()
    await expect(visitor.panel).to_be_hidden()
    await desk.say("one")
    await desk.say("two")
    await expect(visitor.page.get_by_role("button", name=said.unread.format(n=2))).to_be_visible()
    await visitor.arrive()
    await visitor.page.get_by_role("button", name=said.unread.format(n=2)).click()
    await expect(visitor.log.get_by_text(said.divider)).to_be_visible()
    await expect(visitor.bubble("two")).to_be_visible()
    await expect(desk.message("two").locator(".state.read")).to_be_visible()
    await visitor.panel.get_by_role("button", name=said.close, exact=True).click()
    await expect(visitor.page.get_by_role("button", name=said.open, exact=True)).to_be_visible()
    await desk.resolve()


async def test_a_message_taken_back_is_gone_and_a_quote_shows_what_it_answers(street: Street) -> None:
    visitor = await (await (await street.visitor()).arrive()).open()
    await visitor.say("which of the two?")
    desk = await street.agent()
    await desk.take("which of the two?")
    await desk.say("a slip of the pen")
    await expect(visitor.bubble("a slip of the pen")).to_have_count(1)
    await desk.message("a slip of the pen").hover()
    await desk.frame.get_by_role("button", name=desk.words.more_actions).click()
    await desk.frame.get_by_role("menuitem", name=desk.words.recall).click()
    await expect(visitor.log.get_by_text("小梅撤回了一条消息")).to_be_visible()
    await expect(visitor.bubble("a slip of the pen")).to_have_count(0)
    await desk.message("which of the two?").hover()
    await desk.frame.get_by_role("button", name=desk.words.reply, exact=True).click()
    await desk.say("the first")
    await expect(visitor.bubble("the first")).to_contain_text("我：which of the two?")
    await desk.resolve()


async def test_the_chat_goes_along_to_the_next_page_without_taking_the_focus(street: Street) -> None:
    visitor = await (await (await street.visitor()).arrive()).open()
    await visitor.say("before the next page")
    await visitor.box.fill("a draft")
    await visitor.arrive()
    await expect(visitor.bubble("before the next page")).to_have_count(1)
    await expect(visitor.box).to_have_value("a draft")
    assert await visitor.focused() == ""
    found = await visitor.shifts()
    assert not found, found
