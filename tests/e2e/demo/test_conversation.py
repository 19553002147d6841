"""A customer and an agent converse on the demo page, against the real process, in both languages."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.demo.stage import Demo, Stage, audio_length, picture, type_until
from tests.e2e.demo.words import EN, ZH, Words

BOTH = pytest.mark.parametrize("words", [ZH, EN], ids=lambda words: words.locale)


async def conversing(stage: Stage, words: Words, first: str) -> Demo:
    demo = await stage.demo(words)
    await demo.phone.contact()
    await demo.phone.say(first)
    await demo.desk.take(first)
    return demo


async def shows_picture(card: Locator) -> None:
    """One card, whose picture has come."""
    await expect(card).to_have_count(1)
    await card.locator("img").last.scroll_into_view_if_needed()
    await card.page.wait_for_function(
        "image => image.naturalWidth > 0", arg=await card.locator("img").last.element_handle()
    )


@BOTH
async def test_a_message_typed_on_either_side_appears_on_the_other(stage: Stage, words: Words) -> None:
    demo = await conversing(stage, words, f"hello {words.locale} 茶")
    await expect(demo.phone.frame.get_by_text(words.taken)).to_be_visible()
    await demo.desk.say("answer 答")
    await expect(demo.phone.bubble("answer 答")).to_have_count(1)
    await expect(demo.phone.frame.get_by_text(words.read, exact=True)).to_be_visible()
    await expect(demo.desk.message("answer 答").locator(".state.read")).to_be_visible()


@BOTH
async def test_each_sees_that_the_other_is_typing(stage: Stage, words: Words) -> None:
    demo = await conversing(stage, words, f"typing {words.locale}")
    at_desk = demo.desk.frame.locator("footer .typing").filter(has_text=words.typing)
    await type_until(demo.phone.box, at_desk)
    await type_until(
        demo.desk.box, demo.phone.frame.get_by_role("status", name=words.peer_typing, exact=True)
    )


@BOTH
async def test_pictures_and_cards_go_both_ways(stage: Stage, words: Words) -> None:
    demo = await conversing(stage, words, f"pictures {words.locale}")
    await demo.phone.send_picture(picture("#3c7f60"))
    await demo.desk.send_picture(picture("#8a4b2a", (200, 320)))
    seen_at_desk = demo.desk.messages.locator("img[src*='/v1/media/']")
    await expect(seen_at_desk).to_have_count(2)
    for index in range(2):
        await expect(seen_at_desk.nth(index)).to_have_js_property("complete", True)
        assert await seen_at_desk.nth(index).evaluate("image => image.naturalWidth") > 0
    await expect(demo.phone.bubbles.locator("[class*='--loaded'] img")).to_have_count(2)
    await demo.phone.frame.get_by_text(words.suggest, exact=True).last.click()
    await shows_picture(demo.desk.messages.locator(".card").filter(has_text=words.tea))
    await shows_picture(demo.phone.bubbles.filter(has_text="¥"))
    await demo.desk.send_card("Spring set 春茶礼盒")
    await expect(demo.phone.bubble("Spring set 春茶礼盒")).to_have_count(1)


async def test_voice_goes_both_ways_and_plays(stage: Stage) -> None:
    demo = await conversing(stage, ZH, "voice please")
    await demo.phone.talk()
    heard = demo.desk.messages.locator(".voice:not([disabled])")
    await expect(heard).to_have_count(1)
    async with demo.page.expect_response(lambda answer: "/v1/media/" in answer.url) as fetched:
        await heard.get_by_role("button").or_(heard).first.click()
    answer = await fetched.value
    assert answer.headers["content-type"] == "audio/mpeg"
    assert await audio_length(demo.page, answer.url) > 0.9
    await demo.desk.talk()
    played = demo.phone.frame.get_by_role("button", name=re.compile("语音，. 秒"))
    await expect(played).to_have_count(2)
    async with demo.page.expect_response(lambda answer: "/v1/media/" in answer.url) as fetched:
        await played.last.click()
    assert await audio_length(demo.page, (await fetched.value).url) > 0.5


async def test_a_message_taken_back_is_gone_on_both_sides_and_a_quote_shows_what_it_answers(
    stage: Stage,
) -> None:
    demo = await conversing(stage, ZH, "which of the two?")
    desk = demo.desk
    await desk.say("a slip of the pen")
    await expect(demo.phone.bubble("a slip of the pen")).to_have_count(1)
    await desk.message("a slip of the pen").hover()
    await desk.frame.get_by_role("button", name=ZH.more_actions).click()
    await desk.frame.get_by_role("menuitem", name=ZH.recall).click()
    await expect(demo.phone.frame.get_by_text(f"小梅{ZH.recalled}")).to_be_visible()
    await expect(demo.phone.bubble("a slip of the pen")).to_have_count(0)
    await expect(desk.message("a slip of the pen")).to_have_count(0)
    await desk.message("which of the two?").hover()
    await desk.frame.get_by_role("button", name=ZH.reply, exact=True).click()
    await desk.say("the first")
    await expect(demo.phone.bubble("the first")).to_contain_text("：which of the two?")


@BOTH
async def test_an_order_placed_on_the_phone_shows_in_the_conversation_and_beside_it(
    stage: Stage, words: Words
) -> None:
    demo = await conversing(stage, words, f"I'll take it {words.locale}")
    await demo.phone.back()
    await demo.phone.frame.get_by_text(words.buy, exact=True).last.click()
    await expect(demo.phone.frame.get_by_text(words.paid).first).to_be_visible()
    await shows_picture(demo.desk.messages.locator(".card").filter(has_text=words.order_number))
    panel = demo.desk.frame.get_by_role("complementary", name=words.context)
    await expect(panel.get_by_title(words.tea)).to_be_visible()
    await shows_picture(panel.get_by_role("listitem").filter(has_text=words.tea))


async def test_what_is_unread_is_counted_on_the_tab_and_in_the_queue_and_is_gone_when_read(
    stage: Stage,
) -> None:
    demo = await conversing(stage, ZH, "counting")
    phone, desk = demo.phone, demo.desk
    await phone.back()
    await phone.back()
    for text in ("one", "two", "three"):
        await desk.say(text)
    await expect(phone.badge).to_have_text("3")
    await phone.frame.get_by_role("tab", name=ZH.messages_tab).click()
    await expect(phone.frame.get_by_role("listitem").filter(has_text="three")).to_contain_text("3")
    await phone.frame.get_by_role("listitem").filter(has_text="three").click()
    await expect(phone.bubble("three")).to_have_count(1)
    await expect(desk.message("three").locator(".state.read")).to_be_visible()
    await phone.back()
    await expect(phone.badge).to_have_count(0)


async def test_after_the_case_is_resolved_a_new_message_opens_another(stage: Stage) -> None:
    demo = await conversing(stage, ZH, "first matter")
    await demo.desk.resolve()
    await expect(demo.phone.frame.get_by_text(ZH.ended).last).to_be_visible()
    await demo.phone.say("second matter")
    await demo.desk.queue(ZH.waiting)
    await expect(demo.desk.row("second matter")).to_have_count(1)
    await demo.desk.take("second matter")
    await demo.desk.say("welcome back")
    await expect(demo.phone.bubble("welcome back")).to_have_count(1)
    await expect(demo.phone.bubble("first matter")).to_have_count(1)
