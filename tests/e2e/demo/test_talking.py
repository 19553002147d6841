"""What a customer does with words that were said: seek them, take them back, and send where they are."""

from playwright.async_api import Locator, expect

from tests.e2e.demo.stage import Demo, Phone, Stage, hold
from tests.e2e.demo.words import ZH

PRESS_MS = 700


async def chatting(stage: Stage, *said: str) -> Demo:
    demo = await stage.demo(ZH)
    await demo.phone.contact()
    for text in said:
        await demo.phone.say(text)
    return demo


async def open_tool(phone: Phone, name: str) -> None:
    await phone.frame.get_by_role("button", name=ZH.more, exact=True).last.click()
    await phone.frame.get_by_role("button", name=name, exact=True).last.click()


async def seek(phone: Phone, words: str, found: Locator) -> None:
    """The index lags a second or two behind what is said, so the words are asked for until it has them."""
    field = phone.frame.get_by_label("搜索聊天记录").locator("input")
    for _ in range(10):
        await field.fill("")
        await field.fill(words)
        await expect(found.or_(phone.frame.get_by_text(f"没有找到“{words}”").last)).to_be_visible()
        if await found.is_visible():
            return
    await expect(found).to_be_visible()


async def test_words_are_found_in_the_chat_and_shown_where_they_stand(stage: Stage) -> None:
    phone = (await chatting(stage, "有武夷岩茶吗", "要两盒", "谢谢")).phone
    await open_tool(phone, "搜索")
    hit = phone.frame.get_by_role("listitem").filter(has_text="有武夷岩茶吗")
    await seek(phone, "岩茶", hit)
    await hit.click()
    await expect(hit).to_have_count(0)
    await expect(phone.bubble("有武夷岩茶吗")).to_be_in_viewport()


async def test_words_are_found_from_the_list_of_conversations_and_lead_to_their_chat(stage: Stage) -> None:
    phone = (await chatting(stage, "凤凰单丛还有货吗")).phone
    await phone.back()
    await phone.back()
    await phone.frame.get_by_role("tab", name=ZH.messages_tab).click()
    await phone.frame.get_by_role("button", name="搜索聊天记录").last.click()
    hit = phone.frame.get_by_role("listitem").filter(has_text="凤凰单丛还有货吗")
    found = hit.filter(has=phone.frame.get_by_text("凤凰单丛", exact=True))
    await seek(phone, "凤凰单丛", found)
    await found.click()
    await expect(phone.bubble("凤凰单丛还有货吗")).to_be_in_viewport()


async def test_an_own_text_that_was_taken_back_is_written_again_and_sent(stage: Stage) -> None:
    demo = await chatting(stage, "要三盒")
    phone = demo.phone
    await hold(phone.page, phone.bubble("要三盒").get_by_text("要三盒"), PRESS_MS)
    await phone.frame.get_by_text(ZH.recall, exact=True).click()
    await phone.frame.get_by_role("button", name="重新编辑").click()
    await expect(phone.box).to_have_value("要三盒")
    await phone.say("要两盒")
    await demo.desk.take("要两盒")
    await expect(demo.desk.message("要三盒")).to_have_count(0)


async def test_a_place_that_was_chosen_shows_at_the_desk(stage: Stage) -> None:
    demo = await chatting(stage, "送到这里")
    await open_tool(demo.phone, "位置")
    await expect(demo.phone.bubble("龙井村")).to_have_count(1)
    await demo.desk.take("龙井村")
