"""A visitor of a web site and an agent converse through the widget, against the real process."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.demo.stage import picture, type_until
from tests.e2e.widget.street import DESKTOP, PHONE, SAID_EN, SAID_ZH, Said, Street
from tests.unit.media.samples import film

pytestmark = pytest.mark.asyncio(loop_scope="module")
LOOKS = pytest.mark.parametrize(
    ("said", "viewport"), [(SAID_ZH, PHONE), (SAID_EN, DESKTOP)], ids=["zh-phone", "en-desktop"]
)


@LOOKS
async def test_both_talk_and_the_page_neither_moves_nor_sees_its_policy_broken(
    street: Street, said: Said, viewport: dict[str, int]
) -> None:
    visitor = await (await (await street.visitor(said, viewport=viewport)).arrive()).open()
    await expect(visitor.panel.get_by_text(said.empty)).to_be_visible()
    hello = f"hello {said.locale} 茶"
    await visitor.say(hello)
    await expect(visitor.panel.get_by_text(said.empty)).to_be_hidden()
    desk = await street.agent(said.desk)
    await desk.take(hello)
    await expect(visitor.log.get_by_text(said.desk.taken)).to_be_visible()
    await expect(visitor.panel.get_by_text(said.serving, exact=True)).to_be_visible()
    await desk.say("answer 答")
    await expect(visitor.bubble("answer 答")).to_have_count(1)
    await expect(desk.message("answer 答").locator(".state.read")).to_be_visible()
    await expect(visitor.log.get_by_text(said.read, exact=True)).to_be_visible()
    await type_until(visitor.box, desk.frame.locator("footer .typing").filter(has_text=said.desk.typing))
    await type_until(desk.box, visitor.panel.locator(".under").filter(has_text="小梅"))
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
    await visitor.give("paste", "screen.png", "image/png", picture("#444444"))
    await visitor.give("drop", "more.png", "image/png", picture("#7f3c60"))
    at_desk = desk.messages.locator("img[src*='/v1/media/']")
    # Only then the agent's: which picture is the second one must not depend on whose upload is faster.
    await expect(at_desk).to_have_count(3)
    await desk.send_picture(picture("#8a4b2a", (200, 320)))
    await expect(at_desk).to_have_count(4)
    await expect(desk.message("notes.txt")).to_have_count(1)
    await expect(visitor.log.locator(".picture img[src*='/v1/media/']")).to_have_count(4)
    await visitor.page.wait_for_function(
        """() => [...document.querySelector('chaguan-widget').shadowRoot.querySelectorAll('.picture img')]
          .every((image) => image.naturalWidth > 0)"""
    )
    first = visitor.log.locator(".picture").first
    await first.focus()
    keyboard = visitor.page.keyboard
    await keyboard.press("Enter")
    viewer = visitor.page.locator("dialog.viewer")
    await expect(viewer.get_by_text("1 / 4")).to_be_visible()
    await keyboard.press("ArrowRight")
    await expect(viewer.get_by_text("2 / 4")).to_be_visible()
    await expect(viewer.locator(".frame img")).to_have_js_property("naturalWidth", 320)
    await keyboard.press("Escape")
    await expect(viewer).to_be_hidden()
    await expect(visitor.panel).to_be_visible()
    await expect(first).to_be_focused()
    assert await visitor.refused() == []
    await desk.resolve()


async def test_voice_and_films_play_in_the_window(street: Street) -> None:
    visitor, desk = await street.conversing("something to hear")
    await desk.talk()
    play = visitor.log.get_by_role("button", name=SAID_ZH.play)
    stop = visitor.log.get_by_role("button", name=SAID_ZH.stop)
    await play.click()
    await expect(stop.locator(".heard").first).to_be_visible()
    await expect(play).to_be_visible()
    await visitor.panel.get_by_role("button", name=SAID_ZH.record).click()
    # Under a second it would be taken for a slip.
    await expect(visitor.panel.get_by_text("正在录音 1 秒")).to_be_visible()
    await visitor.panel.get_by_role("button", name=SAID_ZH.send_voice).click()
    await expect(desk.messages.locator(".voice")).to_have_count(2)
    await expect(visitor.panel.get_by_role("button", name=SAID_ZH.record)).to_be_focused()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.panel.get_by_text("正在录音 0 秒")).to_be_visible()
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.box).to_be_visible()
    await visitor.send_file("tea.webm", "video/webm", film("webm", 0.5))
    video = visitor.log.locator("video[src*='/v1/media/']")
    await expect(video).to_have_attribute("poster", re.compile("/v1/media/"))
    await expect(desk.messages.locator("video, .video")).to_have_count(1)
    length = await video.evaluate(
        """(video) => new Promise((done, fail) => {
          video.onended = () => done(video.duration)
          video.onerror = () => fail(new Error(`${video.error.code} ${video.error.message}`))
          video.play().catch(fail)
        })"""
    )
    assert length == pytest.approx(0.5, abs=0.3)
    assert await visitor.refused() == []
    await desk.resolve()


@pytest.mark.parametrize("said", [SAID_ZH, SAID_EN], ids=lambda said: said.locale)
async def test_what_came_while_it_was_closed_is_counted_and_stands_below_a_line(
    street: Street, said: Said
) -> None:
    visitor, desk = await street.conversing(f"counting {said.locale}", said)
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


async def test_a_message_is_taken_back_on_either_side_and_a_quote_shows_what_it_answers(
    street: Street,
) -> None:
    visitor, desk = await street.conversing("which of the two?")
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
    await visitor.choose("the first", SAID_ZH.quote)
    await visitor.say("then that one")
    await expect(visitor.bubble("then that one").locator(".quote")).to_have_text("小梅：the first")
    await expect(desk.message("then that one")).to_contain_text("the first")
    await visitor.bubble("then that one").locator(".quote").click()
    await expect(visitor.line("the first").first).to_be_focused()
    await visitor.say("or not")
    await visitor.choose("or not", SAID_ZH.recall)
    await expect(visitor.log.get_by_text(SAID_ZH.recalled)).to_be_visible()
    await expect(desk.message("or not")).to_have_count(0)
    await visitor.log.get_by_role("button", name=SAID_ZH.rewrite).click()
    await expect(visitor.box).to_have_value("or not")
    await desk.resolve()


async def test_the_chat_goes_along_to_the_next_page_without_taking_the_focus(street: Street) -> None:
    visitor = await (await (await street.visitor()).arrive()).open()
    await visitor.say("before the next page")
    await visitor.box.fill("a draft")
    await visitor.panel.get_by_role("button", name=SAID_ZH.emoji).click()
    await visitor.panel.get_by_role("button", name="🍵").click()
    await expect(visitor.box).to_be_focused()
    await visitor.arrive()
    await expect(visitor.bubble("before the next page")).to_have_count(1)
    await expect(visitor.box).to_have_value("a draft🍵")
    assert await visitor.focused() == ""
    found = await visitor.shifts()
    assert not found, found


async def test_fingers_rest_on_a_message_for_what_can_be_done_with_it(street: Street) -> None:
    touched: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    visitor = await (await (await street.visitor(**touched)).arrive()).open()
    await visitor.say("under a finger")
    bubble = visitor.bubble("under a finger")
    await bubble.dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
    await expect(visitor.panel.get_by_role("menuitem", name=SAID_ZH.recall)).to_be_visible()
    await bubble.dispatch_event("pointerup", {"pointerType": "touch", "bubbles": True})
    await visitor.panel.get_by_role("menuitem", name=SAID_ZH.quote).click()
    await expect(visitor.panel.locator(".quoting")).to_contain_text("under a finger")
